"""The report as one HTML page with nothing to load.

The verdict comes first, then what is broken, then what every requirement has reached.

Whatever comes from the target is escaped by the template, and so is what a browser or a text file
cannot hold.
"""

from pathlib import Path

from stsm_ref._files import write_whole
from stsm_ref.errors import StsmError
from stsm_ref.evidence.outcome import RUNGS
from stsm_ref.evidence.report.html._templates import render
from stsm_ref.evidence.report.html.figure import figure
from stsm_ref.evidence.report.report import Report
from stsm_ref.evidence.standing import OPS, Standing
from stsm_ref.requirements import REQUIREMENTS, requirement

HEADLINES = {
    "passed": "Conforms",
    "violated": "Does not conform",
    "broken": "Could not be judged",
    "undecided": "Undecided",
    "skipped": "Not asked",
    "warned": "Conforms",
}


def page(report: Report) -> str:
    """Render the report."""
    outcomes: list[str] = [result.outcome for result in report.results]
    counts = {outcome: outcomes.count(outcome) for outcome in HEADLINES}
    return render(
        "report.html",
        report=report,
        headline=_headline(report),
        sentence=_sentence(report),
        facts=_facts(report),
        tally=", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count),
        figure=figure,
        warnings=[f"{v.requirement}, {v.rule}: {v.message}" for v in report.warnings],
        operations=OPS,
        requirements=_in_table_order(report),
        unasked=_unasked(report),
        rungs=RUNGS,
    )


def _headline(report: Report) -> str:
    scope = f", {report.scope}" if report.scope else ""
    return HEADLINES[report.outcome] + (f" at {report.rung}{scope}" if report.passed else "")


def _unasked(report: Report) -> list[str]:
    since = {"not asked": ", since", "does not apply": ":"}
    return [
        f"{', '.join(identifiers)}: {state}{since[state]} {why}"
        for (state, why), identifiers in report.reasons().items()
    ]


def _sentence(report: Report) -> str:
    if report.outcome == "passed":
        what = {"": "", "forward only": " Nothing was asked about its gradients."}.get(
            report.scope, f" Asked: {report.scope}."
        )
        strongest = f"The strongest evidence is {report.rung}, {RUNGS.get(report.rung, '')}."
        return f"{report.name} holds every rule that was asked of it.{what} {strongest}"
    if report.outcome == "violated":
        broken = dict.fromkeys(violation.requirement for violation in report.violations)
        return (
            f"{report.name} breaks {', '.join(broken)}."
            if broken
            else f"{report.name} breaks a rule."
        )
    if report.outcome == "broken":
        why = (report.broken.strip() or "see below").splitlines()[0]
        return f"{report.name} gave no answer that could be judged: {why}"
    ran = f"{report.cases} cases ran of the {report.declared} that level {report.level} declares"
    return f"{ran}: nothing passes by having run nothing."


def _facts(report: Report) -> dict[str, str]:
    return {
        "target": report.target,
        "spec": report.spec,
        "layout": report.layout,
        "written in": report.kind,
        "level": report.level,
        "seed": str(report.seed),
        "asked": report.scope or ("forward, vjp and jvp" if report.operations else "nothing"),
        "cases": f"{report.cases:,} ({report.declared:,} declared)",
        "time": f"{report.seconds:.1f} s",
    }


def _in_table_order(report: Report) -> list[tuple[str, str, str, Standing]]:
    """The requirements in the order of the table; after them those that it does not have."""
    order = [entry.id for entry in REQUIREMENTS]
    rows = sorted(
        report.requirements().items(),
        key=lambda row: order.index(row[0]) if row[0] in order else len(order),
    )
    return [(identifier, *_rule_and_place(identifier), stands) for identifier, stands in rows]


def _rule_and_place(identifier: str) -> tuple[str, str]:
    try:
        entry = requirement(identifier)
    except StsmError:  # a report of another release
        return "", ""
    return entry.rule, entry.place


def write(report: Report, path: Path) -> None:
    """Write the page to `path`, whole or not at all.

    Raises
    ------
    ReportError
        If it cannot be written.
    """
    write_whole(path, page(report))
