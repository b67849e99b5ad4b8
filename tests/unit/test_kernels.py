"""Kernels: what the builders return, and what they refuse."""

import numpy as np
import pytest

from stsm_ref import (
    Displacement,
    SpecError,
    kernels_1x2,
    kernels_2x1,
    kernels_2x2,
    kernels_3d,
    one_hot_kernel,
)


def test_a_kernel_unpacks() -> None:
    """Weights, padding, displacement, in that order."""
    weights, padding, displacement = one_hot_kernel(Displacement(0, 2, -1))
    np.testing.assert_array_equal(weights, [[[0, 1], [0, 0], [0, 0]]])
    assert padding == ((0, 0), (2, 0), (0, 1))
    assert displacement == Displacement(0, 2, -1)
    assert isinstance(displacement, Displacement)


def test_a_displacement_becomes_a_tuple() -> None:
    """However it was given."""
    assert one_hot_kernel([1, 0]).displacement == (1, 0)
    assert one_hot_kernel(-2).displacement == (-2,)


def test_weights_keep_the_dtype_of_data() -> None:
    """They are bytes, and nobody writes them."""
    weights = one_hot_kernel(1).weights
    assert (np.float16(1) * weights).dtype == np.float16
    with pytest.raises(ValueError, match="read-only"):
        weights[0] = 0


def test_no_axis_at_all_is_the_identity() -> None:
    """A displacement along no axis is a single 1."""
    assert one_hot_kernel(()).weights == 1


@pytest.mark.parametrize(
    ("builder", "shape", "count"),
    [
        (kernels_1x2, (1, 2), 2),
        (kernels_2x1, (2, 1), 2),
        (kernels_2x2, (2, 2), 4),
        (kernels_3d, (2, 2, 2), 8),
    ],
)
def test_builders_return_all_of_a_size(builder: object, shape: tuple[int, ...], count: int) -> None:
    """As many as the paper says, each of its size, no two alike."""
    built = builder()  # type: ignore[operator]
    assert {kernel.weights.shape for kernel in built} == {shape}
    assert len({kernel.weights.tobytes() for kernel in built}) == len(built) == count


def test_fractions_of_a_position_are_refused() -> None:
    """There is no kernel for half a step."""
    with pytest.raises(SpecError, match=r"displacement=0.5 is not an integer"):
        one_hot_kernel((0, 0.5))  # type: ignore[arg-type]
