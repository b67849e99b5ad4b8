"""MAT, INV, CAP and COST: the shift as a matrix, what it cannot undo, what two layers can do, and
that nothing is learned.
"""

import functools
import itertools

import numpy as np
from hypothesis import strategies as st

from stsm_ref import definition, strategies
from stsm_ref.checks.our_internals import large_cases
from stsm_ref.composition import apply_layers
from stsm_ref.evidence.check import check
from stsm_ref.evidence.failure import require, same_values
from stsm_ref.geometry import UNIT_DISPLACEMENTS, Displacement, ShiftSpec
from stsm_ref.implementations.ours import SINGLE_STEPS, Subject
from stsm_ref.strategies import ClipCase

ONE_AXIS = [(n, d) for n in (0, 1, 2, 3, 5, 8) for d in (-9, -3, -2, -1, 0, 1, 2, 3, 9)]
SMALL = st.tuples(strategies.sizes(), strategies.sizes(), strategies.sizes())


@check(
    "MAT-1",
    rung="L1",
    each=lambda _: [*ONE_AXIS, *large_cases.axes_and_distances()],
    sides=("numpy",),
)
def one_axis_is_an_off_diagonal(subject: Subject, case: tuple[int, int]) -> None:
    """The matrix of a shift by d along one axis has ones where row - column = d, and
    nothing else.
    """
    size, distance = case
    want = [[int(row - column == distance) for column in range(size)] for row in range(size)]
    got = subject.shift_matrix(size, distance).toarray()
    same_values(got, np.reshape(want, (size, size)), f"shift_matrix({size}, {distance})")


@check(
    "MAT-2",
    rung="L1",
    each=lambda _: UNIT_DISPLACEMENTS,
    strategy=strategies.displacements(reach=3),
    sides=("numpy",),
    why_one_side=SINGLE_STEPS,
)
def several_axes_are_a_kronecker_product(subject: Subject, displacement: tuple[int, ...]) -> None:
    """Along T, H, W the matrix is the Kronecker product of the three, and times the raveled array
    it is the shift.
    """
    shape = (3, 2, 5)
    whole = subject.shift_matrix(shape, displacement)
    dense = [subject.shift_matrix(n, d).toarray() for n, d in zip(shape, displacement, strict=True)]
    same_values(
        whole.toarray(),
        functools.reduce(np.kron, dense),
        f"shift_matrix({shape}, {tuple(displacement)})",
    )
    x = strategies.labels(shape, np.dtype(np.int64), np.random.default_rng(8))
    want = subject.shift(x, displacement, axes=(0, 1, 2))
    same_values(
        (whole @ x.ravel()).reshape(shape),
        want,
        f"shift_matrix({shape}, {tuple(displacement)}) @ x",
    )


@check(
    "MAT-2",
    "GRAD-1",
    rung="L1",
    each=lambda _: large_cases.clips(),
    strategy=strategies.clip_cases(batch_axes=(0,), dtypes=[np.dtype(np.int64)], values="labels"),
)
def stsm_is_one_matrix(subject: Subject, case: ClipCase) -> None:
    """The whole STSM is one matrix, and its transpose is the VJP."""
    x, spec = case
    matrix = subject.stsm_matrix(x.shape, spec)
    same_values(
        (matrix @ x.ravel()).reshape(x.shape), subject.stsm(x, spec), f"stsm_matrix @ x for {case}"
    )
    same_values(
        (matrix.T @ x.ravel()).reshape(x.shape),
        subject.stsm_vjp(x, spec),
        f"stsm_matrix.T @ grad for {case}",
    )


@check(
    "MAT-3",
    rung="L1",
    strategy=st.tuples(SMALL, strategies.displacements(reach=3)),
    sides=("numpy",),
)
def shifts_are_nilpotent(subject: Subject, case: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """Repeated, a shift that moves empties the array: after ceil(n/|d|) steps along the axis that
    runs out first, and not before.
    """
    shape, displacement = case
    matrix = subject.shift_matrix(shape, displacement)
    last = min(
        (-(-n // abs(d)) for n, d in zip(shape, displacement, strict=True) if d), default=None
    )
    power = functools.reduce(
        lambda product, _: product @ matrix,
        range((last or 9) - 1),
        subject.shift_matrix(shape, (0, 0, 0)),
    )
    require(
        np.any(power.toarray()), f"{displacement} on {shape}: empty too early, before step {last}"
    )
    require(
        (last is None) == bool(np.any((power @ matrix).toarray())),
        f"{displacement} on {shape}: not empty after {last} steps",
    )


@check(
    "MAT-4",
    rung="L1",
    strategy=st.tuples(SMALL, strategies.displacements(reach=3)),
    sides=("numpy",),
)
def squares_are_projections(
    subject: Subject, case: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    """S'S is a projection: symmetric, idempotent, diagonal, of rank n-|d| along each axis."""
    shape, displacement = case
    matrix = subject.shift_matrix(shape, displacement).toarray()
    square = matrix.T @ matrix
    same_values(square @ square, square, f"(S'S)^2 for {displacement} on {shape}")
    same_values(square, np.diag(np.diag(square)), f"S'S for {displacement} on {shape}")
    rank = int(np.prod([max(n - abs(d), 0) for n, d in zip(shape, displacement, strict=True)]))
    require(
        np.linalg.matrix_rank(matrix) == rank == np.trace(square),
        f"{displacement} on {shape}: rank is not {rank}",
    )


@check(
    "MAT-5",
    rung="L1",
    strategy=st.tuples(SMALL, strategies.displacements(reach=3)),
    sides=("numpy",),
)
def the_spectral_norm_is_one(
    subject: Subject, case: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    """A shift never stretches: spectral norm 1, or 0 where everything is pushed out."""
    shape, displacement = case
    norm = np.linalg.norm(subject.shift_matrix(shape, displacement).toarray(), 2)
    want = float(all(abs(d) < n for n, d in zip(shape, displacement, strict=True)))
    require(
        np.isclose(norm, want, rtol=0, atol=1e-12),
        f"{displacement} on {shape}: spectral norm {norm}, should be {want}",
    )


@check(
    "INV-1",
    rung="L1",
    each=lambda _: itertools.product(UNIT_DISPLACEMENTS, [(1, 2, 3), (3, 3, 2), (5, 1, 1)]),
)
def shifting_back_loses_the_edge(
    subject: Subject, case: tuple[Displacement, tuple[int, ...]]
) -> None:
    """Forth and back is not the identity: what left at the edge is gone, the rest returns."""
    displacement, shape = case
    x = strategies.labels(shape, np.dtype(np.int64), np.random.default_rng(9))
    want = x.copy()
    for axis, d in enumerate(displacement):
        # content that moved out over the far edge: the last place for +1, the first for -1
        np.moveaxis(want, axis, 0)[{1: slice(-1, None), -1: slice(0, 1), 0: slice(0, 0)}[d]] = 0
    forth = subject.shift(x, displacement, axes=(0, 1, 2))
    same_values(
        subject.shift(forth, -displacement, axes=(0, 1, 2)),
        want,
        f"forth and back by {tuple(displacement)} on {shape}",
    )
    product = subject.shift_matrix(shape, -displacement) @ subject.shift_matrix(shape, displacement)
    require(
        np.any(product.toarray() != np.eye(x.size)),
        f"{displacement} on {shape}: S- S+ is the identity",
    )


@check(
    "CAP-1",
    rung="L1",
    each=lambda _: itertools.product(
        UNIT_DISPLACEMENTS, ["T+H+W", "T+H+W@1,backward-first", "W+T+H@3/4"]
    ),
    sides=("numpy",),
)
def layers_make_any_shift(subject: Subject, case: tuple[Displacement, str]) -> None:
    """As many shift + 1x1 layers as there are moved axes make each of the 26 shifts; the 1x1
    weights are built, 0 and 1 only.
    """
    displacement, text = case
    spec = ShiftSpec.parse(text)
    x = strategies.labels((2, 3, 20, 3, 5), np.dtype(np.int64), np.random.default_rng(10))
    route = subject.route_through_layers(displacement, channels=20, spec=spec)
    require(
        len(route.weights) == np.count_nonzero(displacement),
        f"{tuple(displacement)}: {len(route.weights)} layers",
    )
    got = apply_layers(x, route.weights, spec)[..., route.target, :, :]
    want = definition.shift(x[..., route.source, :, :], displacement, axes=(-3, -2, -1))
    same_values(got, want, f"{len(route.weights)} layers of {text} for {tuple(displacement)}")


@check(
    "COST-1",
    rung="L1",
    strategy=strategies.clip_cases(batch_axes=(0,), dtypes=[np.dtype(np.int64)], values="labels"),
    sides=("numpy",),
)
def nothing_is_learned(subject: Subject, case: ClipCase) -> None:
    """Shape and spec fix the whole matrix: entries 0 and 1, at most one 1 in a row or column, no
    number left to learn.
    """
    x, spec = case
    matrix = subject.stsm_matrix(x.shape, spec)
    require(
        set(np.unique(matrix.data)) <= {1},
        f"stsm_matrix for {case}: entries {np.unique(matrix.data)}",
    )
    for axis in (0, 1):
        require(
            matrix.sum(axis=axis).max(initial=0) <= 1,
            f"stsm_matrix for {case}: two ones in a {('column', 'row')[axis]}",
        )
