"""Fig. 3 and the five steps of §3.2 on eight channels, one a direction and two that stay; the
digits are ours, the figure has none.
"""

import numpy as np
import pytest

from stsm_ref import ChannelGroup, Displacement, ShiftSpec, stsm

pytestmark = pytest.mark.requirement(
    "GEO-1", "GEO-4", "SHIFT-1", "SHIFT-2", "SHIFT-3", "SHIFT-4", "SHIFT-5", "SHIFT-6"
)

SPEC = ShiftSpec("T+H+W", "6/8")
FRAMES = np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]])


def test_step_1_four_parts() -> None:
    """X_T, X_H, X_W have alpha/3 C channels each, X_N the rest."""
    assert SPEC.partition(8) == (
        ChannelGroup(0, 1, Displacement(1, 0, 0)),
        ChannelGroup(1, 2, Displacement(-1, 0, 0)),
        ChannelGroup(2, 3, Displacement(0, 1, 0)),
        ChannelGroup(3, 4, Displacement(0, -1, 0)),
        ChannelGroup(4, 5, Displacement(0, 0, 1)),
        ChannelGroup(5, 6, Displacement(0, 0, -1)),
        ChannelGroup(6, 8, Displacement(0, 0, 0)),
    )


def test_steps_2_to_5_on_three_frames() -> None:
    """Forward and backward in time, height and width; the rest remains; all in their places."""
    moved = stsm(FRAMES[:, None].repeat(8, axis=1), SPEC)
    zero = [[0, 0], [0, 0]]
    np.testing.assert_array_equal(moved[:, 0], [zero, [[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    np.testing.assert_array_equal(moved[:, 1], [[[5, 6], [7, 8]], [[9, 10], [11, 12]], zero])
    np.testing.assert_array_equal(
        moved[:, 2], [[[0, 0], [1, 2]], [[0, 0], [5, 6]], [[0, 0], [9, 10]]]
    )
    np.testing.assert_array_equal(
        moved[:, 3], [[[3, 4], [0, 0]], [[7, 8], [0, 0]], [[11, 12], [0, 0]]]
    )
    np.testing.assert_array_equal(
        moved[:, 4], [[[0, 1], [0, 3]], [[0, 5], [0, 7]], [[0, 9], [0, 11]]]
    )
    np.testing.assert_array_equal(
        moved[:, 5], [[[2, 0], [4, 0]], [[6, 0], [8, 0]], [[10, 0], [12, 0]]]
    )
    np.testing.assert_array_equal(moved[:, 6], FRAMES)
    np.testing.assert_array_equal(moved[:, 7], FRAMES)
