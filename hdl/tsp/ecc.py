"""The places of SECDED: who makes the check bits of a word and who consumes them.

Every producer of a stream value calls :func:`encode`, every consumer :func:`correct`, each in a
pipeline stage of its own, so widths and latencies are final. The code itself (Hsiao (137,128),
architecture section 7) is not built yet: check bits are zero and pass through unchecked; the zero
word is a codeword of the final code, too.
"""

from amaranth import Cat, Const

from tsp.arch.config import CHECK_BITS, DATA_BITS

__all__ = ["correct", "encode"]


def encode(payload):
    """The protected word of 128 data bits."""
    return Cat(payload, Const(0, CHECK_BITS))


def correct(word):
    """The 128 data bits of a protected word."""
    return word[:DATA_BITS]
