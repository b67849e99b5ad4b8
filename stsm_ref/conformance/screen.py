"""What a terminal shows of a report: a table if all is well, and if not the failure on one screen."""

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from stsm_ref.conformance.report import Report, Violation
from stsm_ref.requirements import requirement
from stsm_ref.verification.check import RUNGS

STYLES = {"passed": "green", "violated": "bold red", "broken": "bold red", "undecided": "yellow", "skipped": "dim"}
VERDICTS = {
    "passed": "conforms",
    "violated": "does not conform",
    "broken": "could not be judged",
    "undecided": "undecided: it was not asked enough",
    "skipped": "undecided: it was asked nothing",
}
MOST_OTHERS = 12


def verdict(report: Report) -> RenderableType:
    """All that a person needs to know, the last line the verdict."""
    parts: list[RenderableType] = []
    if report.violations:
        first, *others = report.violations
        parts += [violation_panel(first), *([_others(others)] if others else [])]
    elif report.broken:
        parts.append(
            Panel(Text(report.broken), title="the target gave no answer that could be judged", title_align="left", border_style="red")
        )
    else:
        parts += [requirement_table(report), *_notes(report)]
    return Group(*parts, _sum(report))


def violation_panel(violation: Violation) -> Panel:
    """One failure: the rule, the paper's place, the smallest case, what stands where, a guess, and how to see it again."""
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    entry = requirement(violation.requirement)
    facts.add_row("rule", Text(f"{violation.requirement}: {entry.rule}"))
    facts.add_row("paper", Text(f"{entry.place}: “{entry.quote}”" if entry.quote else f"{entry.place}: {entry.standing} from it"))
    facts.add_row("tried", Text(violation.statement))
    facts.add_row("case", Text(violation.case, style="cyan"))
    facts.add_row("found", Text(violation.message, style="bold"))
    if violation.guess:
        facts.add_row("guess", Text(violation.guess, style="bold yellow"))

    facts.add_row("again", Text(violation.reproduce))
    facts.add_row("picture", Text(f"stsm-ref explain '{violation.case}'"))
    return Panel(facts, title=f"violated: {violation.rule}", title_align="left", border_style="red")


def _others(violations: list[Violation]) -> RenderableType:
    view = Table(title="also violated", title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0), show_header=False)
    view.add_column(no_wrap=True)
    view.add_column(no_wrap=True)
    view.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    for violation in violations[:MOST_OTHERS]:
        view.add_row(violation.requirement, violation.rule, Text(violation.message))
    if len(violations) > MOST_OTHERS:
        view.add_row("", f"and {len(violations) - MOST_OTHERS} more", "")
    return view


def requirement_table(report: Report) -> Table:
    """One line a requirement that was asked of the target: the rule, the strongest rung that passed, the outcome."""
    view = Table(title=f"{report.name} ({report.kind}, {report.layout}), spec {report.spec}", title_justify="left", box=box.SIMPLE_HEAD)
    view.add_column("id", no_wrap=True)
    view.add_column("rule", ratio=1)
    view.add_column("rung", no_wrap=True)
    view.add_column("outcome", no_wrap=True)
    for identifier, (outcome, rung) in report.requirements().items():
        rule = Text(requirement(identifier).rule, no_wrap=True, overflow="ellipsis")
        view.add_row(identifier, rule, rung.replace("none", "–"), Text(outcome, style=STYLES[outcome]))
    return view


def _notes(report: Report) -> list[RenderableType]:
    """What was not asked and why, and what the rungs mean."""
    skipped = [f"not asked: {r.rule}: {r.note}" for r in report.results if r.outcome == "skipped"]
    undecided = [f"undecided: {r.rule}: {r.note}" for r in report.results if r.outcome == "undecided"]
    limits = [f"not seen: {limit}" for limit in report.limits]
    rungs = [
        f"{rung}  {meaning}" for rung, meaning in RUNGS.items() if any(r.rung == rung and r.outcome == "passed" for r in report.results)
    ]
    return [Text("\n".join(undecided), style="yellow"), Text("\n".join([*skipped, *limits, *rungs]), style="dim")]


def _sum(report: Report) -> Text:
    rung = f", rung {report.rung}" if report.passed else ""
    line = (
        f"{report.name} {VERDICTS[report.outcome]}: {report.cases:,} of {report.declared:,} cases at level {report.level}, "
        f"seed {report.seed}, {report.seconds:.1f} s{rung}"
    )
    return Text(line, style=STYLES[report.outcome])
