"""The backward is the adjoint of the forward, and the tangent is the forward itself."""

import itertools
from collections.abc import Sequence
from typing import get_args

import numpy as np

from stsm_ref.checks.any_implementation.shift import SQUARES, WIDTHS
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.failure import Violation
from stsm_ref.evidence.rule import Counts, rule
from stsm_ref.evidence.suite_context import Trial
from stsm_ref.strategies import Layout as MemoryLayout


def _has_vjp(trial: Trial) -> str:
    return trial.lacks("vjp")


def _has_jvp(trial: Trial) -> str:
    return trial.lacks("jvp")


def backward_cases(trial: Trial) -> Sequence[Case]:
    """The telling shape, then every T, H and W of a few sizes, long axes, many clips, channel
    counts.
    """
    wanted = {"smoke": (1, 2, 3), "ci": (1, 2, 3, 4, 5), "night": (1, 2, 3, 4, 5, 6, 7, 8, 9)}[
        trial.level
    ]
    sizes = itertools.product(*(trial.sizes(axis, wanted) for axis in "THW"))
    first = trial.case("vjp", 2, 8, trial.wide, 7, 5)
    shapes = [(2, t, trial.full, h, w) for t, h, w in sizes]
    long = (
        (9, 16)
        if trial.level == "smoke"
        else (8, 9, 12, 15, 16, 17, 33, 36, 48, 64, 130, 257, 1025)
    )
    shapes += [
        shape
        for n in long
        for shape in (
            (1, n, trial.full, 2, 3),
            (1, 2, trial.full, n, 3),
            (1, 2, trial.full, 3, n),
            (n, 2, trial.full, 2, 2),
        )
    ]
    shapes += [(1, 2, trial.full, n, n) for n in SQUARES[trial.level]] + [
        (n, 3, trial.full, 2, 2) for n in (3, 4)
    ]
    counts = [count for count in (1, 2, 3, 5, 7, *WIDTHS) if trial.divides(count)]
    shapes += [(1, 3, count, 3, 2) for count in counts]
    return list(dict.fromkeys([first, *(trial.case("vjp", *shape) for shape in shapes)]))


@rule(
    "GRAD-1",
    "BATCH-1",
    rung="L2",
    each=backward_cases,
    applies=lambda trial: _has_vjp(trial) or trial.lacks_labels("vjp"),
)
def labels_reveal_every_move_back(trial: Trial, case: Case) -> None:
    """Unique labels of a gradient come back to the places that their values came from, and
    nowhere else.
    """
    require_same(trial.ask(case).output, trial.right(case), case)


@rule(
    "GRAD-1",
    draw=lambda trial: trial.cases("vjp", values="finite"),
    counts=Counts(15, 300, 8000),
    applies=_has_vjp,
)
def vjp_equals_definition(trial: Trial, case: Case) -> None:
    """The vector-Jacobian product is the opposite shift, zero-filled."""
    require_same(trial.ask(case).output, trial.right(case), case)


@rule("GRAD-1", draw=lambda trial: trial.cases("vjp", moving=True), applies=_has_vjp)
def vjp_is_the_adjoint(trial: Trial, case: Case) -> None:
    """<g, f(x)> = <vjp(g), x>, exactly, on whole numbers: the target's own forward and backward
    fit each other.
    """
    rng = np.random.default_rng(case.seed)
    x, grad = (rng.integers(-99, 100, case.shape).astype(case.dtype) for _ in range(2))
    forward = trial.target.run("forward", x, case=case.id).output
    back = trial.ask(case, x, grad).output
    left, right = (np.sum(a.astype(np.complex128) * b) for a, b in ((grad, forward), (back, x)))
    if left != right:
        raise Violation(
            f"<g, forward(x)> = {left.real:.0f} and <vjp(g), x> = {right.real:.0f}: the backward "
            "is not the forward's adjoint"
        )


@rule("GRAD-3", draw=lambda trial: trial.cases("vjp", moving=True), applies=_has_vjp)
def vjp_does_not_depend_on_x(trial: Trial, case: Case) -> None:
    """With another x the same gradient comes back: the second derivative is zero."""
    first = trial.ask(case).output.copy()
    other = trial.ask(case, np.zeros_like(case.array())).output
    require_same(other, first, case, what="vjp at x = 0 against vjp at x")


@rule(
    "GRAD-1",
    draw=lambda trial: trial.cases("vjp", moving=True, memory=("C", "F", "strided", "reversed")),
    counts=Counts(20, 60, 1000),
    applies=_has_vjp,
)
def strides_of_the_gradient_make_no_difference(trial: Trial, case: Case) -> None:
    """An incoming gradient that is strided, reversed or transposed in memory gives the same
    result.
    """
    require_same(
        trial.ask(case).output, trial.right(case), case, what=f"gradient in {case.memory} memory"
    )


def sum_cases(trial: Trial) -> Sequence[Case]:
    """A few clips."""
    return list(
        dict.fromkeys(
            trial.case("vjp", n, t, trial.full, h, w)
            for n, t, h, w in ((2, 3, 3, 2), (1, 4, 2, 3), (1, 1, 1, 1))
        )
    )


@rule("GRAD-1", each=sum_cases, applies=_has_vjp)
def the_gradient_of_a_sum_comes_back(trial: Trial, case: Case) -> None:
    """The incoming gradient of a sum is one number seen from every place (all strides 0), and
    comes back as any other.
    """
    grad = np.broadcast_to(np.asarray(3, case.dtype), case.shape)
    require_same(
        trial.ask(case, case.array(), grad).output,
        trial.right(case, case.array(), grad),
        case,
        what="gradient of 3 * sum",
    )


def float_cases(trial: Trial) -> Sequence[Case]:
    """Each floating dtype that the target takes."""
    return [
        trial.case("vjp", 2, 3, trial.full, 3, 2, dtype=d.name, values="finite")
        for d in trial.target.dtypes
        if d.kind in "fc"
    ]


@rule(
    "NUM-2",
    "GRAD-1",
    each=float_cases,
    applies=lambda trial: _has_vjp(trial) or ("" if float_cases(trial) else "no floating dtype"),
)
def gradients_keep_their_dtype(trial: Trial, case: Case) -> None:
    """Each floating dtype comes back through the backward as it went in, with the right values."""
    require_same(trial.ask(case).output, trial.right(case), case)


@rule(
    "GRAD-2",
    draw=lambda trial: trial.cases("jvp", moving=True, memory=get_args(MemoryLayout)),
    counts=Counts(20, 100, 2000),
    applies=_has_jvp,
)
def jvp_is_the_shift(trial: Trial, case: Case) -> None:
    """The Jacobian-vector product is the shift of the tangent."""
    require_same(trial.ask(case).output, trial.right(case), case)
