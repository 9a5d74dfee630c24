"""A whole ICU strip without the chip, and what it must do with a set of queue texts."""

import random
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from amaranth import Module
from amaranth.lib.wiring import Component, In, Out

from tsp.arch.config import Config
from tsp.host.messages import Kind
from tsp.icu.strip import ChipStatus, IcuStop, stop_kind, stop_queues
from tsp.sram import BackdoorControl
from tspc.engines import records
from tspc.protection import encode
from verif.icu.programs import TextMaker
from verif.icu.reference import Expected, expand, word_of

#: Words of each queue by queue number.
Texts = Mapping[int, Sequence[int]]

NOTIFY, HALT = word_of("NOTIFY"), word_of("HALT")


class Strip(Component):
    """The stops of one configuration in a row, as the chip places them; controls end nowhere."""

    start: In(1)
    backdoor: In(3)
    done: Out(1)
    stopped: Out(1)
    cause: Out(5)

    def __init__(self, config: Config, library):
        self._config, self._library = config, library
        super().__init__()

    def elaborate(self, platform):
        m = Module()
        config = self._config
        m.submodules.control = control = BackdoorControl()
        m.submodules.status = status = self._library.place(ChipStatus, config)
        stops = []
        for p in range(config.stops):
            stop = self._library.place(IcuStop, stop_kind(config, p), config)
            m.submodules[f"stop{p}"] = stop
            m.d.comb += [
                stop.position.eq(p),
                stop.place.eq(stop_queues(config, p)[0].index),
                stop.backdoor.eq(self.backdoor),
            ]
            stops.append(stop)
        for west, east in pairwise(stops):
            m.d.comb += [east.from_west.eq(west.to_east), west.from_east.eq(east.to_west)]
        m.d.comb += [
            control.backdoor.eq(self.backdoor),
            stops[-1].from_east.host.valid.eq(self.start),
            stops[-1].from_east.host.kind.eq(Kind.START),
            stops[0].from_west.idle.eq(1),
            status.from_west.eq(stops[-1].to_east),
            self.done.eq(status.done),
            self.stopped.eq(status.stopped),
            self.cause.eq(status.cause),
        ]
        return m


def image(config: Config, texts: Texts) -> bytes:
    """``image.bin`` that loads these texts; queues without one get a HALT."""
    pieces = []
    for queue in config.queues:
        words = texts.get(queue.index, [HALT])
        assert len(words) <= config.queue_words, (queue.name, len(words))
        raw = b"".join(w.to_bytes(16, "little") for w in words)
        data = encode(np.frombuffer(raw, np.uint8).reshape(-1, 16))
        pieces.append(records.Piece(records.place(records.Kind.TEXT, 0, queue.index), 0, data))
    return records.image(pieces)


def predict(config: Config, texts: Texts, release: int, cycles: int) -> dict[int, Expected]:
    """What each queue does, from the first NOTIFY on; `release` is D.

    A queue's issue cycles depend on the NOTIFYs of the others: each round makes at least one more
    of them certain.
    """
    first = config.queue_by_name["VXM0"].index
    notifies: list[int] = []
    while True:
        released = [t + release for t in notifies]
        found = {
            q.index: expand(
                q.kind,
                config,
                texts.get(q.index, [HALT]),
                ([0] if q.index == first else []) + released,
                cycles,
            )
            for q in config.queues
        }
        again = sorted(t for e in found.values() for t in e.notifies)
        if again == notifies:
            return found
        notifies = again


def random_texts(config: Config, seed: int, release: int, segments: int = 3) -> dict[int, list]:
    """Legal texts for every queue: work, SYNC n, in each segment a NOTIFY from a random queue."""
    rng = random.Random(f"{config.name} {seed}")
    makers = {q.index: TextMaker(q.kind, config, rng, q.unit % 4 == 0) for q in config.queues}
    waiting = {q.index: 0 for q in config.queues}  # segments that a queue sleeps through
    first = config.queue_by_name["VXM0"].index
    makers[first].text += [NOTIFY, word_of("SYNC", n=1)]
    now = release
    for _ in range(segments):
        awake = [i for i in makers if not waiting[i]]
        sender = rng.choice(awake)
        for i in awake:
            makers[i].now = now
            makers[i].work(rng.randint(1, 7))
        end = max(makers[i].now for i in awake) + rng.randint(0, 5)
        sent = makers[sender]
        sent.wait_until(end)
        for i in awake:
            n = rng.choice([1, 1, 2]) if i != sender else 1
            if i != sender and rng.random() < 0.1:
                makers[i].wait_until(end + 1)  # parked in the last cycle that is early enough
            if i == sender:
                makers[i].text.append(NOTIFY)
            makers[i].text.append(word_of("SYNC", n=n))
            waiting[i] = n
        waiting = {i: n - 1 for i, n in waiting.items()}
        now = end + release
    # One more NOTIFY wakes those that sleep through the last one.
    awake = [i for i in makers if not waiting[i]]
    sent = makers[awake[0]]
    sent.now = now
    sent.wait_until(now + 5)
    sent.text.append(NOTIFY)
    for maker in makers.values():
        maker.text.append(HALT)
    return {i: maker.text for i, maker in makers.items()}
