"""Each check is run on the sides that it is about: what it reads of its subject is recorded,
helpers included.
"""

from dataclasses import fields

import pytest
from hypothesis import Phase, settings

from stsm_ref.checks.our_internals.registry import load
from stsm_ref.evidence.check import Check
from stsm_ref.evidence.executor import RuleExecutor
from stsm_ref.implementations.ours import OURS, Subject
from stsm_ref.implementations.ours_torch import torch_subject

CHECKS = load(proofs=False)
TORCH = torch_subject()
OWN = {
    entry.name
    for entry in fields(Subject)
    if getattr(TORCH, entry.name) is not getattr(OURS, entry.name)
} - {"name", "takes"}
"""What the torch side has a code of its own for."""

FEW = settings(max_examples=5, derandomize=True, database=None, phases=[Phase.generate])
RUNS = {"numpy": 60, "torch": 42}
"""How many checks run for each side, written here a second time: one that drops out is noticed."""


class Recorder:
    """A subject that remembers which of its functions were asked for."""

    def __init__(self, subject: Subject) -> None:
        self.subject, self.read = subject, set()

    def __getattr__(self, name: str) -> object:
        self.read.add(name)
        return getattr(self.subject, name)


def read_by(check: Check, subject: Subject) -> set[str]:
    """What the check reads of the subject on its cases, of which few are drawn."""
    recorder = Recorder(subject)
    assert RuleExecutor(check, recorder, sampling=FEW).run().require() > 0
    return recorder.read & OWN


@pytest.mark.parametrize(
    "check", [check for check in CHECKS.values() if check.sides != ("torch",)], ids=str
)
def test_a_check_is_for_the_sides_that_it_reads(check: Check) -> None:
    """One that reads what torch has of its own is run on torch too, unless it says why not; no
    other is.
    """
    read = read_by(check, OURS)
    if check.why_one_side:
        assert read, f"{check} reads nothing that torch has of its own: drop its reason"
        assert check.skip_reason(TORCH) == check.why_one_side
    else:
        assert bool(read) == (check.sides != ("numpy",)), (
            f"{check} reads {read or 'nothing of them'}"
        )


@pytest.mark.parametrize(
    "check", [check for check in CHECKS.values() if check.sides == ("torch",)], ids=str
)
def test_a_check_for_torch_alone_reads_torch(check: Check) -> None:
    """It asks for what only the torch side has."""
    assert (
        check.skip_reason(OURS)
        == "it reads nothing of its subject that numpy has a code of its own for"
    )


def test_as_many_run_as_are_counted() -> None:
    """On each side."""
    assert {
        side.name: sum(not check.skip_reason(side) for check in CHECKS.values())
        for side in (OURS, TORCH)
    } == RUNS


def test_a_helper_does_not_hide_a_subject() -> None:
    """A check that reaches the shift through a helper reads it all the same."""

    def helper(subject: Subject) -> object:
        return subject.stsm

    hidden = Check(
        "hidden", "x", ("GEO-1",), "L0", lambda subject, case: helper(subject), each=lambda _: [0]
    )
    assert read_by(hidden, OURS) == {"stsm"}
