"""GRAD-1 to GRAD-4, exact on integers: adjoint, tangent, second derivative, and gradients through a
following convolution.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from stsm_ref import definition, strategies
from stsm_ref.checks.our_internals import large_cases
from stsm_ref.evidence.check import check
from stsm_ref.evidence.failure import require, same_bits, same_values
from stsm_ref.geometry import CHANNEL_AXIS, CLIP_AXES, ShiftSpec
from stsm_ref.implementations.ours import Subject
from stsm_ref.strategies import ClipCase

Integers = npt.NDArray[np.int64]
INTEGERS: dict[str, Any] = {"dtypes": [np.dtype(np.int64)], "values": "labels"}
CERTIFIED = [
    ShiftSpec.parse(text)
    for text in (
        "T+H+W@1",
        "T@1/2,backward-first",
        "TH+TW+HW@1",
        "THW@1,backward-first",
        "T+HW@3/4",
    )
]


@check(
    "GRAD-1",
    "SHIFT-6",
    rung="L1",
    each=lambda _: large_cases.clips(),
    strategy=strategies.clip_cases(),
)
def vjp_equals_definition(subject: Subject, case: ClipCase) -> None:
    """The sliced VJP equals the gradient sent back scalar by scalar, bit for bit."""
    same_bits(
        subject.stsm_vjp(case.x, case.spec),
        definition.stsm_vjp(case.x, case.spec),
        f"stsm_vjp of {case}",
    )


@check("GRAD-1", rung="L1", strategy=strategies.clip_cases(batch_axes=(0, 1), **INTEGERS))
def vjp_is_the_opposite_shift(subject: Subject, case: ClipCase) -> None:
    """The VJP moves every group by its opposite displacement, zero-filled; <g, stsm(x)> = <vjp(g),
    x> exactly.
    """
    x, spec = case
    grad = strategies.labels(x.shape, x.dtype, np.random.default_rng(1))
    back = subject.stsm_vjp(grad, spec)
    require(
        np.sum(grad * subject.stsm(x, spec)) == np.sum(back * x),
        f"{case}: <g, stsm(x)> is not <vjp(g), x>",
    )
    for start, stop, displacement in spec.partition(x.shape[CHANNEL_AXIS]):
        opposite = subject.shift(
            grad[..., start:stop, :, :], -displacement, axes=tuple(CLIP_AXES.values())
        )
        same_bits(
            back[..., start:stop, :, :], opposite, f"stsm_vjp of {case}, channels {start}..{stop}"
        )


@check("GRAD-2", rung="L1", strategy=strategies.clip_cases(batch_axes=(0, 1), **INTEGERS))
def jvp_is_the_shift(subject: Subject, case: ClipCase) -> None:
    """STSM is linear, exactly, so the derivative at x along v is stsm(v), and stsm(0) is 0."""
    x, spec = case
    v = strategies.labels(x.shape, x.dtype, np.random.default_rng(2))
    same_bits(
        subject.stsm(x + 3 * v, spec) - subject.stsm(x, spec),
        3 * subject.stsm(v, spec),
        f"stsm(x + 3v) - stsm(x) for {case}",
    )
    same_bits(subject.stsm(np.zeros_like(x), spec), np.zeros_like(x), f"stsm(0) for {case}")


@check("GRAD-3", rung="L1", strategy=strategies.clip_cases(batch_axes=(0, 1), **INTEGERS))
def second_derivative_is_zero(subject: Subject, case: ClipCase) -> None:
    """The mixed second difference of STSM, and of its VJP, is exactly 0."""
    x, spec = case
    u, v = (strategies.labels(x.shape, x.dtype, np.random.default_rng(seed)) for seed in (3, 4))
    for name, f in (("stsm", subject.stsm), ("stsm_vjp", subject.stsm_vjp)):
        mixed = f(x + u + v, spec) - f(x + u, spec) - f(x + v, spec) + f(x, spec)
        same_bits(mixed, np.zeros_like(x), f"second difference of {name} for {case}")


@check(
    "GRAD-1",
    "SHIFT-6",
    rung="L3",
    each=lambda _: [
        (spec, shape)
        for spec in CERTIFIED
        for shape in ((3, 12, 2, 1), (2, 8, 1, 3), (1, 12, 3, 2))
    ],
)
def every_basis_vector(subject: Subject, case: tuple[ShiftSpec, tuple[int, ...]]) -> None:
    """On every basis vector of the shape STSM is the matrix of the definition, and the VJP is its
    transpose.
    """
    spec, shape = case
    size = int(np.prod(shape))
    basis = np.eye(size, dtype=np.int8).reshape(size, *shape)
    # row j of each is the image of basis vector j
    forward = subject.stsm(basis, spec).reshape(size, size)
    same_bits(
        forward,
        definition.stsm(basis, spec).reshape(size, size),
        f"stsm({spec}) on the basis of {shape}",
    )
    same_bits(
        subject.stsm_vjp(basis, spec).reshape(size, size),
        forward.T,
        f"stsm_vjp({spec}) on the basis of {shape}",
    )


class Gradients(NamedTuple):
    """Gradients of ``sum(grad * convolution(middle, weights))``."""

    weights: Integers
    middle: Integers


@check("GRAD-4", "CONV-2", rung="L1", strategy=strategies.clip_cases(batch_axes=(0,), **INTEGERS))
def gradients_pass_through_a_convolution(subject: Subject, case: ClipCase) -> None:
    """Through a following 3x3 convolution, weight and input gradients of shift equal those of
    sparse convolution and of differences.
    """
    x, spec = case
    rng = np.random.default_rng(5)
    time, channels, height, width = x.shape
    weights = rng.integers(-3, 4, (2, channels, 3, 3))
    grad = rng.integers(-3, 4, (time, 2, height, width))

    shifted, convolved = subject.stsm(x, spec), subject.correlate_stsm(x, spec)
    by_shift, by_sparse = _gradients(shifted, weights, grad), _gradients(convolved, weights, grad)
    same_values(by_shift.weights, by_sparse.weights, f"weight gradients for {case}")

    from_shift = subject.stsm_vjp(by_shift.middle, spec)
    same_values(
        from_shift, _sparse_adjoint(subject, by_sparse.middle, spec), f"input gradients for {case}"
    )
    for place in {(0, 0, 0, 0), tuple(n - 1 for n in x.shape), tuple(n // 2 for n in x.shape)}:
        nudged = x.copy()
        nudged[place] += 1
        difference = np.sum(
            grad * (_convolve(subject.stsm(nudged, spec), weights) - _convolve(shifted, weights))
        )
        require(
            difference == from_shift[place],
            f"{case}: gradient{list(place)} = {from_shift[place]}, the difference is {difference}",
        )


def _windows(y: Integers) -> Integers:
    """All 3x3 windows of a clip with one zero around: ``(T, C, H, W, 3, 3)``."""
    padded = np.pad(y, ((0, 0), (0, 0), (1, 1), (1, 1)))
    return np.lib.stride_tricks.sliding_window_view(padded, (3, 3), axis=(2, 3))


def _convolve(y: Integers, weights: Integers) -> Integers:
    """A plain 3x3 layer, ``(T, C, H, W)`` with ``(O, C, 3, 3)`` to ``(T, O, H, W)``."""
    return np.asarray(np.einsum("tchwij,ocij->tohw", _windows(y), weights))


def _gradients(y: Integers, weights: Integers, grad: Integers) -> Gradients:
    """Backward of `_convolve`."""
    spread = np.einsum("tohw,ocij->tchwij", grad, weights)
    middle = np.zeros((*y.shape[:2], y.shape[2] + 2, y.shape[3] + 2), np.int64)
    for i in range(3):
        for j in range(3):
            middle[:, :, i : i + y.shape[2], j : j + y.shape[3]] += spread[..., i, j]
    return Gradients(np.einsum("tchwij,tohw->ocij", _windows(y), grad), middle[:, :, 1:-1, 1:-1])


class _Transposed(NamedTuple):
    """The kernel whose correlation is the transpose of another's."""

    weights: npt.NDArray[np.uint8]
    padding: tuple[tuple[int, int], ...]


def _sparse_adjoint(subject: Subject, grad: Integers, spec: ShiftSpec) -> Integers:
    """Backward of the sparse convolution as a framework does it: flipped kernel, the complement of
    the padding.
    """
    back = np.empty_like(grad)
    for start, stop, displacement in spec.partition(grad.shape[CHANNEL_AXIS]):
        kernel = subject.one_hot_kernel(displacement)
        rest = tuple(
            (n - 1 - before, n - 1 - after)
            for n, (before, after) in zip(kernel.weights.shape, kernel.padding, strict=True)
        )
        flipped = _Transposed(np.flip(kernel.weights), rest)
        back[:, start:stop] = subject.correlate(
            grad[:, start:stop], flipped, axes=tuple(CLIP_AXES.values())
        )
    return back
