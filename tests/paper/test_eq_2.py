"""Eq. (2): the two 2x1 kernels, and "the left and right shift of the matrix becomes the up and down
shift".
"""

import numpy as np
import pytest

from stsm_ref import ENGINES, correlate, kernels_2x1, shift

pytestmark = pytest.mark.requirement("KERN-2x1", "PAD-1", "CONV-2")

MATRIX = [[1, 2], [3, 4], [5, 6]]
UP, DOWN = [[3, 4], [5, 6], [0, 0]], [[0, 0], [1, 2], [3, 4]]


def test_the_kernels_as_printed() -> None:
    """The column 0, 1 and the column 1, 0, in this order."""
    assert [kernel.weights.tolist() for kernel in kernels_2x1()] == [[[0], [1]], [[1], [0]]]
    assert [kernel.padding for kernel in kernels_2x1()] == [((0, 1), (0, 0)), ((1, 0), (0, 0))]


@pytest.mark.parametrize("engine", ENGINES)
def test_one_row_up_and_down(engine: str) -> None:
    """The first kernel moves the matrix up, the second down."""
    up, down = kernels_2x1()
    np.testing.assert_array_equal(correlate(MATRIX, up, axes=(0, 1), engine=engine), UP)
    np.testing.assert_array_equal(correlate(MATRIX, down, axes=(0, 1), engine=engine), DOWN)


def test_the_shift_does_the_same() -> None:
    """Without any arithmetic."""
    np.testing.assert_array_equal(shift(MATRIX, (-1, 0), axes=(0, 1)), UP)
    np.testing.assert_array_equal(shift(MATRIX, (1, 0), axes=(0, 1)), DOWN)
