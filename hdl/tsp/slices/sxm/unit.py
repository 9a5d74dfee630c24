"""What the six units of an SXM share: control, operands, result, and a clock that rests.

With control on ``south`` in cycle t: t + 1 operands are captured, t + 2 they are corrected, from
t + 3 on the operation, and in the cycle before d_func the result is protected and driven.
"""

from abc import ABC, abstractmethod

from amaranth import Cat, Module, Mux, ResetSignal, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from tsp.arch.config import DATA_BITS, LANES, WORD_BITS
from tsp.arch.isa import unit_formats
from tsp.ecc import correct, count, generate
from tsp.icu.gate import place_gated
from tsp.stream import Drive, StreamSignature, capture
from tsp.words import acts, control_layout

__all__ = ["Unit", "byte", "gather", "pick"]


class Unit(wiring.Component, ABC):
    """One superlane of one unit of an SXM.

    Nothing changes in a unit in which nothing is valid, so its clock stands still then.

    Parameters
    ----------
    kind
        Which of the units.
    words
        Streams that it drives at most.
    vertical
        Members that face the same unit of the rows to the south and north.

    Members
    -------
    south, north : In, Out(control_layout)
        Control; ``north`` is ``south`` one cycle later.
    e_in, w_in : In(StreamSignature)
        Ein and Win of the stop.
    drive : Out(Drive)
        The result, enabled in cycle t + d_func - 1.
    critical : Out(1)
        A map with an impossible entry, or a double error, was met since reset.
    row, queue_number : In(8), backdoor : In(3)
        Superlane and queue; simulation. Where an operation does not act, its operands are zero,
        and so is what it drives; the paths to the neighbours stay on.
    """

    def __init__(self, kind, words, vertical=()):
        control = control_layout(*unit_formats(kind))
        super().__init__(
            {
                "south": In(control),
                "north": Out(control),
                "e_in": In(StreamSignature()),
                "w_in": In(StreamSignature()),
                "drive": Out(Drive(words)),
                "critical": Out(1),
                "errors": Out(32),
                "row": In(8),
                "queue_number": In(8),
                "backdoor": In(3),
                **dict(vertical),
            }
        )

    def elaborate(self, platform):
        m, inside = Module(), Module()
        self._found, self._bad_map = [], Signal(name="bad_map")
        stages = self._build(inside)
        where = {x: getattr(self, x) for x in ("row", "queue_number", "backdoor")}
        inside.d.comb += self.errors.eq(count(inside, self._found, 1, **where))
        inside.d.comb += self.critical.eq(self._bad_map | self.errors[16:].any())
        busy = Cat(self.south.valid, *(stage.valid for stage in stages)).any()
        place_gated(m, "unit", inside, ResetSignal() | self.backdoor.any() | busy)
        return m

    @abstractmethod
    def _build(self, m):
        """Add the unit to `m`; returns its control in each cycle that needs a clock."""

    def _stages(self, m, count):
        """Control in cycles t .. t + `count`, so stage n is that of t + n; the first goes north."""
        stages = [self.south]
        for n in range(1, count + 1):
            stage = Signal.like(self.south, name=f"c{n}")
            m.d.sync += stage.valid.eq(stages[-1].valid)
            with m.If(stages[-1].valid):
                m.d.sync += stage.eq(stages[-1])
            stages.append(stage)
        m.d.comb += self.north.eq(stages[1])
        return stages

    def _operand(self, m, stages, name, number=0, used=lambda control: 1):
        """The corrected word, in t + 3, of an operand.

        Its stream is the one in field `name`, or another `number` of its group. It is taken if
        ``used(control)``.
        """
        first, second = stages[1:3]
        word = Signal(WORD_BITS, name=f"{name}{number}_word")
        corrected = Signal(DATA_BITS, name=f"{name}{number}")
        stream = first[name] | number
        capture(m, word, first.valid & used(first), stream, self.e_in, self.w_in)
        taken = second.valid & used(second)
        here = acts(self.row, second.superlanes)
        with m.If(taken):
            m.d.sync += corrected.eq(Mux(here, self._correct(m, word, taken & here), 0))
        return corrected

    def _correct(self, m, word, used):
        """The data of a word; what is wrong with it is counted."""
        self._found.append(correct(m, word, used))
        return self._found[-1].data

    def _flag(self, m, control, bad):
        """A map that is known in the cycle of `control` has impossible entries."""
        with m.If(control.valid & bad):
            m.d.sync += self._bad_map.eq(1)

    def _drive(self, m, control, results, words):
        """Protect and drive `results`, which are registers of the cycle of `control`."""
        m.d.comb += [
            self.drive.enable.eq(control.valid),
            self.drive.stream.eq(control.result),
            self.drive.words.eq(words),
        ]
        here = acts(self.row, control.superlanes)
        for k, result in enumerate(results):
            driven = self.drive.enable & (self.drive.words > k)
            m.d.comb += self.drive.data[k].eq(generate(m, Mux(here, result, 0), driven))


def byte(word, lane):
    """Byte of a lane."""
    return word.word_select(lane, 8)


def pick(choices, index):
    """`choices[index]`, halved bit by bit; anything where there is none."""
    choices = list(choices)
    for bit in index:
        odd = choices[1::2] + choices[-1:]
        choices = [_mux(bit, b, a) for a, b in zip(choices[::2], odd)]
    return choices[0]


def _mux(condition, one, zero):
    return one if one is zero else Mux(condition, one, zero)


def gather(word, indices):
    """For each lane l, lane ``indices[l]`` of `word`, which is a signal."""
    lanes = [byte(word, lane) for lane in range(LANES)]
    return [pick(lanes, index[:4]) for index in indices]
