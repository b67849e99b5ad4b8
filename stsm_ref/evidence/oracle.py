"""What a target must answer: for every place the index that it reads, or that it reads none.

It is `stsm_ref.definition` for arrays that are too large for a loop, is tested equal to it, and
shares with the implementations that it judges nothing but `stsm_ref.geometry`.
"""

from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from stsm_ref.geometry import Array, ChannelGroup, ShiftSpec

Indices = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


def forward(x: Array, spec: ShiftSpec) -> Array:
    """The shift of ``(N, T, C, H, W)``, or of any leading axes."""
    return gather(x, *sources(x.shape[-4:], spec, 1))


def vjp(grad: Array, spec: ShiftSpec) -> Array:
    """Its vector-Jacobian product: every group moves back (GRAD-1)."""
    return gather(grad, *sources(grad.shape[-4:], spec, -1))


def tsm(x: Array, fold_div: int) -> Array:
    """TSM of ``(N, T, C, H, W)`` as published: zeros, and three slices copied.

    C // fold_div channels take the next frame, as many take the last one, and the rest stays.
    """
    fold = x.shape[2] // fold_div
    y = np.zeros_like(x, order="C")
    y[:, :-1, :fold] = x[:, 1:, :fold]
    y[:, 1:, fold : 2 * fold] = x[:, :-1, fold : 2 * fold]
    y[:, :, 2 * fold :] = x[:, :, 2 * fold :]
    return y


def gather(x: Array, index: Indices, inside: Mask) -> Array:
    """Read place `index` of every clip where `inside`, else zero; values are moved as bits."""
    clips = x.reshape(*x.shape[:-4], index.size)  # a batch of no clips has a shape, too
    moved = np.take(clips, index.reshape(-1), axis=-1)
    moved[..., ~inside.reshape(-1)] = np.zeros((), x.dtype)
    return moved.reshape(x.shape)


@lru_cache(maxsize=64)
def sources(shape: tuple[int, int, int, int], spec: ShiftSpec, sign: int) -> tuple[Indices, Mask]:
    """Where each place of a clip ``(T, C, H, W)`` reads, as a flat index, and whether that lies
    inside the clip.
    """
    return sources_of(shape, spec.partition(shape[1]), sign)


def sources_of(
    shape: tuple[int, int, int, int], groups: Iterable[ChannelGroup], sign: int
) -> tuple[Indices, Mask]:
    """`sources` for channel groups that need not be those of a spec."""
    time, channels, height, width = shape
    moves = np.zeros((3, channels), np.intp)
    for start, stop, displacement in groups:
        moves[:, start:stop] = sign * np.array(displacement)[:, None]
    t = np.arange(time)[:, None, None, None] - moves[0, :, None, None]
    h = np.arange(height)[:, None] - moves[1, :, None, None]
    w = np.arange(width) - moves[2, :, None, None]
    inside = (t >= 0) & (t < time) & (h >= 0) & (h < height) & (w >= 0) & (w < width)
    index = ((t * channels + np.arange(channels)[:, None, None]) * height + h) * width + w
    return np.where(inside, index, 0), inside
