"""A matrix of V x V bytes transposed by an assembled program: TRANSPOSE, PERMUTE, SELECT.

TRANSPOSE turns blocks of 16 x 16 where they stand: of rows 16 R .. 16 R + 15 its stream i has in
superlane y what row 16 y + i of the result wants in superlane R. With two superlanes the blocks off
the diagonal then change places: PERMUTE swaps the superlanes of all of them, and an ALU takes each
half from where it is right.
"""

import numpy as np

from tsp.arch.config import LANES, NANO
from tsp.arch.timing import timing
from tspc.permute import permute_maps
from verif.slices.assembled import Case

__all__ = ["transpose_matrix"]

D = timing(NANO)
BLOCKS, SWAP, MERGE = 80, 130, 210  #: first issue of each stage
MAPS = ("MEM_W16", "MEM_W17")


def transpose_matrix(seed):
    """The case; row r of the matrix is in MEM_W(r % 16), of the result in MEM_E(r % 16)."""
    case, size = Case(seed), NANO.lanes
    matrix = case.rng.integers(0, 256, (size, size)).astype(np.uint8)
    superlanes = range(NANO.superlanes)
    for row in range(size):
        block, k = divmod(row, LANES)
        case.image[f"MEM_W{k}", 0, block] = matrix[row].tobytes()
        case.expected[f"MEM_E{k}", 0, block] = matrix.T[row].tobytes()

    for block in superlanes:  # both units, one after the other
        unit, cycle = f"SXM_W_TRANSPOSE{block}", BLOCKS + block
        for k in range(LANES):
            case.feed((f"MEM_W{k}", 0, block), unit, cycle + D.transpose_d_skew, k)
            case.take(unit, cycle + D.transpose_d_func, f"E{k}", (f"MEM_W{k}", 1, block))
        case.add(unit, cycle, "TRANSPOSE W0 -> E0")

    swap = (np.arange(size) + LANES) % size
    for slice_, vector in zip(MAPS, permute_maps(swap)):
        case.image[slice_, 0, 0] = vector.tobytes()
    unit = "SXM_W_PERMUTE"
    for block in superlanes:
        for k in range(LANES):
            cycle = SWAP + block * LANES + k
            case.feed((f"MEM_W{k}", 1, block), unit, cycle + D.permute_d_skew, 0)
            there = f"MEM_W{(k + 1) % LANES}", 0, 10 + block
            case.take(unit, cycle + D.permute_d_func, "E0", there)
    repeat = f"\n REPEAT {size - 1}, 1"
    for k, slice_ in enumerate(MAPS):
        case.feed((slice_, 0, 0), unit, SWAP + D.permute_d_skew, 2 + k)
        cycle, word = case.words[slice_].pop()
        case.add(slice_, cycle, word + repeat)
    case.add(unit, SWAP, "PERMUTE W0 -> E0 map=W2" + repeat)

    alu, mask = "VXM4", (np.arange(size) >= LANES).astype(np.uint8)
    case.image[MAPS[0], 0, 1] = mask.tobytes()
    case.feed((MAPS[0], 0, 1), alu, MERGE + D.vxm_d_skew, 2)
    cycle, word = case.words[MAPS[0]].pop()
    case.add(MAPS[0], cycle, word + repeat)
    for block in superlanes:  # superlane `block` of these is in place, the other one was swapped
        for k in range(LANES):
            cycle = MERGE + block * LANES + k
            case.feed((f"MEM_W{k}", 1, block), alu, cycle + D.vxm_d_skew, block)
            swapped = f"MEM_W{(k + 1) % LANES}", 0, 11 - block
            case.feed(swapped, alu, cycle + D.vxm_d_skew, 1 - block)
            case.take(alu, cycle + D.vxm_d_func, "E8", (f"MEM_E{k}", 0, block))
    # Lanes of superlane 1 are those whose mask is set: a from E1, which has block 1 in place.
    case.add(alu, MERGE, "SELECT.int32 E1:int8, E0:int8, E2:int8 -> E8:int8" + repeat)
    return case
