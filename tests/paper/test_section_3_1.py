"""§3.1: the three shifts differ in their axis alone, and a width shift sees three axes: channels,
width, and the rest.
"""

import numpy as np
import pytest

from stsm_ref import ShiftSpec, shift, stsm

pytestmark = pytest.mark.requirement("SHIFT-2", "SHIFT-3")

CLIP = np.random.default_rng(0).integers(1, 100, (2, 4, 3, 5))


def test_the_three_shifts_differ_in_the_axis_alone() -> None:
    """Exchange time or height with width, shift along W, exchange back: the shift along time or
    height.
    """
    for letter, axis in (("T", 0), ("H", 2)):
        exchanged = np.swapaxes(stsm(np.swapaxes(CLIP, axis, 3), ShiftSpec("W", 1)), axis, 3)
        np.testing.assert_array_equal(stsm(CLIP, ShiftSpec(letter, 1)), exchanged)
        assert not np.array_equal(exchanged, CLIP)


def test_a_width_shift_sees_three_axes() -> None:
    """Time and height folded into one axis, shifted along W channel half by channel half, and
    unfolded: the same.
    """
    folded = np.moveaxis(CLIP, 1, 0).reshape(4, 2 * 3, 5)  # channels, the rest, width
    halves = [shift(folded[:2], 1, axes=-1), shift(folded[2:], -1, axes=-1)]
    unfolded = np.moveaxis(np.concatenate(halves).reshape(4, 2, 3, 5), 0, 1)
    np.testing.assert_array_equal(stsm(CLIP, ShiftSpec("W", 1)), unfolded)
