"""Wrong cuts: every group moves as it should, and the wrong channels are in it."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from stsm_ref.bugs.implementation import Implementation
from stsm_ref.bugs.parts import REST, Cut, Forward, afterwards, put_together, shifted
from stsm_ref.geometry import Array, ChannelGroup, ShiftSpec

Groups = tuple[ChannelGroup, ...]
Size = Callable[[ShiftSpec, int, int, int], int]


def _sized(size: Size) -> Cut:
    """Groups of the size of (spec, channels, number of terms, directions of the term), one
    behind the other.
    """

    def cut(spec: ShiftSpec, channels: int) -> Groups:
        groups, start = [], 0
        for term in spec.directions:
            for d in term:
                stop = min(
                    start + max(size(spec, channels, len(spec.directions), len(term)), 0), channels
                )
                groups.append(ChannelGroup(start, stop, d))
                start = stop
        return (*groups, ChannelGroup(start, channels, REST))

    return cut


def _share(spec: ShiftSpec, channels: int, terms: int, directions: int) -> Fraction:
    return spec.alpha * channels / (terms * directions)


def _in_single_precision(spec: ShiftSpec, channels: int, terms: int, directions: int) -> int:
    return int(np.float32(channels) * np.float32(float(spec.alpha) / (terms * directions)))


def _rounded_boundaries(spec: ShiftSpec, channels: int) -> Groups:
    """Each boundary is rounded down by itself, so that the halves differ by one channel."""
    groups, end = [], Fraction(0)
    for term in spec.directions:
        for d in term:
            start, end = end, end + _share(spec, channels, len(spec.directions), len(term))
            groups.append(ChannelGroup(int(start), int(end), d))
    return (*groups, ChannelGroup(int(end), channels, REST))


def _rounded_starts(spec: ShiftSpec, channels: int) -> Groups:
    groups = []
    for k, term in enumerate(spec.directions):
        share = spec.alpha * channels / len(spec.directions)
        start, size = round(k * share), int(share / len(term))
        groups += [
            ChannelGroup(start + i * size, start + (i + 1) * size, d) for i, d in enumerate(term)
        ]
    return (*groups, ChannelGroup(groups[-1].stop, channels, REST))


def _later_start(spec: ShiftSpec, channels: int) -> Groups:
    return tuple(
        ChannelGroup(min(g.start + 1, channels), min(g.stop + 1, channels), g.displacement)
        for g in spec.partition(channels)[:-1]
    )


def _from_the_end(spec: ShiftSpec, channels: int) -> Groups:
    return tuple(
        ChannelGroup(channels - g.stop, channels - g.start, g.displacement)
        for g in spec.partition(channels)
    )


def _rest_first(spec: ShiftSpec, channels: int) -> Groups:
    *groups, rest = spec.partition(channels)
    count = rest.stop - rest.start
    return tuple(ChannelGroup(g.start + count, g.stop + count, g.displacement) for g in groups)


def _last_group(by: int) -> Cut:
    """The last group one channel too long or too short."""

    def cut(spec: ShiftSpec, channels: int) -> Groups:
        *groups, last, _ = spec.partition(channels)
        stop = min(max(last.stop + by, last.start), channels)
        return (*groups, last._replace(stop=stop))

    return cut


def _leftover(which: int) -> Cut:
    """What rounding down leaves over goes to one group, not to X_N."""

    def cut(spec: ShiftSpec, channels: int) -> Groups:
        groups, start = [], 0
        *moving, rest = spec.partition(channels)
        over = int(spec.alpha * channels) - rest.start
        for k, (first, stop, d) in enumerate(moving):
            size = stop - first + (over if k == which % len(moving) else 0)
            groups.append(ChannelGroup(start, start + size, d))
            start += size
        return tuple(groups)

    return cut


def _interleaved(spec: ShiftSpec, channels: int) -> Groups:
    """The directions take turns, one channel each, where each should have a block."""
    *moving, rest = spec.partition(channels)
    turns = [g.displacement for k in range(rest.start) for g in moving if k < g.stop - g.start]
    return tuple(ChannelGroup(c, c + 1, d) for c, d in enumerate(turns))


def _direction_twice(spec: ShiftSpec, channels: int) -> Groups:
    groups = spec.partition(channels)
    return (groups[0], groups[1]._replace(displacement=groups[0].displacement), *groups[2:])


def _forward_halves_first(spec: ShiftSpec, channels: int) -> Groups:
    """All forward halves, then all backward ones, where each term should have both side by side."""
    order = [
        d
        for k in range(max(map(len, spec.directions)))
        for term in spec.directions
        if k < len(term)
        for d in term[k : k + 1]
    ]
    groups = spec.partition(channels)[:-1]
    return tuple(g._replace(displacement=d) for g, d in zip(groups, order, strict=True))


def _last_axis_slowest(spec: ShiftSpec, channels: int) -> Groups:
    """The directions of a plane or a cube counted with the first axis fastest."""
    groups = spec.partition(channels)[:-1]
    order = [
        d
        for term in spec.directions
        for d in sorted(term, key=lambda d: d[::-1], reverse=spec.order == "forward-first")
    ]
    return tuple(g._replace(displacement=d) for g, d in zip(groups, order, strict=True))


def _as_spec(change: Callable[[ShiftSpec], ShiftSpec]) -> Forward:
    """The right shift of another spec."""
    return lambda x, spec: shifted(x, change(spec))


def _sorted_terms(spec: ShiftSpec) -> ShiftSpec:
    return ShiftSpec(
        "+".join(
            sorted(spec.terms.split("+"), key=lambda t: (len(t), ["THW".index(a) for a in t]))
        ),
        spec.alpha,
        spec.order,
    )


def _other_order(spec: ShiftSpec) -> ShiftSpec:
    return ShiftSpec(
        spec.terms,
        spec.alpha,
        "backward-first" if spec.rounding == "exact" else spec.order,
        spec.rounding,
    )


def _tied_to_time(x: Array, spec: ShiftSpec) -> Array:
    return shifted(x, ShiftSpec(spec.terms, Fraction(2, max(x.shape[-4], 2)), spec.order))


def _emptied(x: Array, y: Array, spec: ShiftSpec) -> Array:
    """``y[:, :, -rest:] = x[:, :, -rest:]`` with a rest of no channels."""
    start, stop, _ = spec.partition(x.shape[-3])[-1]
    y[..., -(stop - start) :, :, :] = x[..., -(stop - start) :, :, :]
    return y


def _everything(x: Array, spec: ShiftSpec) -> Array:
    """Sizes as negative ends: ``x[:, :, :-0]`` is nothing at all, so a spec that leaves no rest
    leaves no output.
    """
    stop = -(x.shape[-3] - spec.partition(x.shape[-3])[-1].start)
    y = np.zeros_like(x)
    y[..., :stop, :, :] = shifted(x, spec)[..., :stop, :, :]
    y[..., stop:, :, :] = shifted(x, spec)[..., stop:, :, :] if stop else y
    return y


def _channels_permuted(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return y[..., ::-1, :, :].copy()


def _last_two_channels(x: Array, y: Array, spec: ShiftSpec) -> Array:
    return y[..., [*range(y.shape[-3] - 2), *range(y.shape[-3])[-2:][::-1]], :, :]


def _refuses_fractions(x: Array, spec: ShiftSpec) -> Array:
    return shifted(x, ShiftSpec(spec.terms, spec.alpha, spec.order, "exact"))


def _mutant(name: str, cut: Cut, bug: int, what: str, spec: str = "T+H+W@3/8") -> Implementation:
    return Implementation(name, put_together(cut=cut), what, bug, spec)


def _changed(
    name: str, forward: Forward, bug: int, what: str, spec: str = "T+H+W@3/8"
) -> Implementation:
    return Implementation(name, forward, what, bug, spec)


UNEVEN = "T+HW@3/4"
MUTANTS = (
    _changed(
        "order-ignored",
        _as_spec(lambda s: ShiftSpec(s.terms, s.alpha)),
        1,
        "always forward first: TSM's weights break",
        "T@1/4,backward-first",
    ),
    _changed(
        "flag-flips-direction",
        _as_spec(_other_order),
        3,
        "rounding='exact' turns the order around",
        "T+H+W@3/8,exact",
    ),
    _changed("fractions-refused", _refuses_fractions, 10, "fails where the channels do not divide"),
    _mutant(
        "groups-rounded-up",
        _sized(lambda s, c, n, k: math.ceil(_share(s, c, n, k))),
        10,
        "a share is rounded up",
    ),
    _mutant(
        "groups-rounded",
        _sized(lambda s, c, n, k: round(_share(s, c, n, k))),
        10,
        "a share is rounded to the nearest whole number",
    ),
    _mutant(
        "boundaries-rounded",
        _rounded_boundaries,
        11,
        "int(k*C*r) for each boundary: the halves differ by a channel",
    ),
    _mutant(
        "leftover-in-the-first-group",
        _leftover(0),
        10,
        "the channels that do not divide go to the first group",
    ),
    _mutant(
        "leftover-in-the-last-group",
        _leftover(-1),
        10,
        "the channels that do not divide go to the last group",
    ),
    _mutant(
        "terms-start-at-rounded-places",
        _rounded_starts,
        31,
        "the second term starts at a rounded place of the first's",
    ),
    _mutant(
        "float-share",
        _sized(lambda s, c, n, k: int(c * (float(s.alpha) / (n * k)))),
        12,
        "C=49, r=1/49 gives 0, not 1",
        "T@2/49",
    ),
    _mutant(
        "single-precision-share",
        _sized(_in_single_precision),
        12,
        "int(C*r) in float32: C=46, r=7/46 gives 6, not 7",
        "T@7/23",
    ),
    _changed(
        "empty-rest-keeps-everything",
        afterwards(_emptied),
        13,
        "a rest of no channels makes [-0:] everything: nothing moves",
        "T+H+W@1",
    ),
    _changed(
        "empty-rest-empties-everything",
        _everything,
        13,
        "a rest of no channels makes [:-0] nothing: all is zero",
        "T+H+W@1",
    ),
    _changed(
        "ratio-tied-to-time", _tied_to_time, 14, "the moving share is 2/T, whatever alpha says"
    ),
    _changed(
        "alpha-ignored",
        _as_spec(lambda s: ShiftSpec(s.terms, "3/8", s.order)),
        14,
        "alpha is 3/8, whatever the spec says",
        "T+H+W@1/2",
    ),
    _changed(
        "terms-ignored",
        _as_spec(lambda s: ShiftSpec("T+H+W", s.alpha, s.order)),
        0,
        "T+H+W, whatever the spec says",
        "T+H+W+HW@1/2",
    ),
    _changed(
        "terms-sorted",
        _as_spec(_sorted_terms),
        0,
        "terms in the order T, H, W, not as they are written",
        "W+T@1/2",
    ),
    _changed(
        "exact-is-floor",
        _as_spec(lambda s: ShiftSpec(s.terms, s.alpha, s.order)),
        10,
        "rounds down where it was told to refuse",
        "T+H+W@3/8,exact",
    ),
    _mutant(
        "share-of-each-term",
        _sized(lambda s, c, n, k: int(s.alpha * c / k)),
        0,
        "each term gets the share that all should have",
    ),
    _mutant(
        "two-directions-always",
        _sized(lambda s, c, n, k: int(s.alpha * c / (2 * n))),
        0,
        "a plane's share is halved, not quartered",
        UNEVEN,
    ),
    _mutant(
        "equal-directions",
        _sized(lambda s, c, n, k: int(s.alpha * c / sum(map(len, s.directions)))),
        0,
        "every direction gets an equal share, not every term",
        UNEVEN,
    ),
    _mutant("groups-start-at-one", _later_start, 0, "the first group starts at channel 1"),
    _mutant("one-channel-too-many", _last_group(1), 0, "the last group takes a channel of X_N"),
    _mutant("one-channel-too-few", _last_group(-1), 0, "the last group leaves a channel to X_N"),
    _mutant("groups-from-the-end", _from_the_end, 0, "channels are cut from C downwards"),
    _mutant("rest-first", _rest_first, 30, "X_N stands in front"),
    _mutant(
        "groups-interleaved", _interleaved, 30, "the directions take turns, channel by channel"
    ),
    _mutant(
        "forward-halves-first",
        _forward_halves_first,
        1,
        "all forward halves, then all backward ones",
    ),
    _mutant(
        "first-axis-fastest",
        _last_axis_slowest,
        1,
        "directions of a plane with the first axis fastest",
        "HW@1",
    ),
    _mutant(
        "a-direction-twice", _direction_twice, 0, "the second group goes where the first one goes"
    ),
    _changed(
        "channels-reversed",
        afterwards(_channels_permuted),
        30,
        "the output's channels stand in reverse",
    ),
    _changed(
        "last-channels-swapped",
        afterwards(_last_two_channels),
        30,
        "the last two channels change places",
    ),
)
