"""The benchmark measures in turn and keeps its promises apart from its figures; no figure is tested here."""

from stsm_ref.bench.numpy_shift import comparisons
from stsm_ref.bench.timing import Comparison, side_by_side


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
