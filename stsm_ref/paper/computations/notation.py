"""Sections 1 to 3: kernels, shares of channels, taps of a layer; on our kernels and partition, or
by listing every case.
"""

from fractions import Fraction
from itertools import product

import numpy as np
import numpy.typing as npt

from stsm_ref.geometry import SUBSETS, UNIT_DISPLACEMENTS, ShiftSpec
from stsm_ref.kernels import OneHotKernel, kernels_1x2, kernels_2x1, kernels_2x2, one_hot_kernel
from stsm_ref.paper.computations.registry import Verdict, settles
from stsm_ref.paper.tables import TABLE_1, TABLE_2, TABLE_3
from stsm_ref.slicing import stsm

EQ_1, EQ_2 = ([[0, 1]], [[1, 0]]), ([[0], [1]], [[1], [0]])
EQ_3 = ([[1, 0], [0, 0]], [[0, 1], [0, 0]], [[0, 0], [1, 0]], [[0, 0], [0, 1]])
"""The kernels as the paper prints them, in its order."""


def _all_one_hot(shape: tuple[int, int]) -> list[list[list[int]]]:
    """Every matrix of zeros and ones of that shape that has a single 1."""
    size = shape[0] * shape[1]
    return [
        np.reshape(bits, shape).tolist() for bits in product((0, 1), repeat=size) if sum(bits) == 1
    ]


def _same_kernels(
    shape: tuple[int, int], printed: tuple[list[list[int]], ...], ours: tuple[OneHotKernel, ...]
) -> Verdict:
    """List the kernels of a shape, and compare them with the printed ones and with ours."""
    listed = _all_one_hot(shape)
    built = [kernel.weights.reshape(shape).tolist() for kernel in ours]
    return Verdict(
        sorted(listed) == sorted(printed) == sorted(built),
        f"{len(listed)} matrices with a single 1; {len(printed)} are printed",
    )


@settles("two-1x2")
def two_1x2() -> Verdict:
    """List the 1x2 kernels."""
    return _same_kernels((1, 2), EQ_1, kernels_1x2())


@settles("two-2x1")
def two_2x1() -> Verdict:
    """List the 2x1 kernels."""
    return _same_kernels((2, 1), EQ_2, kernels_2x1())


@settles("four-2x2")
def four_2x2() -> Verdict:
    """List the 2x2 kernels."""
    return _same_kernels((2, 2), EQ_3, kernels_2x2())


@settles("one-hot", "fig-4-one-hot")
def one_hot() -> Verdict:
    """Count the components of every one-step kernel."""
    kernels = [one_hot_kernel(displacement).weights for displacement in UNIT_DISPLACEMENTS]
    good = [np.count_nonzero(weights) == 1 and weights.sum() == 1 for weights in kernels]
    return Verdict(all(good), f"{sum(good)} of {len(kernels)} kernels have a single 1")


@settles("xw-channels")
def xw_channels() -> Verdict:
    """Look whether 4/3 of the channels fit, and what α/3 may be."""
    return Verdict(Fraction(4, 3) <= 1, f"4/3 > 1; α/3 is at most {Fraction(1, 3)} for α in [0, 1]")


@settles("step-1-sizes")
def step_1_sizes() -> Verdict:
    """Add the shares up at two values of α, which settles a polynomial of degree 1."""
    sums = [3 * (alpha / 3) + (1 - alpha) for alpha in (Fraction(0), Fraction(1))]
    parts = [
        ShiftSpec("T+H+W", row.model.removeprefix("α = ")).partition(48)[-1].stop for row in TABLE_1
    ]
    return Verdict(
        set(sums) == {1} and set(parts) == {48},
        f"3 (α/3) + (1 - α) = {sums[0]} at α = 0 and {sums[1]} at α = 1",
    )


@settles("equal-levels")
def equal_levels() -> Verdict:
    """Look for widths of ResNet-50 at which each α of Table 1 gives whole, equal shares, and how
    far rounding down is from α.
    """
    widths = (64, 256, 512, 1024, 2048)
    alphas = [row.model.removeprefix("α = ") for row in TABLE_1]
    broken = [
        alpha
        for alpha in alphas
        if all((Fraction(alpha) * width / 6).denominator > 1 for width in widths)
    ]
    share = ", ".join(f"{alpha}: {Fraction(alpha) * 64 / 6}" for alpha in broken)
    left = ShiftSpec("T+H+W", 1).partition(64)[-1]
    short = [
        Fraction(alpha) * width - ShiftSpec("T+H+W", alpha).partition(width)[-1].start
        for alpha in alphas
        for width in widths
    ]
    with_hw = ShiftSpec("T+H+W+HW").partition(64)[-1].start
    return Verdict(
        all(0 <= missing < 6 for missing in short),  # less than one channel a direction
        f"channels a direction at 64, by α: {share}; at α = 1 ours leaves "
        f"{left.stop - left.start} of 64; "
        f"T+H+W+HW at 3/8 moves {with_hw} of {64 * 3 // 8}",
    )


@settles("any-layer")
def any_layer() -> Verdict:
    """Run STSM at each number of channels up to 64; count what moves before a first convolution of
    3, and the fewest for all directions.
    """
    spec = ShiftSpec()
    runs = all(
        stsm(np.ones((2, channels, 2, 2), np.int8), spec).shape == (2, channels, 2, 2)
        for channels in range(1, 65)
    )
    moved = spec.partition(3)[-1].start
    fewest = next(channels for channels in range(1, 100) if spec.partition(channels)[0].stop == 1)
    return Verdict(
        runs,
        f"at 3 channels a direction has {spec.alpha * 3 / 6}, {moved} move; {fewest} channels are "
        "the fewest",
    )


@settles("greatest-change")
def greatest_change() -> Verdict:
    """Count the entries that change with the zeros on the side that the paper names, and on the
    other side.
    """
    x = np.arange(1, 10).reshape(3, 3)
    changed = {side: int(np.sum(_correlate_with_01(x, side) != x)) for side in ("right", "left")}
    return Verdict(
        changed["right"] == x.size and changed["left"] == 0,
        f"entries of 9 changed by [0 1]: {changed['right']} with zeros on the right, "
        f"{changed['left']} on the left",
    )


def _correlate_with_01(x: npt.NDArray[np.int64], side: str) -> npt.NDArray[np.int64]:
    """Correlate rows with [0 1] by its two taps, the zeros on the side that is named."""
    padded = np.pad(x, ((0, 0), (0, 1) if side == "right" else (1, 0)))
    return 0 * padded[:, :-1] + 1 * padded[:, 1:]


@settles("too-many-3d")
def too_many_3d() -> Verdict:
    """Count the sets of terms: those of 3-D terms alone, those with and without THW, and those that
    Tables 2 and 3 try.
    """
    alone = sum(len(term) == 3 for term in SUBSETS)
    with_thw = 2 ** (len(SUBSETS) - 1)
    tried = {row.model for row in (*TABLE_2, *TABLE_3) if row.ours}
    return Verdict(
        with_thw > len(tried),
        f"{with_thw} sets of terms hold THW, {with_thw - 1} do not, {len(tried)} of these are "
        f"tried; {alone} is of THW alone",
    )


@settles("3d-costs-more")
def costs_of_3d() -> Verdict:
    """Compare taps a channel pair of a 3x3x3 and a 3x3 kernel."""
    return Verdict(3**3 > 3**2, f"{3**3} taps against {3**2}: {Fraction(3**3, 3**2)} times")


@settles("factored-kernels", "2plus1d-is-cheaper")
def factored_kernels() -> Verdict:
    """Compare taps of 1x3x3 and 3x1x1 together with those of 3x3x3."""
    return Verdict(
        3**2 + 3 < 3**3, f"{3**2} + 3 taps against {3**3}: {float(Fraction(3**2 + 3, 3**3)):.0%}"
    )


@settles("2plus1d-costs-more")
def costs_of_2plus1d() -> Verdict:
    """Compare taps of 1x3x3 and 3x1x1 together with those of 3x3."""
    return Verdict(
        3**2 + 3 > 3**2, f"{3**2} + 3 taps against {3**2}: {float(Fraction(3**2 + 3, 3**2)):.0%}"
    )
