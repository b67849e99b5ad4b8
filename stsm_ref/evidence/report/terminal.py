"""What a terminal shows of a report: a table if all is well, else the failure on one screen."""

import shlex

from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from stsm_ref.evidence.outcome import RUNGS
from stsm_ref.evidence.report.report import Report, Violation
from stsm_ref.evidence.standing import OPS, OperationStanding
from stsm_ref.requirements import REQUIREMENTS, requirement

STYLES = {
    "passed": "green",
    "violated": "bold red",
    "broken": "bold red",
    "undecided": "yellow",
    "skipped": "dim",
}
STYLES |= {"warned": "yellow", "not asked": "dim", "does not apply": "dim"}
VERDICTS = {
    "passed": "conforms",
    "violated": "does not conform",
    "broken": "could not be judged",
    "undecided": "undecided: too few cases ran",
    "skipped": "undecided: no case ran",
    "warned": "conforms",
}
MOST_OTHERS = 12


def show(report: Report, console: Console) -> None:
    """Print all that a person needs to know, the last line the verdict."""
    if report.violations:
        first, *others = report.violations
        console.print(violation_panel(first))
        if others:
            console.print(_others(others))
        for line in _commands(first):  # to be copied: left whole, whatever the width
            console.print(Text(line, style="cyan"), soft_wrap=True)
    elif report.broken:
        title = "the target gave no answer that could be judged"
        console.print(
            Panel(Text(report.broken), title=title, title_align="left", border_style="red")
        )
    else:
        if report.requirements():
            console.print(requirement_table(report))
        for note in _notes(report):
            console.print(note)
    console.print(_sum(report))


def violation_panel(violation: Violation) -> Panel:
    """One failure: rule, place in the paper, smallest case, what is wrong there, and a guess."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    entry = requirement(violation.requirement)
    facts.add_row("rule", Text(f"{violation.requirement}: {entry.rule}"))
    unsaid = {"silent": "our decision"}.get(entry.standing, "derived from it")
    facts.add_row(
        "paper",
        Text(f"{entry.place}: “{entry.quote}”" if entry.quote else f"{entry.place}, {unsaid}"),
    )
    facts.add_row("tried", Text(violation.statement))
    facts.add_row("case", Text(violation.case, style="cyan"))
    facts.add_row("found", Text(violation.message, style="bold"))
    if violation.guess:
        facts.add_row("guess", Text(violation.guess, style="bold yellow"))
    return Panel(facts, title=f"violated: {violation.rule}", title_align="left", border_style="red")


def _commands(violation: Violation) -> tuple[str, str]:
    return (
        f"see it again:  {violation.reproduce}",
        f"see it drawn:  {shlex.join(['stsm-ref', 'explain', violation.case])}",
    )


def _others(violations: list[Violation]) -> RenderableType:
    width = max(len(violation.rule) for violation in violations)
    lines = [
        f"{v.requirement:8} {v.rule:{width}}  {v.message.splitlines()[0]}"
        for v in violations[:MOST_OTHERS]
    ]
    rest = [f"and {len(violations) - MOST_OTHERS} more"] if len(violations) > MOST_OTHERS else []
    return Group(
        Text("also violated", style="bold"),
        *(Text(line, no_wrap=True, overflow="ellipsis") for line in [*lines, *rest]),
    )


def requirement_table(report: Report) -> Table:
    """One line for each requirement: how it stands in each operation, with the strongest rung."""
    title = Text(f"{report.name} ({report.kind}, {report.layout}), spec {report.spec}")
    view = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    view.add_column("id", no_wrap=True)
    view.add_column("rule", ratio=1)
    for op in OPS:
        view.add_column(op, no_wrap=True)
    order = [entry.id for entry in REQUIREMENTS]
    for identifier, stands in sorted(
        report.requirements().items(), key=lambda row: order.index(row[0])
    ):
        rule = Text(requirement(identifier).rule, no_wrap=True, overflow="ellipsis")
        view.add_row(identifier, rule, *(_cell(stands.operations.get(op)) for op in OPS))
    return view


def _cell(one: OperationStanding | None) -> Text:
    """The outcome in one operation; a requirement is not about every one."""
    if one is None:
        return Text("·", style="dim")
    return Text(
        f"{one.outcome} {one.rung}" if one.outcome == "passed" else one.outcome,
        style=STYLES[one.outcome],
    )


def _notes(report: Report) -> list[RenderableType]:
    """Warnings, what was not asked and why, and what the rungs mean."""
    warnings = [f"warning: {v.requirement}: {v.message}" for v in report.warnings]
    undecided = [
        f"undecided: {r.rule}: {r.note}" for r in report.results if r.outcome == "undecided"
    ]
    reasons = [
        f"{state}: {', '.join(ids)}: {why}" for (state, why), ids in report.reasons().items()
    ]
    limits = [f"not seen: {limit}" for limit in report.limits]
    reached = {result.rung for result in report.results if result.outcome == "passed"}
    rungs = [f"{rung}  {meaning}" for rung, meaning in RUNGS.items() if rung in reached]
    told = (
        ([*warnings, *undecided], "yellow"),
        ([*reasons, *_untried(report), *limits, *rungs], "dim"),
    )
    return [Text("\n".join(lines), style=style) for lines, style in told if lines]


def _untried(report: Report) -> list[str]:
    """The rules that were not tried, where no requirement's own reason says it."""
    told = {why for _, why in report.reasons()}
    rules: dict[str, list[str]] = {}
    for result in report.results:
        if result.outcome == "skipped" and result.note not in told:
            rules.setdefault(result.note, []).append(result.rule)
    return [f"not tried: {', '.join(names)}: {note}" for note, names in rules.items()]


def _sum(report: Report) -> Text:
    rung = f", rung {report.rung}" if report.passed else ""
    scope = f", {report.scope}" if report.scope and report.passed else ""
    broken = list(dict.fromkeys(violation.requirement for violation in report.violations))
    more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
    blamed = f" ({broken[0]}{more})" if broken else ""
    verdict = f"{VERDICTS[report.outcome]}{blamed}{scope}"
    how = f"at level {report.level}, seed {report.seed}, {report.seconds:.1f} s"
    run = f"{report.counted} {how}{rung}"
    line = f"{report.name} {verdict}: {run}"
    return Text(line, style=STYLES[report.outcome])
