"""Eq. (1) and the paragraph under it: the two 1x2 kernels and what they do to a matrix."""

import numpy as np
import pytest

from stsm_ref import ENGINES, correlate, kernels_1x2, shift

pytestmark = pytest.mark.requirement("KERN-1x2", "PAD-1", "CONV-2")

MATRIX = [[1, 2, 3], [4, 5, 6]]
LEFT, RIGHT = [[2, 3, 0], [5, 6, 0]], [[0, 1, 2], [0, 4, 5]]


def test_the_kernels_as_printed() -> None:
    """[0 1] and [1 0], in this order."""
    assert [kernel.weights.tolist() for kernel in kernels_1x2()] == [[[0, 1]], [[1, 0]]]


def test_zeros_in_the_rightmost_and_leftmost_column() -> None:
    """“we respectively add zeros in the rightmost column and the leftmost column”."""
    assert [kernel.padding for kernel in kernels_1x2()] == [((0, 0), (0, 1)), ((0, 0), (1, 0))]


@pytest.mark.parametrize("engine", ENGINES)
def test_one_column_to_the_left_and_to_the_right(engine: str) -> None:
    """[0 1]: "delete the leftmost column … add a column of all zero vectors to the rightmost"; [1
    0]: the opposite.
    """
    left, right = kernels_1x2()
    np.testing.assert_array_equal(correlate(MATRIX, left, axes=(0, 1), engine=engine), LEFT)
    np.testing.assert_array_equal(correlate(MATRIX, right, axes=(0, 1), engine=engine), RIGHT)


def test_the_shift_does_the_same() -> None:
    """Without any arithmetic."""
    np.testing.assert_array_equal(shift(MATRIX, (0, -1), axes=(0, 1)), LEFT)
    np.testing.assert_array_equal(shift(MATRIX, (0, 1), axes=(0, 1)), RIGHT)
