"""The benchmark measures in turn and keeps its promises apart from its figures; no figure is
tested here.
"""

import subprocess
import sys

import pytest
import torch

from stsm_ref import ShiftSpec, stsm
from stsm_ref import nn as snn
from stsm_ref.bench import label_check, suite_levels, torch_shift
from stsm_ref.bench.numpy_shift import comparisons
from stsm_ref.bench.timing import Comparison, side_by_side
from stsm_ref.conformance.api import check
from stsm_ref.evidence.cases import Case


def test_functions_take_turns() -> None:
    """Each runs once a round, in turn, and once before."""
    calls: list[str] = []
    side_by_side({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3)
    assert "".join(calls) == "ab" * 4


def test_a_promise_can_be_broken() -> None:
    """A ratio above its limit does not hold; a figure without a limit always does."""
    assert not Comparison("x", "y", 1.6, 1.5).holds
    assert Comparison("x", "y", 1.5, 1.5).holds
    assert Comparison("x", "y", 99, None).holds


def test_the_promised_ratios_are_measured() -> None:
    """The shift and its VJP against a copy, linearity, and each engine."""
    measured = list(comparisons(rounds=1))
    assert [entry.limit for entry in measured] == [1.5, 1.5, None, None, None, None, None]
    assert all(entry.ratio > 0 for entry in measured)


def test_the_check_by_labels_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a promise where the labels are at hand; what it is measured on is STSM."""
    small = Case("forward", ShiftSpec(), (1, 3, 16, 4, 5))
    monkeypatch.setattr(label_check.certificate, "network_cases", lambda trial: [small])
    measured = list(label_check.comparisons(rounds=1))
    assert [entry.limit for entry in measured] == [5, None]
    assert all(entry.ratio > 0 for entry in measured)
    assert (
        label_check.by_slices(small.array(), small.spec) == stsm(small.array(), small.spec)
    ).all()


def test_the_levels_of_the_suite_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each level with a promise, and reading the vectors; what they are measured on conforms,
    or the command would fail.
    """
    commands = []
    monkeypatch.setattr(
        suite_levels, "processor_seconds", lambda command: commands.append(command) or 1.0
    )
    measured = list(suite_levels.comparisons(rounds=1))
    assert [entry.limit for entry in measured] == [12, 150, 0.15]
    assert [entry.ratio for entry in measured] == [1, 1, 0]
    assert [command[-1] for command in commands] == [
        "import stsm_ref",
        suite_levels.READ_THE_VECTORS,
        "smoke",
        "ci",
    ]
    target: dict = {}
    exec(suite_levels.TARGET, target)
    assert check(target["forward"], vjp=target["vjp"], jvp=target["jvp"], level="smoke").passed
    exec(suite_levels.READ_THE_VECTORS, {})


def test_processor_time_is_that_of_children() -> None:
    """A process that works has used some, and one that fails is an error."""
    assert (
        suite_levels.processor_seconds([sys.executable, "-S", "-E", "-c", "sum(range(9**7))"]) > 0
    )
    with pytest.raises(subprocess.CalledProcessError):
        suite_levels.processor_seconds([sys.executable, "-S", "-E", "-c", "raise SystemExit(3)"])


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_tsms_manner_is_tsm(memory_format: torch.memory_format) -> None:
    """What the shift is compared with does the same work, in either memory layout."""
    x = torch.randn(16, 16, 3, 4).contiguous(memory_format=memory_format)
    y = torch_shift.tsm_shift(x)
    assert torch.equal(y, snn.stsm(x, ShiftSpec.tsm(8), 8))
    assert y.stride() == x.stride()


def test_torch_is_measured_in_both_layouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each comparison of the torch side, on a stage small enough for a test, and the number of
    threads is put back.
    """
    monkeypatch.setattr(torch_shift, "STAGES", ((16, 4),))
    monkeypatch.setattr(torch_shift, "_in_resnet_50", lambda rounds: iter(()))
    threads = torch.get_num_threads()
    measured = list(torch_shift.comparisons(rounds=1))
    assert [entry.limit for entry in measured] == [
        1.15,
        None,
        None,
        0.04,
        None,
        1.4,
        None,
        None,
        0.04,
        None,
    ]
    assert all(entry.ratio > 0 for entry in measured)
    assert torch.get_num_threads() == threads
