"""`stsm-ref mutants`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from stsm_ref.cli.shell import AsJson, Level, command, notes, print_json, progress_bar, screen

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from stsm_ref.conformance.score import Score, Verdict


class Framework(StrEnum):
    """In which the implementations are written."""

    NUMPY = "numpy"
    TORCH = "torch"
    ALL = "all"


@command
def mutants(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Only this one, with every rule that it breaks."),
    ] = None,
    level: Annotated[Level, typer.Option(help="How many cases each is held to.")] = Level.SMOKE,
    framework: Annotated[
        Framework, typer.Option(help="Those in NumPy, those in torch, or both.")
    ] = Framework.ALL,
    as_json: AsJson = False,
) -> int:
    """Score the conformance suite: plant wrong implementations, which it must catch, and right
    ones, which it must let pass.
    """
    with notes.status("loading"):
        from stsm_ref.conformance import score as kit

        planted = kit.planted(framework.value) if name is None else kit.named(name, framework.value)
    with progress_bar() as progress:
        task = progress.add_task("mutants", total=len(planted))
        found = kit.score(
            planted,
            level=level.value,
            shrink=bool(name),
            above=bool(name),
            on_each=lambda entry: progress.update(
                task, advance=1, description=f"{entry.name:40.40}"
            ),
        )
    if as_json:
        print_json(found.as_dict())
        return 0 if found.as_it_should else 1
    if name:
        screen.print(_alone(found.verdicts[0]))
    else:
        screen.print(_verdicts(found), _rules(found, kit.WHY_NOT_ALONE))
    screen.print(
        found.summary(), style="green" if found.as_it_should else "bold red", highlight=False
    )
    return 0 if found.as_it_should else 1


def _verdicts(found: "Score") -> "Table":
    """Who is killed by what first, by how many rules, and after what time."""
    from rich import box
    from rich.table import Table

    view = Table(
        title=f"Who is killed by what, at level {found.level}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        header_style="bold",
    )
    view.add_column("bug", justify="right", no_wrap=True)
    view.add_column("name", no_wrap=True)
    view.add_column("first killed by", no_wrap=True)
    view.add_column("and", no_wrap=True)
    view.add_column("seconds", justify="right", no_wrap=True)
    for verdict in found.verdicts:
        entry, killers = verdict.implementation, verdict.killed_by
        first = (
            killers[0]
            if killers
            else ("passes" if verdict.report.passed else verdict.report.outcome)
        )
        style = "bold red" if not verdict.as_it_should else "green" if entry.right else ""
        more = f"{len(killers) - 1} more" if len(killers) > 1 else ""
        view.add_row(
            str(entry.bug or ""), entry.name, first, more, f"{verdict.seconds:.2f}", style=style
        )
    return view


def _alone(verdict: "Verdict") -> "Group":
    """One implementation: what is wrong with it, and every rule that says so."""
    from rich.console import Group
    from rich.text import Text

    entry, report = verdict.implementation, verdict.report
    lines = [
        Text(f"{entry.name}: {entry.what}", style="bold"),
        Text(f"{entry.framework}, {entry.layout}, {entry.spec}", style="dim"),
    ]
    for violation in report.violations:
        lines += [
            Text(f"{violation.requirement:8} {violation.rule}", style="red"),
            Text(f"         {violation.message}"),
        ]
        lines += [Text(f"         looks like: {violation.guess}")] if violation.guess else []
    if report.broken:
        lines += [Text("no answer", style="red"), Text(report.broken)]
    return Group(*lines)


def _rules(found: "Score", why_not: dict[str, str]) -> "Table":
    """For each rule the mutants that nothing else kills, or the reason why there is none."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    view = Table(
        title="What only this rule kills",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        header_style="bold",
    )
    view.add_column("rule", no_wrap=True)
    view.add_column("kills", justify="right", no_wrap=True)
    view.add_column("alone, or why none", ratio=1)
    for rule, names in found.only_killed_by().items():
        kills = sum(rule in verdict.killed_by for verdict in found.mutants)
        view.add_row(
            rule,
            str(kills),
            Text(", ".join(names)) if names else Text(why_not.get(rule, "none here"), style="dim"),
        )
    return view
