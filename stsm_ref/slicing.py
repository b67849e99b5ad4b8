r"""The shift as a memory copy: every element of the result is written once, by slices, and nothing
is computed.

Forward and backward stand side by side. It shares nothing with `stsm_ref.definition` but
`stsm_ref.geometry`.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, SupportsIndex

import numpy as np
import numpy.typing as npt

from stsm_ref.geometry import (
    CHANNEL_AXIS,
    CLIP_AXES,
    Array,
    ChannelGroup,
    ShiftSpec,
    as_array,
    checked_spec,
    resolve_moves,
)


class Windows(NamedTuple):
    """Along one axis: where the content comes from, where it goes, and what is left vacant."""

    source: slice
    target: slice
    vacant: slice


def windows(size: int, distance: int) -> Windows:
    """Cut an axis of `size` positions for a shift by `distance` positions.

    >>> windows(5, 2)
    Windows(source=slice(0, 3, None), target=slice(2, 5, None), vacant=slice(0, 2, None))
    >>> windows(5, -2)
    Windows(source=slice(2, 5, None), target=slice(0, 3, None), vacant=slice(3, 5, None))
    """
    gap = min(abs(distance), size)
    low, high = slice(0, size - gap), slice(gap, size)
    if distance > 0:
        return Windows(source=low, target=high, vacant=slice(0, gap))
    return Windows(source=high, target=low, vacant=slice(size - gap, size))


def shift(
    x: npt.ArrayLike,
    displacement: SupportsIndex | Sequence[SupportsIndex],
    *,
    axes: SupportsIndex | Sequence[SupportsIndex],
) -> Array:
    r"""Move the content of `x` by `displacement` along `axes`; what leaves is dropped, what enters
    is zero (SHIFT-6).

    .. math:: y_i = x_{i-d} \text{ where } i-d \text{ is inside the array, else } 0

    Parameters
    ----------
    x : array_like
        Any shape; bool, integer, float, complex or structured dtype. It is not written (PURE-1).
    displacement : int or sequence of int
        Positions, towards larger indices when positive; any size.
    axes : int or sequence of int
        One axis for each entry of `displacement`, none twice.

    Returns
    -------
    ndarray
        Same shape and dtype, memory of its own (PURE-3). Values are moved as bits: NaN, infinities
        and -0.0 arrive as they left.

    Raises
    ------
    SpecError, ArrayError
        If `displacement` and `axes` do not fit each other or `x`, or `x` has no zero to fill with
        (objects, text, dates).

    Notes
    -----
    §3.2 of the paper: ``1234 -> 0123`` for ``+1`` and ``1234 -> 2340`` for ``-1``.

    >>> shift([1, 2, 3, 4], -1, axes=0)
    array([2, 3, 4, 0])
    >>> shift([[1, 2], [3, 4]], (1, 1), axes=(0, 1))
    array([[0, 0],
           [0, 1]])
    """
    x = as_array("x", x)
    y = np.empty_like(x)
    copy_shifted(x, y, resolve_moves(x.ndim, displacement, axes))
    return y


def stsm(x: npt.ArrayLike, spec: ShiftSpec = ShiftSpec()) -> Array:
    r"""Spatio-Temporal Shift Module, forward (§3.2, steps 1 to 5).

    .. math:: \hat X = [\hat X_T, \hat X_H, \hat X_W, X_N] \quad\text{along channels}

    Parameters
    ----------
    x : array_like
        A clip ``(..., T, C, H, W)``, any leading axes; bool, integer, float, complex or structured
        dtype. Not written.
    spec : ShiftSpec
        Which channels move where.

    Returns
    -------
    ndarray
        Same shape and dtype, memory of its own.

    Raises
    ------
    ArrayError
        If `x` has fewer than four axes or no zero to fill with.
    SpecError
        If `spec` is not a `ShiftSpec`, or is ``rounding="exact"`` and does not divide C.

    Notes
    -----
    Costs one write of each element, no arithmetic and no parameters (COST-1, COST-2).

    >>> clip = np.arange(1, 4).reshape(3, 1, 1, 1)               # T=3, one channel, one pixel
    >>> stsm(clip.repeat(2, axis=1), ShiftSpec("T", 1))[..., 0, 0].T
    array([[0, 1, 2],
           [2, 3, 0]])
    """
    x = as_array("x", x, min_ndim=4)
    return _stsm(x, spec, direction=1)


def stsm_vjp(grad: npt.ArrayLike, spec: ShiftSpec = ShiftSpec()) -> Array:
    r"""Vector-Jacobian product of `stsm`: every group moves back by its displacement, zero-filled
    (GRAD-1).

    .. math:: \langle g, \mathrm{stsm}(x) \rangle = \langle \mathrm{stsm\_vjp}(g), x \rangle

    The map is linear, so its JVP is `stsm` itself (GRAD-2), and the VJP does not depend on x
    (GRAD-3).

    Parameters
    ----------
    grad : array_like
        Gradient with respect to the output, ``(..., T, C, H, W)``. Not written (PURE-2).
    spec : ShiftSpec
        The spec of the forward.

    Returns
    -------
    ndarray
        Gradient with respect to the input: same shape and dtype, memory of its own.

    Raises
    ------
    ArrayError, SpecError
        As `stsm` does.

    >>> grad = np.arange(1, 4).reshape(3, 1, 1, 1)
    >>> stsm_vjp(grad.repeat(2, axis=1), ShiftSpec("T", 1))[..., 0, 0].T
    array([[2, 3, 0],
           [0, 1, 2]])
    """
    grad = as_array("grad", grad, min_ndim=4)
    return _stsm(grad, spec, direction=-1)


def _stsm(x: Array, spec: ShiftSpec, *, direction: int) -> Array:
    """Cut the channels of `x` as `spec` says and copy every group by `direction` times its
    displacement.
    """
    return copy_groups(x, checked_spec(spec).partition(x.shape[CHANNEL_AXIS]), direction=direction)


def copy_groups(x: Array, groups: Iterable[ChannelGroup], *, direction: int) -> Array:
    """Copy every channel group of `x` by `direction` times its displacement.

    Parameters
    ----------
    x : ndarray
        ``(..., T, C, H, W)``.
    groups : iterable of ChannelGroup
        They cover all channels.
    direction : int
        1 for the shift, -1 for its VJP.
    """
    y = np.empty_like(x)
    for start, stop, displacement in groups:
        moves = [
            (axis, direction * distance)
            for axis, distance in zip(CLIP_AXES.values(), displacement, strict=True)
        ]
        copy_shifted(x[..., start:stop, :, :], y[..., start:stop, :, :], moves)
    return y


def copy_shifted(x: Array, y: Array, moves: Iterable[tuple[int, int]]) -> None:
    """Write `x`, shifted, into every element of `y`.

    Parameters
    ----------
    x : ndarray
        Read.
    y : ndarray
        Written; of the same shape.
    moves : iterable of pairs
        Each moved axis and its distance.
    """
    source, target = [slice(None)] * x.ndim, [slice(None)] * x.ndim
    for axis, distance in moves:
        cut = windows(x.shape[axis], distance)
        source[axis], target[axis] = cut.source, cut.target
        vacant = [slice(None)] * x.ndim
        vacant[axis] = cut.vacant
        y[tuple(vacant)] = np.zeros((), y.dtype)
    y[tuple(target)] = x[tuple(source)]
