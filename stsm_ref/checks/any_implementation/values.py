"""Values are moved as they are: every dtype, every bit, from any memory layout."""

import itertools
from collections.abc import Sequence
from typing import get_args

import numpy as np

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.failure import Failure, Violation
from stsm_ref.evidence.rule import Counts, rule
from stsm_ref.evidence.suite_context import Trial
from stsm_ref.implementations.python import WITH_GRADIENT, PythonTarget
from stsm_ref.strategies import Layout as MemoryLayout


def dtype_cases(trial: Trial) -> Sequence[Case]:
    """Each dtype that the target takes, at a few shapes."""
    sizes = ((2, 3, 3, 2), (1, 2, 2, 3), (1, 4, 3, 3), (1, 1, 1, 5), (3, 8, 2, 2), (1, 5, 7, 1))
    shapes = [(n, t, trial.full, h, w) for n, t, h, w in sizes]
    return [
        trial.case("forward", *shape, dtype=d.name, values="finite")
        for d in trial.target.dtypes
        for shape in shapes
    ]


@rule("NUM-2", "SHIFT-1", "SHIFT-6", each=dtype_cases)
def every_dtype_is_kept(trial: Trial, case: Case) -> None:
    """Each dtype that the target takes comes back as it went in, with the right values."""
    require_same(trial.ask(case).output, trial.right(case), case)


def _moves_bits(trial: Trial) -> str:
    return (
        ""
        if trial.target.moves_bits
        else "the target says that it computes, on finite values only (values: finite)"
    )


@rule(
    "NUM-1",
    draw=lambda trial: trial.cases(values="bits", dtypes=trial.target.dtypes),
    counts=Counts(60, 300, 6000),
    applies=_moves_bits,
)
def bits_are_moved(trial: Trial, case: Case) -> None:
    """NaN, infinities and -0.0 arrive as they left, and what enters is a plain zero beside them."""
    got, want = trial.ask(case).output, trial.right(case)
    require_same(got, want, case, bits=True)


@rule(
    "NUM-1",
    "SHIFT-4",
    draw=lambda trial: trial.cases(values="bits", dtypes=[trial.float]),
    applies=_moves_bits,
)
def the_rest_stays(trial: Trial, case: Case) -> None:
    """X_N is the input's, bit for bit, with NaN payloads."""
    start = case.spec.partition(case.shape[2])[-1].start
    got = trial.ask(case).output
    want = got.astype(case.dtype)
    want[:, :, start:] = case.array()[:, :, start:]
    require_same(got, want, case, bits=True)


def stride_cases(trial: Trial) -> Sequence[Case]:
    """Each dtype in each memory layout but the plain one, at shapes that take turns."""
    sizes = ((2, 3, 2, 3), (1, 2, 3, 3), (3, 4, 3, 2), (1, 5, 2, 1), (2, 1, 5, 3))
    how = itertools.product(
        range({"smoke": 1, "ci": 4, "night": 40}[trial.level]),
        get_args(MemoryLayout)[1:],
        trial.target.dtypes,
    )
    turns = zip(itertools.cycle(sizes), how, strict=False)
    return [
        trial.case(
            "forward", n, t, trial.full, h, w, dtype=d.name, memory=m, seed=trial.seed + seed
        )
        for (n, t, h, w), (seed, m, d) in turns
    ]


@rule("NUM-1", "GEO-1", each=stride_cases)
def strides_make_no_difference(trial: Trial, case: Case) -> None:
    """Input that is strided, reversed, transposed or channels-last in memory gives the same
    output.
    """
    plain = trial.ask(case, np.ascontiguousarray(case.array())).output.copy()
    require_same(
        trial.ask(case).output,
        plain,
        case,
        what=f"input in {case.memory} memory against the same values in plain order",
    )


def _has_formats(trial: Trial) -> str:
    return (
        ""
        if trial.target.kind == "torch" and trial.target.layout == "(NT)CHW"
        else "only torch frames (NT)CHW have a memory format"
    )


def format_cases(trial: Trial) -> Sequence[Case]:
    """Two clips whose frames lie channels-last, no size 1: there the two formats would be the
    same. At every level the same one.
    """
    return [trial.case("forward", 2, 3, trial.full, 3, 2, memory="F")]


@rule("MEM-1", each=format_cases, applies=_has_formats)
def channels_last_is_kept(trial: Trial, case: Case) -> None:
    """A channels-last input gives a channels-last output: the next layer would pay for another."""
    target, keep = (
        trial.target,
        "the input is channels_last in memory and the output is not: keep the memory format",
    )
    if not trial.ask(case).kept_layout:
        raise Violation(Failure(keep, "layout"))
    if (
        isinstance(target, PythonTarget)
        and not target.run_in(WITH_GRADIENT, case.array(), case=case.id).kept_layout
    ):
        raise Violation(Failure(f"{WITH_GRADIENT}: {keep}", "layout"))


@rule(
    "CONV-2",
    draw=lambda trial: trial.cases(values="finite", dtypes=[trial.float], moving=True),
    counts=Counts(3, 30, 500),
)
def it_is_a_sparse_convolution(trial: Trial, case: Case) -> None:
    """On finite values it equals the sparse convolution with one-hot kernels and one-sided
    zeros.
    """
    from stsm_ref.correlate import correlate_stsm

    require_same(trial.ask(case).output, correlate_stsm(case.array(), case.spec), case)


def _has_floats(trial: Trial) -> str:
    return "" if trial.float.kind in "fc" else "no floating dtype"


@rule(
    "CONV-2",
    draw=lambda trial: trial.cases(values="finite", dtypes=[trial.float], moving=True),
    counts=Counts(10, 100, 2000),
    applies=_has_floats,
)
def forward_is_linear(trial: Trial, case: Case) -> None:
    """Sums and multiples pass through exactly, on whole numbers, and zero gives zero; the
    certificate rests on this.
    """
    rng = np.random.default_rng(case.seed)
    real = np.dtype(case.dtype).type
    large = 2 ** (
        np.finfo(case.dtype).nmant - 2
    )  # 3 * large + 9 is still a whole number in this dtype
    x, y = (rng.integers(-most, most + 1, case.shape).astype(case.dtype) for most in (3, large))
    a, b = (int(v) for v in rng.choice([-3, -2, -1, 1, 2, 3], 2))
    fx, fy = trial.ask(case, x).output.copy(), trial.ask(case, y).output.copy()
    together = trial.ask(case, real(a) * x + real(b) * y).output
    require_same(
        together,
        real(a) * fx + real(b) * fy,
        case,
        what=f"f({a}x + {b}y) against {a}f(x) + {b}f(y)",
    )
    require_same(
        trial.ask(case, real(large) * x).output,
        real(large) * fx,
        case,
        what=f"f({large}x) against {large}f(x)",
    )
    require_same(trial.ask(case, np.zeros_like(x)).output, np.zeros_like(x), case, what="f(0)")
