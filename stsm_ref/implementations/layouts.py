"""Where the five axes stand in a target's own arrays: ``(N, T, C, H, W)`` there and back.

``(NT)CHW`` folds the frames of every clip into the batch; ``TCHW`` has no batch and holds one clip.
"""

from typing import Literal, get_args

import numpy as np

from stsm_ref.errors import ArrayError, SpecError
from stsm_ref.geometry import Array
from stsm_ref.implementations.base import Layout

LAYOUTS: tuple[Layout, ...] = get_args(Layout)
AXES = {"NTCHW": (0, 1, 2, 3, 4), "NCTHW": (0, 2, 1, 3, 4), "NTHWC": (0, 1, 3, 4, 2)}
Shape = tuple[int, ...]
Memory = Literal[
    "C",
    "F",
    "strided",
    "reversed",
    "channels-last",
    "expanded",
    "reversed-N",
    "reversed-T",
    "reversed-C",
    "reversed-H",
    "reversed-HW",
    "transposed-TC",
    "step3-N",
    "step3-T",
    "step3-C",
    "step3-H",
    "step3-W",
    "slice-T",
    "slice-C",
    "slice-H",
    "slice-W",
    "offset",
    "unaligned",
    "read-only",
    "expanded-N",
    "expanded-T",
    "expanded-NT",
    "expanded-C",
    "expanded-H",
    "expanded-W",
    "expanded-HW",
]
"""How an array lies in memory.

The first five are those of `stsm_ref.strategies`; ``reversed`` and ``strided`` are so along the
last axis. ``expanded`` is one number that is seen from every place: all strides are 0; with
letters, they are 0 along these axes, as average pooling sends its gradient back (``-HW``).
``step3`` is every third place of a larger array, ``slice`` a part of one that is three longer,
``offset`` begins one number late in its buffer, ``unaligned`` one byte late. ``transposed`` holds
two axes in the other order, as NCTHW does.
"""
NUMPY_ONLY = (
    "reversed-N",
    "reversed-T",
    "reversed-C",
    "reversed-H",
    "reversed-HW",
    "unaligned",
    "read-only",
)
"""No other framework has such arrays."""


def letters_of(memory: Memory) -> str:
    """The axes along which something is done.

    >>> letters_of("expanded-HW"), letters_of("expanded"), letters_of("channels-last")
    ('HW', 'NTCHW', '')
    """
    kind, _, letters = memory.partition("-")
    if memory == "expanded":
        return "NTCHW"
    return letters if kind in ("reversed", "transposed", "step3", "slice", "expanded") else ""


def has_memory(layout: Layout, memory: Memory) -> bool:
    """Whether arrays of a layout can lie so: without N no clips can be reversed, and folded
    frames are seen once only together.

    >>> has_memory("(NT)CHW", "expanded-T"), has_memory("(NT)CHW", "expanded-NT")
    (False, True)
    >>> has_memory("TCHW", "step3-N")
    False
    """
    letters = letters_of(memory)
    if layout == "(NT)CHW":
        return memory.startswith("expanded") <= (
            ("N" in letters) == ("T" in letters)
        ) and memory not in ("step3-N", "reversed-N")
    return layout != "TCHW" or letters == "NTCHW" or "N" not in letters or letters == "NT"


def own_axes(memory: Memory, layout: Layout) -> tuple[int, ...]:
    """Where the axes of `letters_of` stand in arrays of a layout."""
    order = {"TCHW": "TCHW", "(NT)CHW": "TCHW"}.get(layout, layout)
    return tuple(order.index(letter) for letter in letters_of(memory) if letter in order)


def window(memory: Memory, shape: Shape, axes: tuple[int, ...]) -> tuple[Shape, tuple[slice, ...]]:
    """For ``step3`` and ``slice``: the shape of a larger array, and where in it one of `shape`
    lies.

    >>> window("step3-T", (4, 2), (0,))
    ((12, 2), (slice(1, None, 3), slice(None, None, None)))
    """
    whole, place = list(shape), [slice(None)] * len(shape)
    for axis in axes:
        step3 = memory.startswith("step3")
        whole[axis] = 3 * shape[axis] if step3 else shape[axis] + 3
        place[axis] = slice(1, None, 3) if step3 else slice(1, shape[axis] + 1)
    return tuple(whole), tuple(place)


def checked_layout(layout: str) -> Layout:
    """Return `layout` if it is one of the five.

    Raises
    ------
    SpecError
        If it is not; the message names them.
    """
    for known in LAYOUTS:
        if layout == known:
            return known
    raise SpecError(f"layout={layout!r} is not one of {', '.join(LAYOUTS)}")


def own_shape(shape: Shape, layout: Layout) -> Shape:
    """The shape that an ``(N, T, C, H, W)`` clip has in `layout`.

    Raises
    ------
    ArrayError
        If there are several clips and the layout holds one.

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
    """An array in `layout` as ``(N, T, C, H, W)`` of that shape, a view wherever NumPy can make
    one.
    """
    if layout in AXES:
        return y.transpose(np.argsort(AXES[layout]))
    return y.reshape(shape)


def memory_of(x: Array) -> Memory:
    """Which of the first six memory layouts `x` has.

    >>> x = np.zeros((2, 3))
    >>> memory_of(x), memory_of(x[:, ::-1]), memory_of(x.T)
    ('C', 'reversed', 'F')
    >>> memory_of(np.broadcast_to(1.0, (2, 3)))
    'expanded'
    """
    if x.size > 1 and not any(
        stride for stride, size in zip(x.strides, x.shape, strict=True) if size > 1
    ):
        return "expanded"
    if x.flags.c_contiguous:
        return "C"
    if x.flags.f_contiguous:
        return "F"
    if x.ndim > 2 and np.moveaxis(x, -3, -1).flags.c_contiguous:
        return "channels-last"
    return (
        "reversed"
        if any(stride < 0 for stride, size in zip(x.strides, x.shape, strict=True) if size > 1)
        else "strided"
    )
