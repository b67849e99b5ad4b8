"""The oracle itself, against literals: an oracle that is wrong proves nothing."""

import numpy as np
import pytest

from stsm_ref import definition
from stsm_ref.geometry import ShiftSpec


@pytest.mark.parametrize(
    ("displacement", "want"),
    [
        ((0, 1), [[0, 1, 2], [0, 4, 5]]),
        ((0, -1), [[2, 3, 0], [5, 6, 0]]),
        ((1, 0), [[0, 0, 0], [1, 2, 3]]),
        ((-1, 0), [[4, 5, 6], [0, 0, 0]]),
        ((1, -1), [[0, 0, 0], [2, 3, 0]]),
        ((-1, 2), [[0, 0, 4], [0, 0, 0]]),
        ((0, 0), [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_shift_on_a_matrix(displacement: tuple[int, int], want: list[list[int]]) -> None:
    """Every direction of a 2x3 matrix, by hand."""
    np.testing.assert_array_equal(
        definition.shift([[1, 2, 3], [4, 5, 6]], displacement, axes=(0, 1)), want
    )


def test_stsm_on_seven_channels() -> None:
    """Six channels move one way each, the seventh stays: a 2x2x2 clip by hand."""
    x = np.arange(1, 9).reshape(2, 1, 2, 2).repeat(7, axis=1)
    want = np.array(
        [
            [
                [[0, 0], [0, 0]],
                [[5, 6], [7, 8]],
                [[0, 0], [1, 2]],
                [[3, 4], [0, 0]],
                [[0, 1], [0, 3]],
                [[2, 0], [4, 0]],
                [[1, 2], [3, 4]],
            ],
            [
                [[1, 2], [3, 4]],
                [[0, 0], [0, 0]],
                [[0, 0], [5, 6]],
                [[7, 8], [0, 0]],
                [[0, 5], [0, 7]],
                [[6, 0], [8, 0]],
                [[5, 6], [7, 8]],
            ],
        ]
    )
    spec = ShiftSpec("T+H+W", "6/7")
    np.testing.assert_array_equal(definition.stsm(x, spec), want)
    # the same pictures with each pair of directions exchanged
    np.testing.assert_array_equal(definition.stsm_vjp(x, spec), want[:, [1, 0, 3, 2, 5, 4, 6]])
