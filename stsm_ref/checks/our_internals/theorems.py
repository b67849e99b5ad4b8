"""The theorems as checks of the rung L4; each is about our own NumPy code, whatever the subject,
and runs no case of it.
"""

import functools
import importlib.util
from collections.abc import Callable
from typing import Any

from stsm_ref.evidence.check import Check
from stsm_ref.evidence.failure import Undecided, Violation
from stsm_ref.implementations.ours import Subject
from stsm_ref.proofs.theorems.statements import STATEMENTS, Statement

NOT_INSTALLED = (
    "The theorems (L4) were not looked at: they need two solvers, pip install 'stsm_ref[proofs]'."
)


def are_installed() -> bool:
    """Whether both solvers are there."""
    return all(importlib.util.find_spec(solver) for solver in ("z3", "cvc5"))


def _only(name: str, subject: Subject) -> tuple[str]:
    return (name,)


def _proof_of(statement: Statement) -> Callable[[Subject, Any], None]:
    def prove(subject: Subject, case: str) -> None:
        from stsm_ref.proofs.theorems.registry import prove, theorems

        proof = prove(theorems()[case])
        if proof.outcome == "refuted":
            raise Violation(proof.why)
        if proof.outcome == "undecided":
            raise Undecided(proof.why)

    return prove


THEOREMS: dict[str, Check] = {
    statement.name: Check(
        name=statement.name,
        statement=statement.text.rstrip("."),
        requirements=statement.requirements,
        rung="L4",
        body=_proof_of(statement),
        each=functools.partial(_only, statement.name),
        sides=("numpy",),
        assumes=statement.assumes,
    )
    for statement in STATEMENTS
}
