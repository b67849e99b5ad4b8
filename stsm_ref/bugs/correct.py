"""Right shifts in NumPy and SciPy, each in a manner of its own: the suite must let all of them
pass.

None calls our own shift: they take the groups from the spec, and move them in their own way.
"""

import itertools
from functools import cache
from typing import Any

import numpy as np
from scipy import ndimage, sparse

from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.geometry import Array, Displacement, ShiftSpec

TIME, HEIGHT, WIDTH = -4, -2, -1


def _by_rolling(x: Array, spec: ShiftSpec) -> Array:
    """Roll each group, then put zeros where it wrapped around."""
    y = x.copy()
    for start, stop, d in spec.partition(x.shape[-3]):
        part = np.roll(x[..., start:stop, :, :], tuple(d), axis=(TIME, HEIGHT, WIDTH))
        for axis, distance in zip((TIME, HEIGHT, WIDTH), d, strict=True):
            if distance:
                wrapped = [slice(None)] * x.ndim
                wrapped[axis] = slice(0, 1) if distance > 0 else slice(-1, None)
                part[tuple(wrapped)] = 0
        y[..., start:stop, :, :] = part
    return y


def _by_padding(x: Array, spec: ShiftSpec) -> Array:
    """Surround everything by zeros, and cut each group out one position off."""
    padded = np.pad(x, [(0, 0)] * (x.ndim - 4) + [(1, 1), (0, 0), (1, 1), (1, 1)])
    size = dict(zip("tchw", x.shape[-4:], strict=True))
    parts = [
        padded[
            ...,
            1 - d.dt : 1 - d.dt + size["t"],
            start:stop,
            1 - d.dh : 1 - d.dh + size["h"],
            1 - d.dw : 1 - d.dw + size["w"],
        ]
        for start, stop, d in spec.partition(x.shape[-3])
    ]
    return np.concatenate(parts, axis=-3)


def _by_padding_back(x: Array, grad: Array, spec: ShiftSpec) -> Array:
    """The same, cut out on the other side."""
    padded = np.pad(grad, [(0, 0)] * (grad.ndim - 4) + [(1, 1), (0, 0), (1, 1), (1, 1)])
    t, _, h, w = grad.shape[-4:]
    parts = [
        padded[
            ...,
            1 + d.dt : 1 + d.dt + t,
            start:stop,
            1 + d.dh : 1 + d.dh + h,
            1 + d.dw : 1 + d.dw + w,
        ]
        for start, stop, d in spec.partition(grad.shape[-3])
    ]
    return np.concatenate(parts, axis=-3)


def _by_taking(x: Array, spec: ShiftSpec) -> Array:
    """Append one zero to the flattened clip, and take each place's source from a table of
    indices.
    """
    *batch, t, c, h, w = x.shape
    zero = t * c * h * w
    source = np.full((t, c, h, w), zero)
    index = np.arange(zero).reshape(t, c, h, w)
    for start, stop, d in spec.partition(c):
        inside = [
            np.arange(max(k, 0), size + min(k, 0)) for k, size in zip(d, (t, h, w), strict=True)
        ]
        times, rows, columns = np.ix_(*inside)
        channels = np.arange(start, stop)
        place = (times[:, None], channels[None, :, None, None], rows[:, None], columns[:, None])
        origin = (
            times[:, None] - d.dt,
            channels[None, :, None, None],
            rows[:, None] - d.dh,
            columns[:, None] - d.dw,
        )
        source[place] = index[origin]
    flat = np.concatenate((x.reshape(*batch, zero), np.zeros((*batch, 1), x.dtype)), axis=-1)
    return np.take(flat, source.ravel(), axis=-1).reshape(x.shape)


def _by_loops(x: Array, spec: ShiftSpec) -> Array:
    """Loops over frames, rows and columns; whole rows of channels are copied."""
    y = np.zeros_like(x)
    t, _, h, w = x.shape[-4:]
    for start, stop, d in spec.partition(x.shape[-3]):
        for i, j, k in itertools.product(range(t), range(h), range(w)):
            if 0 <= i - d.dt < t and 0 <= j - d.dh < h and 0 <= k - d.dw < w:
                y[..., i, start:stop, j, k] = x[..., i - d.dt, start:stop, j - d.dh, k - d.dw]
    return y


def _steps(size: int, distance: int) -> sparse.csr_array:
    return sparse.csr_array(
        sparse.diags_array([1], offsets=[-distance], shape=(size, size), dtype=np.uint8)
    )


@cache
def _routes(sizes: tuple[int, ...], d: Displacement) -> tuple[Any, Any]:
    """Where values arrive and where they come from, read off the Kronecker product of three
    shift matrices.
    """
    t, h, w = (_steps(size, distance) for size, distance in zip(sizes, d, strict=True))
    matrix = sparse.kron(sparse.kron(t, h), w).tocoo()
    matrix.eliminate_zeros()  # kron stores dense blocks, with their zeros
    return np.unravel_index(matrix.row, sizes), np.unravel_index(matrix.col, sizes)


def _by_matrices(x: Array, spec: ShiftSpec) -> Array:
    """Entries of the matrices say where each place comes from; bits are looked up, never
    multiplied.
    """
    t, _, h, w = x.shape[-4:]
    y = np.zeros_like(x)
    for start, stop, d in spec.partition(x.shape[-3]):
        there, here = _routes((t, h, w), d)
        for channel in range(start, stop):
            y[..., there[0], channel, there[1], there[2]] = x[
                ..., here[0], channel, here[1], here[2]
            ]
    return y


def _as_bytes(x: Array) -> Array:
    return np.ascontiguousarray(x).reshape(*x.shape, 1).view(np.uint8)


def _by_einsum(x: Array, spec: ShiftSpec) -> Array:
    """Sums over shift matrices, on the bytes of the numbers: sums of one byte and zeros are
    exact, so NaN and -0.0 arrive whole.
    """
    raw, (t, _, h, w) = _as_bytes(x), x.shape[-4:]
    y = np.zeros_like(raw)
    for start, stop, d in spec.partition(x.shape[-3]):
        steps = (
            np.eye(size, k=-distance, dtype=np.uint8)
            for size, distance in zip((t, h, w), d, strict=True)
        )
        part = raw[..., start:stop, :, :, :]
        for axis, letters in zip(
            steps,
            ("ut,...tchwb->...uchwb", "vh,...tchwb->...tcvwb", "xw,...tchwb->...tchxb"),
            strict=True,
        ):
            part = np.einsum(letters, axis, part)
        y[..., start:stop, :, :, :] = part
    return np.ascontiguousarray(y).view(x.dtype)[..., 0]


def _by_ndimage(x: Array, spec: ShiftSpec) -> Array:
    """`scipy.ndimage.correlate` with a one-hot kernel, on the bytes of the numbers; layout
    NCTHW, and channels one by one.
    """
    raw = _as_bytes(x)
    y = np.zeros_like(raw)
    for start, stop, d in spec.partition(x.shape[1]):
        kernel = np.zeros((3, 3, 3), np.uint8)
        kernel[1 - d.dt, 1 - d.dh, 1 - d.dw] = 1
        shaped = kernel.reshape(1, 1, 3, 3, 3, 1)
        if start < stop:
            y[:, start:stop] = ndimage.correlate(
                raw[:, start:stop], shaped, mode="constant", cval=0
            )
    return np.ascontiguousarray(y).view(x.dtype)[..., 0]


def _channels_last(x: Array, spec: ShiftSpec) -> Array:
    """NTHWC, by slices."""
    y = np.zeros_like(x)
    for start, stop, d in spec.partition(x.shape[-1]):
        here, there = zip(*(_ends(k) for k in d), strict=True)
        y[(slice(None), *there, slice(start, stop))] = x[(slice(None), *here, slice(start, stop))]
    return y


def _one_clip(x: Array, spec: ShiftSpec) -> Array:
    """TCHW, one channel at a time."""
    y = np.empty_like(x)
    moves: dict[int, Displacement] = {
        c: d for start, stop, d in spec.partition(x.shape[1]) for c in range(start, stop)
    }
    for channel, d in moves.items():
        here, there = zip(*(_ends(k) for k in d), strict=True)
        clip = np.zeros_like(x[:, channel])
        clip[there] = x[:, channel][here]
        y[:, channel] = clip
    return y


def _ends(distance: int) -> tuple[slice, slice]:
    """Where a slice of an axis comes from and where it goes."""
    low, high = slice(None, -1), slice(1, None)
    return (
        (low, high) if distance > 0 else (high, low) if distance < 0 else (slice(None), slice(None))
    )


def _folded(x: Array, spec: ShiftSpec, num_segments: int) -> Array:
    """Frames folded into the batch: unfolded, padded, cut out and folded again."""
    return _by_padding(x.reshape(-1, num_segments, *x.shape[1:]), spec).reshape(x.shape)


def _tsm(x: Array, spec: ShiftSpec, num_segments: int) -> Array:
    """TSM in NumPy, with a fold of C // 8 and nothing else of the spec."""
    clips, fold = x.reshape(-1, num_segments, *x.shape[1:]), x.shape[1] // 8
    out = np.zeros_like(clips)
    out[:, :-1, :fold] = clips[:, 1:, :fold]
    out[:, 1:, fold : 2 * fold] = clips[:, :-1, fold : 2 * fold]
    out[:, :, 2 * fold :] = clips[:, :, 2 * fold :]
    return out.reshape(x.shape)


def _right(name: str, forward: Function, what: str, **fields: object) -> Implementation:
    return Implementation(name, forward, what, None, **fields)  # type: ignore[arg-type]  # names of fields


RIGHT = (
    _right("right-rolled", _by_rolling, "numpy.roll, then zeros where it wrapped around"),
    _right(
        "right-padded",
        _by_padding,
        "numpy.pad, then slices; with its gradient and tangent",
        vjp=_by_padding_back,
        jvp=lambda x, dx, spec: _by_padding(dx, spec),
    ),
    _right("right-taken", _by_taking, "numpy.take with a table of indices", spec="T+H+W+HW@3/4"),
    _right("right-loops", _by_loops, "loops over places", spec="THW@1"),
    _right("right-matrices", _by_matrices, "sparse Kronecker products", spec="TH+TW+HW@3/4"),
    _right("right-einsum", _by_einsum, "einsum with shift matrices, over bytes"),
    _right("right-ndimage", _by_ndimage, "scipy.ndimage.correlate, over bytes", layout="NCTHW"),
    _right(
        "right-channels-last",
        _channels_last,
        "slices in NTHWC",
        layout="NTHWC",
        spec="T+HW@3/4,backward-first",
    ),
    _right(
        "right-one-clip", _one_clip, "channel by channel in TCHW", layout="TCHW", spec="T+H+W@1"
    ),
    _right(
        "right-folded",
        _folded,
        "frames folded into the batch",
        layout="(NT)CHW",
        spec="T+H+W@3/8,exact",
    ),
    _right(
        "right-tsm", _tsm, "TSM's manner in NumPy", layout="(NT)CHW", spec="T@1/4,backward-first"
    ),
)
