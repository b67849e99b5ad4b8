"""Wrong axes: clips that mix, axes that are taken for others, sizes that are baked in, and
sizes at which nothing works.
"""

from collections.abc import Callable

import numpy as np

from stsm_ref.bugs.implementation import Function, Implementation
from stsm_ref.bugs.parts import Forward, afterwards, shifted
from stsm_ref.geometry import Array, ShiftSpec

RARE = "H+W@2/3"
"""A spec that no golden vector has."""


def _one_long_clip(x: Array, spec: ShiftSpec) -> Array:
    return shifted(x.reshape(-1, *x.shape[-3:]), spec).reshape(x.shape)


def _neighbour_enters(x: Array, y: Array, spec: ShiftSpec) -> Array:
    """Only the backward half takes the next clip's first frame."""
    long = _one_long_clip(x, spec)
    for start, stop, d in spec.partition(x.shape[-3]):
        if d.dt < 0:
            y[:, :, start:stop] = long[:, :, start:stop]
    return y


def _time_is_channels(x: Array, spec: ShiftSpec) -> Array:
    return shifted(x.swapaxes(-4, -3), spec).swapaxes(-4, -3).copy()


def _viewed_as_ncthw(x: Array, spec: ShiftSpec) -> Array:
    n, t, c, h, w = x.shape
    return shifted(x.reshape(n, c, t, h, w).swapaxes(1, 2), spec).swapaxes(1, 2).reshape(x.shape)


def _clips_are_frames(x: Array, spec: ShiftSpec) -> Array:
    return shifted(x.swapaxes(0, 1), spec).swapaxes(0, 1).copy()


def _frames_interleaved(x: Array, spec: ShiftSpec, num_segments: int) -> Array:
    """``(T, N)`` where the batch holds ``(N, T)``."""
    clips = x.reshape(num_segments, -1, *x.shape[1:])
    return shifted(clips.swapaxes(0, 1), spec).swapaxes(0, 1).reshape(x.shape)


def _segments_baked_in(segments: int) -> Callable[..., Array]:
    def forward(x: Array, spec: ShiftSpec, num_segments: int) -> Array:
        used = segments if len(x) % segments == 0 else num_segments
        return shifted(x.reshape(-1, used, *x.shape[1:]), spec).reshape(x.shape)

    return forward


def _channels_last_ignored(x: Array, spec: ShiftSpec) -> Array:
    return shifted(x, spec)


class _SizesBakedIn:
    """The table of indices is built for the first input and cut to fit later ones."""

    def __init__(self) -> None:
        self.mask: Array | None = None

    def __call__(self, x: Array, spec: ShiftSpec) -> Array:
        if self.mask is None:
            self.mask = np.ones(x.shape[-4:], np.uint8)
            self.mask = shifted(self.mask, spec)
        y = shifted(x, spec)
        if self.mask.shape[1] == x.shape[-3]:
            t, c, h, w = (
                slice(0, min(a, b)) for a, b in zip(self.mask.shape, x.shape[-4:], strict=True)
            )
            y[..., t, c, h, w] = np.where(
                self.mask[t, c, h, w], y[..., t, c, h, w], np.zeros((), y.dtype)
            )
        return y


def _left_alone(when: Callable[[tuple[int, ...]], bool]) -> Forward:
    """Wrong at rare sizes only: there, nothing moves."""
    return afterwards(lambda x, y, spec: x.copy() if when(x.shape) else y)


def _last_clips(x: Array, y: Array, spec: ShiftSpec) -> Array:
    y[1:] = x[1:]
    return y


def _in_blocks_of(size: int) -> Forward:
    """Rows in blocks of `size`; what does not fill the last block is forgotten."""

    def change(x: Array, y: Array, spec: ShiftSpec) -> Array:
        done = x.shape[-1] // size * size
        y[..., done:] = x[..., done:]
        return y

    return afterwards(change)


def _square_is_transposed(x: Array, spec: ShiftSpec) -> Array:
    if x.shape[-1] != x.shape[-2]:
        return shifted(x, spec)
    return shifted(x.swapaxes(-1, -2), spec).swapaxes(-1, -2).copy()


def _mutant(
    name: str, forward: Function, bug: int, what: str, spec: str = "T+H+W@3/8"
) -> Implementation:
    return Implementation(name, forward, what, bug, spec)


def _folded(name: str, forward: Callable[..., Array], bug: int, what: str) -> Implementation:
    return Implementation(name, forward, what, bug, layout="(NT)CHW")


MUTANTS = (
    _mutant("clips-mixed", _one_long_clip, 17, "N and T are shifted as one axis"),
    _mutant(
        "next-clip-enters",
        afterwards(_neighbour_enters),
        17,
        "only the backward half mixes the clips",
    ),
    _mutant("time-taken-for-channels", _time_is_channels, 18, "T and C are swapped"),
    _mutant(
        "viewed-as-ncthw",
        _viewed_as_ncthw,
        18,
        "the memory of NTCHW is read as NCTHW, without a transposition",
    ),
    _mutant("clips-taken-for-frames", _clips_are_frames, 16, "N and T are swapped"),
    _folded(
        "frames-interleaved", _frames_interleaved, 16, "the batch is read as (T, N), not (N, T)"
    ),
    _folded(
        "segments-are-eight", _segments_baked_in(8), 16, "num_segments is 8 wherever that divides"
    ),
    _folded(
        "segments-are-two", _segments_baked_in(2), 16, "num_segments is 2 wherever that divides"
    ),
    Implementation(
        "channels-last-ignored",
        _channels_last_ignored,
        "NTHWC is shifted as if it were NTCHW",
        18,
        layout="NTHWC",
    ),
    _mutant(
        "sizes-baked-in",
        _SizesBakedIn,
        25,
        "the zeros of the first input's size stay for all others",
    ),
    _mutant(
        "wrong-at-one-frame", _left_alone(lambda s: s[1] == 1), 28, "nothing moves where T = 1"
    ),
    _mutant(
        "wrong-at-three-frames", _left_alone(lambda s: s[1] == 3), 28, "nothing moves where T = 3"
    ),
    _mutant(
        "wrong-at-odd-width",
        _left_alone(lambda s: s[4] % 2 == 1),
        28,
        "nothing moves where W is odd",
    ),
    _mutant(
        "wrong-at-width-five", _left_alone(lambda s: s[4] == 5), 28, "nothing moves where W = 5"
    ),
    _mutant("wrong-at-one-row", _left_alone(lambda s: s[3] == 1), 28, "nothing moves where H = 1"),
    _mutant(
        "wrong-at-one-column", _left_alone(lambda s: s[4] == 1), 28, "nothing moves where W = 1"
    ),
    _mutant(
        "wrong-at-one-clip",
        _left_alone(lambda s: s[0] == 1),
        28,
        "nothing moves where N = 1: the batch axis was squeezed away",
    ),
    _mutant(
        "wrong-at-odd-channels",
        _left_alone(lambda s: s[2] % 2 == 1),
        28,
        "nothing moves where C is odd",
    ),
    _mutant(
        "wrong-beyond-thirty-channels",
        _left_alone(lambda s: s[2] > 30),
        28,
        "nothing moves beyond 30 channels",
    ),
    _mutant(
        "wrong-at-one-combination",
        _left_alone(lambda s: s[1:2] + s[3:] == (3, 5, 3)),
        28,
        "nothing moves where T, H, W = 3, 5, 3",
        RARE,
    ),
    _mutant(
        "wrong-at-fourteen-rows",
        _left_alone(lambda s: s[3] == 14 != s[4]),
        28,
        "nothing moves where H = 14, but in squares",
    ),
    _mutant(
        "wrong-at-sixteen-columns",
        _left_alone(lambda s: s[4] == 16),
        28,
        "nothing moves where W = 16",
    ),
    _mutant(
        "wrong-at-nine-clips", _left_alone(lambda s: s[0] == 9), 28, "nothing moves where N = 9"
    ),
    _mutant(
        "wrong-at-eight-by-seven-by-five",
        _left_alone(lambda s: s[1:2] + s[3:] == (8, 7, 5)),
        28,
        "nothing moves where T, H, W = 8, 7, 5",
    ),
    _mutant(
        "first-clip-only", afterwards(_last_clips), 28, "only the first clip of a batch is shifted"
    ),
    _mutant(
        "columns-in-fours",
        _in_blocks_of(4),
        28,
        "columns are done in fours; the rest of a row is forgotten",
    ),
    _mutant(
        "squares-transposed",
        _square_is_transposed,
        28,
        "H and W change places where the frame is square",
    ),
)
