"""Fig. 4: the 1-D shifts of Fig. 3 as convolutions with a kernel and a padding each; the digits are
ours.
"""

import numpy as np
import pytest

from stsm_ref import ENGINES, Displacement, ShiftSpec, correlate, one_hot_kernel, stsm
from stsm_ref.correlate import correlate_stsm

pytestmark = pytest.mark.requirement("CONV-1", "CONV-2", "PAD-1", "SHIFT-6")

CLIP = np.arange(1, 19).reshape(2, 3, 3)
# displacement, kernel, zeros before and after along T, H, W, result
ROWS = [
    (
        Displacement(1, 0, 0),
        [[[1]], [[0]]],
        ((1, 0), (0, 0), (0, 0)),
        [[[0, 0, 0]] * 3, [[1, 2, 3], [4, 5, 6], [7, 8, 9]]],
    ),
    (
        Displacement(-1, 0, 0),
        [[[0]], [[1]]],
        ((0, 1), (0, 0), (0, 0)),
        [[[10, 11, 12], [13, 14, 15], [16, 17, 18]], [[0, 0, 0]] * 3],
    ),
    (
        Displacement(0, 1, 0),
        [[[1], [0]]],
        ((0, 0), (1, 0), (0, 0)),
        [[[0, 0, 0], [1, 2, 3], [4, 5, 6]], [[0, 0, 0], [10, 11, 12], [13, 14, 15]]],
    ),
    (
        Displacement(0, -1, 0),
        [[[0], [1]]],
        ((0, 0), (0, 1), (0, 0)),
        [[[4, 5, 6], [7, 8, 9], [0, 0, 0]], [[13, 14, 15], [16, 17, 18], [0, 0, 0]]],
    ),
    (
        Displacement(0, 0, 1),
        [[[1, 0]]],
        ((0, 0), (0, 0), (1, 0)),
        [[[0, 1, 2], [0, 4, 5], [0, 7, 8]], [[0, 10, 11], [0, 13, 14], [0, 16, 17]]],
    ),
    (
        Displacement(0, 0, -1),
        [[[0, 1]]],
        ((0, 0), (0, 0), (0, 1)),
        [[[2, 3, 0], [5, 6, 0], [8, 9, 0]], [[11, 12, 0], [14, 15, 0], [17, 18, 0]]],
    ),
]


@pytest.mark.parametrize(("displacement", "weights", "padding", "result"), ROWS)
@pytest.mark.parametrize("engine", ENGINES)
def test_each_shift_is_a_convolution(
    displacement: Displacement, weights: object, padding: object, result: object, engine: str
) -> None:
    """Kernel, padding and result of all six directions."""
    kernel = one_hot_kernel(displacement)
    assert kernel.weights.tolist() == weights
    assert kernel.padding == padding
    np.testing.assert_array_equal(correlate(CLIP, kernel, axes=(0, 1, 2), engine=engine), result)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_six_together(engine: str) -> None:
    """“The 1D spatio-temporal shift operation (T+H+W) is equivalent to the sparse convolution
    operation”.
    """
    clip, spec = CLIP[:, None].repeat(7, axis=1), ShiftSpec("T+H+W", "6/7")
    both = [stsm(clip, spec), correlate_stsm(clip, spec, engine=engine)]
    for channel, (*_, result) in enumerate(ROWS):
        for module in both:
            np.testing.assert_array_equal(module[:, channel], result)
    np.testing.assert_array_equal(both[0][:, 6], CLIP)
