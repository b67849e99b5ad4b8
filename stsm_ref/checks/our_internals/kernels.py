"""KERN, PAD and CONV: the kernels as printed, their padding, and shift against sparse convolution
on every engine.
"""

import itertools
from typing import Any

import numpy as np
from hypothesis import strategies as st
from scipy import signal

from stsm_ref import strategies
from stsm_ref.checks.our_internals import large_cases
from stsm_ref.correlate import ENGINES
from stsm_ref.evidence.check import check
from stsm_ref.evidence.failure import require, same_bits, same_values
from stsm_ref.geometry import CLIP_AXES, UNIT_DISPLACEMENTS, Displacement
from stsm_ref.implementations.ours import SINGLE_STEPS, Subject
from stsm_ref.strategies import ArrayCase, ClipCase

# (builder, weights as printed, displacement down and right), Eqs. (1) to (3) in their order
PRINTED: list[tuple[str, list[Any]]] = [
    ("kernels_1x2", [([[0, 1]], (0, -1)), ([[1, 0]], (0, 1))]),
    ("kernels_2x1", [([[0], [1]], (-1, 0)), ([[1], [0]], (1, 0))]),
    (
        "kernels_2x2",
        [
            ([[1, 0], [0, 0]], (1, 1)),
            ([[0, 1], [0, 0]], (1, -1)),
            ([[0, 0], [1, 0]], (-1, 1)),
            ([[0, 0], [0, 1]], (-1, -1)),
        ],
    ),
]


@check("KERN-1x2", "KERN-2x1", "KERN-2x2", rung="L0", each=lambda _: PRINTED, sides=("numpy",))
def kernels_are_as_printed(subject: Subject, case: tuple[str, list[Any]]) -> None:
    """Eqs. (1), (2) and (3) literally, in the printed order."""
    builder, printed = case
    built = getattr(subject, builder)()
    require(
        len(built) == len(printed),
        f"{builder}: {len(built)} kernels, the paper prints {len(printed)}",
    )
    for kernel, (weights, displacement) in zip(built, printed, strict=True):
        same_values(kernel.weights, weights, f"{builder}, displacement {displacement}")
        require(
            tuple(kernel.displacement) == displacement,
            f"{builder}: {weights} is said to move {kernel.displacement}, not {displacement}",
        )


@check(
    "KERN-3D",
    rung="L0",
    each=lambda _: enumerate(itertools.product((0, 1), repeat=3)),
    sides=("numpy",),
)
def kernels_3d_are_by_hot_index(subject: Subject, case: tuple[int, tuple[int, ...]]) -> None:
    """The eight 3-D kernels stand in the order of their hot index; hot 0 moves by +1, hot 1
    by -1.
    """
    position, hot = case
    kernels = subject.kernels_3d()
    require(len(kernels) == 8, f"kernels_3d: {len(kernels)} kernels, should be 8")
    want = np.zeros((2, 2, 2), np.uint8)
    want[hot] = 1
    same_values(kernels[position].weights, want, f"kernels_3d()[{position}]")
    moved = tuple(1 - 2 * h for h in hot)
    require(
        tuple(kernels[position].displacement) == moved,
        f"kernels_3d()[{position}] moves {kernels[position].displacement}, not {moved}",
    )


@check(
    "KERN-1x2",
    "KERN-2x1",
    "KERN-2x2",
    "KERN-3D",
    "PAD-1",
    rung="L1",
    each=lambda _: [*UNIT_DISPLACEMENTS, *large_cases.FAR],
    strategy=strategies.displacements(),
    sides=("numpy",),
)
def kernels_are_one_hot(subject: Subject, displacement: tuple[int, ...]) -> None:
    """|d|+1 taps, one 1: first for d > 0 with d zeros before, last for d < 0 with -d zeros after;
    sizes stay.
    """
    weights, padding, moved = subject.one_hot_kernel(displacement)
    name = f"one_hot_kernel({tuple(displacement)})"
    require(
        weights.shape == tuple(abs(d) + 1 for d in displacement),
        f"{name}: weights of shape {weights.shape}",
    )
    require(
        sorted(weights.ravel().tolist()) == [0] * (weights.size - 1) + [1],
        f"{name}: weights are not one-hot",
    )
    hot = tuple(int(i) for i in np.argwhere(weights)[0])
    require(
        hot == tuple(0 if d >= 0 else -d for d in displacement), f"{name}: the 1 stands at {hot}"
    )
    expected = tuple((d, 0) if d > 0 else (0, -d) for d in displacement)
    require(
        tuple(map(tuple, padding)) == expected, f"{name}: padding {padding}, should be {expected}"
    )
    require(tuple(moved) == tuple(displacement), f"{name}: says it moves {moved}")


@check(
    "PAD-1",
    rung="L0",
    each=lambda _: [
        ((1,), [0, 1, 2, 3]),
        ((-1,), [2, 3, 4, 0]),
        ((2,), [0, 0, 1, 2]),
        ((-3,), [4, 0, 0, 0]),
    ],
    sides=("numpy",),
)
def zeros_stand_on_one_side(subject: Subject, case: tuple[tuple[int, ...], list[int]]) -> None:
    """1234 becomes 0123 under [1 0] and 2340 under [0 1]; with the zeros on the other side nothing
    moves (the "same" trap).
    """
    displacement, want = case
    kernel = subject.one_hot_kernel(displacement)
    got = subject.correlate(np.array([1, 2, 3, 4]), kernel, axes=0)
    same_values(
        got, want, f"correlation under {kernel.weights.tolist()} with padding {kernel.padding}"
    )
    wrong_side = kernel._replace(padding=tuple((after, before) for before, after in kernel.padding))
    same_values(
        subject.correlate(np.array([1, 2, 3, 4]), wrong_side, axes=0),
        [1, 2, 3, 4],
        "correlation with the zeros on the other side",
    )


@check("CONV-1", rung="L1", each=lambda _: UNIT_DISPLACEMENTS, sides=("numpy",))
def convolution_is_cross_correlation(subject: Subject, displacement: Displacement) -> None:
    """Under the textbook's flipped convolution the kernel must be flipped first; unflipped, [1 0]
    with its padding moves nothing.
    """
    x = strategies.labels((3, 5, 2), np.dtype(np.float64), np.random.default_rng(6))
    weights, padding, _ = subject.one_hot_kernel(displacement)
    padded = np.pad(x, padding)
    want = subject.correlate(x, subject.one_hot_kernel(displacement), axes=(0, 1, 2))
    same_values(
        signal.convolve(padded, np.flip(weights), mode="valid", method="direct"),
        want,
        f"convolution, flipped kernel of {displacement}",
    )
    same_values(
        signal.convolve(padded, weights, mode="valid", method="direct"),
        x,
        f"convolution, unflipped kernel of {displacement}",
    )


@check(
    "CONV-2",
    "KERN-1x2",
    "KERN-2x1",
    "KERN-2x2",
    "KERN-3D",
    rung="L1",
    each=lambda _: itertools.product(
        ENGINES, UNIT_DISPLACEMENTS, [(1, 2, 3), (3, 1, 2), (2, 5, 3)], "bfD"
    ),
)
def all_26_kernels_shift(
    subject: Subject, case: tuple[str, Displacement, tuple[int, ...], str]
) -> None:
    """Each of the 26 kernels equals its shift on every engine."""
    engine, displacement, shape, char = case
    x = strategies.labels(shape, np.dtype(char), np.random.default_rng(7))
    got = subject.correlate(x, subject.one_hot_kernel(displacement), axes=(0, 1, 2), engine=engine)
    same_values(
        got,
        subject.shift(x, displacement, axes=(0, 1, 2)),
        f"{engine} of {shape} under {tuple(displacement)}",
    )


@check(
    "CONV-2",
    rung="L1",
    each=lambda _: itertools.product(ENGINES, large_cases.arrays(longest=400)),
    strategy=st.tuples(
        st.sampled_from(list(ENGINES)), strategies.array_cases(reach=4, values="finite")
    ),
    sides=("numpy",),
    why_one_side=SINGLE_STEPS,
)
def any_displacement_is_a_convolution(subject: Subject, case: tuple[str, ArrayCase]) -> None:
    """Any whole displacement along any axes equals correlation with its kernel, in value, dtype
    kept, on every engine.
    """
    engine, (x, displacement, axes) = case
    got = subject.correlate(x, subject.one_hot_kernel(displacement), axes=axes, engine=engine)
    require(got.dtype == x.dtype, f"{engine}: dtype {got.dtype}, should be {x.dtype}")
    same_values(got, subject.shift(x, displacement, axes=axes), f"{engine} of {case[1]}")


@check(
    "CONV-2",
    "SHIFT-2",
    "SHIFT-3",
    rung="L1",
    each=lambda _: itertools.product(ENGINES, large_cases.clips()),
    strategy=st.tuples(st.sampled_from(list(ENGINES)), strategies.clip_cases(values="finite")),
)
def stsm_is_a_convolution(subject: Subject, case: tuple[str, ClipCase]) -> None:
    """STSM of any spec equals its groups under their sparse kernels, in value, on every engine."""
    engine, (x, spec) = case
    same_values(
        subject.correlate_stsm(x, spec, engine=engine),
        subject.stsm(x, spec),
        f"{engine} of {case[1]}",
    )


@check(
    "CONV-2",
    "NUM-1",
    rung="L0",
    each=lambda _: ENGINES,
    sides=("numpy",),
    why_one_side="torch has one engine, which is not asked for infinities",
)
def where_convolution_differs(subject: Subject, engine: str) -> None:
    """Not bit for bit: 0*inf is NaN (ndimage passes over zero taps) and a sum loses -0.0, where the
    shift keeps both.
    """
    x = np.array([np.inf, -0.0, 5.0, 7.0])
    kernel = subject.one_hot_kernel(-1)
    got = subject.correlate(x, kernel, axes=0, engine=engine)
    # out[0] = 0*inf + 1*(-0.0); out[1] = 0*(-0.0) + 1*5; then 7 and the zero that enters
    first = 0.0 if engine == "ndimage" else np.nan
    np_equal = np.array_equal(got, [first, 5, 7, 0], equal_nan=True)
    require(np_equal, f"{engine}: {got}, should be {[first, 5.0, 7.0, 0.0]}")
    negative_zero = subject.correlate(np.array([3.0, -0.0, 5.0]), kernel, axes=0, engine=engine)
    require(
        negative_zero[0] == 0 and not np.signbit(negative_zero[0]),
        f"{engine}: kept the sign of -0.0, which a sum cannot",
    )
    same_bits(subject.shift(x, -1, axes=0), np.array([-0.0, 5, 7, 0]), "shift")


@check(
    "CONV-2",
    rung="L1",
    strategy=strategies.arrays((2, 3, 4, 5), values="finite", dtypes=[np.dtype(np.int64)]),
    sides=("numpy",),
)
def engines_sum_every_tap(subject: Subject, x: np.ndarray[Any, Any]) -> None:
    """The engines take no short cut: under a dense kernel of any weights they agree with the sum
    written out in loops.
    """
    x = x % 1000
    dense = _Dense()
    padded = np.pad(x, ((0, 0), (0, 0), *dense.padding))
    want = np.zeros((2, 3, 4, 5), np.int64)
    for i, j in np.ndindex(dense.weights.shape):
        want += dense.weights[i, j] * padded[:, :, i : i + 4, j : j + 5]
    for engine in ENGINES:
        same_values(
            subject.correlate(x, dense, axes=(CLIP_AXES["H"], CLIP_AXES["W"]), engine=engine),
            want,
            f"{engine}, dense kernel",
        )


class _Dense:
    """A kernel that is not one-hot."""

    weights = np.array([[2, -3, 5], [7, 0, -11]])
    padding = ((1, 0), (0, 2))
