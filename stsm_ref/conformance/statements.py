"""Everything that is checked under a name, in words: rules of the suite, checks of `verify`,
theorems.
"""

from typing import Any, NamedTuple

from rich.console import RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from stsm_ref._suggest import suggest
from stsm_ref.bugs.catalogue import BUGS
from stsm_ref.checks.our_internals import registry
from stsm_ref.conformance.score import planted
from stsm_ref.conformance.suite import RULES
from stsm_ref.errors import SpecError
from stsm_ref.proofs.theorems.statements import STATEMENTS
from stsm_ref.requirements import requirement


class Statement(NamedTuple):
    """What is stated under a name, where it is held, the rung it gives, and for which requirements
    it speaks.
    """

    name: str
    held_by: str
    statement: str
    rung: str
    requirements: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a program."""
        return self._asdict()

    def panel(self) -> RenderableType:
        """For a terminal."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        table.add_row("says", Text(self.statement))
        table.add_row("held by", Text(self.held_by))
        table.add_row("rung", self.rung)
        for identifier in self.requirements:
            table.add_row(identifier, Text(requirement(identifier).rule))
        return Panel(table, title=self.name, title_align="left")


def named(name: str) -> Statement:
    """Find the rule, check or theorem of this name.

    Raises
    ------
    SpecError
        If there is none; the message has near ones.
    """
    known = _all()
    if name not in known:
        hint = suggest(name, known, "a report names those that it tried")
        raise SpecError(f"id={name!r} is not a rule, a check or a theorem: {hint}")
    return known[name]


def bugs(*, torch: bool = False) -> dict[str, tuple[str, int]]:
    """What each bug of the catalogue does and its row in ``docs/bugs.md``, by name."""
    mutants = planted("torch" if torch else "numpy")
    return {bug.name: (bug.what, bug.row) for bug in BUGS.values()} | {
        mutant.name: (mutant.what, mutant.bug or 0) for mutant in mutants
    }


def bug(name: str) -> Statement:
    """Find the bug of this name, or the right implementation that the suite must pass."""
    what, row = bugs(torch=name.startswith("torch-"))[name]
    where = f"row {row} of docs/bugs.md" if row else "in no row of docs/bugs.md"
    known = BUGS.get(name)
    if known and not known.mutant:
        held_by = "golden vectors and the guess of a report"
    else:
        held_by = f"stsm-ref mutants {name}, which shows the rules that catch it"
    return Statement(name, held_by, f"{what} ({where})", "none", ())


def _all() -> dict[str, Statement]:
    checks = registry.load(torch=False, proofs=False).values()
    statements = [
        Statement(c.name, "stsm-ref verify, on our own code", c.statement, c.rung, c.requirements)
        for c in checks
    ]
    statements += [
        Statement(s.name, "stsm-ref prove, for all sizes", s.text, "L4", s.requirements)
        for s in STATEMENTS
    ]
    # a target is what people ask about: where the suite has a rule of the same name, that one is
    # told
    statements += [
        Statement(r.name, "stsm-ref check, on a target", r.statement, r.rung, r.requirements)
        for r in RULES.values()
    ]
    return {statement.name: statement for statement in statements}
