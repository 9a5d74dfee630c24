"""Chips on which the contract is tried: few superlanes, small memories."""

from tsp.arch.config import NANO, Config

__all__ = ["BY_SUPERLANES"]

#: Configuration by T. Only T and the stops enter the timing.
BY_SUPERLANES = {
    1: Config("one", 1, 0, 18, 64, 1, 16, 4, 1),
    2: NANO,
    3: Config("three", 3, 0, 18, 64, 1, 16, 4, 1),
    4: Config("four", 4, 0, 18, 64, 1, 16, 4, 1),
}
