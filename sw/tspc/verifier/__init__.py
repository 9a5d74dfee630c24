"""The verifier: proves a program legal from its object file alone, or lists what is wrong.

It shares no code with scheduler, assembler or golden model. It never computes a value: every
queue's text is expanded to issue times (:mod:`~tspc.verifier.expand`), every issue to tables of
what it drives, reads, accesses and stores, and each rule of execution.md is one look at a sorted
table.

    report = verify(program)
    if not report.ok:
        print(report)
"""

from tspc.verifier.report import Party, Problem, Remark, Report
from tspc.verifier.verify import verify

__all__ = ["Party", "Problem", "Remark", "Report", "verify"]
