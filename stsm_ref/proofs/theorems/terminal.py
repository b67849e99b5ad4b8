"""What a terminal shows of proofs: each theorem, both solvers' answers, and the wrong variants
with their counterexamples.
"""

from collections.abc import Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from stsm_ref.proofs.smt.solvers import versions
from stsm_ref.proofs.theorems.registry import worst
from stsm_ref.proofs.theorems.statements import STATEMENTS
from stsm_ref.proofs.theorems.theorem import Finding, Proof

STYLES = {"proved": "green", "refuted": "bold red", "undecided": "yellow"}
NOT_PROVED = (
    "Not proved here: rounding in a following convolution, other floating-point formats, the "
    "compiler and the hardware, NumPy and Python "
    "themselves, and the solvers. docs/proofs.md says more."
)


def report(proofs: Sequence[Proof]) -> RenderableType:
    """All proofs, the sum, and what they do not say."""
    outcome = worst(proof.outcome for proof in proofs)
    variants = [variant for proof in proofs for variant in proof.variants]
    proved = sum(proof.outcome == "proved" for proof in proofs)
    refuted = sum(variant.outcome == "refuted" for variant in variants)
    solvers = " and ".join(f"{name} {version}" for name, version in versions().items())
    total = (
        f"{outcome}: {proved} of {len(proofs)} theorems proved by {solvers}, {refuted} of "
        f"{len(variants)} wrong variants refuted "
        f"and replayed in NumPy, {sum(proof.seconds for proof in proofs):.1f} s"
    )
    return Group(
        *(_proof(proof) for proof in proofs),
        Text(NOT_PROVED, style="dim"),
        Text(total, style=STYLES[outcome]),
    )


def _proof(proof: Proof) -> RenderableType:
    statement = next(entry for entry in STATEMENTS if entry.name == proof.theorem.name)
    head = Text.assemble(
        (proof.outcome, STYLES[proof.outcome]),
        "  ",
        (statement.name, "bold"),
        f"  ({', '.join(statement.requirements)})",
    )
    facts = Table.grid(padding=(0, 2))
    facts.add_column(no_wrap=True, style="dim", min_width=9)
    facts.add_column(overflow="fold")
    facts.add_row("says", Text(statement.text))
    facts.add_row("assumes", Text(statement.assumes, style="dim"))
    for solver, answers in proof.theorem.answers.items():
        facts.add_row(solver, _answers(answers))
    if proof.outcome != "proved":
        facts.add_row("why", Text(proof.why, style=STYLES[proof.outcome]))
    for variant in proof.variants:
        facts.add_row("wrong", _variant(variant))
    return Group(head, facts, Text())


def _answers(answers: Mapping[str, int]) -> str:
    """The counts of each answer, and what they answer."""
    meaning = {
        "unsat": "negations have no model",
        "sat": "premises can be met, or a counterexample",
        "unknown": "not known",
    }
    return ", ".join(
        f"{count} {answer} ({meaning[answer]})"
        for answer, count in sorted(answers.items(), reverse=True)
    )


def _variant(variant: Finding) -> Text:
    solvers = (
        f"{' and '.join(variant.answers)} agree" if variant.outcome == "refuted" else "not agreed"
    )
    found = variant.why or str(variant.counterexample or "")
    style = "" if variant.outcome == "refuted" else STYLES["undecided"]
    return Text(f"{variant.name}: {variant.outcome} ({solvers}): {found}", style=style)
