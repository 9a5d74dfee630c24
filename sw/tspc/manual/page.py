"""What a page of the instruction manual is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tsp.arch.config import NANO, Config
from tsp.arch.errors import ErrorClass
from tsp.arch.isa import Compute
from tspc.manual.script import Script

__all__ = ["Example", "Page"]


@dataclass(frozen=True)
class Example:
    """A program that shows an instruction, and what it leaves.

    Attributes
    ----------
    shows
        What it shows, a line.
    write
        Writes the program into a script; times come from the timing table.
    given
        Value of each input: a NumPy expression, in which ``np``, ``V``, ``T`` and the inputs
        before it have a meaning.
    leaves
        Value of each output: the same, in which all inputs have a meaning.
    issues
        Cycles in which a queue issues, each counted in its segment, where they are the point.
    close
        Relative error that is allowed; 0: equal.
    compute
        The compute type that it is about; None: not one of the VXM.
    """

    shows: str
    write: Callable[[Script], None]
    given: Mapping[str, str]
    leaves: Mapping[str, str]
    issues: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    close: float = 0.0
    compute: Compute | None = None

    def text(self, config: Config = NANO) -> str:
        """The program as assembly text."""
        script = Script(config)
        self.write(script)
        return script.text()


@dataclass(frozen=True)
class Page:
    """One page.

    Attributes
    ----------
    name
        Of the page, and of its file in small letters.
    form
        Format of the word.
    effect, rules
        What it does, and what holds besides, in the words of the execution contract.
    words
        Example words, canonical; the page is of what they show.
    timing
        Entries of the timing table that govern it. Those of what is not built may be missing.
    errors
        Illegal classes that are its own.
    model
        What defines it in the golden model, as ``module:name``.
    operations
        Operations of the VXM that the page is about.
    examples
        Programs; every built instruction has one.
    """

    name: str
    form: str
    effect: str
    rules: tuple[str, ...]
    words: tuple[str, ...]
    timing: tuple[str, ...] = ()
    errors: tuple[ErrorClass, ...] = ()
    model: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.name.lower().replace(" ", "-") + ".md"
