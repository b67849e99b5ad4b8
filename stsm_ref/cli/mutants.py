"""`stsm-ref mutants`."""

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from stsm_ref.cli.shell import AsJson, command, notes, print_json, progress_bar, screen

if TYPE_CHECKING:
    from rich.table import Table

    from stsm_ref.conformance.mutants import Score


class Framework(StrEnum):
    """In which the implementations are written."""

    NUMPY = "numpy"
    TORCH = "torch"
    ALL = "all"


class Level(StrEnum):
    """How long a run may take."""

    SMOKE = "smoke"
    CI = "ci"
    NIGHT = "night"


@command
def mutants(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this one; without, all.")] = None,
    level: Annotated[Level, typer.Option(help="How many cases each is held to.")] = Level.SMOKE,
    framework: Annotated[Framework, typer.Option(help="Those in NumPy, those in torch, or both.")] = Framework.ALL,
    as_json: AsJson = False,
) -> int:
    """Score the conformance suite: plant wrong implementations, which it must catch, and right ones, which it must let pass."""
    with notes.status("loading"):
        from stsm_ref.conformance import mutants as kit

        planted = kit.named(name, framework.value) if name else kit.planted(framework.value)
    with progress_bar() as progress:
        task = progress.add_task("mutants", total=len(planted))
        found = kit.score(
            planted, level=level.value, on_each=lambda entry: progress.update(task, advance=1, description=f"{entry.name:40.40}")
        )
    if as_json:
        print_json(found.as_dict())
        return 0 if found.as_it_should else 1
    screen.print(_verdicts(found))
    if name is None:
        screen.print(_rules(found, kit.WHY_NOT_ALONE))
    screen.print(found.summary(), style="green" if found.as_it_should else "bold red", highlight=False)
    return 0 if found.as_it_should else 1


def _verdicts(found: "Score") -> "Table":
    """Who is killed by what first, by how many rules, and after what time."""
    from rich import box
    from rich.table import Table

    view = Table(title=f"Who is killed by what, at level {found.level}", title_justify="left", box=box.SIMPLE_HEAD, header_style="bold")
    view.add_column("bug", justify="right", no_wrap=True)
    view.add_column("name", no_wrap=True)
    view.add_column("what is wrong, or how it is written", ratio=1, no_wrap=True, overflow="ellipsis")
    view.add_column("first killed by", no_wrap=True)
    view.add_column("rules", justify="right", no_wrap=True)
    view.add_column("seconds", justify="right", no_wrap=True)
    for verdict in found.verdicts:
        entry, killers = verdict.implementation, verdict.killed_by
        first = killers[0] if killers else ("passes" if verdict.report.passed else verdict.report.outcome)
        style = "bold red" if not verdict.as_it_should else "green" if entry.right else ""
        view.add_row(str(entry.bug or ""), entry.name, entry.what, first, str(len(killers) or ""), f"{verdict.seconds:.2f}", style=style)
    return view


def _rules(found: "Score", why_not: dict[str, str]) -> "Table":
    """For each rule the mutants that nothing else kills, or the reason why there is none."""
    from rich import box
    from rich.table import Table

    view = Table(title="What only this rule kills", title_justify="left", box=box.SIMPLE_HEAD, header_style="bold")
    view.add_column("rule", no_wrap=True)
    view.add_column("kills", justify="right", no_wrap=True)
    view.add_column("alone, or why none", ratio=1)
    for rule, names in found.only_killed_by().items():
        kills = sum(rule in verdict.killed_by for verdict in found.mutants)
        view.add_row(rule, str(kills), ", ".join(names) or f"[dim]{why_not.get(rule, 'none here')}[/]")
    return view
