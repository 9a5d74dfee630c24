"""A program with more than 100,000 events is verified in seconds."""

import time

from tsp.arch.config import NANO
from tsp.arch.isa import make
from tspc.verifier import verify
from verif.support_programs import build, read, write
from verif.verifier.cases import D, T, at, image, mem

COPIES = 4000


def test_a_hundred_thousand_events() -> None:
    """Sixteen chains READ, VXM, WRITE without a gap, in both directions."""
    words, places = {}, []
    for k in range(16):
        source, sink = f"MEM_W{k}", f"MEM_E{k}"
        alu, start = f"VXM{k}", 2 * D + k
        places += [(source, 0, offset) for offset in range(NANO.bank_words)]
        work = at(source, alu, start)
        done = at(alu, sink, work, T.vxm_d_func)
        loads = [
            (start + n * COPIES, mem(**read(0, 0, k, stride=1, count=COPIES))) for n in range(3)
        ]
        relu = make("VXM", op=8, a_stream=k, result_stream=k)
        words[source] = loads
        words[alu] = [(work, relu), (0, make("REPEAT", n=3 * COPIES - 1, d=1))]
        words[sink] = [
            (done + n * COPIES, mem(**write(1, 0, k, stride=1, count=COPIES))) for n in range(3)
        ]
    program = build(NANO, words, memory=image(*places))
    begin = time.perf_counter()
    report = verify(program)
    seconds = time.perf_counter() - begin
    assert report.ok, str(report)
    assert report.issues == 3 * 16 * 3 * COPIES > 100_000
    assert seconds < 10, f"{report.issues} events took {seconds:.1f} s"
    print(f"{report.issues} events verified in {seconds:.2f} s")
