"""Which entries of the timing table govern an operation: ``tsp timing OP`` and the manual."""

from tsp.arch.isa import VXM_OPS
from tspc.asm.vxm import find_op

__all__ = ["entries_of"]

_ABC = ("mxm_d_skew", "iw_to_abc", "abc_to_acc")
_ENTRIES: dict[str, tuple[str, ...]] = {
    "READ": ("mem_access", "mem_d_func"),
    "GATHER": ("mem_d_skew", "mem_access", "mem_d_func"),
    "WRITE": ("mem_d_skew", "mem_access"),
    "SCATTER": ("mem_d_skew", "mem_access"),
    "MEM": ("mem_d_skew", "mem_access", "mem_d_func"),
    "LW": ("mxm_d_skew", "lw_to_iw"),
    "IW": ("lw_to_iw", "iw_to_abc"),
    "ABC.STREAM": _ABC,
    "ABC.KEEP": (*_ABC, "keep_to_buffer"),
    "ABC.BUFFER": ("keep_to_buffer", "iw_to_abc", "abc_to_acc"),
    "MXM": (*_ABC, "lw_to_iw", "keep_to_buffer"),
    "ACC.WRITE": ("abc_to_acc", "acc_to_acc"),
    "ACC.ADD": ("abc_to_acc", "acc_to_acc"),
    "ACC.EMIT": ("abc_to_acc", "acc_d_func"),
    "ACC.EMIT_SUM": ("abc_to_acc", "acc_to_acc", "acc_d_func"),
    "ACC.EMIT_STORED": ("acc_to_acc", "acc_d_func"),
    "ACC.PRELOAD": ("acc_d_skew", "acc_to_acc"),
    "ACC": ("acc_d_skew", "acc_d_func", "abc_to_acc", "acc_to_acc"),
    "VXM": ("vxm_d_skew", "vxm_d_func"),
    "IFETCH": ("ifetch_d_skew", "ifetch_to_buffer", "ifetch_to_word"),
    "SHIFT": ("shift_d_skew", "shift_d_func"),
    "SELECT": ("shift_d_skew", "shift_d_func"),
    "PERMUTE": ("permute_d_skew", "permute_d_func"),
    "DISTRIBUTE": ("distribute_d_skew", "distribute_d_func"),
    "ROTATE": ("rotate_d_skew", "rotate_d_func"),
    "TRANSPOSE": ("transpose_d_skew", "transpose_d_func"),
    "NOTIFY": ("sync_release",),
    "SYNC": ("sync_release",),
    "HALT": ("done_drain",),
}


def entries_of(operation: str) -> tuple[str, ...]:
    """Names of the entries for a mnemonic or a format; none if nothing governs it.

    Letter case does not matter. ``ABC`` and a VXM operation without its compute type will do.
    """
    name = operation.upper()
    if name in VXM_OPS or find_op(operation) is not None:
        name = "VXM"
    if name == "ABC":
        name = "MXM"
    return _ENTRIES.get(name, ())
