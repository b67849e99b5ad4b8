"""Every check of the package, on our NumPy side and on our torch side (or on a planted fault,
with `--fault`).
"""

import pytest

from stsm_ref.checks.our_internals.registry import load
from stsm_ref.evidence.check import Check
from stsm_ref.evidence.executor import RuleExecutor
from stsm_ref.implementations.ours import OURS, Subject
from stsm_ref.implementations.ours_torch import torch_subject

TORCH = torch_subject()


def cases(side: Subject) -> list[object]:
    """The checks that concern a side, each marked with its requirements."""
    return [
        pytest.param(
            check, id=f"{side.name}-{name}", marks=pytest.mark.requirement(*check.requirements)
        )
        for name, check in load(proofs=False).items()
        if not check.skip_reason(side)
    ]


@pytest.mark.parametrize("check", cases(OURS))
def test_check_holds_in_numpy(check: Check, subject: Subject) -> None:
    """The check holds on all its cases, and it had some."""
    assert RuleExecutor(check, subject).run().require() > 0


@pytest.mark.parametrize("check", cases(TORCH))
def test_check_holds_in_torch(check: Check) -> None:
    """The same in torch, with torch's own gradients and convolutions."""
    assert RuleExecutor(check, TORCH).run().require() > 0
