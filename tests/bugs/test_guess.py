"""Known bugs are called by their names, and nothing else is."""

import numpy as np
import pytest

from stsm_ref.bugs.signatures import BACKWARD, FORWARD, known
from stsm_ref.conformance import check
from stsm_ref.conformance.suite import run_suite
from stsm_ref.definition import stsm, stsm_vjp
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.options import RunOptions
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.python import PythonTarget
from stsm_ref.strategies import make_array
from tests.implementations.examples import forward, wrong_at_three_frames

EVERY = ShiftSpec("T+H+W+HW", "1/2")
X = make_array((2, 5, 35, 4, 3), np.dtype("f4"), seed=0, values="labels")


def test_what_they_start_from_is_right():
    """The library's own right shift equals the definition, forward and back."""
    np.testing.assert_array_equal(FORWARD.shifted(X, EVERY), stsm(X, EVERY))
    np.testing.assert_array_equal(BACKWARD.shifted(X, EVERY), stsm_vjp(X, EVERY))


def test_there_are_many_and_each_is_wrong():
    """At least 40, none of which equals the right output where it applies, but for those that
    only gradients or NaN show; names differ.
    """
    table = list(known(EVERY))
    assert len({text for text, _ in table}) == len(table) >= 40
    clips = [X[:, :, :channels] for channels in (9, 21, 27, 35)]
    same = [
        text
        for text, wrong in table
        if all(np.array_equal(wrong(x, EVERY), stsm(x, EVERY)) for x in clips)
    ]
    assert same[0] == "the forward again: the backward is not transposed"
    assert all("x - x" in text for text in same[1:])


TABLE = dict(known(EVERY))


@pytest.mark.parametrize("text", [text for text in TABLE if "forward again" not in text])
def test_each_is_called_by_its_name(text):
    """Or by that of one which gives the very same outputs wherever the two were asked."""
    wrong = TABLE[text]
    target = PythonTarget(lambda x, spec: np.ascontiguousarray(wrong(x, spec)))
    report = run_suite(target, RunOptions(EVERY, "smoke", first=True))
    guesses = {violation.guess.removeprefix("equals ") for violation in report.violations} - {""}
    assert report.outcome == "violated"
    assert guesses
    for guess in guesses - {text}:
        np.testing.assert_array_equal(TABLE[guess](X, EVERY), wrong(X, EVERY))


@pytest.mark.parametrize(
    ("back", "name"),
    [
        (
            lambda x, grad, spec: forward(grad, spec),
            "equals the forward again: the backward is not transposed",
        ),
        (lambda x, grad, spec: grad.copy(), "equals the identity: nothing moved"),
        (
            lambda x, grad, spec: np.zeros_like(grad),
            "equals zeros everywhere: the result was never written",
        ),
    ],
)
def test_backwards_have_names_too(back, name):
    """What a forgotten transpose gives is called so, and the first violation blames the
    gradient: the forward is right.
    """
    report = check(forward, vjp=back, level="smoke")
    assert {violation.requirement for violation in report.violations} <= {"GRAD-1", "PURE-2"}
    assert (report.violations[0].requirement, report.violations[0].guess) == ("GRAD-1", name)
    assert {
        report.requirements()[step].outcome for step in ("SHIFT-1", "SHIFT-2", "SHIFT-6", "GEO-5")
    } == {"passed"}


def test_a_guess_that_cannot_be_made_is_no_guess():
    """Under exact rounding a wrong shift that would need T channels cut is left out, and the
    violation is reported without a name.
    """

    def slightly_wrong(x, spec):
        y = forward(x, spec)
        if y.dtype.kind == "f":
            y[:, :, 0] += x[:, :, 0] / 1024
        return y

    report = check(slightly_wrong, spec="T@1/4,exact", level="smoke")
    assert (report.outcome, report.exit_code) == ("violated", 1)
    assert report.violations[0].message.startswith(
        "out[0, 1, 0, 0, 0] = 65605.03, should be 65541.0"
    )
    assert {violation.guess for violation in report.violations} == {""}


def rounded_up(x, spec):
    """Group sizes rounded up, by one channel at 17 of them."""
    return TABLE["group sizes rounded up"](x, spec)


def test_the_smallest_case_still_shows_a_move():
    """A wrong cut is shown with every group filled and two places along each moved axis:
    another value moved there, not a zero.
    """
    report = check(rounded_up, spec=str(EVERY), level="smoke", dtypes=["float32"])
    first = report.violations[0]
    clips, time, channels, height, width = Case.parse(first.case).shape
    assert (clips, time, height, width) == (1, 2, 2, 2)
    assert EVERY.partition(channels)[0].stop > 0
    got, want = first.message.split(" = ")[1].split(" (")[0].split(", should be ")
    assert 0.0 not in (float(got), float(want))
    assert first.guess == "equals group sizes rounded up"


def test_what_is_wrong_at_size_one_only_is_shown_there():
    """No larger case is made up where only a single frame fails."""
    report = check(lambda x, spec: x.copy() if x.shape[1] == 1 else forward(x, spec), level="smoke")
    assert all(Case.parse(v.case).shape[1] == 1 for v in report.violations if ":" in v.case)


def test_what_is_wrong_at_one_size_only_has_a_name():
    """The telling case takes that size: a roll at three frames is still a roll."""
    found = check(wrong_at_three_frames, level="smoke").violations[0]
    assert (
        found.guess
        == "at such sizes it equals a roll along every axis: what leaves enters at the other end"
    )


def test_no_name_where_none_fits():
    """An unknown wrong output gets no guess, and a hole in memory rules gets the way out."""
    report = check(
        lambda x, spec: forward(x, spec) * np.asarray(3, x.dtype), dtypes=["float32"], level="smoke"
    )
    assert report.violations
    assert {violation.guess for violation in report.violations} == {""}

    def in_place(x, spec):
        x[...] = forward(x, spec)
        return x.copy()

    written = check(in_place, level="smoke").violations
    assert any(violation.guess.startswith("shifted in place") for violation in written)
