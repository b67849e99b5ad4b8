"""`stsm-ref claims`."""

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stsm_ref._files import require_writable, write_whole
from stsm_ref.cli.shell import AsJson, command, print_json, progress_bar, screen
from stsm_ref.errors import SpecError

if TYPE_CHECKING:
    from stsm_ref.paper import Claim
    from stsm_ref.paper.evaluate import Settled


class Kind(StrEnum):
    """How a claim is settled: the keys of `stsm_ref.paper.MEANINGS`, whose data take long to
    import.
    """

    PROVED = "proved"
    TESTED = "tested"
    COMPUTED = "computed"
    RECOUNTED = "recounted"
    NEEDS_DATA = "needs-data"
    UNSETTLED = "unsettled"
    CONTRADICTED = "contradicted"


@command
def claims(
    identifier: Annotated[
        str | None, typer.Argument(metavar="ID", help="One claim, such as 22-percent, in full.")
    ] = None,
    status: Annotated[Kind | None, typer.Option(help="Only claims that are settled so.")] = None,
    place: Annotated[
        str | None, typer.Option(help="Only claims of this place, such as §5.3.1 or 'Table 6'.")
    ] = None,
    cells: Annotated[
        bool, typer.Option("--cells", help="List the cells of the tables too, not only sentences.")
    ] = False,
    recount: Annotated[
        bool, typer.Option("--recount", help="Also build and count networks, which needs torch.")
    ] = False,
    page: Annotated[
        Path | None,
        typer.Option(help="Also write what is listed, with the cells, as a page of Markdown."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """List the paper's claims and how each is settled; compute again what its own tables and our
    networks can tell.
    """
    from stsm_ref.paper import MEANINGS
    from stsm_ref.paper.evaluate import is_left_out, settle
    from stsm_ref.paper.page import page as as_page

    chosen = _chosen(identifier, status, place)
    if page:
        require_writable(page, begins=("# the paper's claims",))
    settled = []
    with progress_bar() as progress:
        task = progress.add_task("computing", total=len(chosen))
        for entry in settle(chosen, recount=recount):
            settled.append(entry)
            progress.update(task, advance=1, description=f"{entry.claim.id:32}")
    left_out = sum(is_left_out(claim, recount=recount) for claim in chosen)
    if page:
        write_whole(page, as_page(settled))
    if as_json:
        data = {
            "format": "stsm-ref claims",
            "version": 1,
            "meanings": MEANINGS,
            "not_run": left_out,
        }
        print_json(
            data | {"claims": [entry.as_dict() | {"agrees": entry.agrees} for entry in settled]}
        )
    elif identifier:
        _show_one(settled[0])
    else:
        listed = cells or (place or "").lower().startswith("table")
        _show(settled, cells=listed, left_out=left_out)
    return 0 if all(entry.agrees for entry in settled) else 1


def _chosen(identifier: str | None, status: Kind | None, place: str | None) -> "list[Claim]":
    from stsm_ref.paper import CLAIMS, claim

    if identifier is not None:
        return [claim(identifier)]
    found = [
        entry
        for entry in CLAIMS
        if status in (None, entry.status)
        and (entry.place if place is None else place).lower() == entry.place.lower()
    ]
    if not found:
        places = ", ".join(dict.fromkeys(entry.place for entry in CLAIMS))
        raise SpecError(
            f"place={place!r} with status={status and status.value!r} has no claim: the places "
            f"are {places}"
        )
    return found


STYLES = {
    "proved": "green",
    "tested": "green",
    "computed": "cyan",
    "recounted": "cyan",
    "contradicted": "bold red",
}


def _show(settled: "list[Settled]", *, cells: bool, left_out: int) -> None:
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    from stsm_ref.paper import CLAIMS, MEANINGS
    from stsm_ref.paper.cells import tally

    shown = [entry for entry in settled if cells or not entry.claim.is_cell]
    if shown:
        view = Table(
            title="What the paper claims, and how it is settled",
            title_justify="left",
            header_style="bold",
            box=box.SIMPLE_HEAD,
        )
        view.add_column("claim, place, status", no_wrap=True)
        view.add_column("the paper says; what was computed, or the evidence", ratio=1)
        for entry in shown:
            status = Text(f"{entry.claim.place}, ") + Text(
                entry.claim.status, style=STYLES.get(entry.claim.status, "yellow")
            )
            how = Text(_how(entry), style="dim" if entry.agrees else "bold red")
            view.add_row(
                Group(Text(entry.claim.id, style="bold"), status),
                Group(Text(entry.claim.says), how),
            )
        screen.print(view)
    counts = Counter(entry.claim.status for entry in settled)
    hidden = len(settled) - len(shown)
    for name, meaning in MEANINGS.items():
        if counts[name]:
            screen.print(
                Text(f"{counts[name]:4} {name:13}", style=STYLES.get(name, "yellow"))
                + Text(meaning, style="dim")
            )
    if sum(entry.claim.is_cell for entry in settled) == sum(entry.is_cell for entry in CLAIMS):
        screen.print(str(tally()), highlight=False)
    words = [f"{len(settled)} claims"]
    words += [f"{hidden} of them cells of tables, not listed here (--cells)"] * bool(hidden)
    words += [f"{left_out} counts of networks not run (--recount)"] * bool(left_out)
    wrong = [entry.claim.id for entry in settled if not entry.agrees]
    words.append(f"computed otherwise than recorded: {', '.join(wrong) or 'none'}")
    screen.print("; ".join(words), style="bold red" if wrong else "", highlight=False)


def _how(entry: "Settled") -> str:
    """The figures of a computation, or what else there is."""
    from stsm_ref.paper.computations import COMPUTATIONS

    if entry.verdict:
        return entry.verdict.figures
    if entry.claim.id in COMPUTATIONS:
        return "not counted: --recount"
    if entry.claim.status == "contradicted":
        return "by reading"
    if entry.claim.status in ("proved", "tested"):
        return ", ".join(name.rpartition("::")[2] for name in entry.claim.evidence)
    return ""


def _show_one(entry: "Settled") -> None:
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    from stsm_ref.paper import MEANINGS
    from stsm_ref.paper.elsewhere import ACCURACIES
    from stsm_ref.paper.plain_text import plain

    claim = entry.claim
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column()
    facts.add_row("paper", Text(f"{claim.place}: “{plain(claim.quote)}”"))
    if claim.against:
        facts.add_row("against", Text(f"“{plain(claim.against)}”"))
    facts.add_row("says", Text(claim.says))
    facts.add_row(
        "status",
        Text(f"{claim.status}: {MEANINGS[claim.status]}", style=STYLES.get(claim.status, "yellow")),
    )
    if claim.finding:
        facts.add_row("finding", Text(claim.finding))
    if entry.verdict:
        facts.add_row(
            "computed", Text(entry.verdict.figures, style="" if entry.agrees else "bold red")
        )
    for number, name in enumerate(claim.elsewhere):
        facts.add_row("elsewhere" if number == 0 else "", Text(str(ACCURACIES[name])))
    for number, name in enumerate(claim.evidence):
        facts.add_row("evidence" if number == 0 else "", Text(name))
    screen.print(Panel(facts, title=claim.id, title_align="left"))
