"""Random legal programs over everything that is built, and the bins that they are to hit.

program = generate(NANO, seed=7)
missing = bins(NANO) - hit(NANO, events)
"""

from verif.random_programs.bins import Bin, bins, hit
from verif.random_programs.generate import directed, generate

__all__ = ["Bin", "bins", "directed", "generate", "hit"]
