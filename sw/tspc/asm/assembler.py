"""Assembly text to a program.

The text is read line by line; a statement may go on over several lines inside braces. Every line
is looked at before the first error is reported, so that one run tells all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import PurePath

from tsp.arch.config import Config, Queue
from tsp.arch.isa import make
from tsp.arch.timing import timing
from tspc.asm.codes import Code
from tspc.asm.directives import (
    DIRECTIVES,
    Header,
    parse_config,
    parse_directive,
    parse_text_places,
)
from tspc.asm.lexer import Token, fail, tokenize
from tspc.asm.plan import NEVER, Clock, first_queue, nops, resolve_plan, try_decode
from tspc.asm.statement import Statement, check_word, parse_statement
from tspc.diagnostics import Diagnostic, DiagnosticError, Note, Span
from tspc.program import Address, Program, Source

__all__ = ["assemble"]


def assemble(
    text: str, name: str = "<text>", *, config: Config | None = None, unchecked: bool = False
) -> Program:
    """Assemble a program.

    Parameters
    ----------
    text
        docs/user.md describes the language.
    name
        Of the file, for errors and the source map; gives the program its name if no ``.name``
        does.
    config
        What ``.config`` must be if the text has one, and what it is if the text has none.
    unchecked
        Accept words that this version of the chip or the configuration would refuse, raw bad
        words, text longer than the buffer and words that never issue: for tests of the encodings
        and of what refuses them.

    Raises
    ------
    DiagnosticError
        With everything that is wrong.
    """
    return _Assembler(text, name, unchecked).run(config)


@dataclass
class _Section:
    """A queue's text so far. ``previous`` is None before the first word and after a bad line."""

    queue: Queue
    span: Span
    clock: Clock
    words: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    places: list[Address] = field(default_factory=list)  #: of the text that IFETCH brings
    previous: Statement | None = None
    damaged: bool = False
    released: bool = True  #: no word has issued since the last release


class _Assembler:
    def __init__(self, text: str, name: str, unchecked: bool) -> None:
        self.text, self.name, self.unchecked = text, name, unchecked
        self.lines = text.split("\n")
        self.found: list[Diagnostic] = []
        self.sections: dict[int, _Section] = {}

    def report(self, error: DiagnosticError) -> None:
        """Keep an error, with the line that it points into."""
        for d in error.diagnostics:
            line = d.span.line if d.span else 0
            source = self.lines[line - 1] if 0 < line <= len(self.lines) else None
            self.found.append(replace(d, source=source))

    def run(self, config: Config | None) -> Program:
        """Everything, in order."""
        statements = [s for s in self.statements() if self.known(s)]
        header = self.read_config(statements, config)
        if header is None:
            raise DiagnosticError(self.found)
        self.read_body(statements, header)
        for section in self.sections.values():
            self.check_length(section, header.config)
        text = {q: tuple(s.words) for q, s in self.sections.items() if s.words}
        plan: dict[int, tuple[int, ...]] = {}
        if not self.found:
            plan = resolve_plan(header.config, text)
            self.check_released(header.config, plan)
        if self.found:
            raise DiagnosticError(sorted(self.found, key=lambda d: d.span.line if d.span else 0))
        source = Source(self.name, self.text, {q: tuple(self.sections[q].lines) for q in text})
        title = header.name if header.name is not None else PurePath(self.name).stem
        tensors = tuple(header.tensors.values())
        fetched = {q: tuple(s.places) for q, s in self.sections.items() if s.places}
        return Program(
            title, header.config, text, plan, header.memory, tensors, header.bound, source, fetched
        )

    # ---- lines ---------------------------------------------------------------------------

    def statements(self) -> Iterator[list[Token]]:
        """Tokens of each statement: a line, or several if braces are open."""
        pending: list[Token] = []
        depth = 0
        for number, line in enumerate(self.lines, 1):
            try:
                tokens = tokenize(line, self.name, number)
            except DiagnosticError as error:
                self.report(error)
                pending, depth = [], 0
                continue
            if depth and tokens and tokens[0].kind == "directive":
                self.report(fail(Code.SYNTAX, "'{' is never closed", pending[0].span))
                pending, depth = [], 0
            pending += tokens
            for token in tokens:
                depth += (token.text == "{") - (token.text == "}")
            if depth <= 0 and pending:
                yield pending
                pending, depth = [], 0
        if pending:
            self.report(fail(Code.SYNTAX, "'{' is never closed", pending[0].span))

    def known(self, line: list[Token]) -> bool:
        """False, and a report, for a directive that does not exist."""
        token = line[0]
        if token.kind != "directive" or token.text in DIRECTIVES:
            return True
        close = get_close_matches(token.text, DIRECTIVES, 1)
        remedy = f"did you mean {close[0]}?" if close else f"there are {', '.join(DIRECTIVES)}"
        message = f"unknown directive {token}"
        self.report(fail(Code.DIRECTIVE, message, token.span, help=remedy))
        return False

    def read_config(self, statements: list[list[Token]], given: Config | None) -> Header | None:
        """The configuration comes first, wherever it stands; None if there is none to go on."""
        named = [s for s in statements if s[0].text == ".config"]
        found = given
        try:
            if len(named) > 1:
                notes = (Note("it is given first here", named[0][0].span),)
                message = ".config is given twice"
                raise fail(Code.DUPLICATE, message, named[1][0].span, notes=notes)
            if named:
                found = parse_config(named[0])
                if given is not None and found != given:
                    message = f"the text is for {found.name!r} and not for {given.name!r}"
                    remedy = f"change this line, or the command's configuration {given.name!r}"
                    raise fail(Code.CONFIG, message, named[0][0].span, help=remedy)
        except DiagnosticError as error:
            self.report(error)
            return None
        if found is None:
            message = "the text names no configuration"
            span = Span(self.name)
            self.report(fail(Code.CONFIG, message, span, help="begin with a line '.config nano'"))
            return None
        return Header(found)

    def read_body(self, statements: list[list[Token]], header: Header) -> None:
        """All statements but ``.config``."""
        section: _Section | None = None
        skip = False
        for line in statements:
            try:
                if line[0].text == ".config":
                    continue
                if line[0].text == ".text":
                    self.add_places(section, line, header, skip)
                elif line[0].kind == "directive":
                    parse_directive(line, header)
                elif len(line) > 1 and line[0].kind == "name" and line[1].text == ":":
                    skip = True
                    section = self.open_section(line, header.config)
                    skip = False
                elif section is not None and not skip:
                    self.add(section, line, header.config)
                elif not skip:
                    message = f"{line[0]} stands in no queue"
                    remedy = "begin with a queue's name and a colon, such as 'MEM_E0:'"
                    raise fail(Code.SYNTAX, message, line[0].span, help=remedy)
            except DiagnosticError as error:
                self.report(error)
                if section is not None:
                    section.damaged = True

    def open_section(self, line: list[Token], config: Config) -> _Section:
        """``MEM_E0:`` begins the text of a queue."""
        token = line[0]
        queue = config.queue_by_name.get(token.text.upper())
        if queue is None:
            close = get_close_matches(token.text.upper(), list(config.queue_by_name), 3, 0.5)
            remedy = f"did you mean {' or '.join(close)}?" if close else ""
            raise fail(Code.QUEUE, f"{config.name} has no queue {token}", token.span, help=remedy)
        if queue.index in self.sections:
            notes = (Note("its text begins here", self.sections[queue.index].span),)
            raise fail(
                Code.DUPLICATE,
                f"queue {queue.name} is given twice",
                token.span,
                notes=notes,
                help="put all words of a queue under one label",
            )
        if len(line) > 2:
            message = f"unexpected {line[2]} after the label"
            raise fail(Code.SYNTAX, message, line[2].span, help="words stand on lines of their own")
        first = queue.index == first_queue(config)
        clock = Clock(0 if first else timing(config).sync_release)
        section = _Section(queue, token.span, clock)
        self.sections[queue.index] = section
        return section

    # ---- words ---------------------------------------------------------------------------

    def add(self, section: _Section, line: list[Token], config: Config) -> None:
        """Append a word, and the NOPs that bring its time."""
        damaged, section.damaged = section.damaged, False
        statement = parse_statement(line, section.queue)
        if not self.unchecked:
            check_word(statement, config, section.queue)
            self.check_order(section, statement, damaged)
        i = statement.instruction
        if statement.at is not None:
            if i is not None and i.name == "REPEAT":
                message = "REPEAT has no issue time of its own"
                raise fail(Code.SYNTAX, message, statement.at_span, help="leave the '@' out")
            if statement.at < section.clock.now:
                raise self.past(section, statement)
            for n in nops(statement.at - section.clock.now):
                self.append(section, make("NOP", n=n).encode(), statement)
            section.clock.now = statement.at
        section.clock.step(i)
        self.append(section, statement.word, statement)
        section.previous, section.released = statement, False
        if i is not None and i.name == "SYNC":
            section.clock = Clock(timing(config).sync_release)
            section.released = True

    def append(self, section: _Section, word: int, statement: Statement) -> None:
        section.words.append(word)
        section.lines.append(statement.span.line)
        section.spans.append(statement.span)

    def check_order(self, section: _Section, statement: Statement, damaged: bool) -> None:
        """REPEAT follows a functional word without burst; VXM0 begins with NOTIFY."""
        i = statement.instruction
        assert i is not None
        if damaged:
            return
        before = section.previous
        if i.name == "REPEAT":
            word = before.instruction if before else None
            if word is None or not word.format.functional or word.has_burst:
                why = (
                    "a burst" if word and word.has_burst else f"{word.name if word else 'nothing'}"
                )
                message = f"REPEAT follows {why}"
                notes = (Note("the word before it", before.span),) if before else ()
                remedy = "it repeats the functional word right before it, which may have no burst"
                raise fail(Code.REPEAT, message, statement.span, notes=notes, help=remedy)
        if section.queue.name == "VXM0" and before is None and i.name != "NOTIFY":
            message = "VXM0 begins with another word than NOTIFY"
            remedy = "the host starts VXM0 alone; its NOTIFY at @0 releases every other queue"
            raise fail(Code.BARRIER, message, statement.span, help=remedy)

    def past(self, section: _Section, statement: Statement) -> DiagnosticError:
        """The error of a word whose time has gone by."""
        now = section.clock.now
        if section.released or section.previous is None:
            text = f"{section.queue.name} is released at @{now}"
            note = Note(text, section.previous.span if section.previous else section.span)
        else:
            text = f"the word before it ends at @{now - 1}"
            note = Note(text, section.previous.span)
        return fail(
            Code.PAST,
            f"issue time @{statement.at} is in the past",
            statement.at_span,
            f"the queue can issue next at @{now}",
            notes=(note,),
            help=f"write @{now} or a later time, or leave the time out",
        )

    # ---- the whole -----------------------------------------------------------------------

    def add_places(
        self, section: _Section | None, line: list[Token], header: Header, skip: bool
    ) -> None:
        """``.text`` says where the last words of its queue lie."""
        if section is None and not skip:
            message = ".text stands in no queue"
            remedy = "put it under the label of the queue that fetches"
            raise fail(Code.SYNTAX, message, line[0].span, help=remedy)
        places = parse_text_places(line, header)
        if section is not None and not skip:
            section.places += places

    def check_length(self, section: _Section, config: Config) -> None:
        """What is loaded of a queue's text fits its buffer, and IFETCH brings the rest."""
        if self.unchecked:
            return
        room, fetched = config.queue_words, config.superlanes * len(section.places)
        count = len(section.words) - fetched
        if len(section.places) % 2 or count < 0:
            message = f"{len(section.places)} vectors cannot be the end of the text"
            remedy = f"give an even number, {len(section.words) // config.superlanes} at most"
            self.report(fail(Code.LENGTH, message, section.span, help=remedy))
            return
        if count > room:
            message = f"{section.queue.name} loads {count} words, its buffer holds {room}"
            note = Note(f"word {room + 1} is made by this line", section.spans[room])
            remedy = "use bursts and REPEAT, or let .text and IFETCH bring the end from MEM"
            self.report(fail(Code.LENGTH, message, section.span, notes=(note,), help=remedy))
        known = [try_decode(word) for word in section.words]
        brought = sum(2 * config.superlanes * i["n"] for i in known if i and i.name == "IFETCH")
        if brought != fetched:
            message = f"IFETCH brings {brought} words, .text has {fetched}"
            remedy = "a pair of vectors has two words for each superlane"
            self.report(fail(Code.LENGTH, message, section.span, help=remedy))

    def check_released(self, config: Config, plan: dict[int, tuple[int, ...]]) -> None:
        """Every word issues some time."""
        if self.unchecked:
            return
        if plan and first_queue(config) not in plan:
            message = "the program has no NOTIFY in VXM0"
            remedy = "the host starts VXM0 alone: give it a section 'VXM0:' that begins with NOTIFY"
            self.report(fail(Code.BARRIER, message, Span(self.name), help=remedy))
            return
        for queue, times in plan.items():
            if NEVER in times:
                section = self.sections[queue]
                at = times.index(NEVER)
                message = f"no NOTIFY releases {section.queue.name} for this word"
                notes = (Note("it parks here", section.spans[at - 1]),) if at else ()
                self.report(fail(Code.BARRIER, message, section.spans[at], notes=notes))
