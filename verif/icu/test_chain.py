"""The text chain of a stop, T = 1 .. 4 tiles on each other, under Verilator."""

from itertools import pairwise

import pytest
from amaranth import Cat, Module
from amaranth.lib.wiring import Component, In, Out

from tsp.arch.config import STREAMS, WORD_BITS
from tsp.icu.chain import TextChain
from verif.support import run_bench


class Stack(Component):
    """Tiles of one chain. In superlane y every stream s carries ``word<y>`` xor s."""

    def __init__(self, superlanes: int, library):
        self._superlanes, self._library = superlanes, library
        super().__init__(
            {
                "valid": In(1),
                "stream": In(6),
                "text_valid": Out(1),
                "text": Out(WORD_BITS),
                **{f"word{y}": In(WORD_BITS) for y in range(superlanes)},
            }
        )

    def elaborate(self, platform):
        m = Module()
        tiles = []
        for y in range(self._superlanes):
            tile = self._library.place(TextChain)
            m.submodules[f"tile{y}"] = tile
            word = getattr(self, f"word{y}")
            m.d.comb += [
                tile.e_in.words.as_value().eq(Cat(word ^ s for s in range(STREAMS))),
                tile.w_in.words.as_value().eq(Cat(word ^ (s + STREAMS) for s in range(STREAMS))),
            ]
            tiles.append(tile)
        m.d.comb += [
            tiles[0].south.valid.eq(self.valid),
            tiles[0].south.stream.eq(self.stream),
            self.text_valid.eq(tiles[0].text_south.valid),
            self.text.eq(tiles[0].text_south.word),
        ]
        for south, north in pairwise(tiles):
            m.d.comb += [north.south.eq(south.north), south.text_north.eq(north.text_south)]
        return m


@pytest.mark.parametrize(
    "superlanes", [2, 3, *(pytest.param(t, marks=pytest.mark.slow) for t in (1, 4))]
)
def test_chain(superlanes):
    run_bench(
        lambda library: Stack(superlanes, library),
        "verif.icu.tb_chain",
        top="stack",
        parameters={"superlanes": superlanes},
    )
