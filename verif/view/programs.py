"""Programs for the viewer: one of every kind of event, and one of a million events."""

import numpy as np

from tsp.arch.config import NANO, Config, QueueKind
from tsp.arch.isa import make
from tsp.arch.timing import timing
from tspc.asm import assemble
from tspc.program import Program

__all__ = ["TEXT", "million", "small"]

#: A burst, a REPEAT, groups of streams, a value that is replaced on its way and one that nobody
#: reads, two segments.
TEXT = """\
.config nano
.name "every kind"
VXM0:
    NOTIFY
    @40 ADD.int32.sat E0:int32, #1:int8 -> W4:int32   ; nobody drives E0..E3
    REPEAT 3, 2
    @100 NOTIFY
    HALT
MEM_W0:
    @30 READ 0:0 -> E8 count=4 stride=1 every=3 | WRITE 1:9 <- W4
    @49 WRITE 1:4 <- W4
    @50 READ 0:7 -> E8
    HALT
MEM_E3:
    @45 READ 1:3 -> E8      ; takes the place of what comes from the west
    @59 WRITE 0:0 <- E8
    SYNC
    @30 READ 0:2 -> W31
    HALT
MXM_E0_W:
    @60 LW s16 column=1
    REPEAT 2, 1
    HALT
MXM_E0_A:
    @70 IW | ABC.keep s5 entry=2
    HALT
MXM_E0_R:
    @75 ACC.emit -> s4
    HALT
"""


def small() -> Program:
    """The program of :data:`TEXT`, not a legal one."""
    return assemble(TEXT, "every.tsp", unchecked=True)


def million(events: int = 1_000_000, config: Config = NANO) -> Program:
    """A program of at least so many events in most queues of MEM and VXM, made from a seed."""
    rng = np.random.default_rng(1)
    release = timing(config).sync_release
    text = {config.queue_by_name["VXM0"].index: (make("NOTIFY").encode(), make("HALT").encode())}
    plan = dict.fromkeys(text, (0, 1))
    kinds = (QueueKind.MEM, QueueKind.VXM)
    queues = [q for q in config.queues if q.kind in kinds and q.index not in text]
    for q in queues:
        words, times, at, left = [], [], release, events // len(queues) + 1
        while left > 0:
            at += int(rng.integers(1, 400))
            copies, every = int(rng.integers(500, 2500)), int(rng.choice([1, 1, 1, 2, 3]))
            if q.kind is QueueKind.MEM:
                port = ["read", "write"][int(rng.integers(2))]
                fields = {"kind": 1, "stream": int(rng.integers(64)), "stride": 1}
                fields |= {"offset": int(rng.integers(256)), "count": 1, "interval": 1}
                word = make("MEM", **{f"{port}_{name}": n for name, n in fields.items()})
            else:
                a, b, result = (int(n) for n in rng.integers(64, size=3))
                compute, op = int(rng.integers(2)), int(rng.integers(1, 4))
                fields = {"op": op, "compute": compute, "a_stream": a, "b_stream": b}
                word = make("VXM", **fields, result_stream=result)
            words += [word.encode(), make("REPEAT", n=copies - 1, d=every).encode()]
            times += [at, at]
            at += (copies - 1) * every + 1
            left -= copies
        text[q.index] = (*words, make("HALT").encode())
        plan[q.index] = (*times, at)
    return Program("a million events", config, text, plan)
