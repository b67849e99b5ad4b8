"""Known ways to shift wrongly, each as a whole output: what a conforming implementation must not
produce.

The names are those of the catalogue of bugs (`docs/bugs.md`) where it has a row, with the number of
the row; 0 marks one beyond it. They share nothing with the implementations of this package but the
partition and the definition.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from stsm_ref.geometry import Array, ChannelGroup, Displacement, ShiftSpec
from stsm_ref.vectors.generate.templates import moved

Cut = Callable[[ShiftSpec, int], Iterable[ChannelGroup]]


class WrongShift(NamedTuple):
    """A wrong forward, the row of the catalogue, the rule it breaks, and what it does."""

    row: int
    requirement: str
    forward: Callable[[Array, ShiftSpec], Array]
    what: str


def by_group(
    move: Callable[[Array, Displacement], Array] = moved, cut: Cut = ShiftSpec.partition
) -> Callable[[Array, ShiftSpec], Array]:
    """An STSM put together from a way to move a group and a way to cut the channels."""

    def forward(x: Array, spec: ShiftSpec) -> Array:
        y = x.copy()
        for start, stop, displacement in cut(spec, x.shape[2]):
            y[:, :, start:stop] = move(x[:, :, start:stop], displacement)
        return y

    return forward


def right(x: Array, spec: ShiftSpec) -> Array:
    """The shift as it should be, from which some wrong ones start."""
    return by_group()(x, spec)


def _signs(t: int, h: int, w: int) -> Callable[[Array, Displacement], Array]:
    return lambda part, d: moved(part, (t * d.dt, h * d.dh, w * d.dw))


def _rolled(t: int, h: int, w: int) -> Callable[[Array, Displacement], Array]:
    """Wraps around along the marked axes and moves rightly along the others."""

    def move(part: Array, d: Displacement) -> Array:
        part = np.roll(part, (t * d.dt, h * d.dh, w * d.dw), axis=(1, 3, 4))
        return moved(part, (d.dt * (1 - t), d.dh * (1 - h), d.dw * (1 - w)))

    return move


def _vacant(part: Array, d: Iterable[int]) -> Array:
    vacant: Array = moved(np.ones(part.shape, np.uint8), d) == 0
    return vacant


def _edge_kept(part: Array, d: Displacement) -> Array:
    return np.where(_vacant(part, d), part, moved(part, d))


def _edge_repeated(part: Array, d: Displacement) -> Array:
    if 0 in part.shape:
        return part
    padded = np.pad(part, [(0, 0), (1, 1), (0, 0), (1, 1), (1, 1)], mode="edge")
    inside: Array = moved(padded, d)[:, 1:-1, :, 1:-1, 1:-1]
    return inside


def _smeared(sign: int) -> Callable[[Array, Displacement], Array]:
    def move(part: Array, d: Displacement) -> Array:
        if d.dt != sign or d.dh or d.dw:
            return moved(part, d)
        y = part.copy()
        for t in range(1, y.shape[1]) if sign > 0 else range(y.shape[1] - 2, -1, -1):
            y[:, t] = y[:, t - sign]  # copies over what it has yet to read
        y[:, 0 if sign > 0 else -1] = 0
        return y

    return move


def _sized(size: Callable[[ShiftSpec, int, int, int], int]) -> Cut:
    """A partition whose groups have the size of (spec, channels, number of terms, directions of
    the term).
    """

    def cut(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
        groups, start = [], 0
        for term in spec.directions:
            for displacement in term:
                stop = min(start + size(spec, channels, len(spec.directions), len(term)), channels)
                groups.append(ChannelGroup(start, stop, displacement))
                start = stop
        return tuple(groups)

    return cut


def _unequal_halves(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    groups, start = [], 0
    for term in spec.directions:
        share = spec.alpha * channels / (len(spec.directions) * len(term))
        for k, displacement in enumerate(term):
            stop = start + int(share * (k + 1)) - int(share * k)
            groups.append(ChannelGroup(start, stop, displacement))
            start = stop
    return tuple(groups)


def _rounded_starts(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    groups = []
    for k, term in enumerate(spec.directions):
        share = spec.alpha * channels / len(spec.directions)
        start, size = round(k * share), int(share / len(term))
        groups += [
            ChannelGroup(start + i * size, start + (i + 1) * size, d) for i, d in enumerate(term)
        ]
    return tuple(groups)


def _one_later(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    return tuple(
        ChannelGroup(min(a + 1, channels), min(b + 1, channels), d)
        for a, b, d in spec.partition(channels)[:-1]
    )


def _from_the_end(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    *groups, rest = spec.partition(channels)
    return tuple(
        ChannelGroup(a + rest.stop - rest.start, b + rest.stop - rest.start, d)
        for a, b, d in groups
    )


def _interleaved(x: Array, spec: ShiftSpec) -> Array:
    """Directions dealt out to the channels one after the other."""
    groups, y = [g for g in spec.partition(x.shape[2])[:-1] if g.start < g.stop], x.copy()
    for channel in range(groups[-1].stop if groups else 0):
        y[:, :, channel] = moved(
            x[:, :, channel : channel + 1], groups[channel % len(groups)].displacement
        )[:, :, 0]
    return y


def _emptied(x: Array, spec: ShiftSpec) -> Array:
    rest = spec.partition(x.shape[2])[-1]
    y = np.zeros_like(x) if rest.start == rest.stop else right(x, spec)
    y[:, :, -(rest.stop - rest.start) :] = x[:, :, -(rest.stop - rest.start) :]
    return y


def _other_terms(spec: ShiftSpec) -> ShiftSpec:
    return ShiftSpec("+".join(reversed(spec.terms.split("+"))), spec.alpha, spec.order)


def _axes_transposed(part: Array, d: Displacement) -> Array:
    """The signs of the first and the last moved axis exchanged: columns before rows in the
    order of directions.
    """
    signs = [sign for sign in d if sign]
    turned = iter(reversed(signs))
    return moved(part, [next(turned) if sign else 0 for sign in d])


def _zeroed_rest(x: Array, spec: ShiftSpec) -> Array:
    y = right(x, spec)
    y[:, :, spec.partition(x.shape[2])[-1].start :] = 0
    return y


def _folded(x: Array, spec: ShiftSpec) -> Array:
    return right(x.reshape(1, -1, *x.shape[2:]), spec).reshape(x.shape)


def _swapped_segments(x: Array, spec: ShiftSpec) -> Array:
    return right(x.reshape(x.shape[1], x.shape[0], *x.shape[2:]), spec).reshape(x.shape)


def _channels_as_time(x: Array, spec: ShiftSpec) -> Array:
    return right(x.swapaxes(1, 2).copy(), spec).swapaxes(1, 2).copy()


def _last_term_stays(spec: ShiftSpec, channels: int) -> tuple[ChannelGroup, ...]:
    return spec.partition(channels)[: -1 - len(spec.directions[-1])]


def _of_alpha(
    change: Callable[[ShiftSpec, Array], ShiftSpec],
) -> Callable[[Array, ShiftSpec], Array]:
    return lambda x, spec: right(x, change(spec, x))


WRONG_SHIFTS: dict[str, WrongShift] = {
    "directions-swapped": WrongShift(
        1, "GEO-5", by_group(_signs(-1, -1, -1)), "+1 and -1 exchanged: the other order's output"
    ),
    "t-reversed": WrongShift(
        2, "SHIFT-2", by_group(_signs(-1, 1, 1)), "time alone runs the other way"
    ),
    "h-reversed": WrongShift(
        2, "SHIFT-3", by_group(_signs(1, -1, 1)), "height alone runs the other way"
    ),
    "w-reversed": WrongShift(
        2, "SHIFT-3", by_group(_signs(1, 1, -1)), "width alone runs the other way"
    ),
    "smeared": WrongShift(
        6,
        "SHIFT-2",
        by_group(_smeared(1)),
        "an in-place copy forward in time reads what it has written",
    ),
    "smeared-backward": WrongShift(
        6,
        "SHIFT-2",
        by_group(_smeared(-1)),
        "an in-place copy backward in time reads what it has written",
    ),
    "edge-kept": WrongShift(
        7, "SHIFT-6", by_group(_edge_kept), "vacated places keep their old content"
    ),
    "edge-repeated": WrongShift(
        7,
        "SHIFT-6",
        by_group(_edge_repeated),
        "vacated places take the nearest content (replicate padding)",
    ),
    "rolled": WrongShift(
        8, "SHIFT-6", by_group(_rolled(1, 1, 1)), "what leaves enters at the other end"
    ),
    "rolled-along-t": WrongShift(
        8, "SHIFT-6", by_group(_rolled(1, 0, 0)), "wraps around along time alone"
    ),
    "rolled-along-h": WrongShift(
        8, "SHIFT-6", by_group(_rolled(0, 1, 0)), "wraps around along height alone"
    ),
    "rolled-along-w": WrongShift(
        8, "SHIFT-6", by_group(_rolled(0, 0, 1)), "wraps around along width alone"
    ),
    "groups-rounded-up": WrongShift(
        10,
        "GEO-4",
        by_group(cut=_sized(lambda s, c, n, k: int(-(-s.alpha * c // (n * k))))),
        "shares rounded up",
    ),
    "groups-rounded-to-nearest": WrongShift(
        10,
        "GEO-4",
        by_group(cut=_sized(lambda s, c, n, k: round(s.alpha * c / (n * k)))),
        "shares rounded to the nearest",
    ),
    "unequal-halves": WrongShift(
        11, "GEO-4", by_group(cut=_unequal_halves), "halves cut at int(k * share)"
    ),
    "float-truncation": WrongShift(
        12,
        "GEO-3",
        by_group(cut=_sized(lambda s, c, n, k: int(c * (float(s.alpha) / (n * k))))),
        "shares truncated from a float",
    ),
    "empty-group-is-everything": WrongShift(
        13, "GEO-4", _emptied, "an empty rest, written as [-0:], takes everything"
    ),
    "ratio-tied-to-time": WrongShift(
        14,
        "GEO-3",
        _of_alpha(lambda s, x: ShiftSpec(s.terms, f"1/{x.shape[1]}", s.order)),
        "alpha is 1/T",
    ),
    "alpha-halved": WrongShift(
        14,
        "GEO-3",
        _of_alpha(lambda s, x: ShiftSpec(s.terms, s.alpha / 2, s.order)),
        "alpha counted twice",
    ),
    "h-and-w-swapped": WrongShift(
        15,
        "GEO-1",
        by_group(lambda part, d: moved(part, (d.dt, d.dw, d.dh))),
        "height taken for width",
    ),
    "t-and-h-swapped": WrongShift(
        15,
        "GEO-1",
        by_group(lambda part, d: moved(part, (d.dh, d.dt, d.dw))),
        "time taken for height",
    ),
    "t-and-w-swapped": WrongShift(
        15,
        "GEO-1",
        by_group(lambda part, d: moved(part, (d.dw, d.dh, d.dt))),
        "time taken for width",
    ),
    "wrong-segments": WrongShift(
        16, "BATCH-1", _swapped_segments, "N segments of T clips instead of T segments of N clips"
    ),
    "clips-mixed": WrongShift(
        17, "BATCH-1", _folded, "clips shifted into each other along the fold N*T"
    ),
    "time-and-channels-swapped": WrongShift(
        18, "GEO-1", _channels_as_time, "(N, T, C, H, W) read as (N, C, T, H, W)"
    ),
    "channels-permuted": WrongShift(
        30, "SHIFT-5", lambda x, s: right(x, s)[:, :, ::-1].copy(), "channels come out in reverse"
    ),
    "terms-start-at-rounded-places": WrongShift(
        31, "GEO-4", by_group(cut=_rounded_starts), "each term starts at a rounded place"
    ),
    "nothing-moved": WrongShift(
        26,
        "PAD-1",
        lambda x, s: x.copy(),
        "the identity: the zeros stand on the wrong side of the kernel",
    ),
    "all-zero": WrongShift(
        0, "SHIFT-4", lambda x, s: np.zeros_like(x), "an output that was never written"
    ),
    "rest-zeroed": WrongShift(0, "SHIFT-4", _zeroed_rest, "X_N is lost"),
    "moved-twice": WrongShift(
        23,
        "SHIFT-2",
        by_group(lambda part, d: moved(part, [2 * s for s in d])),
        "every group moves by two",
    ),
    "first-direction-only": WrongShift(
        0, "SHIFT-2", by_group(cut=lambda s, c: s.partition(c)[::2]), "every second direction stays"
    ),
    "last-term-stays": WrongShift(
        0, "SHIFT-3", by_group(cut=_last_term_stays), "the last term is forgotten"
    ),
    "one-axis-at-most": WrongShift(
        0,
        "SEP-1",
        by_group(
            lambda part, d: moved(
                part, (d.dt, d.dh if not d.dt else 0, d.dw if not (d.dt or d.dh) else 0)
            )
        ),
        "2-D is 1-D",
    ),
    "terms-reversed": WrongShift(
        31, "GEO-2", _of_alpha(lambda s, x: _other_terms(s)), "terms cut in reverse order"
    ),
    "signs-transposed": WrongShift(
        0, "GEO-5", by_group(_axes_transposed), "directions ordered by the last axis first"
    ),
    "groups-one-later": WrongShift(
        31, "GEO-4", by_group(cut=_one_later), "groups start at channel 1"
    ),
    "groups-at-the-end": WrongShift(0, "GEO-4", by_group(cut=_from_the_end), "X_N stands first"),
    "directions-interleaved": WrongShift(
        30, "GEO-4", _interleaved, "directions dealt out channel by channel"
    ),
}
