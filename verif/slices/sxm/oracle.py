"""What the units of an SXM compute, in NumPy, from execution.md alone."""

import numpy as np

from tsp.arch.config import LANES

__all__ = ["bad_map", "maps_of", "results"]


def maps_of(i):
    """Streams of an instruction's map or mask, in the order of its bytes."""
    if i.name == "SELECT":
        return [i["mask"]]
    if i.name in ("PERMUTE", "DISTRIBUTE"):
        return [i["map"] + k for k in range(2 if i.name == "PERMUTE" else 1)]
    return []


def bad_map(i, maps, superlanes):
    """For each lane, whether its map has an impossible entry; `maps` as uint8 vectors."""
    if i.name == "SELECT":
        return maps[0] > 3
    if i.name == "DISTRIBUTE":
        return (maps[0] & 0x70) != 0
    if i.name == "PERMUTE":
        return maps[1] >= superlanes
    return np.zeros(LANES * superlanes, bool)


def results(i, read, superlanes):
    """Vectors that instruction `i` drives, from its first stream on.

    Parameters
    ----------
    read
        ``read(stream)`` is the vector of V bytes, row 0 first.
    """
    size = LANES * superlanes
    if i.name in ("SHIFT", "SELECT"):
        n = abs(i["n"])
        x = np.pad(read(i["stream"]), LANES)
        own, north, south = (x[LANES - k : LANES - k + size] for k in (0, n, -n))
        if i.name == "SHIFT":
            return [north if i["n"] > 0 else south]
        mask = read(i["mask"])
        return [np.select([mask == 0, mask == 1, mask == 2], [own, north, south], 0)]
    if i.name == "PERMUTE":
        x = read(i["stream"]).reshape(superlanes, LANES)
        first, second = (read(i["map"] + k).reshape(superlanes, LANES) for k in range(2))
        a = np.take_along_axis(x, (first & 15).astype(int), 1)
        b = np.zeros_like(x)
        for y in range(superlanes):
            for lane in range(LANES):
                if second[y, lane] < superlanes:
                    b[y, lane] = a[second[y, lane], lane]
        return [np.take_along_axis(b, (first >> 4).astype(int), 1).ravel()]
    if i.name == "DISTRIBUTE":
        x = read(i["stream"]).reshape(superlanes, LANES)
        entries = read(i["map"]).reshape(superlanes, LANES)
        taken = np.take_along_axis(x, (entries & 15).astype(int), 1)
        return [np.where(entries < 16, taken, 0).ravel()]
    if i.name == "ROTATE":
        n = i["n"]
        found = []
        for r in range(n):
            for c in range(n):
                rows = read(i["stream"]).reshape(superlanes, LANES)
                out = np.zeros_like(rows)
                for y in range(superlanes):
                    patch = rows[y, : n * n].reshape(n, n)
                    out[y, : n * n] = np.roll(patch, (-r, -c), (0, 1)).ravel()
                found.append(out.ravel())
        return found
    assert i.name == "TRANSPOSE"
    block = np.stack([read(i["stream"] + k) for k in range(LANES)])
    turned = block.reshape(LANES, superlanes, LANES).transpose(2, 1, 0)
    return list(turned.reshape(LANES, size))
