"""The checks can fail: each planted fault is caught, and each check catches one."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import Phase, settings

from stsm_ref.checks.our_internals.registry import load
from stsm_ref.checks.our_internals.run import run_check
from stsm_ref.evidence.executor import RuleExecutor
from stsm_ref.implementations.ours import OURS
from tests import ROOT
from tests.bugs.faults import FAULTS, PARTS
from tests.bugs.torch_faults import TORCH_FAULTS

CHECKS = load(proofs=False)  # theorems have wrong variants of their own, in tests/proofs
ROWS = 33
NOT_NUMPY = {
    22: "a block's shortcut",
    23: "insertion into a network",
    24: "checkpoint keys",
    25: "an exported graph",
}
UNSHRUNK = settings(max_examples=200, derandomize=True, database=None, phases=[Phase.generate])


ALL = FAULTS | TORCH_FAULTS


@pytest.mark.parametrize("name", ALL)
def test_fault_is_caught(name: str) -> None:
    """Every check that is named for the fault fails on it."""
    fault = ALL[name]
    for check in fault.caught_by:
        with pytest.raises(Exception, match=r".") as caught, np.errstate(invalid="ignore"):
            RuleExecutor(CHECKS[check], fault.subject, sampling=UNSHRUNK).run().require()
        assert isinstance(caught.value, (AssertionError, TypeError, ValueError)), (
            f"{check} on {name}: {caught.value!r}"
        )


def test_every_check_catches_a_fault() -> None:
    """No check is there that no fault can fail."""
    assert {check for fault in ALL.values() for check in fault.caught_by} == set(CHECKS)


def test_every_row_is_planted() -> None:
    """Every row of the catalogue that NumPy can express is planted; the others are named with
    their reason.
    """
    assert {fault.row for fault in FAULTS.values()} - {0} == set(range(1, ROWS + 1)) - set(
        NOT_NUMPY
    )


def test_the_parts_of_the_faults_are_right() -> None:
    """The correct pieces from which faults are built pass: no fault is caught for another
    reason than its own.
    """
    from dataclasses import replace

    for check in ("stsm_equals_definition", "labels_reveal_every_move", "stsm_is_a_convolution"):
        assert (
            run_check(CHECKS[check], replace(OURS, stsm=PARTS.put_together()), examples=30).outcome
            == "passed"
        )


@pytest.mark.parametrize(
    ("fault", "check"),
    [
        ("edge-kept", "stsm_equals_definition"),
        ("padding-on-the-other-side", "all_26_kernels_shift"),
    ],
)
def test_the_suite_fails_on_a_fault(fault: str, check: str) -> None:
    """The property suite itself, run by pytest on a planted fault, exits with failures."""
    assert check in ALL[fault].caught_by
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        f"--fault={fault}",
        "-k",
        check,
        "tests/properties",
    ]
    root = ROOT
    ended = subprocess.run(
        command,
        cwd=root,
        capture_output=True,
        text=True,
        env=os.environ | {"HYPOTHESIS_PROFILE": "ci"},
        check=False,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "Violation" in ended.stdout
