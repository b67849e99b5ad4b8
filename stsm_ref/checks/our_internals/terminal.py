"""What a terminal shows: the table of requirements, what is broken, and one requirement
explained.
"""

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from stsm_ref.checks.our_internals import registry
from stsm_ref.checks.our_internals.run import Result, Row
from stsm_ref.evidence.outcome import RUNGS, worst
from stsm_ref.evidence.report.terminal import STYLES
from stsm_ref.pictures.text import picture
from stsm_ref.requirements import STANDINGS, Requirement

NOT_COVERED = (
    "Not looked at here: other people's implementations (stsm-ref check is for them), CUDA, "
    "and the paper's accuracies, which need Kinetics-400 and Something-Something V2."
)


IN_PART = (
    "L4/L1: L4 is of a part of the rule, and L1 of the rest; stsm-ref explain ID has the parts.",
    "silent: the paper does not say. decided: it says one thing and another. "
    "In part: of a part of the rule.",
)


def requirement_table(table: tuple[Row, ...]) -> Table:
    """One line a requirement: id, rule, standing, rung, cases, time, outcome."""
    view = Table(
        title="What is claimed, and how it is known",
        title_justify="left",
        header_style="bold",
        box=box.SIMPLE_HEAD,
    )
    # the rule gives way, to one line; `stsm-ref explain ID` has it whole
    view.add_column("id", no_wrap=True)
    view.add_column("rule", ratio=1)
    view.add_column("standing", no_wrap=True)
    sides = sorted({result.side for row in table for result in row.results})
    for side in sides:
        view.add_column(side, no_wrap=True)
    view.add_column("cases", justify="right", no_wrap=True)
    view.add_column("seconds", justify="right", no_wrap=True)
    view.add_column("outcome", no_wrap=True)
    for row in table:
        entry = row.requirement
        outcome = Text(row.outcome, style=STYLES[row.outcome])
        rule = Text(entry.rule, no_wrap=True, overflow="ellipsis")
        view.add_row(
            entry.id,
            rule,
            entry.standing_in_words,
            *(entry.rung_in_words(row.rung(side)).replace("none", "–") for side in sides),
            f"{row.cases:,}",
            f"{row.seconds:.2f}",
            outcome,
        )
    return view


def verdict(
    table: tuple[Row, ...], results: tuple[Result, ...], not_covered: str = NOT_COVERED
) -> RenderableType:
    """The table, every failure in full, what theorems assume, the sum, and what the table does not
    say.
    """
    failures = [
        Panel(
            Text(result.note),
            title=f"{result.rule} ({result.side}): {result.statement}",
            title_align="left",
            border_style=STYLES[result.outcome],
        )
        for result in results
        if result.outcome != "passed"
    ]
    outcome = worst(row.outcome for row in table)
    held = sum(row.outcome == "passed" for row in table)
    total = (
        f"{outcome}: {held} of {len(table)} requirements hold; "
        f"{sum(r.cases for r in results):,} cases in {len(results)} checks, "
        f"{sum(r.seconds for r in results):.1f} s"
    )
    assumed = dict.fromkeys(result.assumes for result in results if result.assumes)
    said = [f"{rung}  {meaning}" for rung, meaning in RUNGS.items()] + [
        f"    L4 assumes: {text}" for text in assumed
    ]
    said += [f"    {text}" for text in IN_PART if any(row.requirement.clauses for row in table)]
    rungs = Text("\n".join(said), style="dim")
    return Group(
        requirement_table(table),
        *failures,
        rungs,
        Text(not_covered, style="dim"),
        Text(total, style=STYLES[outcome]),
    )


def explanation(entry: Requirement) -> RenderableType:
    """The rule, the paper's words, how it is known, where it stops holding, and a picture."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column()
    facts.add_row("rule", entry.rule)
    facts.add_row("paper", f"{entry.place}: “{entry.quote}”" if entry.quote else entry.place)
    facts.add_row("standing", f"{entry.standing_in_words}: {STANDINGS[entry.standing]}")
    facts.add_row("evidence", f"{entry.rung_in_words(entry.evidence)}, {RUNGS[entry.evidence]}")
    for number, clause in enumerate(entry.clauses):
        facts.add_row(
            "parts" if number == 0 else "", f"{clause.text} ({clause.standing}, {clause.evidence})"
        )
    facts.add_row("limits", entry.limits)
    checks = registry.load(torch=False)
    if not set(entry.checks) <= set(checks):
        checks = registry.load()
    for number, name in enumerate(entry.checks):
        assumes = f" Assumes: {checks[name].assumes}." if checks[name].assumes else ""
        facts.add_row(
            "checks" if number == 0 else "",
            Text(f"{name} ({checks[name].rung}): {checks[name].statement}{assumes}"),
        )
    return Panel(
        Group(facts, Text(), Text(picture(entry.id), no_wrap=True)),
        title=entry.id,
        title_align="left",
    )
