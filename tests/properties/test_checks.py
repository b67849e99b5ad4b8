"""Every check of the package, on our implementations (or on a planted fault, with `--fault`)."""

import pytest

from stsm_ref.verification.check import Check
from stsm_ref.verification.rules import CHECKS
from stsm_ref.verification.subject import Subject

CASES = [pytest.param(check, id=name, marks=pytest.mark.requirement(*check.requirements)) for name, check in CHECKS.items()]


@pytest.mark.parametrize("check", CASES)
def test_check_holds(check: Check, subject: Subject) -> None:
    """The check holds on all its cases, and it had some."""
    assert check.run(subject) > 0
