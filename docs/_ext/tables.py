"""Tables made from the data of the package when the site is built: what is claimed, and how
each claim is checked.
"""

from collections.abc import Iterable

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList
from sphinx.application import Sphinx


def list_table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]], widths: str) -> list[str]:
    """Write a list-table; what stands in a cell is text, not markup."""
    lines = [
        ".. list-table::",
        "   :header-rows: 1",
        "   :class: identifiers",
        f"   :widths: {widths}",
        "",
    ]
    for row in (header, *rows):
        cells = [
            cell.replace("\\", "\\\\")
            .replace("*", "\\*")
            .replace("`", "\\`")
            .replace("_", "\\_")
            .replace("|", "\\|")
            for cell in row
        ]
        lines += [f"   {'* -' if i == 0 else '  -'} {cell}" for i, cell in enumerate(cells)]
    return lines


def requirement_rows() -> list[tuple[str, ...]]:
    """Id, rule, place in the paper, standing, rung, limits and the parts that differ."""
    from stsm_ref.requirements import REQUIREMENTS, Requirement

    def stops(entry: Requirement) -> str:
        parts = "; ".join(
            f"{part.text} ({part.standing}, {part.evidence})" for part in entry.clauses
        )
        return f"{entry.limits}. Parts: {parts}" if parts else entry.limits

    return [
        (e.id, e.rule, e.place, e.standing_in_words, e.rung_in_words(e.evidence), stops(e))
        for e in REQUIREMENTS
    ]


def check_rows() -> list[tuple[str, ...]]:
    """Name, what it states, the requirements that it speaks for, its rung; those of the torch
    side too.
    """
    from stsm_ref.checks.our_internals.registry import load

    return [
        (check.name, check.statement, ", ".join(check.requirements), check.rung)
        for check in load().values()
    ]


def rule_rows() -> list[tuple[str, ...]]:
    """Name, what it states, the requirements that it speaks for, its rung."""
    from stsm_ref.conformance.suite import RULES

    return [
        (rule.name, rule.statement, ", ".join(rule.requirements), rule.rung)
        for rule in RULES.values()
    ]


def theorem_rows() -> list[tuple[str, ...]]:
    """Name, what it says, the requirements that it speaks for, which of the assumptions it
    makes.
    """
    from stsm_ref.proofs.theorems.statements import STATEMENTS

    which = assumptions()
    return [
        (entry.name, entry.text, ", ".join(entry.requirements), str(which.index(entry.assumes) + 1))
        for entry in STATEMENTS
    ]


def assumptions() -> list[str]:
    """What theorems assume, each once, in the order in which it is first needed."""
    from stsm_ref.proofs.theorems.statements import STATEMENTS

    return list(dict.fromkeys(entry.assumes for entry in STATEMENTS))


class _Table(Directive):
    def lines(self) -> list[str]:
        """The table in reStructuredText."""
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        """Parse it where it stands."""
        node = nodes.container()
        self.state.nested_parse(StringList(self.lines(), "generated"), self.content_offset, node)
        return list(node.children)


class RequirementTable(_Table):
    """Every requirement."""

    def lines(self) -> list[str]:
        """See `requirement_rows`."""
        return list_table(
            ("id", "rule", "paper", "standing", "rung", "where it stops"),
            requirement_rows(),
            "10 32 14 10 6 28",
        )


class CheckTable(_Table):
    """Every check of `stsm-ref verify`."""

    def lines(self) -> list[str]:
        """See `check_rows`."""
        return list_table(("check", "states", "for", "rung"), check_rows(), "25 45 22 8")


class RuleTable(_Table):
    """Every rule of `stsm-ref check`."""

    def lines(self) -> list[str]:
        """See `rule_rows`."""
        return list_table(("rule", "states", "for", "rung"), rule_rows(), "25 45 22 8")


class TheoremTable(_Table):
    """Every theorem of `stsm-ref prove`."""

    def lines(self) -> list[str]:
        """See `theorem_rows`, and `assumptions` below it."""
        table = list_table(("theorem", "says", "for", "assumes"), theorem_rows(), "22 50 18 10")
        return [
            *table,
            "",
            "They assume:",
            "",
            *(f"{number}. {text}" for number, text in enumerate(assumptions(), 1)),
        ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register them."""
    app.add_directive("requirement-table", RequirementTable)
    app.add_directive("check-table", CheckTable)
    app.add_directive("rule-table", RuleTable)
    app.add_directive("theorem-table", TheoremTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
