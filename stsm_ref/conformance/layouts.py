"""Where the five axes stand in a target's own arrays: ``(N, T, C, H, W)`` there and back.

``(NT)CHW`` folds the frames of every clip into the batch; ``TCHW`` has no batch and holds one clip.
"""

from typing import Literal, get_args

import numpy as np

from stsm_ref.conformance.target import Layout
from stsm_ref.errors import ArrayError, SpecError
from stsm_ref.geometry import Array

LAYOUTS: tuple[Layout, ...] = get_args(Layout)
AXES = {"NTCHW": (0, 1, 2, 3, 4), "NCTHW": (0, 2, 1, 3, 4), "NTHWC": (0, 1, 3, 4, 2)}
Shape = tuple[int, ...]
Memory = Literal["C", "F", "strided", "reversed", "channels-last", "expanded"]
"""The memory layouts of `stsm_ref.strategies`, and one number that is seen from every place: all strides are 0."""


def checked_layout(layout: str) -> Layout:
    """Return `layout` if it is one of the five; otherwise name them."""
    for known in LAYOUTS:
        if layout == known:
            return known
    raise SpecError(f"layout={layout!r} is none of {', '.join(LAYOUTS)}")


def own_shape(shape: Shape, layout: Layout) -> Shape:
    """The shape that an ``(N, T, C, H, W)`` clip has in `layout`.

    >>> own_shape((2, 8, 3, 7, 5), "(NT)CHW")
    (16, 3, 7, 5)
    """
    if layout == "TCHW":
        if shape[0] != 1:
            raise ArrayError(f"shape={shape}: layout TCHW holds one clip, not {shape[0]}")
        return shape[1:]
    if layout == "(NT)CHW":
        return (shape[0] * shape[1], *shape[2:])
    return tuple(shape[axis] for axis in AXES[layout])


def to_own(x: Array, layout: Layout) -> Array:
    """``(N, T, C, H, W)`` as a view or copy in `layout`."""
    if layout in AXES:
        return x.transpose(AXES[layout])
    return x.reshape(own_shape(x.shape, layout))


def from_own(y: Array, layout: Layout, shape: Shape) -> Array:
    """An array in `layout` as ``(N, T, C, H, W)`` of that shape, a view wherever NumPy can make one."""
    if layout in AXES:
        return y.transpose(np.argsort(AXES[layout]))
    return y.reshape(shape)


def memory_of(x: Array) -> Memory:
    """Which of the six memory layouts `x` has.

    >>> memory_of(np.zeros((2, 3))), memory_of(np.zeros((2, 3))[:, ::-1]), memory_of(np.zeros((2, 3)).T)
    ('C', 'reversed', 'F')
    >>> memory_of(np.broadcast_to(1.0, (2, 3)))
    'expanded'
    """
    if x.size > 1 and not any(stride for stride, size in zip(x.strides, x.shape, strict=True) if size > 1):
        return "expanded"
    if x.flags.c_contiguous:
        return "C"
    if x.flags.f_contiguous:
        return "F"
    if x.ndim > 2 and np.moveaxis(x, -3, -1).flags.c_contiguous:
        return "channels-last"
    return "reversed" if any(stride < 0 for stride, size in zip(x.strides, x.shape, strict=True) if size > 1) else "strided"
