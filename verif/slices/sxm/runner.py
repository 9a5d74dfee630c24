"""Random and chosen instructions for the stack of SXM stops, and what they drove."""

import json
import random
from dataclasses import dataclass, field

import numpy as np

from tsp.arch.config import LANES, STREAMS, SXM_UNITS, WORD_BITS, Config
from tsp.arch.isa import make, unit_formats
from tspc.engines.records import Piece, image, read_words, split_place
from tspc.protection import encode
from verif.slices.sxm import bench
from verif.slices.sxm.oracle import maps_of
from verif.support import run_bench

__all__ = ["Stimuli", "config_of", "measured_function", "random_stimuli", "run"]

_LEAD = 4  #: cycles before the first issue
_DRAIN = 16


def config_of(superlanes):
    """A configuration of this height; nothing else matters."""
    return Config(f"sxm{superlanes}", superlanes, 0, 2, 16, 1, 16 if superlanes < 5 else 128, 2, 1)


@dataclass
class Stimuli:
    """What is issued when, and what the streams carry.

    Attributes
    ----------
    issues
        (cycle, unit, instruction), by cycle.
    words
        uint8 of shape (cycles, rows, 64, 16): the data of every stream in every superlane.
    """

    config: Config
    words: np.ndarray
    issues: list = field(default_factory=list)

    def read(self, cycle):
        """``read(stream)`` of the vector that superlane 0 has in `cycle`."""
        now = self.words[cycle]
        return lambda stream: now[:, stream].ravel()

    def add(self, cycle, unit, instruction, maps=()):
        """Issue, with the bytes of its map: they are on their streams in the next cycle."""
        self.issues.append((cycle, unit, instruction))
        for stream, vector in zip(maps_of(instruction), maps, strict=True):
            self.words[cycle + 1, :, stream] = np.asarray(vector, np.uint8).reshape(-1, LANES)


def _random_word(rng, form):
    values = {f.name: rng.randrange(64) // f.group * f.group for f in form.fields}
    if form.name in ("SHIFT", "SELECT"):
        values["n"] = rng.randint(1, 16) * (rng.choice((1, -1)) if form.name == "SHIFT" else 1)
    if form.name == "ROTATE":
        values["n"] = rng.choice((3, 4))
    return make(form.name, **values)


def _random_maps(rng, noise, i, config):
    """Maps, one in four of them with some impossible entries."""
    size = config.lanes
    tops = {"PERMUTE": (256, config.superlanes), "DISTRIBUTE": (16,), "SELECT": (4,)}[i.name]
    maps = [noise.integers(0, top, size, np.uint8, endpoint=top == 0) if top < 256
            else noise.integers(0, 256, size, np.uint8) for top in tops]  # fmt: skip
    if i.name == "DISTRIBUTE":
        maps[0] |= np.uint8(128) * noise.integers(0, 2, size, np.uint8)
    if rng.random() < 0.25:
        hit = noise.random(size) < 0.1
        maps[-1] = np.where(hit, noise.integers(0, 256, size, np.uint8), maps[-1])
    return maps


def random_stimuli(config, seed, cycles, units=range(6), rate=0.8):
    """Random instructions of `units` over `cycles` cycles, each at this rate."""
    rng, noise = random.Random(seed), np.random.default_rng(seed)
    shape = (cycles + _LEAD + 4, config.superlanes, 2 * STREAMS, LANES)
    found = Stimuli(config, noise.integers(0, 256, shape, np.uint8))
    for cycle in range(_LEAD, cycles + _LEAD):
        for unit in units:
            if rng.random() < rate:
                i = _random_word(rng, rng.choice(unit_formats(SXM_UNITS[unit][1])))
                maps = _random_maps(rng, noise, i, config) if maps_of(i) else ()
                found.add(cycle, unit, i, maps)
    return found


def _control(stimuli):
    """Control words: for each unit ``valid``, which form, and the fields by name."""
    found = np.zeros((len(stimuli.words), 64), np.uint8)
    lows, low = [], 0
    for layout in bench.CONTROLS:
        lows.append(low)
        low += layout.size
    rows = {}
    for cycle, unit, i in stimuli.issues:
        layout, forms = bench.CONTROLS[unit], unit_formats(SXM_UNITS[unit][1])
        values = {"valid": 1, **i.values}
        if len(forms) > 1:
            values["form"] = forms.index(i.format)
        word = 0
        for name, value in values.items():
            part = layout[name]
            word |= (value & (1 << part.width) - 1) << part.offset
        rows[cycle] = rows.get(cycle, 0) | word << lows[unit]
    for cycle, word in rows.items():
        found[cycle] = np.frombuffer(word.to_bytes(64, "little"), np.uint8)
    return found


def _protected(words):
    """Words (cycles, 64, 16) as the streams of each direction carry them, in pieces."""
    bits = np.zeros((len(words), 2, STREAMS, WORD_BITS), np.uint8)
    raw = np.unpackbits(encode(words), axis=-1, count=WORD_BITS, bitorder="little")
    bits[..., : raw.shape[-1]] = raw.reshape(len(words), 2, STREAMS, -1)
    packed = np.zeros((2, len(words), bench.PIECES * bench.PIECE_BITS // 8), np.uint8)
    flat = np.packbits(bits.reshape(len(words), 2, -1), axis=-1, bitorder="little")
    packed[..., : flat.shape[-1]] = flat.transpose(1, 0, 2)
    return packed.reshape(2, len(words), bench.PIECES, -1)


@dataclass(frozen=True)
class Driven:
    """What the units drove: bytes by (unit, cycle, row, stream), and bad_map of each row."""

    words: dict
    bad_map: int


def run(stimuli):
    """Run the bench; an error if it does not end."""
    rows = stimuli.config.superlanes
    cycles = len(stimuli.words) + 3 * rows + _DRAIN
    assert cycles <= bench.DEPTH
    pieces = [Piece(bench.CONTROL, 0, _control(stimuli))]
    for y in range(rows):
        for west, data in enumerate(_protected(stimuli.words[:, y])):
            for k in range(bench.PIECES):
                pieces.append(Piece(bench.streams(y, west, k), 0, data[:, k]))
    ran = run_bench(
        lambda library: bench.StackBench(stimuli.config, library=library),
        "verif.slices.sxm.tb_stack",
        parameters={"cycles": cycles},
        image=image(pieces),
        blocks=[f"sxm_stop_{stimuli.config.tag}"],
    )
    record = read_words(ran.directory / "words.bin")
    kind, row, unit = split_place(record["place"])
    assert (kind == 2).all()
    keys = zip(unit.tolist(), record["cycle"].tolist(), row.tolist(), record["address"].tolist())
    words = {key: word[:LANES] for key, word in zip(keys, record["data"])}
    assert len(words) == len(record)
    return Driven(words, json.loads((ran.directory / "bad_map.json").read_text()))


def measured_function(stimuli, driven, unit):
    """d_func of a unit: the one time from issue to register in every superlane, or an error."""
    issued = [cycle for cycle, number, _ in stimuli.issues if number == unit]
    found = set()
    for y in range(stimuli.config.superlanes):
        seen = sorted({key[1] for key in driven.words if key[0] == unit and key[2] == y})
        assert len(seen) == len(issued), f"row {y}: {len(issued)} issues, {len(seen)} results"
        found |= {late - cycle - y for cycle, late in zip(issued, seen)}
    assert len(found) == 1, f"unit {unit} takes {sorted(found)} cycles"
    return found.pop()
