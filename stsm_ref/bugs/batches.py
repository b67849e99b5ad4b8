"""Wrong axes: clips that mix, axes taken for others, and sizes at which nothing works."""

from collections.abc import Callable
from typing import Any

import numpy as np

from stsm_ref.bugs.bug import Bug, Build, Parts, by_result, by_whole, left_alone
from stsm_ref.geometry import Array, ShiftSpec

RARE = "H+W@2/3"
"""A spec that no golden vector has."""


def _one_long_clip(parts: Parts, x: Array, spec: ShiftSpec) -> Array:
    return parts.shifted(x.reshape(1, -1, *x.shape[-3:]), spec).reshape(x.shape)


def _neighbour_enters(parts: Parts, x: Array, spec: ShiftSpec) -> Array:
    """Only the backward half takes the next clip's first frame."""
    y, long = parts.shifted(x, spec), _one_long_clip(parts, x, spec)
    for start, stop, d in spec.partition(x.shape[-3]):
        if d.dt < 0:
            y[:, :, start:stop] = long[:, :, start:stop]
    return y


def _swapped(first: int, second: int) -> Build:
    """Two axes are taken for each other."""

    def wrong(parts: Parts, x: Array, spec: ShiftSpec) -> Array:
        turned = np.ascontiguousarray(x.swapaxes(first, second))
        return parts.shifted(turned, spec).swapaxes(first, second).copy()

    return by_whole(wrong)


def _viewed_as_ncthw(parts: Parts, x: Array, spec: ShiftSpec) -> Array:
    n, t, c, h, w = x.shape
    viewed = np.ascontiguousarray(x.reshape(n, c, t, h, w).swapaxes(1, 2))
    return parts.shifted(viewed, spec).swapaxes(1, 2).reshape(x.shape)


def _refolded(parts: Parts, x: Array, spec: ShiftSpec) -> Array:
    if x.ndim < 5:
        return parts.shifted(x, spec)
    *more, n, t = x.shape[:-3]
    return parts.shifted(x.reshape(*more, t, n, *x.shape[-3:]), spec).reshape(x.shape)


def _frames_interleaved(parts: Parts, x: Array, spec: ShiftSpec, num_segments: int) -> Array:
    """``(T, N)`` where the batch holds ``(N, T)``."""
    clips = x.reshape(num_segments, -1, *x.shape[1:])
    return parts.shifted(clips.swapaxes(0, 1), spec).swapaxes(0, 1).reshape(x.shape)


def _segments_baked_in(segments: int) -> Build:
    def wrong(parts: Parts, x: Array, spec: ShiftSpec, num_segments: int) -> Array:
        used = segments if len(x) % segments == 0 else num_segments
        return parts.shifted(x.reshape(-1, used, *x.shape[1:]), spec).reshape(x.shape)

    return by_whole(wrong)


def _first_clip_only(x: Array, y: Array, spec: ShiftSpec) -> Array:
    y[1:] = x[1:]
    return y


def _columns_in_fours(x: Array, y: Array, spec: ShiftSpec) -> Array:
    done = x.shape[-1] // 4 * 4
    y[..., done:] = x[..., done:]
    return y


def _square_is_transposed(parts: Parts, x: Array, spec: ShiftSpec) -> Array:
    if x.shape[-1] != x.shape[-2]:
        return parts.shifted(x, spec)
    return parts.shifted(x.swapaxes(-1, -2), spec).swapaxes(-1, -2).copy()


def _bug(name: str, row: int, what: str, build: Build) -> Bug:
    return Bug(name, row, what, build)


def _folded(name: str, row: int, what: str, build: Build) -> Bug:
    return Bug(name, row, what, build, layout="(NT)CHW")


def _at(name: str, where: str, when: Callable[[Any], Any], spec: str = "T+H+W@3/8") -> Bug:
    """Wrong at rare sizes only: there, nothing moves; `when` takes the shape."""
    return Bug(
        f"wrong-at-{name}",
        28,
        f"nothing moves where {where}",
        left_alone(lambda x: when(x.shape)),
        spec,
    )


# a table: a bug a line or two
# fmt: off
BUGS = (
    _bug("clips-mixed", 17, "clips shifted into each other along the fold N*T",
        by_whole(_one_long_clip)),
    _bug("next-clip-enters", 17, "only the backward half mixes the clips",
        by_whole(_neighbour_enters)),
    _bug("time-and-channels-swapped", 18, "(N, T, C, H, W) read as (N, C, T, H, W)",
        _swapped(-4, -3)),
    _bug("viewed-as-ncthw", 18, "the memory of NTCHW is read as NCTHW, without a transposition",
        by_whole(_viewed_as_ncthw)),
    _bug("clips-taken-for-frames", 16, "N and T are swapped", _swapped(0, 1)),
    Bug("wrong-segments", 16, "N segments of T clips instead of T segments of N clips",
        by_whole(_refolded), mutant=False),
    _folded("frames-interleaved", 16, "the batch is read as (T, N), not (N, T)",
        by_whole(_frames_interleaved)),
    _folded("segments-are-eight", 16, "num_segments is 8 wherever that divides",
        _segments_baked_in(8)),
    _folded("segments-are-two", 16, "num_segments is 2 wherever that divides",
        _segments_baked_in(2)),
    Bug("channels-last-ignored", 18, "NTHWC is shifted as if it were NTCHW",
        by_result(lambda x, y, spec: y), layout="NTHWC"),
    _at("one-frame", "T = 1", lambda s: s[-4] == 1),
    _at("three-frames", "T = 3", lambda s: s[-4] == 3),
    _at("odd-width", "W is odd", lambda s: s[-1] % 2 == 1),
    _at("width-five", "W = 5", lambda s: s[-1] == 5),
    _at("one-row", "H = 1", lambda s: s[-2] == 1),
    _at("one-column", "W = 1", lambda s: s[-1] == 1),
    _at("one-clip", "N = 1: the batch axis was squeezed away", lambda s: s[0] == 1),
    _at("odd-channels", "C is odd", lambda s: s[-3] % 2 == 1),
    _bug("wrong-beyond-thirty-channels", 28, "nothing moves beyond 30 channels",
        left_alone(lambda x: x.shape[-3] > 30)),
    _at("one-combination", "T, H, W = 3, 5, 3", lambda s: s[-4:-3] + s[-2:] == (3, 5, 3), RARE),
    _at("fourteen-rows", "H = 14, but in squares", lambda s: s[-2] == 14 != s[-1]),
    _at("sixteen-columns", "W = 16", lambda s: s[-1] == 16),
    _at("nine-clips", "N = 9", lambda s: s[0] == 9),
    _at("eight-by-seven-by-five", "T, H, W = 8, 7, 5", lambda s: s[-4:-3] + s[-2:] == (8, 7, 5)),
    _bug("first-clip-only", 28, "only the first clip of a batch is shifted",
        by_result(_first_clip_only)),
    _bug("columns-in-fours", 28, "columns are done in fours; the rest of a row is forgotten",
        by_result(_columns_in_fours)),
    _bug("squares-transposed", 28, "H and W change places where the frame is square",
        by_whole(_square_is_transposed)),
)
# fmt: on
