r"""The shift straight from its rule, one scalar at a time: slow, obvious, and the oracle for
everything else.

.. math:: y_i = x_{i-d} \text{ where } i-d \text{ is inside the array, else } 0

It shares nothing with `stsm_ref.slicing` but `stsm_ref.geometry`.
"""

from collections.abc import Iterator, Sequence
from typing import SupportsIndex

import numpy as np
import numpy.typing as npt

from stsm_ref.geometry import (
    CHANNEL_AXIS,
    CLIP_AXES,
    Array,
    Displacement,
    ShiftSpec,
    as_array,
    checked_spec,
    resolve_moves,
)

Index = tuple[int, ...]


def shift(
    x: npt.ArrayLike,
    displacement: SupportsIndex | Sequence[SupportsIndex],
    *,
    axes: SupportsIndex | Sequence[SupportsIndex],
) -> Array:
    """Shift `x` by the rule, index by index; see `stsm_ref.slicing.shift` for the arguments.

    Parameters
    ----------
    x : array_like
        Any shape.
    displacement : int or sequence of int
        Positions, towards larger indices when positive.
    axes : int or sequence of int
        One axis for each entry of `displacement`.

    >>> shift([1, 2, 3, 4], 1, axes=0)
    array([0, 1, 2, 3])
    """
    x = as_array("x", x)
    moves = resolve_moves(x.ndim, displacement, axes)
    y = np.zeros(x.shape, x.dtype)
    for index in np.ndindex(x.shape):
        source = list(index)
        for axis, distance in moves:
            source[axis] -= distance
        if all(0 <= position < size for position, size in zip(source, x.shape, strict=True)):
            y[index] = x[tuple(source)]
    return y


def stsm(x: npt.ArrayLike, spec: ShiftSpec = ShiftSpec()) -> Array:
    """Shift every channel of a clip ``(..., T, C, H, W)`` by the displacement of its group
    (§3.2).
    """
    x = as_array("x", x, min_ndim=4)
    y = np.zeros(x.shape, x.dtype)
    for target, source in _moved_indices(x.shape, spec):
        y[target] = x[source]
    return y


def stsm_vjp(grad: npt.ArrayLike, spec: ShiftSpec = ShiftSpec()) -> Array:
    """Send each entry of `grad` back to the place that its value came from (GRAD-1)."""
    grad = as_array("grad", grad, min_ndim=4)
    back = np.zeros(grad.shape, grad.dtype)
    for target, source in _moved_indices(grad.shape, spec):
        back[source] = grad[target]
    return back


def _moved_indices(shape: tuple[int, ...], spec: ShiftSpec) -> Iterator[tuple[Index, Index]]:
    """Yield every (where a value arrives, where it came from) of STSM on an array of that shape."""
    displacement_of: dict[int, Displacement] = {}
    for start, stop, displacement in checked_spec(spec).partition(shape[CHANNEL_AXIS]):
        for channel in range(start, stop):
            displacement_of[channel] = displacement
    for target in np.ndindex(shape):
        source = list(target)
        for axis, distance in zip(
            CLIP_AXES.values(), displacement_of[target[CHANNEL_AXIS]], strict=True
        ):
            source[axis] -= distance
        if all(0 <= position < size for position, size in zip(source, shape, strict=True)):
            yield target, tuple(source)
