r"""Sparse convolution in full: pad with zeros, then cross-correlate. No engine knows that a kernel
is one-hot.

.. math:: y_i = \sum_k w_k\, \tilde x_{i+k}, \qquad \tilde x = x \text{ with zeros added on the sides that the padding names}

Value-equal to the shift on finite input, not bit-equal (CONV-2): :math:`0\cdot\infty` is NaN, and a
sum loses the sign of -0.0.
"""

import math
import operator
import warnings
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol, SupportsIndex

import numpy as np
import numpy.typing as npt

from stsm_ref._validation import one_of
from stsm_ref.errors import ArrayError, SpecError
from stsm_ref.geometry import (
    CHANNEL_AXIS,
    CLIP_AXES,
    Array,
    ShiftSpec,
    as_array,
    checked_spec,
    resolve_moves,
)
from stsm_ref.kernels import one_hot_kernel


class Kernel(Protocol):
    """What an engine reads: weights of any values, and zeros ``(before, after)`` for each axis of
    the weights.
    """

    @property
    def weights(self) -> npt.NDArray[Any]:
        """Taps; rank as many as the axes that the kernel acts on."""

    @property
    def padding(self) -> Sequence[tuple[int, int]]:
        """Zeros before and after, for each axis of the weights."""


EXACT = 2**53
"""Up to here, either way, float64 holds every integer."""
MOST_AXES = 31
"""As many axes as a kernel can have: SciPy and NumPy stop at 32, or at 64 for a window on each, and
one is for what it does not act on.
"""


def _direct(padded: Array, weights: Array) -> Array:
    """The sum as written above, over every tap."""
    windows = np.lib.stride_tricks.sliding_window_view(padded, weights.shape)
    taps = tuple(range(-weights.ndim, 0))
    return np.asarray((windows * weights).sum(axis=taps))


def _signal(padded: Array, weights: Array) -> Array:
    """`scipy.signal.correlate`, the direct method; it conjugates its second argument, we do not."""
    from scipy import signal

    wide = _supported(padded.dtype)
    return np.asarray(
        signal.correlate(
            padded.astype(wide), weights.conj().astype(wide), mode="valid", method="direct"
        )
    )


def _ndimage(padded: Array, weights: Array) -> Array:
    """`scipy.ndimage.correlate`; it sums in float64, and it passes over taps whose weight is 0."""
    from scipy import ndimage

    if padded.dtype.char in "gG":
        raise ArrayError(
            f"x has dtype {padded.dtype}, which engine='ndimage' rounds to float64: use "
            "engine='direct'"
        )
    if whole := padded.dtype.kind in "iu":
        _refuse_rounded_sums(padded, weights)
    wide = np.float64 if whole else _supported(padded.dtype)
    full = ndimage.correlate(
        padded.astype(wide), weights.conj().astype(wide)
    )  # its own border is cut off in the next line
    valid = (
        slice(taps // 2, taps // 2 + size - taps + 1)
        for taps, size in zip(weights.shape, padded.shape, strict=True)
    )
    result = np.asarray(full[tuple(valid)])
    # by way of int64, since a float that does not fit an integer is cast to whatever the machine
    # likes, while integers wrap everywhere
    return result.astype(np.int64) if whole else result


def _refuse_rounded_sums(padded: Array, weights: Array) -> None:
    """Raise where a sum of integers could leave what float64 holds exactly, whatever the order of
    its terms.
    """
    largest = max(abs(int(padded.max())), abs(int(padded.min())))
    if largest > EXACT:
        raise ArrayError(
            "x holds integers beyond 2**53, which engine='ndimage' rounds (it sums in float64): "
            "use engine='direct'"
        )
    if largest * sum(abs(int(weight)) for weight in weights.flat) > EXACT:
        raise ArrayError(
            f"x holds integers up to {largest}, whose sums under kernel.weights can pass 2**53, "
            "where engine='ndimage' rounds "
            "(it sums in float64): use engine='direct'"
        )


def _supported(dtype: np.dtype[Any]) -> npt.DTypeLike:
    """The dtype in which SciPy can hold the values of `dtype`: it has no float16, and no bool in N
    dimensions.
    """
    return {"e": np.float32, "?": np.int64}.get(dtype.char, dtype)


ENGINES: Mapping[str, Callable[[Array, Array], Array]] = MappingProxyType(
    {"direct": _direct, "signal": _signal, "ndimage": _ndimage}
)
"""Independent engines by name; each takes the padded data and weights of the same rank, and returns
the "valid" part.
"""


def correlate(
    x: npt.ArrayLike,
    kernel: Kernel,
    *,
    axes: SupportsIndex | Sequence[SupportsIndex],
    engine: str = "direct",
) -> Array:
    r"""Pad `x` with zeros as the kernel says and cross-correlate it along `axes`.

    Parameters
    ----------
    x : array_like
        Any shape; bool, integer, float or complex. Not written.
    kernel : OneHotKernel
        Or anything with `weights` (any values that the dtype of `x` can hold) and `padding`.
    axes : int or sequence of int
        One axis of `x` for each axis of the weights.
    engine : {"direct", "signal", "ndimage"}
        Which code does the sum: ours, `scipy.signal` or `scipy.ndimage`.

    Returns
    -------
    ndarray
        Dtype of `x`. Along each axis the size is that of `x`, plus the padding, less the taps, plus
        one.

    Raises
    ------
    SpecError
        If the engine is unknown, or weights, padding and axes do not fit each other, or the weights
        have no tap or more than 31 axes.
    ArrayError
        If the dtype of `x` cannot hold the weights, or the engine would round it or its sums, or
        the result does not fit into memory.

    Notes
    -----
    §3.2 of the paper, Fig. 4. This is the operation that deep learning calls convolution (CONV-1).

    Integers wrap, as NumPy's do, and floats that pass the largest are infinite, whatever
    `numpy.seterr` says. Engines agree to the bit on integers; on finite floats to rounding, since
    each adds in its own order and precision.

    >>> from stsm_ref.kernels import one_hot_kernel
    >>> correlate([1, 2, 3, 4], one_hot_kernel(1), axes=0)
    array([0, 1, 2, 3])
    """
    x = as_array("x", x)
    if x.dtype.kind == "V":
        raise ArrayError(
            f"x has dtype {x.dtype}, which cannot be multiplied: use bool, int, float or complex"
        )
    one_of("engine", engine, ENGINES)
    weights, paddings = _checked_kernel(kernel, x.dtype)
    places = [axis for axis, _ in resolve_moves(x.ndim, [0] * weights.ndim, axes)]
    if len(paddings) != len(places):
        raise SpecError(
            f"kernel.padding={kernel.padding} has {len(paddings)} entries for {len(places)} axes: "
            "give one for each axis"
        )

    # the axes that the kernel does not act on become one in front, with a single tap, however many
    # they are
    resting = [axis for axis in range(x.ndim) if axis not in places]
    rows = x.transpose([*resting, *places])  # a view
    sizes = tuple(
        n + sum(zeros) - taps + 1
        for n, zeros, taps in zip(rows.shape[len(resting) :], paddings, weights.shape, strict=True)
    )
    if any(size < 0 for size in sizes):
        raise SpecError(
            f"kernel.weights with shape {weights.shape} is larger than x with shape {x.shape} and "
            "its padding: add zeros"
        )
    result_shape = (*rows.shape[: len(resting)], *sizes)
    back = np.argsort([*resting, *places])
    if 0 in result_shape:
        return np.zeros(result_shape, x.dtype).transpose(back)
    # an overflow or an invalid 0 * inf (CONV-2) is in the result, and no matter for whoever asked
    # NumPy to raise
    with np.errstate(all="ignore"):
        count = math.prod(rows.shape[: len(resting)])
        padded = _padded(rows.reshape(count, *rows.shape[len(resting) :]), paddings, weights.dtype)
        convolved = ENGINES[engine](padded, weights[None]).astype(x.dtype)
    return np.asarray(convolved.reshape(result_shape).transpose(back), order="C")


def _padded(rows: Array, paddings: Sequence[tuple[int, int]], dtype: np.dtype[Any]) -> Array:
    """Copy ``(rows, *axes)`` between as many zeros as the kernel wants on each axis."""
    try:
        padded = np.zeros(
            (
                len(rows),
                *(n + sum(zeros) for n, zeros in zip(rows.shape[1:], paddings, strict=True)),
            ),
            dtype,
        )
    except (ValueError, MemoryError):
        raise ArrayError(
            f"kernel.padding={paddings} makes x larger than memory: give fewer zeros"
        ) from None
    padded[
        (
            slice(None),
            *(
                slice(before, before + n)
                for n, (before, _) in zip(rows.shape[1:], paddings, strict=True)
            ),
        )
    ] = rows
    return padded


def _checked_kernel(
    kernel: Kernel, dtype: np.dtype[Any]
) -> tuple[Array, tuple[tuple[int, int], ...]]:
    """Return the weights in the native form of `dtype`, and the padding, or say what is wrong with
    either.
    """
    if not hasattr(kernel, "weights") or not hasattr(kernel, "padding"):
        raise SpecError(
            f"kernel={kernel!r} has no weights and padding: build one with one_hot_kernel"
        )
    given = as_array("kernel.weights", kernel.weights)
    if given.ndim > MOST_AXES or not given.size:
        raise SpecError(
            f"kernel.weights has shape {given.shape}: give one tap or more along each axis, and "
            f"{MOST_AXES} axes or fewer"
        )
    if given.dtype.kind == "V":
        raise ArrayError(
            f"kernel.weights has dtype {given.dtype}, by which nothing can be multiplied: use "
            "bool, int, float or complex"
        )
    try:
        paddings = tuple(
            (operator.index(before), operator.index(after)) for before, after in kernel.padding
        )
    except (TypeError, ValueError):
        paddings = None
    if paddings is None or any(zeros < 0 for sides in paddings for zeros in sides):
        raise SpecError(
            f"kernel.padding={kernel.padding} is not a padding: give (before, after) for each "
            "axis, 0 or more zeros"
        )
    with (
        warnings.catch_warnings(),
        np.errstate(all="ignore"),
    ):  # a weight that does not survive the cast is refused in the next lines
        warnings.simplefilter("ignore")
        weights = given.astype(dtype.newbyteorder("="))
        again = weights.astype(given.dtype)
    # there and back, since two dtypes are compared in a third, which may round; and compared, since
    # integers wrap there and back
    if not (
        np.array_equal(again, given, equal_nan=True)
        and np.array_equal(weights, given, equal_nan=True)
    ):
        raise ArrayError(
            f"x has dtype {dtype}, which cannot hold the kernel's weights: convert x first"
        )
    return weights, paddings


def correlate_stsm(
    x: npt.ArrayLike, spec: ShiftSpec = ShiftSpec(), *, engine: str = "direct"
) -> Array:
    """STSM as §3.2 reads it: each channel group of a clip ``(..., T, C, H, W)`` under its own
    sparse convolution.

    Parameters
    ----------
    x : array_like
        A clip ``(..., T, C, H, W)``.
    spec : ShiftSpec
        Which channels move where.
    engine : str
        One of `ENGINES`.

    >>> clip = np.arange(1, 4).reshape(3, 1, 1, 1)
    >>> correlate_stsm(clip.repeat(2, axis=1), ShiftSpec("T", 1))[..., 0, 0].T
    array([[0, 1, 2],
           [2, 3, 0]])
    """
    x = as_array("x", x, min_ndim=4)
    parts = [
        correlate(
            x[..., start:stop, :, :],
            one_hot_kernel(displacement),
            axes=tuple(CLIP_AXES.values()),
            engine=engine,
        )
        for start, stop, displacement in checked_spec(spec).partition(x.shape[CHANNEL_AXIS])
    ]
    return np.concatenate(parts, axis=CHANNEL_AXIS)
