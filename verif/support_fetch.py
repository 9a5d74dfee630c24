"""Programs that fetch their text: by hand at the limits, long ones by the scheduler's helper."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tsp.arch.config import Config
from tsp.arch.isa import VXM_OPS, Instruction, Type, make, stream_number
from tsp.arch.timing import timing
from tspc.program import Address, Program
from tspc.scheduler.fetching import fetch_text
from verif.support_programs import Timed, build, read, write

__all__ = ["AT", "QUEUE", "SOURCE", "STREAM", "count_of", "dry", "fetching", "feed", "full"]
__all__ += ["ifetch", "long_program", "room_after", "wanted_after"]

QUEUE, SOURCE, STREAM = "VXM6", "MEM_W0", "E30"
AT = 90  #: issue cycle of the IFETCH in programs by hand
NOP, HALT = make("NOP", n=1), make("HALT")


def ifetch(pairs: int = 1, stream: str = STREAM) -> Instruction:
    """An IFETCH word."""
    return make("IFETCH", stream=stream_number(stream), n=pairs)


def pairs_of(config: Config) -> int:
    """Pairs that the programs by hand fetch: at least four words."""
    return 2 if config.superlanes == 1 else 1


def count_of(config: Config) -> int:
    """Words that the programs by hand fetch."""
    return 2 * config.superlanes * pairs_of(config)


def feed(
    config: Config,
    at: int,
    *,
    wait: int | None = None,
    queue: str = QUEUE,
    source: str = SOURCE,
    stream: str = STREAM,
) -> dict[str, list[Timed]]:
    """The READ of the first offsets of a slice, such that an IFETCH in `at` takes all.

    `wait` is the time from the READ to the IFETCH; None: as the timing table has it.
    """
    table, stops = timing(config), config.queue_by_name
    if wait is None:
        hops = abs(stops[queue].stop - stops[source].stop)
        wait = table.mem_d_func + hops - 1 - table.ifetch_d_skew
    count = 2 * pairs_of(config)  # one after the other: more than a pair only if T is 1
    burst = read(0, 0, stream_number(stream), count=count, stride=1)
    return {source: [(at - wait, make("MEM", **burst)), (at - wait + 1, HALT)]}


def fetching(
    config: Config,
    words: Mapping[str, Sequence[Timed]],
    places: Mapping[str, Sequence[tuple[str, int]]],
    **rest: object,
) -> Program:
    """A program of these words, HALTs included; `places` of text are (slice, offset) in bank 0."""
    number = {name: q.index for name, q in config.queue_by_name.items()}
    fetched: dict[int, tuple[Address, ...]] = {
        number[queue]: tuple((number[s], 0, offset) for s, offset in found)
        for queue, found in places.items()
    }
    own = {"VXM0": [(1, HALT)], **words}
    return build(config, own, halt=False, fetched=fetched, **rest)


def dry(config: Config, late: int = 0) -> Program:
    """The first fetched word is wanted as soon as it can issue, or `late` cycles before."""
    return wanted_after(config, timing(config).ifetch_to_word - late)


def wanted_after(config: Config, cycles: int, wait: int | None = None) -> Program:
    """A fetch whose first word is wanted so many cycles after the IFETCH; `wait`: :func:`feed`."""
    count = count_of(config)
    nops: list[Timed] = [(AT + cycles + j, NOP) for j in range(count - 1)]
    words = [(AT, ifetch(pairs_of(config))), *nops, (AT + cycles + count - 1, HALT)]
    return _by_hand(config, words, f"wanted after {cycles}", wait)


def full(config: Config, late: int = 0) -> Program:
    """The third fetched word finds its place just left, or still taken for `late` cycles."""
    return room_after(config, timing(config).ifetch_to_buffer + late)


def room_after(config: Config, cycles: int, wait: int | None = None) -> Program:
    """A full buffer: word j of a fetch finds a place so many cycles, and j, after the IFETCH.

    Loaded are a NOP and the IFETCH, which have left by then, a NOP that lasts until word 2 of the
    fetch wants its place, and words that leave one a cycle.
    """
    again = AT + cycles + 2 + 1
    rest = config.queue_words - 3 + count_of(config) - 1
    nops: list[Timed] = [(again + j, NOP) for j in range(rest)]
    words = [(AT, ifetch(pairs_of(config))), *nops, (again + rest, HALT)]
    return _by_hand(config, words, f"room after {cycles}", wait)


def _by_hand(config: Config, words: Sequence[Timed], name: str, wait: int | None) -> Program:
    places = [(SOURCE, n) for n in range(2 * pairs_of(config))]
    queues = {QUEUE: words, **feed(config, AT, wait=wait)}
    return fetching(config, queues, {QUEUE: places}, name=name)


def long_program(config: Config, words: int, gap: int = 3) -> Program:
    """An ALU with another instruction every `gap` cycles, about `words` words with the NOPs.

    Result n, which is n % 251 + n // 251, is written to offset n of the sink, modulo the bank.
    """
    table, stops = timing(config), config.queue_by_name
    start, sink = table.sync_release + 60, "MEM_E1"
    count = words // 2
    adds: list[Timed] = []
    for n in range(count):
        fields = {"op": VXM_OPS["ADD"].code, "a_immediate": 1, "b_immediate": 1}
        fields |= {"immediate0": n % 251, "immediate1": n // 251, "result_stream": 9}
        fields |= {"a_type": Type.INT8, "b_type": Type.INT8}
        adds.append((start + n * gap, make("VXM", **fields)))
    wait = table.vxm_d_func + stops[sink].stop - stops[QUEUE].stop - 1 - table.mem_d_skew
    burst = make("MEM", **write(1, 0, 9, count=count, interval=gap, stride=1))
    end = adds[-1][0] + 1
    queues = {
        QUEUE: [*adds, (end, HALT)],
        sink: [(start + wait, burst), (start + wait + 1, HALT)],
    }
    program = replace(fetching(config, queues, {}), name=f"long text {config.name}")
    return fetch_text(program, QUEUE, ("MEM_W0", "MEM_W2"), STREAM)
