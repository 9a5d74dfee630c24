"""The verification plan as rows: what has to be shown of each subject on which level.

``rows`` makes the rows from ``tsp.arch``; ``hits`` collects what tests of a session show, by the
marker ``feature(level, *subjects)`` or by :func:`covers`; ``claims`` reads the markers without
running anything. ``python -m verif.plan`` prints what the last ``make test`` hit.
"""

from verif.plan.hits import covers
from verif.plan.rows import LEVELS, Row, rows, subjects_of

__all__ = ["LEVELS", "Row", "covers", "rows", "subjects_of"]
