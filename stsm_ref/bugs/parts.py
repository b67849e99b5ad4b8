"""The right pieces from which wrong shifts are put together: each mutant replaces one of them."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from stsm_ref import slicing
from stsm_ref.geometry import Array, ChannelGroup, Displacement, ShiftSpec

Move = Callable[[Array, Displacement], Array]
Cut = Callable[[ShiftSpec, int], Iterable[ChannelGroup]]
Forward = Callable[[Array, ShiftSpec], Array]
Backward = Callable[[Array, Array, ShiftSpec], Array]

REST = Displacement()
shifted = slicing.stsm


def pulled_back(x: Array, grad: Array, spec: ShiftSpec) -> Array:
    """The right gradient."""
    return slicing.stsm_vjp(grad, spec)


def moved(part: Array, displacement: Iterable[int]) -> Array:
    """The right move of one group ``(..., T, c, H, W)``."""
    return slicing.shift(part, tuple(displacement), axes=(-4, -2, -1))


def vacant(part: Array, displacement: Iterable[int]) -> Any:
    """Where zeros enter, as a mask of the group's shape."""
    return moved(np.ones(part.shape, np.uint8), displacement) == 0


def put_together(move: Move = moved, cut: Cut = ShiftSpec.partition) -> Forward:
    """A shift from a way to move a group and a way to cut the channels; groups that overlap are
    written in their order.
    """

    def forward(x: Array, spec: ShiftSpec) -> Array:
        y = x.copy()
        for start, stop, displacement in cut(spec, x.shape[-3]):
            y[..., start:stop, :, :] = move(x[..., start:stop, :, :], displacement)
        return y

    return forward


def afterwards(change: Callable[[Array, Array, ShiftSpec], Array]) -> Forward:
    """The right shift with its result changed; `change` takes (x, y, spec)."""

    def forward(x: Array, spec: ShiftSpec) -> Array:
        return change(x, shifted(x, spec), spec)

    return forward


def backward_from(forward: Forward) -> Backward:
    """The gradient of the shift that is put together from another forward, run against the
    displacements.
    """

    def vjp(x: Array, grad: Array, spec: ShiftSpec) -> Array:
        return forward(grad, spec)

    return vjp


def moved_back(move: Move) -> Backward:
    """A gradient whose groups are sent back by `move`, which gets the opposite displacement."""
    return backward_from(put_together(lambda part, d: move(part, -d)))
