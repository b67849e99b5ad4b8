r"""Theorems about kernels: the shift by slices equals cross-correlation with the kernel and the
padding that `kernels` builds.

.. math:: y_i = \sum_k w_k\, \tilde x_{i + k - before}, \qquad \tilde x = x \text{ inside, } 0 \text{ outside}

is written out here over every tap, zero taps included; no code of `correlate` is asked for.
"""

import itertools
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from stsm_ref import kernels
from stsm_ref.correlate import correlate
from stsm_ref.kernels import OneHotKernel
from stsm_ref.proofs.smt.z3_terms import Term, z3
from stsm_ref.proofs.symbolic.arrays import SymbolicArray
from stsm_ref.proofs.symbolic.integers import SymInt, all_of, term
from stsm_ref.proofs.theorems import wrong_code
from stsm_ref.proofs.theorems.directions import STEPS
from stsm_ref.proofs.theorems.index_space import ZERO, Space, differs, inside, space
from stsm_ref.proofs.theorems.shifts import CLIP, ROW, D, sliced
from stsm_ref.proofs.theorems.theorem import Claim, Theorem, Values, Variant
from stsm_ref.proofs.theorems.wrong_code import plant

FRAME = space("HW")
FAR = (-5, -3, -2, 2, 3, 5)
"""Distances at which the kernel itself is built and summed, tap by tap."""
BUILDERS: dict[str, Space] = {
    "kernels_1x2": FRAME,
    "kernels_2x1": FRAME,
    "kernels_2x2": FRAME,
    "kernels_3d": CLIP,
}


def correlation(
    x: SymbolicArray, kernel: OneHotKernel, index: Sequence[Term], *, flipped: bool = False
) -> Term:
    """The sum over every tap; `flipped` is the textbook's convolution."""
    total: Term = ZERO
    for tap in np.ndindex(kernel.weights.shape):
        place = (
            tuple(n - 1 - k for n, k in zip(kernel.weights.shape, tap, strict=True))
            if flipped
            else tap
        )
        weight = operator.index(kernel.weights[place])  # which refuses what is no whole number
        source = [
            i + k - before for i, k, (before, _) in zip(index, tap, kernel.padding, strict=True)
        ]
        total = total + weight * z3.If(inside(source, x.shape), x.read(source), ZERO)
    return total


def sizes_stay(x: SymbolicArray, kernel: OneHotKernel) -> Term:
    """The size of the correlation, that of the input plus the padding less the taps plus one,
    is that of the input.
    """
    made = [
        n + sum(zeros) - taps + 1
        for n, zeros, taps in zip(x.shape, kernel.padding, kernel.weights.shape, strict=True)
    ]
    return all_of(*(term(got) == term(n) for got, n in zip(made, x.shape, strict=True)))


def is_of_the_step(kernel: OneHotKernel, d: Sequence[int]) -> bool:
    """Whether it has |d| + 1 taps an axis, a single 1 at the end that d comes from, and zeros
    on one side only (PAD-1).
    """
    weights = np.zeros([abs(n) + 1 for n in d])
    weights[tuple(max(-n, 0) for n in d)] = 1
    padding = tuple((max(n, 0), max(-n, 0)) for n in d)
    return bool(
        np.array_equal(kernel.weights, weights)
        and kernel.padding == padding
        and tuple(kernel.displacement) == tuple(d)
    )


def correlation_claims() -> Iterator[Claim]:
    """The 26 kernels of `one_hot_kernel`, and those that the paper prints."""
    for step in STEPS:
        yield _correlation_claim(f"displacement {tuple(step)}", CLIP, _one_hot(step), step)
    signs = itertools.product((1, -1), repeat=3)
    printed: dict[str, Sequence[Sequence[int]]] = {
        "kernels_1x2": [(0, -1), (0, 1)],
        "kernels_2x1": [(-1, 0), (1, 0)],
        "kernels_2x2": [(1, 1), (1, -1), (-1, 1), (-1, -1)],
        "kernels_3d": list(signs),
    }
    for builder, displacements in printed.items():
        for k, d in enumerate(displacements):
            yield _correlation_claim(
                f"{builder}()[{k}]", BUILDERS[builder], _printed(builder, k), d
            )


def _one_hot(displacement: Sequence[int]) -> Callable[[], OneHotKernel]:
    return lambda: kernels.one_hot_kernel(displacement)


def _printed(builder: str, number: int) -> Callable[[], OneHotKernel]:
    return lambda: getattr(kernels, builder)()[number]


def _correlation_claim(
    name: str, where: Space, build: Callable[[], OneHotKernel], d: Sequence[int]
) -> Claim:
    def goal() -> Term:
        x, kernel = where.array("x"), build()
        moved = correlation(x, kernel, where.index) == sliced(x, d).read(where.index)
        return z3.And(z3.BoolVal(is_of_the_step(kernel, d)), sizes_stay(x, kernel), moved)

    def replay(values: Values) -> str:
        x, kernel = where.labels(values), build()
        if not is_of_the_step(kernel, d):
            return (
                f"NumPy gives {kernel.weights.tolist()} with zeros {kernel.padding} for "
                f"{tuple(d)}, which is not its kernel"
            )
        return differs(
            lambda: (correlate(x, build(), axes=range(x.ndim)), sliced(x, d)), where.place(values)
        )

    return Claim(name, where.variables, where.premises, goal, replay)


def any_distance_claims() -> Iterator[Claim]:
    """Any whole distance: the sum over |d| + 1 taps by induction on the taps, then its only
    term against the slices.
    """
    k, hot = z3.Ints("k hot")
    value = z3.Function("value", z3.IntSort(), z3.RealSort())

    def first(taps: Any) -> Term:
        """The sum of the first `taps` taps, in closed form."""
        return z3.If(taps > hot, value(hot), ZERO)

    def step() -> Term:
        weight = z3.If(k == hot, z3.RealVal(1), ZERO)
        return z3.And(first(z3.IntVal(0)) == ZERO, first(k) + weight * value(k) == first(k + 1))

    yield Claim(
        "the sum of taps, from k to k + 1",
        {"k": k, "hot": hot},
        (k >= 0, hot >= 0),
        step,
        lambda values: "",
    )

    def goal() -> Term:
        x, kernel = ROW.array("x"), kernels.axis_kernel(SymInt(D))  # type: ignore[arg-type]  # a symbol in place of an int
        source = [ROW.index[0] + term(kernel.hot) - term(kernel.before)]
        one = z3.If(inside(source, x.shape), x.read(source), ZERO)
        size = ROW.sizes[0] + term(kernel.before) + term(kernel.after) - term(kernel.taps) + 1
        forward, backward = z3.If(D > 0, D, 0), z3.If(D < 0, -D, 0)
        wanted = [
            (kernel.taps, forward + backward + 1),
            (kernel.hot, backward),
            (kernel.before, forward),
            (kernel.after, backward),
        ]
        return z3.And(
            *(term(got) == want for got, want in wanted),
            size == ROW.sizes[0],
            one == sliced(x, [SymInt(D)]).read(ROW.index),
        )

    def replay(values: Values) -> str:
        x, d = ROW.labels(values), values["d"]
        if not is_of_the_step(kernel := kernels.one_hot_kernel(d), (d,)):
            return (
                f"NumPy gives {kernel.weights.tolist()} with zeros {kernel.padding} for {d}, "
                "which is not its kernel"
            )
        return differs(
            lambda: (correlate(x, kernels.one_hot_kernel(d), axes=0), sliced(x, (d,))),
            ROW.place(values),
        )

    yield Claim(
        "any whole displacement along one axis",
        {**ROW.variables, "d": D},
        ROW.premises,
        goal,
        replay,
    )
    for far in FAR:
        yield _correlation_claim(f"displacement {far}, as built", ROW, _one_hot((far,)), (far,))


def textbook_claims() -> Iterator[Claim]:
    """Under the textbook's convolution, which flips the kernel, ours moves nothing; a kernel
    that was flipped before, as it should.
    """
    for d in STEPS:

        def goal(d: Sequence[int] = d) -> Term:
            x, kernel = CLIP.array("x"), kernels.one_hot_kernel(d)
            turned = kernel._replace(weights=np.flip(kernel.weights))
            moved = correlation(x, turned, CLIP.index, flipped=True) == sliced(x, d).read(
                CLIP.index
            )
            return z3.And(
                correlation(x, kernel, CLIP.index, flipped=True) == x.read(CLIP.index), moved
            )

        def replay(values: Values, d: Sequence[int] = d) -> str:
            x, kernel = CLIP.labels(values), kernels.one_hot_kernel(d)
            turned = kernel._replace(weights=np.flip(kernel.weights))
            return differs(
                lambda: (correlate(x, turned, axes=range(3)), x), CLIP.place(values)
            ) or differs(
                lambda: (correlate(x, kernel, axes=range(3)), sliced(x, d)), CLIP.place(values)
            )

        yield Claim(f"displacement {tuple(d)}", CLIP.variables, CLIP.premises, goal, replay)


def _unflipped_claims() -> Iterator[Claim]:
    """The false claim that the textbook's convolution, with our kernel as it is, moves the
    content.
    """
    d = STEPS[0]

    def goal() -> Term:
        x = CLIP.array("x")
        return correlation(x, kernels.one_hot_kernel(d), CLIP.index, flipped=True) == sliced(
            x, d
        ).read(CLIP.index)

    def replay(values: Values) -> str:
        x, kernel = CLIP.labels(values), kernels.one_hot_kernel(d)
        turned = kernel._replace(weights=np.flip(kernel.weights))
        return differs(
            lambda: (correlate(x, turned, axes=range(3)), sliced(x, d)), CLIP.place(values)
        )

    yield Claim(f"displacement {tuple(d)}", CLIP.variables, CLIP.premises, goal, replay)


KERNELS = plant(
    kernels,
    kernels.axis_kernel,
    wrong_code.kernel_hot_at_the_other_end,
    wrong_code.kernel_padded_on_the_other_side,
    wrong_code.kernel_padded_on_both_sides,
    wrong_code.kernel_one_tap_short,
)
UNFLIPPED = Variant("the kernel need not be flipped", claims=_unflipped_claims)

THEOREMS = (
    Theorem("the_shift_is_a_sparse_convolution", correlation_claims, KERNELS),
    Theorem("any_distance_is_a_sparse_convolution", any_distance_claims, KERNELS),
    Theorem("the_textbook_flips_the_kernel", textbook_claims, (*KERNELS[:2], UNFLIPPED)),
)
