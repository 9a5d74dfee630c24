"""Programs that fetch their text, by the helper of the scheduler and by hand."""

import numpy as np

from tsp.arch.config import Config
from tsp.arch.isa import VXM_OPS, Type, make
from tsp.arch.timing import timing
from tspc.program import Program
from tspc.scheduler.fetching import fetch_text
from verif.support_programs import Timed, build, write

__all__ = ["long_program"]

SINK, SINK_BANK = "MEM_E1", 1


def long_program(config: Config, words: int, gap: int = 3, queue: str = "VXM6") -> Program:
    """An ALU that adds another number to the same vector again and again, `words` words long.

    Every result is written to MEM; every third word has NOP cycles behind it.
    """
    table, stops = timing(config), config.queue_by_name
    start = table.sync_release + 60
    adds: list[Timed] = []
    cycle = start
    while 2 * len(adds) < words:
        value = 7 + 3 * len(adds)
        fields = {"op": VXM_OPS["ADD"].code, "saturate": 0, "a_immediate": 1, "b_immediate": 1}
        fields |= {"immediate0": value % 251, "immediate1": len(adds) // 256}
        fields |= {"a_type": Type.INT8, "b_type": Type.INT8, "result_stream": 9}
        adds.append((cycle, make("VXM", **fields)))
        cycle += gap
    wait = table.vxm_d_func + stops[SINK].stop - stops[queue].stop - 1 - table.mem_d_skew
    burst = write(SINK_BANK, 0, 9, count=len(adds), interval=gap, stride=1)
    text = build(
        config,
        {queue: adds, SINK: [(start + wait, make("MEM", **burst))]},
        name="long text",
        memory={(stops["MEM_E0"].index, 0, 0): np.zeros(config.lanes, np.uint8)},
    )
    text = _halted(text)
    return fetch_text(text, queue, ("MEM_W0", "MEM_W2"), "E30")


def _halted(program: Program) -> Program:
    """The same with planned HALTs."""
    from dataclasses import replace

    plan = {
        q: tuple(p) + (p[-1] + 1,) * (len(program.text[q]) - len(p))
        for q, p in program.plan.items()
    }
    return replace(program, plan=plan)
