r"""The sparse convolution kernel of a displacement, and the padding that goes with it (§3.2, Eqs.
(1)-(3)).

Along one axis a displacement :math:`d` is a kernel of :math:`|d|+1` taps with a single 1, under
zeros on one side only::

    d = +1   content moves right   kernel [1 0]   one zero before   1234 -> 0123
    d = -1   content moves left    kernel [0 1]   one zero after    1234 -> 2340
    d =  0   content stays         kernel [1]     no zeros          1234 -> 1234

On several axes the kernel is the outer product. It is applied by cross-correlation, as deep
learning does (CONV-1).
"""

import itertools
from collections.abc import Sequence
from typing import NamedTuple, SupportsIndex

import numpy as np
import numpy.typing as npt

from stsm_ref._validation import whole_numbers
from stsm_ref.geometry import Displacement

Padding = tuple[tuple[int, int], ...]


class OneHotKernel(NamedTuple):
    """A kernel with a single 1, the zeros to add ``(before, after)`` on each axis, and the
    displacement that both stand for.

    `weights` is uint8, so that multiplying by it keeps the dtype of the data, and read-only.
    """

    weights: npt.NDArray[np.uint8]
    padding: Padding
    displacement: tuple[int, ...]


class AxisKernel(NamedTuple):
    """Along one axis: how many taps, which of them is 1, and the zeros before and after."""

    taps: int
    hot: int
    before: int
    after: int


def axis_kernel(distance: int) -> AxisKernel:
    r"""Build the factor of a kernel along one axis, for content that moves by `distance` (PAD-1).

    Integers only: it runs on symbols as well, and so it is proved for all distances.

    >>> axis_kernel(-1)
    AxisKernel(taps=2, hot=1, before=0, after=1)
    """
    forward, backward = max(distance, 0), max(-distance, 0)
    return AxisKernel(taps=abs(distance) + 1, hot=backward, before=forward, after=backward)


def one_hot_kernel(displacement: SupportsIndex | Sequence[SupportsIndex]) -> OneHotKernel:
    r"""Build the kernel and the padding that move content by `displacement` (KERN-1x2 to KERN-3D,
    PAD-1).

    Parameters
    ----------
    displacement : Displacement, int or sequence of int
        Positions along each axis, towards larger indices when positive; any size and number of
        axes.

    Returns
    -------
    OneHotKernel
        :math:`|d|+1` taps an axis; the 1 at index 0 where :math:`d \ge 0`, at the last index where :math:`d < 0`;
        :math:`d` zeros before, or :math:`-d` zeros after.

    Raises
    ------
    SpecError
        If an entry is not an integer.

    Examples
    --------
    >>> kernel = one_hot_kernel((0, -1))
    >>> kernel.weights
    array([[0, 1]], dtype=uint8)
    >>> kernel.padding
    ((0, 0), (0, 1))
    """
    distances = whole_numbers("displacement", displacement)
    factors = [axis_kernel(distance) for distance in distances]
    weights = np.zeros([factor.taps for factor in factors], np.uint8)
    weights[tuple(factor.hot for factor in factors)] = 1
    weights.flags.writeable = False
    padding = tuple((factor.before, factor.after) for factor in factors)
    return OneHotKernel(
        weights, padding, displacement if isinstance(displacement, Displacement) else distances
    )


def kernels_1x2() -> tuple[OneHotKernel, ...]:
    """Eq. (1), in the printed order: ``[0 1]`` (left) and ``[1 0]`` (right), on the axes (H, W).

    >>> [kernel.weights.tolist() for kernel in kernels_1x2()]
    [[[0, 1]], [[1, 0]]]
    """
    return one_hot_kernel((0, -1)), one_hot_kernel((0, 1))


def kernels_2x1() -> tuple[OneHotKernel, ...]:
    """Eq. (2), in the printed order: hot at the bottom (up) and at the top (down), on the axes (H,
    W).

    >>> [kernel.weights.tolist() for kernel in kernels_2x1()]
    [[[0], [1]], [[1], [0]]]
    """
    return one_hot_kernel((-1, 0)), one_hot_kernel((1, 0))


def kernels_2x2() -> tuple[OneHotKernel, ...]:
    """Eq. (3), in the printed order, which is by hot index: down-right, down-left, up-right,
    up-left, on the axes (H, W).

    >>> [kernel.displacement for kernel in kernels_2x2()]
    [(1, 1), (1, -1), (-1, 1), (-1, -1)]
    """
    return tuple(one_hot_kernel(signs) for signs in itertools.product((1, -1), repeat=2))


def kernels_3d() -> tuple[OneHotKernel, ...]:
    """The eight 2x2x2 kernels on the axes (T, H, W), by hot index; the paper mentions them and
    prints none (§3.1, §3.2).

    >>> kernels_3d()[1].displacement
    Displacement(dt=1, dh=1, dw=-1)
    """
    return tuple(
        one_hot_kernel(Displacement(*signs)) for signs in itertools.product((1, -1), repeat=3)
    )
