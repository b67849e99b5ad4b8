"""All claims as one page of Markdown, sentences first and then the cells of the tables."""

from collections import Counter
from collections.abc import Iterable

from stsm_ref.paper.cells import tally
from stsm_ref.paper.claim import MEANINGS
from stsm_ref.paper.elsewhere import ACCURACIES
from stsm_ref.paper.evaluate import Settled
from stsm_ref.paper.plain_text import plain
from stsm_ref.paper.tables import TABLES
from stsm_ref.proofs.theorems.statements import STATEMENTS
from stsm_ref.requirements import REQUIREMENTS

HEAD = """# The paper's claims

Every sentence of Yang, An & Zhang, *STSM: Spatio-Temporal Shift Module for Efficient Action Recognition*, Mathematics 2022, 10, 3290
([CC BY 4.0](https://creativecommons.org/licenses/by/4.0/), <https://doi.org/10.3390/math10183290>) that can be checked, and every number
in its Tables 1 to 7, with how it is settled. Quotations are the paper's words, their LaTeX written out. Accuracies are the paper's
published figures; this project has trained nothing. `stsm-ref claims` lists the same in a terminal; this page is written by
`stsm-ref claims --recount --page docs/claims.md`.
"""
RULE = """A claim is *contradicted* only if no reading of the paper makes it true: a word may be taken in its weakest sense and a general
sentence as one with exceptions, but no word may be changed, added or dropped
([decision 24](decisions/0024-contradicted-leaves-no-reading.md)). Where a reading is needed, the finding says which. A cell is
contradicted if the network that its line names, counted and rounded as most cells are, gives other digits. Figures of other repositories
are theirs, quoted from the file that is named."""
RUNGS = {entry.id: entry.rung_in_words(entry.evidence) for entry in REQUIREMENTS}
THEOREMS = {statement.name for statement in STATEMENTS}


def page(settled: Iterable[Settled]) -> str:
    """Render claims with their verdicts."""
    everything = list(settled)
    sentences = [entry for entry in everything if not entry.claim.is_cell]
    cells = [entry for entry in everything if entry.claim.is_cell]
    parts = [HEAD, _counts(sentences, cells), _contradictions(sentences, cells)]
    place = ""
    for entry in sentences:
        if entry.claim.place != place:
            place = entry.claim.place
            parts.append(f"## {place.capitalize()}\n")
        parts.append(_sentence(entry))
    for number in TABLES:
        parts.append(f"## Table {number}\n")
        parts.append(_cells([entry for entry in cells if entry.claim.place == f"Table {number}"]))
    return "\n".join(parts)


def _counts(sentences: list[Settled], cells: list[Settled]) -> str:
    counts = [Counter(entry.claim.status for entry in entries) for entries in (sentences, cells)]
    lines = ["| status | sentences | cells | settled |", "|---|---:|---:|---|"]
    lines += [
        f"| **{status}** | {counts[0][status] or ''} | {counts[1][status] or ''} | {meaning} |"
        for status, meaning in MEANINGS.items()
    ]
    lines.append(f"| | {len(sentences)} | {len(cells)} | |")
    return "\n".join(lines) + f"\n\n{RULE}\n\n{tally()}\n"


def _contradictions(sentences: list[Settled], cells: list[Settled]) -> str:
    found = [entry for entry in sentences if entry.claim.status == "contradicted"]
    in_cells = sum(entry.claim.status == "contradicted" for entry in cells)
    lines = ["## Where the paper contradicts itself\n"]
    for entry in found:
        link = f"[{entry.claim.id}](#{_anchor(entry)}) ({entry.claim.place})"
        lines.append(f"- {link}: {_safe(entry.claim.says)}. {_figures(entry) or '*By reading.*'}")
    lines.append(f"- {in_cells} cells of the tables, under each table.")
    return "\n".join(lines) + "\n"


def _sentence(entry: Settled) -> str:
    claim = entry.claim
    lines = [
        f"({_anchor(entry)})=",
        f"**{claim.id}** · {claim.status} · {_safe(claim.says)}\n",
        f"> {_safe(plain(claim.quote))}\n",
    ]
    told = [f"Against it: “{_safe(plain(claim.against))}”"] if claim.against else []
    told += [part for part in (_safe(claim.finding), _figures(entry)) if part]
    told += [f"{_safe(str(ACCURACIES[name]))}." for name in claim.elsewhere]
    if claim.evidence:
        told.append(f"Evidence: {', '.join(map(_named, claim.evidence))}.")
    return "\n".join(lines) + ("\n" + " ".join(told) + "\n" if told else "")


def _named(name: str) -> str:
    """A requirement with its rung, a theorem with a link to what it says, or a test."""
    if name in RUNGS:
        return f"{name} ({RUNGS[name]})"
    return f"[theorem](proofs.md) `{name}`" if name in THEOREMS else f"`{name}`"


def _cells(entries: list[Settled]) -> str:
    lines = ["| cell | printed | status | computed, found |", "|---|---|---|---|"]
    for entry in entries:
        told = " ".join(
            part
            for part in (entry.verdict.figures + "." if entry.verdict else "", entry.claim.finding)
            if part
        )
        lines.append(
            f"| {entry.claim.id} | {_safe(entry.claim.says)} | {entry.claim.status} | "
            f"{_safe(told)} |"
        )
    return "\n".join(lines) + "\n"


def _figures(entry: Settled) -> str:
    return f"*Computed: {_safe(entry.verdict.figures)}.*" if entry.verdict else ""


def _anchor(entry: Settled) -> str:
    return f"claim-{entry.claim.id}".replace(".", "-")


def _safe(text: str) -> str:
    """Keep Markdown from reading signs of the paper as its own."""
    for sign in "\\*_[]<>|$`":
        text = text.replace(sign, f"\\{sign}")
    return text
