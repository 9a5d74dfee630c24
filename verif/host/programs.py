"""Programs for a chip that has nothing but MEM: vectors go from slice to slice."""

from dataclasses import replace

import numpy as np

from tsp.arch.config import Config
from tsp.arch.isa import FORMATS
from tsp.arch.timing import timing
from tspc import api
from tspc.faults import EARLIEST, MemoryFault, TextFault
from tspc.program import Program


def text_of(program: Program) -> dict[int, tuple[int, ...]]:
    """Text of every queue of the chip; HALT where the program has none."""
    halt = (FORMATS["HALT"].opcode,)
    return {q.index: program.text.get(q.index, halt) for q in program.config.queues}


def vectors(config: Config, rng, count: int):
    """Random vectors, uint8[count, V]."""
    return rng.integers(0, 256, (count, config.lanes), np.uint8)


def copies(config: Config, rng, turn: int, wait: int = 1):
    """A program that copies the end of a bank to another slice, a vector beside it, what it leaves.

    It lasts for at least `wait` cycles.

    Returns
    -------
    (Program, dict, dict)
        The second is to be loaded with the program, the third stands in MEM after the run.
    """
    table, queues = timing(config), config.queue_by_name
    names = [q.name for q in config.queues if q.kind.value == "mem"]
    source, sink = (queues[name] for name in rng.choice(names, 2, replace=False))
    while source.stop == sink.stop:  # units of a stop never see each other's results
        sink = queues[rng.choice(names)]
    direction = "E" if source.stop < sink.stop else "W"
    count, first = 3, config.bank_words - 4
    start = table.sync_release + 10 * turn
    at = start + table.mem_d_func + abs(sink.stop - source.stop) - 1 - table.mem_d_skew
    words = vectors(config, rng, count)
    burst = f"{direction}5 count={count} stride=1 every=2"
    sizes = " ".join(f"{key}={value}" for key, value in config.to_dict().items())
    text = f"""
        .config {sizes}
        VXM0:
            NOTIFY
            @{wait} HALT
        {source.name}:
            @{start} READ 0:{first} -> {burst}
            HALT
        {sink.name}:
            @{at} WRITE 1:{first} <- {burst}
            HALT
    """
    image = {(source.index, 0, first + i): words[i] for i in range(count)}
    program = replace(api.assemble(text, "copies.tsp"), memory=image)
    expected = {(sink.index, 1, first + i): words[i] for i in range(count)}
    return program, {(sink.index, 0, 0): words[0]}, image | expected


def gathering(config: Config, rng):
    """A program whose slice MEM_E0 gathers three vectors by maps, and with it upsets of these.

    Returns
    -------
    (Program, list)
        One bit is wrong in two of the maps, two in one; one bit in a word of text.
    """
    table, queues = timing(config), config.queue_by_name
    maps, unit, sink = (queues[name] for name in ("MEM_W0", "MEM_E0", "MEM_E3"))
    start = table.sync_release
    read = start + table.mem_d_func + unit.stop - maps.stop - 1 - table.mem_d_skew
    write = read + table.mem_d_func + sink.stop - unit.stop - 1 - table.mem_d_skew
    sizes = " ".join(f"{key}={value}" for key, value in config.to_dict().items())
    nops = "\n".join(["NOP 3"] * 12)
    text = f"""
        .config {sizes}
        VXM0:
            NOTIFY
            {nops}
            HALT
        MEM_W0:
            @{start} READ 0:0 -> E1 count=3 stride=1
            HALT
        MEM_E0:
            @{read} GATHER 1 -> E2 map=E1 count=3
            HALT
        MEM_E3:
            @{write} WRITE 0:0 <- E2 count=3 stride=1
            HALT
    """
    image = {(unit.index, 1, i): row for i, row in enumerate(vectors(config, rng, 8))}
    for i in range(3):
        image[maps.index, 0, i] = np.zeros(config.lanes, np.uint8)
        image[maps.index, 0, i][::16] = rng.integers(0, 8, config.superlanes)
    faults = [
        MemoryFault(EARLIEST, y, flips, maps.index, 0, i)
        for i, (y, flips) in enumerate(((0, 1 << 60), (2, 1 << 131), (2, 1 << 2 | 1)))
    ]
    faults.append(TextFault(EARLIEST, 1 << 9, queues["VXM0"].index, 9))
    return replace(api.assemble(text, "gather.tsp"), memory=image), faults
