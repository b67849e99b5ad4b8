"""Known bugs are called by their names, and nothing else is."""

import numpy as np
import pytest

from stsm_ref.conformance import check
from stsm_ref.conformance.known_wrong import known, right
from stsm_ref.conformance.python_target import PythonTarget
from stsm_ref.conformance.suite import run_suite
from stsm_ref.definition import stsm, stsm_vjp
from stsm_ref.geometry import ShiftSpec
from stsm_ref.strategies import make_array
from tests.conformance.implementations import forward, wrong_at_three_frames

EVERY = ShiftSpec("T+H+W+HW", "1/2")
X = make_array((2, 5, 35, 4, 3), np.dtype("f4"), seed=0, values="labels")


def test_what_they_start_from_is_right():
    """The library's own right shift equals the definition, forward and back."""
    np.testing.assert_array_equal(right(X, EVERY, 1), stsm(X, EVERY))
    np.testing.assert_array_equal(right(X, EVERY, -1), stsm_vjp(X, EVERY))


def test_there_are_many_and_each_is_wrong():
    """At least 40, none of which equals the right output where it applies, and their names differ."""
    table = list(known(EVERY))
    assert len({text for text, _ in table}) == len(table) >= 40
    clips = [X[:, :, :channels] for channels in (9, 21, 27, 35)]
    same = [text for text, wrong in table if all(np.array_equal(wrong(x, EVERY, 1), stsm(x, EVERY)) for x in clips)]
    assert same == ["the forward again: the backward is not transposed"]


TABLE = dict(known(EVERY))


@pytest.mark.parametrize("text", [text for text in TABLE if "forward again" not in text])
def test_each_is_called_by_its_name(text):
    """Or by that of one which gives the very same outputs wherever the two were asked."""
    wrong = TABLE[text]
    target = PythonTarget(lambda x, spec: np.ascontiguousarray(wrong(x, spec, 1)))
    report = run_suite(target, EVERY, level="smoke", first=True)
    guesses = {violation.guess.removeprefix("equals ") for violation in report.violations} - {""}
    assert report.outcome == "violated"
    assert guesses
    for guess in guesses - {text}:
        np.testing.assert_array_equal(TABLE[guess](X, EVERY, 1), wrong(X, EVERY, 1))


@pytest.mark.parametrize(
    ("back", "name"),
    [
        (lambda x, grad, spec: forward(grad, spec), "equals TSM's direction order, backward before forward (+1 and -1 exchanged)"),
        (lambda x, grad, spec: grad.copy(), "equals the identity: nothing moved"),
        (lambda x, grad, spec: np.zeros_like(grad), "equals zeros everywhere: the result was never written"),
    ],
)
def test_backwards_have_names_too(back, name):
    """The forward's own groups exchanged is what a forgotten transpose gives; it is said in those words."""
    report = check(forward, vjp=back, level="smoke")
    assert name in {violation.guess for violation in report.violations}


def test_what_is_wrong_at_one_size_only_has_a_name():
    """The telling case takes that size: a roll at three frames is still a roll."""
    found = check(wrong_at_three_frames, level="smoke").violations[0]
    assert found.guess == "at such sizes it equals a roll along every axis: what leaves enters at the other end"


def test_no_name_where_none_fits():
    """An unknown wrong output gets no guess, and a hole in memory rules gets the way out."""
    report = check(lambda x, spec: forward(x, spec) * np.asarray(3, x.dtype), dtypes=["float32"], level="smoke")
    assert report.violations
    assert {violation.guess for violation in report.violations} == {""}

    def in_place(x, spec):
        x[...] = forward(x, spec)
        return x.copy()

    written = check(in_place, level="smoke").violations
    assert any(violation.guess.startswith("shifted in place") for violation in written)
