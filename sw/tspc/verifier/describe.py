"""Short text of an instruction, for messages; the assembler's syntax is not promised."""

from tsp.arch.isa import (
    AbcMode,
    AccMode,
    Compute,
    Instruction,
    PortKind,
    Type,
    stream_name,
    vxm_op,
)

__all__ = ["describe"]


def describe(i: Instruction, port: str = "") -> str:
    """The instruction in a few words.

    Parameters
    ----------
    i
        The instruction.
    port
        ``read`` or ``write``: only this port of a MEM word; empty: all of it.
    """
    if i.name == "MEM":
        ports = [port] if port else ["read", "write"]
        return "; ".join(_port(i, p) for p in ports if i[f"{p}_kind"])
    if i.name == "LW":
        first = i["stream"]
        return f"LW column {i['column']} <- streams {first}..{first + 15}"
    if i.name == "MXM":
        parts = ["IW"] if i["install"] else []
        return "; ".join(parts + ([_abc(i)] if i["mode"] else []))
    if i.name == "ACC":
        return _acc(i)
    if i.name == "VXM":
        return _vxm(i)
    if "result" in i.values:
        return _switch(i)
    fields = " ".join(f"{f.name}={i[f.name]}" for f in i.format.fields)
    return f"{i.name} {fields}".strip()


def _port(i: Instruction, port: str) -> str:
    direct = i[f"{port}_kind"] == PortKind.DIRECT
    verb = {"read": ("GATHER", "READ"), "write": ("SCATTER", "WRITE")}[port][direct]
    where = i[f"{port}_offset"] if direct else f"[{stream_name(i[f'{port}_map'])}]"
    arrow = "->" if port == "read" else "<-"
    text = f"{verb} {i[f'{port}_bank']}:{where} {arrow} {stream_name(i[f'{port}_stream'])}"
    if i[f"{port}_count"] > 1:
        text += f" x{i[f'{port}_count']} every {i[f'{port}_interval']}"
    return text + (f" stride {i[f'{port}_stride']}" if i[f"{port}_stride"] else "")


def _abc(i: Instruction) -> str:
    mode = AbcMode(i["mode"])
    source = "" if mode is AbcMode.BUFFER else f" stream {i['stream']}"
    entry = "" if mode is AbcMode.STREAM else f" entry {i['entry']}"
    return f"ABC {mode.name.lower()}{source}{entry}"


def _acc(i: Instruction) -> str:
    mode = AccMode(i["mode"])
    text = f"ACC {mode.name.lower().replace('_', '-')}"
    if mode is not AccMode.EMIT:
        text += f" entry {i['entry']}"
    if mode in (AccMode.WRITE, AccMode.ADD):
        return text
    arrow = "<-" if mode is AccMode.PRELOAD else "->"
    return f"{text} {arrow} streams {i['stream']}..{i['stream'] + 3}"


def _switch(i: Instruction) -> str:
    text = f"{i.name} {stream_name(i['stream'])} -> {stream_name(i['result'])}"
    maps = [f"{name} {stream_name(i[name])}" for name in ("mask", "map") if name in i.values]
    return " ".join([text, *maps, *([f"n={i['n']}"] if "n" in i.values else [])])


def _vxm(i: Instruction) -> str:
    op, numbers, immediates = vxm_op(i["op"]), [], 0
    for name in "abc"[: op.operands]:
        kind = Type(i[f"{name}_type"]).name.lower()
        if i[f"{name}_immediate"]:
            numbers.append(f"{kind} {i[f'immediate{immediates}']:#x}")
            immediates += 1
        else:
            numbers.append(f"{kind} {stream_name(i[f'{name}_stream'])}")
    compute = Compute(i["compute"]).name.lower()
    result = f"{Type(i['result_type']).name.lower()} {stream_name(i['result_stream'])}"
    wrap = "" if i["saturate"] else " wrap"
    return f"{op.name}.{compute}{wrap} {', '.join(numbers)} -> {result}"
