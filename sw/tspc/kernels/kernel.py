"""What every kernel is: a dataflow graph, and how its rows are cut into bursts."""

from dataclasses import dataclass

from tspc.program import Program
from tspc.scheduler import Graph, schedule

__all__ = ["Kernel"]


@dataclass(frozen=True, eq=False)
class Kernel:
    """A dataflow graph that a function of this package made, ready to be scheduled.

    Attributes
    ----------
    graph
        What is computed.
    burst
        Most elements that a unit takes in a burst. Long bursts need few words in the queues' text,
        short ones let units of a chain work at the same time.
    """

    graph: Graph
    burst: int

    @property
    def name(self) -> str:
        """Name of the program."""
        return self.graph.name

    def program(self) -> Program:
        """Schedule it.

        Raises
        ------
        tspc.scheduler.ScheduleError
            If it does not fit the chip.
        """
        return schedule(self.graph, block_rows=min(self.burst, self.graph.config.bank_words))
