"""All theorems, and the proof of one: its claims by both solvers, then its wrong variants, each
of which must be refuted.
"""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from stsm_ref._files import make_folder, write_whole
from stsm_ref.geometry import ShiftSpec
from stsm_ref.proofs.smt.solvers import TIMEOUT, versions
from stsm_ref.proofs.theorems import channels, floats, kernels, modules, shifts
from stsm_ref.proofs.theorems.statements import STATEMENTS
from stsm_ref.proofs.theorems.theorem import (
    Finding,
    Outcome,
    Proof,
    Theorem,
    prove_claims,
    refute_variant,
)

EXIT_CODES: dict[Outcome, int] = {"proved": 0, "refuted": 1, "undecided": 3}


def theorems(spec: ShiftSpec = ShiftSpec()) -> Mapping[str, Theorem]:
    """All theorems by name, in the order of their statements; those about the whole module are
    about `spec` too.
    """
    families = (shifts, kernels, channels, floats)
    found = [theorem for family in families for theorem in family.THEOREMS] + list(
        modules.theorems(spec)
    )
    by_name = {theorem.name: theorem for theorem in found}
    return {statement.name: by_name[statement.name] for statement in STATEMENTS}


def prove(theorem: Theorem, *, timeout: float = TIMEOUT) -> Proof:
    """Prove a theorem, and if it is proved, have its variants refuted.

    Parameters
    ----------
    theorem : Theorem
        One of `theorems`.
    timeout : float
        Seconds that a solver has for one query.

    Returns
    -------
    Proof
        Its outcome is "proved", "refuted" (with a counterexample that NumPy confirms) or
        "undecided".
    """
    started = time.perf_counter()
    found = prove_claims(theorem.name, theorem.claims, timeout=timeout)
    variants = (
        [refute_variant(theorem, variant, timeout=timeout) for variant in theorem.variants]
        if found.outcome == "proved"
        else []
    )
    return Proof(found, tuple(variants), time.perf_counter() - started)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Refuted before undecided before proved; of nothing at all, undecided."""
    found = set(outcomes) or {"undecided"}
    order: tuple[Outcome, ...] = ("refuted", "undecided", "proved")
    return next(outcome for outcome in order if outcome in found)


def as_json(proofs: Iterable[Proof], spec: ShiftSpec) -> dict[str, Any]:
    """The proofs as plain data, format version 1."""
    found = {proof.theorem.name: proof for proof in proofs}
    return {
        "format": "stsm-ref prove",
        "version": 1,
        "outcome": worst(proof.outcome for proof in found.values()),
        "spec": str(spec),
        "solvers": versions(),
        "theorems": [
            statement._asdict()
            | {
                "outcome": proof.outcome,
                "why": "" if proof.outcome == "proved" else proof.why,
                "seconds": round(proof.seconds, 3),
            }
            | {
                "answers": proof.theorem.answers,
                "variants": [_variant(variant) for variant in proof.variants],
            }
            for statement in STATEMENTS
            if (proof := found.get(statement.name))
        ],
    }


def _variant(finding: Finding) -> dict[str, Any]:
    example = finding.counterexample
    return {
        "name": finding.name,
        "outcome": finding.outcome,
        "answers": finding.answers,
        "why": finding.why,
        "claim": example.claim if example else "",
        "values": dict(example.values) if example else {},
        "replay": example.replay if example else "",
    }


def require_folder(folder: Path) -> Path:
    """Make the folder for `write_queries`, or refuse before the work is done.

    Raises
    ------
    ReportError
        If it cannot be made.
    """
    make_folder(folder, f"{str(folder)!r} cannot be made a folder for SMT-LIB files", parents=False)
    return folder


def write_queries(folder: Path, proofs: Iterable[Proof]) -> int:
    """Write every query that was put, one file each, so that another solver can be asked; return
    how many.

    Raises
    ------
    ReportError
        If a file cannot be written.
    """
    count = 0
    for proof in proofs:
        for finding in (proof.theorem, *proof.variants):
            for query in finding.queries:
                count += 1
                write_whole(
                    folder / f"{count:04}-{proof.theorem.name}-{query.expected}.smt2", query.text
                )
    return count
