"""Wrong cuts: every group moves as it should, and the wrong channels are in it."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from stsm_ref.bugs.bug import Bug, Build, Cut, Parts, by_cut, by_result, by_spec, by_whole
from stsm_ref.geometry import Array, ChannelGroup, Displacement, ShiftSpec

Groups = tuple[ChannelGroup, ...]
REST = Displacement()


def sized(size: Callable[[ShiftSpec, int, int, int], int]) -> Cut:
    """Groups of the size of (spec, channels, number of terms, directions of the term), in a row."""

    def cut(spec: ShiftSpec, channels: int) -> Groups:
        groups, start = [], 0
        for term in spec.directions:
            for d in term:
                stop = min(start + size(spec, channels, len(spec.directions), len(term)), channels)
                groups.append(ChannelGroup(start, stop, d))
                start = stop
        return (*groups, ChannelGroup(start, channels, REST))

    return cut


def share(spec: ShiftSpec, channels: int, terms: int, directions: int) -> Fraction:
    """What one direction should get, before it is rounded down."""
    return spec.alpha * channels / (terms * directions)


def _in_floats(spec: ShiftSpec, channels: int, terms: int, directions: int) -> int:
    return int(channels * (float(spec.alpha) / (terms * directions)))


def _in_single_precision(spec: ShiftSpec, channels: int, terms: int, directions: int) -> int:
    return int(np.float32(channels) * np.float32(float(spec.alpha) / (terms * directions)))


def _rounded_boundaries(spec: ShiftSpec, channels: int) -> Groups:
    groups, end = [], Fraction(0)
    for term in spec.directions:
        for d in term:
            start, end = end, end + share(spec, channels, len(spec.directions), len(term))
            groups.append(ChannelGroup(int(start), int(end), d))
    return (*groups, ChannelGroup(int(end), channels, REST))


def _unequal_halves(spec: ShiftSpec, channels: int) -> Groups:
    groups, start = [], 0
    for term in spec.directions:
        each = share(spec, channels, len(spec.directions), len(term))
        for k, d in enumerate(term):
            stop = start + int(each * (k + 1)) - int(each * k)
            groups.append(ChannelGroup(start, stop, d))
            start = stop
    return (*groups, ChannelGroup(start, channels, REST))


def _rounded_starts(spec: ShiftSpec, channels: int) -> Groups:
    groups = []
    for k, term in enumerate(spec.directions):
        each = spec.alpha * channels / len(spec.directions)
        start, size = round(k * each), int(each / len(term))
        for i, d in enumerate(term):
            groups.append(ChannelGroup(start + i * size, start + (i + 1) * size, d))
    return (*groups, ChannelGroup(groups[-1].stop, channels, REST))


def _one_later(spec: ShiftSpec, channels: int) -> Groups:
    """Where the rest begins is what it was, so the last group overlaps it."""
    moving = spec.partition(channels)[:-1]
    return tuple(ChannelGroup(min(a + 1, channels), min(b + 1, channels), d) for a, b, d in moving)


def _from_the_end(spec: ShiftSpec, channels: int) -> Groups:
    return tuple(
        ChannelGroup(channels - b, channels - a, d) for a, b, d in spec.partition(channels)
    )


def _at_the_end(spec: ShiftSpec, channels: int) -> Groups:
    *groups, rest = spec.partition(channels)
    on = rest.stop - rest.start
    return tuple(ChannelGroup(a + on, b + on, d) for a, b, d in groups)


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
    groups = [g for g in spec.partition(channels)[:-1] if g.start < g.stop]
    last = groups[-1].stop if groups else 0
    return tuple(ChannelGroup(c, c + 1, groups[c % len(groups)].displacement) for c in range(last))


def _direction_twice(spec: ShiftSpec, channels: int) -> Groups:
    first, second, *others = spec.partition(channels)
    return (first, second._replace(displacement=first.displacement), *others)


def _forward_halves_first(spec: ShiftSpec, channels: int) -> Groups:
    """All forward halves, then all backward ones, where each term has both side by side."""
    longest = max(map(len, spec.directions))
    order = [d for k in range(longest) for term in spec.directions for d in term[k : k + 1]]
    groups = spec.partition(channels)[:-1]
    return tuple(g._replace(displacement=d) for g, d in zip(groups, order, strict=True))


def _last_term_stays(spec: ShiftSpec, channels: int) -> Groups:
    return spec.partition(channels)[: -1 - len(spec.directions[-1])]


def _sorted_terms(spec: ShiftSpec, x: Array) -> ShiftSpec:
    terms = sorted(spec.terms.split("+"), key=lambda t: (len(t), ["THW".index(a) for a in t]))
    return ShiftSpec("+".join(terms), spec.alpha, spec.order)


def _reversed_terms(spec: ShiftSpec, x: Array) -> ShiftSpec:
    return ShiftSpec("+".join(reversed(spec.terms.split("+"))), spec.alpha, spec.order)


def opposite(spec: ShiftSpec) -> ShiftSpec:
    """The spec of the other order, which has the opposite signs in each group."""
    if spec.order == "forward-first":
        return ShiftSpec(spec.terms, spec.alpha, "backward-first", spec.rounding)
    return ShiftSpec(spec.terms, spec.alpha, "forward-first", spec.rounding)


def _with_alpha(change: Callable[[ShiftSpec, Array], Fraction | str]) -> Build:
    return by_spec(lambda spec, x: ShiftSpec(spec.terms, change(spec, x), spec.order))


def _emptied(x: Array, y: Array, spec: ShiftSpec) -> Array:
    """``y[:, :, -rest:] = x[:, :, -rest:]`` with a rest of no channels."""
    start, stop, _ = spec.partition(x.shape[-3])[-1]
    y[..., -(stop - start) :, :, :] = x[..., -(stop - start) :, :, :]
    return y


def _everything(parts: Parts, x: Array, spec: ShiftSpec) -> Array:
    """Sizes as negative ends: ``x[:, :, :-0]`` is nothing at all, and without a rest so is all."""
    y = parts.shifted(x, spec)
    return y if spec.partition(x.shape[-3])[-1].start < x.shape[-3] else np.zeros_like(x)


def _last_two_channels(x: Array, y: Array, spec: ShiftSpec) -> Array:
    channels = y.shape[-3]
    return y[..., [*range(channels - 2), *range(channels)[-2:][::-1]], :, :]


def _bug(name: str, row: int, what: str, build: Build, spec: str = "T+H+W@3/8") -> Bug:
    return Bug(name, row, what, build, spec)


def _cut(
    name: str, row: int, what: str, cut: Cut, spec: str = "T+H+W@3/8", *, mutant: bool = True
) -> Bug:
    return Bug(name, row, what, by_cut(cut), spec, cut=cut, mutant=mutant)


def _output(name: str, row: int, what: str, build: Build) -> Bug:
    return Bug(name, row, what, build, mutant=False)


EXACT, UNEVEN = "T+H+W@3/8,exact", "T+HW@3/4"
# a table: a bug a line or two
# fmt: off
BUGS = (
    _bug("order-ignored", 1, "always forward first: TSM's weights break",
        by_spec(lambda s, x: ShiftSpec(s.terms, s.alpha)), "T@1/4,backward-first"),
    _bug("exact-flips-direction", 3, "rounding='exact' turns the order around",
        by_spec(lambda s, x: opposite(s) if s.rounding == "exact" else s), EXACT),
    _bug("fractions-refused", 10, "fails where the channels do not divide",
        by_spec(lambda s, x: ShiftSpec(s.terms, s.alpha, s.order, "exact"))),
    _cut("groups-rounded-up", 10, "shares rounded up", sized(lambda *of: math.ceil(share(*of)))),
    _cut("groups-rounded-to-nearest", 10, "shares rounded to the nearest",
        sized(lambda *of: round(share(*of)))),
    _cut("boundaries-rounded", 11, "int(k*C*r) for each boundary: the halves differ by a channel",
        _rounded_boundaries),
    _cut("unequal-halves", 11, "halves cut at int(k * share)", _unequal_halves, mutant=False),
    _cut("leftover-in-the-first-group", 10,
        "the channels that do not divide go to the first group", _leftover(0)),
    _cut("leftover-in-the-last-group", 10, "the channels that do not divide go to the last group",
        _leftover(-1)),
    _cut("terms-start-at-rounded-places", 31, "each term starts at a rounded place",
        _rounded_starts),
    _cut("float-truncation", 12, "shares truncated from a float", sized(_in_floats), "T@2/49"),
    _cut("single-precision-share", 12, "int(C*r) in float32: C=46, r=7/46 gives 6, not 7",
        sized(_in_single_precision), "T@7/23"),
    _bug("empty-group-is-everything", 13, "an empty rest, written as [-0:], takes everything",
        by_result(_emptied), "T+H+W@1"),
    _bug("empty-rest-empties-everything", 13,
        "a rest of no channels makes [:-0] nothing: all is zero", by_whole(_everything), "T+H+W@1"),
    _bug("ratio-tied-to-time", 14, "alpha is 1/T",
        _with_alpha(lambda s, x: Fraction(1, max(x.shape[-4], 1)))),
    _output("alpha-halved", 14, "alpha counted twice", _with_alpha(lambda s, x: s.alpha / 2)),
    _output("alpha-doubled", 14, "alpha is twice what it should be",
        _with_alpha(lambda s, x: s.alpha * 2)),
    _output("alpha-of-tsm", 14, "alpha is 1/4, whatever the spec says",
        _with_alpha(lambda s, x: "1/4")),
    _bug("alpha-ignored", 14, "alpha is 3/8, whatever the spec says",
        _with_alpha(lambda s, x: "3/8"), "T+H+W@1/2"),
    _bug("terms-ignored", 0, "T+H+W, whatever the spec says",
        by_spec(lambda s, x: ShiftSpec("T+H+W", s.alpha, s.order)), "T+H+W+HW@1/2"),
    _bug("terms-sorted", 0, "terms in the order T, H, W, not as they are written",
        by_spec(_sorted_terms), "W+T@1/2"),
    _output("terms-reversed", 31, "terms cut in reverse order", by_spec(_reversed_terms)),
    _cut("exact-is-floor", 10, "rounds down where it was told to refuse",
        lambda s, c: ShiftSpec(s.terms, s.alpha, s.order).partition(c), EXACT),
    _cut("share-of-each-term", 0, "each term gets the share that all should have",
        sized(lambda s, c, n, k: int(s.alpha * c / k))),
    _cut("share-of-the-whole-term", 0, "each direction gets the share of its whole term",
        sized(lambda s, c, n, k: int(s.alpha * c / n)), mutant=False),
    _cut("two-directions-always", 0, "a plane's share is halved, not quartered",
        sized(lambda s, c, n, k: int(share(s, c, n, 2))), UNEVEN),
    _cut("equal-directions", 0, "every direction gets an equal share, not every term",
        sized(lambda s, c, n, k: int(s.alpha * c / sum(map(len, s.directions)))), UNEVEN),
    _cut("groups-one-later", 31, "groups start at channel 1", _one_later),
    _cut("one-channel-too-many", 0, "the last group takes a channel of X_N", _last_group(1)),
    _cut("one-channel-too-few", 0, "the last group leaves a channel to X_N", _last_group(-1)),
    _cut("groups-from-the-end", 0, "channels are cut from C downwards", _from_the_end),
    _cut("groups-at-the-end", 0, "X_N stands first", _at_the_end),
    _cut("directions-interleaved", 30, "directions dealt out channel by channel", _interleaved),
    _cut("forward-halves-first", 1, "all forward halves, then all backward ones",
        _forward_halves_first),
    _cut("a-direction-twice", 0, "the second group goes where the first one goes",
        _direction_twice),
    _cut("first-direction-only", 0, "every second direction stays",
        lambda s, c: s.partition(c)[::2], mutant=False),
    _cut("last-term-stays", 0, "the last term is forgotten", _last_term_stays, mutant=False),
    _bug("channels-permuted", 30, "channels come out in reverse",
        by_result(lambda x, y, spec: y[..., ::-1, :, :].copy())),
    _bug("last-channels-swapped", 30, "the last two channels change places",
        by_result(_last_two_channels)),
)
# fmt: on
