"""Eq. (3): the four 2x2 kernels, and the two steps of the paragraph under it."""

import numpy as np
import pytest

from stsm_ref import ENGINES, ShiftSpec, correlate, kernels_2x2, shift

pytestmark = pytest.mark.requirement("KERN-2x2", "SEP-1", "GEO-5", "CONV-2")

MATRIX = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
MOVED = [
    [[0, 0, 0], [0, 1, 2], [0, 4, 5]],
    [[0, 0, 0], [2, 3, 0], [5, 6, 0]],
    [[0, 4, 5], [0, 7, 8], [0, 0, 0]],
    [[5, 6, 0], [8, 9, 0], [0, 0, 0]],
]


def test_the_kernels_as_printed() -> None:
    """Hot at top left, top right, bottom left, bottom right."""
    printed = [[[1, 0], [0, 0]], [[0, 1], [0, 0]], [[0, 0], [1, 0]], [[0, 0], [0, 1]]]
    assert [kernel.weights.tolist() for kernel in kernels_2x2()] == printed


@pytest.mark.parametrize("engine", ENGINES)
def test_four_diagonal_moves(engine: str) -> None:
    """Down-right, down-left, up-right, up-left."""
    for kernel, moved in zip(kernels_2x2(), MOVED, strict=True):
        np.testing.assert_array_equal(correlate(MATRIX, kernel, axes=(0, 1), engine=engine), moved)
        np.testing.assert_array_equal(shift(MATRIX, kernel.displacement, axes=(0, 1)), moved)


def test_the_first_kernel_in_two_steps() -> None:
    """Delete the rightmost column, zeros to the left; delete the bottom row, zeros on top; in
    either order.
    """
    right = np.array([[0, 1, 2], [0, 4, 5], [0, 7, 8]])
    down = np.array([[0, 0, 0], [1, 2, 3], [4, 5, 6]])
    np.testing.assert_array_equal(shift(MATRIX, 1, axes=1), right)
    np.testing.assert_array_equal(shift(MATRIX, 1, axes=0), down)
    np.testing.assert_array_equal(shift(right, 1, axes=0), MOVED[0])
    np.testing.assert_array_equal(shift(down, 1, axes=1), MOVED[0])


def test_the_order_of_printing_is_our_default_order() -> None:
    """HW forward-first cuts its channels in the order in which Eq. (3) prints its kernels."""
    assert [tuple(d)[1:] for d in ShiftSpec("HW").directions[0]] == [
        (1, 1),
        (1, -1),
        (-1, 1),
        (-1, -1),
    ]
