"""Values are moved as they are: every dtype, every bit, from any memory layout."""

import itertools
from collections.abc import Sequence
from typing import get_args

import numpy as np

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import Counts, check
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.failure import Failure, Violation
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.implementations.python import WITH_GRADIENT, PythonTarget
from stsm_ref.values import Layout as MemoryLayout


def dtype_cases(context: SuiteContext) -> Sequence[Case]:
    """Each dtype that the target takes, at a few shapes."""
    sizes = ((2, 3, 3, 2), (1, 2, 2, 3), (1, 4, 3, 3), (1, 1, 1, 5), (3, 8, 2, 2), (1, 5, 7, 1))
    shapes = [(n, t, context.min_full_channels, h, w) for n, t, h, w in sizes]
    return [
        context.case("forward", *shape, dtype=d.name, values="finite")
        for d in context.target.dtypes
        for shape in shapes
    ]


@check("NUM-2", "SHIFT-1", "SHIFT-6", each=dtype_cases)
def every_dtype_is_kept(context: SuiteContext, case: Case) -> None:
    """Each dtype that the target takes comes back as it went in, with the right values."""
    require_same(context.run(case).output, context.expected(case), case)


def _moves_bits(context: SuiteContext) -> str:
    return (
        ""
        if context.target.moves_bits
        else "the target says that it computes, on finite values only (values: finite)"
    )


@check(
    "NUM-1",
    draw=lambda context: context.cases(values="bits", dtypes=context.target.dtypes),
    counts=Counts(60, 300, 6000),
    applies=_moves_bits,
)
def bits_are_moved(context: SuiteContext, case: Case) -> None:
    """NaN, infinities and -0.0 arrive as they left, and what enters is a plain zero beside them."""
    got, want = context.run(case).output, context.expected(case)
    require_same(got, want, case, bits=True)


@check(
    "NUM-1",
    "SHIFT-4",
    draw=lambda context: context.cases(values="bits", dtypes=[context.float]),
    applies=_moves_bits,
)
def the_rest_stays(context: SuiteContext, case: Case) -> None:
    """X_N is the input's, bit for bit, with NaN payloads."""
    start = case.spec.partition(case.shape[2])[-1].start
    got = context.run(case).output
    want = got.astype(case.dtype)
    want[:, :, start:] = case.array()[:, :, start:]
    require_same(got, want, case, bits=True)


def stride_cases(context: SuiteContext) -> Sequence[Case]:
    """Each dtype in each memory layout but the plain one, at shapes that take turns."""
    sizes = ((2, 3, 2, 3), (1, 2, 3, 3), (3, 4, 3, 2), (1, 5, 2, 1), (2, 1, 5, 3))
    how = itertools.product(
        range({"smoke": 1, "ci": 4, "night": 40}[context.level]),
        get_args(MemoryLayout)[1:],
        context.target.dtypes,
    )
    turns = zip(itertools.cycle(sizes), how, strict=False)
    return [
        context.case(
            "forward",
            n,
            t,
            context.min_full_channels,
            h,
            w,
            dtype=d.name,
            memory=m,
            seed=context.seed + seed,
        )
        for (n, t, h, w), (seed, m, d) in turns
    ]


@check("NUM-1", "GEO-1", each=stride_cases)
def strides_make_no_difference(context: SuiteContext, case: Case) -> None:
    """Input that is strided, reversed, transposed or channels-last in memory gives the same
    output.
    """
    plain = context.run(case, np.ascontiguousarray(case.array())).output.copy()
    require_same(
        context.run(case).output,
        plain,
        case,
        what=f"input in {case.memory} memory against the same values in plain order",
    )


def _has_formats(context: SuiteContext) -> str:
    return (
        ""
        if context.target.kind == "torch" and context.target.layout == "(NT)CHW"
        else "only torch frames (NT)CHW have a memory format"
    )


def format_cases(context: SuiteContext) -> Sequence[Case]:
    """Two clips whose frames lie channels-last, no size 1: there the two formats would be the same.
    At every level the same one.
    """
    return [context.case("forward", 2, 3, context.min_full_channels, 3, 2, memory="F")]


@check("MEM-1", each=format_cases, applies=_has_formats)
def channels_last_is_kept(context: SuiteContext, case: Case) -> None:
    """A channels-last input gives a channels-last output: the next layer would pay for another."""
    target, keep = (
        context.target,
        "the input is channels_last in memory and the output is not: keep the memory format",
    )
    if not context.run(case).kept_layout:
        raise Violation(Failure(keep, "layout"))
    if (
        isinstance(target, PythonTarget)
        and not target.run_in(WITH_GRADIENT, case.array(), case=case.id).kept_layout
    ):
        raise Violation(Failure(f"{WITH_GRADIENT}: {keep}", "layout"))


@check(
    "CONV-2",
    draw=lambda context: context.cases(values="finite", dtypes=[context.float], moving=True),
    counts=Counts(3, 30, 500),
)
def it_is_a_sparse_convolution(context: SuiteContext, case: Case) -> None:
    """On finite values it equals the sparse convolution with one-hot kernels and one-sided
    zeros.
    """
    from stsm_ref.correlate import correlate_stsm

    require_same(context.run(case).output, correlate_stsm(case.array(), case.spec), case)


def _has_floats(context: SuiteContext) -> str:
    return "" if context.float.kind in "fc" else "no floating dtype"


@check(
    "CONV-2",
    draw=lambda context: context.cases(values="finite", dtypes=[context.float], moving=True),
    counts=Counts(10, 100, 2000),
    applies=_has_floats,
)
def forward_is_linear(context: SuiteContext, case: Case) -> None:
    """Sums and multiples pass through exactly, on whole numbers, and zero gives zero; the
    certificate rests on this.
    """
    rng = np.random.default_rng(case.seed)
    real = np.dtype(case.dtype).type
    # 3 * large + 9 is still a whole number in this dtype
    large = 2 ** (np.finfo(case.dtype).nmant - 2)
    x, y = (rng.integers(-most, most + 1, case.shape).astype(case.dtype) for most in (3, large))
    a, b = (int(v) for v in rng.choice([-3, -2, -1, 1, 2, 3], 2))
    fx, fy = context.run(case, x).output.copy(), context.run(case, y).output.copy()
    together = context.run(case, real(a) * x + real(b) * y).output
    require_same(
        together,
        real(a) * fx + real(b) * fy,
        case,
        what=f"f({a}x + {b}y) against {a}f(x) + {b}f(y)",
    )
    require_same(
        context.run(case, real(large) * x).output,
        real(large) * fx,
        case,
        what=f"f({large}x) against {large}f(x)",
    )
    require_same(context.run(case, np.zeros_like(x)).output, np.zeros_like(x), case, what="f(0)")
