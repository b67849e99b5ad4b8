"""The machinery of the checks: comparisons, registration, outcomes, rows and the page."""

import numpy as np
import pytest
from hypothesis import strategies as st

from stsm_ref.checks.our_internals import run
from stsm_ref.errors import MissingExtraError
from stsm_ref.evidence.check import Check, check
from stsm_ref.evidence.executor import RuleExecutor
from stsm_ref.evidence.failure import Violation, require, same_bits, same_values
from stsm_ref.evidence.outcome import Outcome, worst
from stsm_ref.evidence.report.html import requirements_page
from stsm_ref.implementations.ours import OURS, Subject


def a_check(
    body: object, *, each: object = None, strategy: st.SearchStrategy[int] | None = None
) -> Check:
    """A check of GEO-1 that is not registered."""
    return Check("made_up", "Made up.", ("GEO-1",), "L1", body, each, None, strategy)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("got", "want", "message"),
    [
        (np.zeros(2), np.zeros(3), r"y: shape \(2,\), should be \(3,\)"),
        (np.zeros(2, "f4"), np.zeros(2), r"y: dtype float32, should be float64"),
        (
            np.array([[1.0, 2], [3, 4]]),
            np.array([[1.0, 2], [0, 0]]),
            r"y: out\[1, 0\] = 3.0, should be 0.0 \(2 of 4 places differ\)",
        ),
        (np.array([-0.0]), np.array([0.0]), r"out\[0\] = -0.0, should be 0.0"),
        (np.float64(1), np.float64(2), r"y: out = 1.0, should be 2.0"),
        (np.array([np.nan]), -np.array([np.nan]), r"1 of 1 places differ"),
    ],
)
def test_bits_that_differ_are_named(got: np.ndarray, want: np.ndarray, message: str) -> None:
    """Shape, dtype, place and both values; the sign of zero and the payload of NaN count."""
    with pytest.raises(Violation, match=message):
        same_bits(got, want, "y")


def test_bits_that_agree_pass() -> None:
    """NaN with the same payload is the same; strides do not count."""
    x = np.array([[np.nan, -0.0], [np.inf, 1]])
    same_bits(x, x.copy(order="F"), "y")
    same_bits(np.zeros((0, 3)), np.zeros((0, 3)), "y")


def test_values_forgive_dtype_and_zero() -> None:
    """-0.0 equals 0.0 and 1 equals 1.0, but NaN equals nothing."""
    same_values([-0.0, 1], [0, 1], "y")
    with pytest.raises(Violation, match=r"out\[0\] = nan, should be nan"):
        same_values([np.nan], [np.nan], "y")
    with pytest.raises(Violation, match=r"out\[1\] = 2, should be 3"):
        same_values([1, 2], [1, 3], "y")


def test_a_check_counts_its_cases() -> None:
    """Listed cases and drawn ones add up."""
    counted = a_check(lambda s, c: None, each=lambda _: range(3), strategy=st.integers())
    sampling = run.hypothesis.settings(max_examples=5)
    assert RuleExecutor(counted, OURS, sampling=sampling).run().require() == 8


def test_a_check_needs_a_name_a_statement_and_cases() -> None:
    """Without them it cannot be registered."""
    with pytest.raises(ValueError, match="cases from `each`, `draw` or `strategy`"):
        check("GEO-1", rung="L1")
    with pytest.raises(ValueError, match="must have a docstring and a name of its own"):

        @check("GEO-1", rung="L1", each=lambda _: [0])
        def no_statement(subject: Subject, case: int) -> None:
            pass


def fails(_: Subject, case: int) -> None:
    """Break at 10 or more."""
    require(case < 10, f"{case} is too much")


def test_a_violation_is_the_smallest() -> None:
    """What is reported is the smallest case, with what was drawn."""
    result = run.run_check(a_check(fails, strategy=st.integers(0, 10**6)))
    assert result.outcome == "violated"
    assert result.note.startswith("Violation: 10 is too much")
    assert "10" in result.note


@pytest.mark.parametrize("error", [TypeError("no"), IndexError("no"), RecursionError("no")])
def test_an_exception_is_a_violation(error: Exception) -> None:
    """Whatever the subject raises on valid input breaks the rule."""

    def body(subject: Subject, case: int) -> None:
        raise error

    result = run.run_check(a_check(body, each=lambda _: [0]))
    assert (result.outcome, result.note) == ("violated", f"{type(error).__name__}: no")


def test_nothing_that_ran_is_undecided() -> None:
    """No case, or none to be found, is never a pass."""
    assert run.run_check(a_check(lambda s, c: None, each=lambda _: [])).outcome == "undecided"
    assert (
        run.run_check(
            a_check(lambda s, c: None, strategy=st.integers().filter(lambda n: False))
        ).outcome
        == "undecided"
    )


def test_a_missing_extra_is_no_violation() -> None:
    """It is wrong use, and goes through to whoever can say so."""

    def body(subject: Subject, case: int) -> None:
        raise MissingExtraError("this", "that", "those")

    with pytest.raises(
        MissingExtraError,
        match=r"this needs that, which is not installed: pip install 'stsm_ref\[those\]'",
    ):
        run.run_check(a_check(body, each=lambda _: [0]))


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (["passed", "violated", "undecided"], "violated"),
        (["passed", "undecided"], "undecided"),
        (["passed"], "passed"),
        ([], "undecided"),
    ],
)
def test_the_worst_outcome_counts(outcomes: list[Outcome], expected: str) -> None:
    """One violation is a violation, one unknown is an unknown, nothing at all is an unknown."""
    assert worst(outcomes) == expected


def a_result(name: str, rung: str, outcome: Outcome) -> run.Result:
    """A result of 7 cases in half a second."""
    note = "" if outcome == "passed" else "x < y & z"
    return run.Result(name, "Made <up>", (), rung, outcome, 7, 0.5, note, side="numpy")


def test_a_row_gathers_its_checks() -> None:
    """Rung of the strongest check that passed, sums of cases and time, the worst outcome."""
    entry = run.REQUIREMENTS[0]
    row = run.Row(
        entry,
        (
            a_result("a", "L0", "passed"),
            a_result("b", "L2", "passed"),
            a_result("c", "L3", "violated"),
        ),
    )
    assert (row.rung(), row.cases, row.seconds, row.outcome) == ("L2", 21, 1.5, "violated")
    assert (row.rung("numpy"), row.rung("torch")) == ("L2", "none")
    assert run.Row(entry, ()).outcome == "undecided"
    assert run.Row(entry, ()).rung() == "none"


def test_the_page_is_whole_and_escaped() -> None:
    """One file, nothing to load, and text of a failure does not become markup."""
    entry = run.REQUIREMENTS[0]
    html = requirements_page.page(
        run.as_json((run.Row(entry, (a_result("a", "L0", "violated"),)),)), "Not <this>."
    )
    assert html.startswith("<!doctype html>")
    assert "x &lt; y &amp; z" in html
    assert "Not &lt;this&gt;." in html
    assert "<details open>" in html
    assert "http" not in html
