"""The backward is the adjoint of the forward, and the tangent is the forward itself."""

import itertools
from collections.abc import Sequence
from typing import get_args

import numpy as np

from stsm_ref.checks.any_implementation.shift import SQUARES, WIDTHS
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import Counts, check
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.failure import Violation
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.values import Layout as MemoryLayout


def _has_vjp(context: SuiteContext) -> str:
    return context.missing("vjp")


def _has_jvp(context: SuiteContext) -> str:
    return context.missing("jvp")


def backward_cases(context: SuiteContext) -> Sequence[Case]:
    """The telling shape, then every T, H and W of a few sizes, long axes, many clips, channel
    counts.
    """
    full = context.min_full_channels
    lengths = {"smoke": (1, 2, 3), "ci": (1, 2, 3, 4, 5), "night": (1, 2, 3, 4, 5, 6, 7, 8, 9)}[
        context.level
    ]
    sizes = itertools.product(*(context.sizes(axis, lengths) for axis in "THW"))
    first = context.case("vjp", 2, 8, context.wide_channels, 7, 5)
    shapes = [(2, t, full, h, w) for t, h, w in sizes]
    long = (
        (9, 16)
        if context.level == "smoke"
        else (8, 9, 12, 15, 16, 17, 33, 36, 48, 64, 130, 257, 1025)
    )
    shapes += [
        shape
        for n in long
        for shape in (
            (1, n, full, 2, 3),
            (1, 2, full, n, 3),
            (1, 2, full, 3, n),
            (n, 2, full, 2, 2),
        )
    ]
    shapes += [(1, 2, full, n, n) for n in SQUARES[context.level]] + [
        (n, 3, full, 2, 2) for n in (3, 4)
    ]
    counts = [count for count in (1, 2, 3, 5, 7, *WIDTHS) if context.divides(count)]
    shapes += [(1, 3, count, 3, 2) for count in counts]
    return list(dict.fromkeys([first, *(context.case("vjp", *shape) for shape in shapes)]))


@check(
    "GRAD-1",
    "BATCH-1",
    rung="L2",
    each=backward_cases,
    applies=lambda context: _has_vjp(context) or context.missing_labels("vjp"),
)
def labels_reveal_every_move_back(context: SuiteContext, case: Case) -> None:
    """Unique labels of a gradient come back to the places that their values came from, and nowhere
    else.
    """
    require_same(context.run(case).output, context.expected(case), case)


@check(
    "GRAD-1",
    draw=lambda context: context.cases("vjp", values="finite"),
    counts=Counts(15, 300, 8000),
    applies=_has_vjp,
)
def vjp_equals_definition(context: SuiteContext, case: Case) -> None:
    """The vector-Jacobian product is the opposite shift, zero-filled."""
    require_same(context.run(case).output, context.expected(case), case)


@check("GRAD-1", draw=lambda context: context.cases("vjp", moving=True), applies=_has_vjp)
def vjp_is_the_adjoint(context: SuiteContext, case: Case) -> None:
    """<g, f(x)> = <vjp(g), x>, exactly, on whole numbers: the target's own forward and backward fit
    each other.
    """
    rng = np.random.default_rng(case.seed)
    x, grad = (rng.integers(-99, 100, case.shape).astype(case.dtype) for _ in range(2))
    forward = context.target.run("forward", x, case=case.id).output
    back = context.run(case, x, grad).output
    left, right = (np.sum(a.astype(np.complex128) * b) for a, b in ((grad, forward), (back, x)))
    if left != right:
        raise Violation(
            f"<g, forward(x)> = {left.real:.0f} and <vjp(g), x> = {right.real:.0f}: "
            "the backward is not the forward's adjoint"
        )


@check("GRAD-3", draw=lambda context: context.cases("vjp", moving=True), applies=_has_vjp)
def vjp_does_not_depend_on_x(context: SuiteContext, case: Case) -> None:
    """With another x the same gradient comes back: the second derivative is zero."""
    first = context.run(case).output.copy()
    other = context.run(case, np.zeros_like(case.array())).output
    require_same(other, first, case, what="vjp at x = 0 against vjp at x")


@check(
    "GRAD-1",
    draw=lambda context: context.cases(
        "vjp", moving=True, memory=("C", "F", "strided", "reversed")
    ),
    counts=Counts(20, 60, 1000),
    applies=_has_vjp,
)
def strides_of_the_gradient_make_no_difference(context: SuiteContext, case: Case) -> None:
    """An incoming gradient that is strided, reversed or transposed in memory gives the same
    result.
    """
    require_same(
        context.run(case).output,
        context.expected(case),
        case,
        what=f"gradient in {case.memory} memory",
    )


def sum_cases(context: SuiteContext) -> Sequence[Case]:
    """A few clips."""
    return list(
        dict.fromkeys(
            context.case("vjp", n, t, context.min_full_channels, h, w)
            for n, t, h, w in ((2, 3, 3, 2), (1, 4, 2, 3), (1, 1, 1, 1))
        )
    )


@check("GRAD-1", each=sum_cases, applies=_has_vjp)
def the_gradient_of_a_sum_comes_back(context: SuiteContext, case: Case) -> None:
    """The incoming gradient of a sum is one number seen from every place (all strides 0), and comes
    back as any other.
    """
    grad = np.broadcast_to(np.asarray(3, case.dtype), case.shape)
    require_same(
        context.run(case, case.array(), grad).output,
        context.expected(case, case.array(), grad),
        case,
        what="gradient of 3 * sum",
    )


def float_cases(context: SuiteContext) -> Sequence[Case]:
    """Each floating dtype that the target takes."""
    return [
        context.case("vjp", 2, 3, context.min_full_channels, 3, 2, dtype=d.name, values="finite")
        for d in context.target.dtypes
        if d.kind in "fc"
    ]


@check(
    "NUM-2",
    "GRAD-1",
    each=float_cases,
    applies=lambda context: (
        _has_vjp(context) or ("" if float_cases(context) else "no floating dtype")
    ),
)
def gradients_keep_their_dtype(context: SuiteContext, case: Case) -> None:
    """Each floating dtype comes back through the backward as it went in, with the right values."""
    require_same(context.run(case).output, context.expected(case), case)


@check(
    "GRAD-2",
    draw=lambda context: context.cases("jvp", moving=True, memory=get_args(MemoryLayout)),
    counts=Counts(20, 100, 2000),
    applies=_has_jvp,
)
def jvp_is_the_shift(context: SuiteContext, case: Case) -> None:
    """The Jacobian-vector product is the shift of the tangent."""
    require_same(context.run(case).output, context.expected(case), case)
