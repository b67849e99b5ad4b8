"""Wrong shifts that people have written, as whole outputs, so that a wrong answer can be called by
its name.

Each takes ``(x, spec, sign)``: `sign` is 1 for the forward and -1 for the backward, which is the
same map with every group moving back.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

import numpy as np

from stsm_ref.evidence.oracle import gather, sources_of
from stsm_ref.geometry import Array, ChannelGroup, Displacement, ShiftSpec

Wrong = Callable[[Array, ShiftSpec, int], Array]
Cut = Callable[[ShiftSpec, int], Sequence[ChannelGroup]]
AXES = {"T": 1, "H": 3, "W": 4}


def placed(x: Array, groups: Sequence[ChannelGroup], sign: int) -> Array:
    """Groups move, zeros enter."""
    return gather(np.ascontiguousarray(x), *sources_of(x.shape[-4:], groups, sign))


def by_cut(cut: Cut) -> Wrong:
    """Channels cut otherwise."""
    return lambda x, spec, sign: placed(x, cut(spec, x.shape[2]), sign)


def by_move(change: Callable[[Displacement], tuple[int, int, int]]) -> Wrong:
    """Groups that move otherwise."""
    return by_cut(
        lambda spec, channels: [
            g._replace(displacement=Displacement(*change(g.displacement)))
            for g in spec.partition(channels)
        ]
    )


def by_spec(change: Callable[[ShiftSpec, int], ShiftSpec | None]) -> Wrong:
    """Another spec than the one that was asked for; what cannot be built is the input, which no
    answer that is wrong equals twice.
    """

    def wrong(x: Array, spec: ShiftSpec, sign: int) -> Array:
        other = change(spec, x.shape[1])
        return x if other is None else placed(x, other.partition(x.shape[2]), sign)

    return wrong


def right(x: Array, spec: ShiftSpec, sign: int) -> Array:
    """As it should be: some wrong ones start from it."""
    return placed(x, spec.partition(x.shape[2]), sign)


def per_group(move: Callable[[Array, tuple[int, int, int]], Array]) -> Wrong:
    """Another way to move the channels of a group by (dt, dh, dw)."""

    def wrong(x: Array, spec: ShiftSpec, sign: int) -> Array:
        y = x.copy()
        for start, stop, (dt, dh, dw) in spec.partition(x.shape[2]):
            y[:, :, start:stop] = move(x[:, :, start:stop], (sign * dt, sign * dh, sign * dw))
        return y

    return wrong


def _shifted(part: Array, d: tuple[int, int, int]) -> Array:
    return placed(part, [ChannelGroup(0, part.shape[2], Displacement(*d))], 1)


def rolled(letters: str) -> Wrong:
    """Wraps around along these axes."""

    def move(part: Array, d: tuple[int, int, int]) -> Array:
        steps = {
            axis: step
            for (letter, axis), step in zip(AXES.items(), d, strict=True)
            if letter in letters
        }
        rest = [0 if letter in letters else step for letter, step in zip("THW", d, strict=True)]
        return _shifted(
            np.roll(part, tuple(steps.values()), tuple(steps)), (rest[0], rest[1], rest[2])
        )

    return per_group(move)


def _kept(part: Array, d: tuple[int, int, int]) -> Array:
    vacant = _shifted(np.ones(part.shape, np.uint8), d) == 0
    return np.asarray(np.where(vacant, part, _shifted(part, d)))


def _nothing(part: Array) -> Array:
    return np.zeros_like(part) if part.dtype.kind == "b" else part - part


def _subtracted(part: Array, d: tuple[int, int, int]) -> Array:
    vacant = _shifted(np.ones(part.shape, np.uint8), d) == 0
    return np.asarray(np.where(vacant, _nothing(part), _shifted(part, d)))


def _repeated(part: Array, d: tuple[int, int, int]) -> Array:
    padded = np.pad(part, [(0, 0), (1, 1), (0, 0), (1, 1), (1, 1)], mode="edge")
    return _shifted(padded, d)[:, 1:-1, :, 1:-1, 1:-1]


def smeared(letter: str, sign: int) -> Wrong:
    """An overlapping copy in place along one axis and in one direction, which reads what it has
    already written.
    """
    place = "THW".index(letter)

    def move(part: Array, d: tuple[int, int, int]) -> Array:
        if d[place] != sign or sum(map(abs, d)) != 1:
            return _shifted(part, d)
        y = np.moveaxis(part.copy(), AXES[letter], 0)
        y[1:] = y[:1] if sign > 0 else y[1:]
        y[:-1] = y[-1:] if sign < 0 else y[:-1]
        y[0 if sign > 0 else -1] = 0
        return np.moveaxis(y, 0, AXES[letter])

    return per_group(move)


def sized(size: Callable[[Fraction, int], int]) -> Cut:
    """Groups of another size than the share of a direction, rounded down; `size` gets that
    share and the directions of the term.
    """

    def cut(spec: ShiftSpec, channels: int) -> list[ChannelGroup]:
        groups, start = [], 0
        for term in spec.directions:
            share = spec.alpha * channels / (len(spec.directions) * len(term))
            for displacement in term:
                stop = min(start + size(share, len(term)), channels)
                groups.append(ChannelGroup(start, stop, displacement))
                start = stop
        return groups

    return cut


def _unequal_halves(spec: ShiftSpec, channels: int) -> list[ChannelGroup]:
    groups, start = [], 0
    for term in spec.directions:
        share = spec.alpha * channels / (len(spec.directions) * len(term))
        for k, displacement in enumerate(term):
            stop = start + int(share * (k + 1)) - int(share * k)
            groups.append(ChannelGroup(start, stop, displacement))
            start = stop
    return groups


def _rounded_starts(spec: ShiftSpec, channels: int) -> list[ChannelGroup]:
    groups = []
    for k, term in enumerate(spec.directions):
        share = spec.alpha * channels / len(spec.directions)
        start, size = round(k * share), int(share / len(term))
        groups += [
            ChannelGroup(start + i * size, start + (i + 1) * size, d) for i, d in enumerate(term)
        ]
    return groups


def _moved_on(steps: Callable[[ChannelGroup], int]) -> Cut:
    """Groups that start so many channels later."""

    def cut(spec: ShiftSpec, channels: int) -> list[ChannelGroup]:
        *groups, rest = spec.partition(channels)
        on = steps(rest)
        return [ChannelGroup(min(a + on, channels), min(b + on, channels), d) for a, b, d in groups]

    return cut


def _dealt(spec: ShiftSpec, channels: int) -> list[ChannelGroup]:
    groups = [g for g in spec.partition(channels)[:-1] if g.start < g.stop]
    last = groups[-1].stop if groups else 0
    return [ChannelGroup(c, c + 1, groups[c % len(groups)].displacement) for c in range(last)]


def _without(letter: str) -> Wrong:
    return by_move(lambda d: (0, 0, 0) if d[AXES_OF[letter]] else d)


AXES_OF = {"T": 0, "H": 1, "W": 2}


def _viewed(x: Array, spec: ShiftSpec, sign: int) -> Array:
    """The memory of (N, T, C, H, W) taken for (N, C, T, H, W): T and C as they are not."""
    n, t, c, h, w = x.shape
    return (
        right(np.ascontiguousarray(x.reshape(n, c, t, h, w).swapaxes(1, 2)), spec, sign)
        .swapaxes(1, 2)
        .reshape(x.shape)
    )


def _folded(x: Array, spec: ShiftSpec, sign: int) -> Array:
    return right(x.reshape(1, -1, *x.shape[2:]), spec, sign).reshape(x.shape)


def _refolded(x: Array, spec: ShiftSpec, sign: int) -> Array:
    n, t = x.shape[:2]
    return right(x.reshape(t, n, *x.shape[2:]), spec, sign).reshape(x.shape)


def _rest_lost(x: Array, spec: ShiftSpec, sign: int) -> Array:
    y = right(x, spec, sign)
    y[:, :, spec.partition(x.shape[2])[-1].start :] = 0
    return y


def _narrowed(x: Array, spec: ShiftSpec, sign: int) -> Array:
    if x.dtype.kind != "f":
        return x
    with np.errstate(over="ignore"):
        return right(x.astype(np.float16).astype(x.dtype), spec, sign)


def _truncated(x: Array, spec: ShiftSpec, sign: int) -> Array:
    """As bfloat16 would hold it, rounded to nearest."""
    if x.dtype != np.float32:
        return x
    bits = np.ascontiguousarray(x).view(np.uint32)
    bits = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(
        0xFFFF0000
    )
    return right(bits.view(np.float32), spec, sign)


def _signs_transposed(d: Displacement) -> tuple[int, int, int]:
    turned = iter([sign for sign in reversed(d) if sign])
    t, h, w = (next(turned) if sign else 0 for sign in d)
    return t, h, w


def known(spec: ShiftSpec, *, backward: bool = False) -> Iterator[tuple[str, Wrong]]:
    """What is known, most telling first, in words that follow "equals"; of a `backward`, a
    forgotten transpose is.
    """
    again = (
        "the forward again: the backward is not transposed",
        lambda x, spec, sign: right(x, spec, 1),
    )
    if backward:
        yield again
    other = (
        "TSM's direction order, backward before forward"
        if spec.order == "forward-first"
        else "the paper's order, forward before backward"
    )
    yield f"{other} (+1 and -1 exchanged)", by_move(lambda d: (-d.dt, -d.dh, -d.dw))
    yield "the identity: nothing moved", lambda x, spec, sign: x.copy()
    yield "zeros everywhere: the result was never written", lambda x, spec, sign: np.zeros_like(x)
    for letter, signs in (("T", (-1, 1, 1)), ("H", (1, -1, 1)), ("W", (1, 1, -1))):
        yield (
            f"a shift whose {letter} runs the other way",
            by_move(lambda d, s=signs: (s[0] * d.dt, s[1] * d.dh, s[2] * d.dw)),
        )  # type: ignore[misc]  # s is bound here
    if not backward:
        yield again
    for letter in "THW":
        yield f"a roll along {letter}: what leaves enters at the other end", rolled(letter)
    yield "a roll along every axis: what leaves enters at the other end", rolled("THW")
    yield "a shift whose edge keeps its old content instead of zeros", per_group(_kept)
    yield (
        "a shift whose edge is repeated instead of zeros (replicate padding)",
        per_group(_repeated),
    )
    yield "H and W swapped", by_move(lambda d: (d.dt, d.dw, d.dh))
    yield "T and H swapped", by_move(lambda d: (d.dh, d.dt, d.dw))
    yield "T and W swapped", by_move(lambda d: (d.dw, d.dh, d.dt))
    yield (
        "clips mixed: the N*T frames shifted as one clip",
        lambda x, s, sign: right(x.reshape(1, -1, *x.shape[2:]), s, sign).reshape(x.shape),
    )
    yield "the batch unfolded wrongly: N frames of T clips", _refolded
    yield "T and C swapped", lambda x, s, sign: right(x.swapaxes(1, 2), s, sign).swapaxes(1, 2)
    yield "NTCHW viewed as NCTHW", _viewed
    yield "X_N lost: the rest is zero", _rest_lost
    yield "a pass through half precision (float16)", _narrowed
    yield "a pass through bfloat16", _truncated
    yield from _other_cuts()
    yield from _other_specs(spec)
    yield from _slips()


def _other_cuts() -> Iterator[tuple[str, Wrong]]:
    yield "group sizes rounded up", by_cut(sized(lambda share, k: math.ceil(share)))
    yield "group sizes rounded to the nearest", by_cut(sized(lambda share, k: round(share)))
    yield "unequal halves, as int(2*C*r) gives them", by_cut(_unequal_halves)
    yield "terms that start at rounded places", by_cut(_rounded_starts)
    yield (
        "each direction given the share of its whole term",
        by_cut(sized(lambda share, k: int(share * k))),
    )
    yield "groups that start one channel late", by_cut(_moved_on(lambda rest: 1))
    yield (
        "groups at the end of the channels, X_N first",
        by_cut(_moved_on(lambda rest: rest.stop - rest.start)),
    )
    yield "directions dealt out channel by channel", by_cut(_dealt)
    yield "channels in reverse order", lambda x, s, sign: right(x, s, sign)[:, :, ::-1]
    yield (
        "groups counted from the last channel",
        lambda x, s, sign: right(x[:, :, ::-1], s, sign)[:, :, ::-1],
    )


def _other_specs(spec: ShiftSpec) -> Iterator[tuple[str, Wrong]]:
    def with_alpha(alpha: Fraction) -> ShiftSpec | None:
        return ShiftSpec(spec.terms, alpha, spec.order) if alpha <= 1 else None

    terms = "+".join(reversed(spec.terms.split("+")))
    yield f"terms in the order {terms}", by_spec(lambda s, t: ShiftSpec(terms, s.alpha, s.order))
    for given in (ShiftSpec.tsm(8), ShiftSpec(), ShiftSpec("T")):
        yield f"another spec, {given}", by_spec(lambda s, t, given=given: given)  # type: ignore[misc]  # given is bound here
    yield "alpha halved", by_spec(lambda s, t: with_alpha(s.alpha / 2))
    yield "alpha doubled", by_spec(lambda s, t: with_alpha(s.alpha * 2))
    yield "alpha 1/4, TSM's", by_spec(lambda s, t: with_alpha(Fraction(1, 4)))
    yield (
        "alpha tied to the number of segments, 1/T",
        by_spec(lambda s, t: with_alpha(Fraction(1, t))),
    )


def _slips() -> Iterator[tuple[str, Wrong]]:
    yield "a shift by two positions", by_move(lambda d: (2 * d.dt, 2 * d.dh, 2 * d.dw))
    for letter in "THW":
        yield f"{letter} forgotten: its groups stay", _without(letter)
    yield "only the +1 directions moved", by_move(lambda d: (0, 0, 0) if min(d) < 0 else d)
    yield "only the -1 directions moved", by_move(lambda d: (0, 0, 0) if max(d) > 0 else d)
    yield (
        "2-D and 3-D terms moved along their first axis only",
        by_move(lambda d: (d.dt, 0 if d.dt else d.dh, 0 if d.dt or d.dh else d.dw)),
    )
    yield "2-D and 3-D directions ordered by the last axis first", by_move(_signs_transposed)
    for letter in "THW":
        for sign in (1, -1):
            yield (
                f"an overlapping copy in place along {letter} ({sign:+d}), which smears one value",
                smeared(letter, sign),
            )
    yield (
        "a shift whose zeros are made by subtraction, x - x: NaN where x is infinite or NaN",
        per_group(_subtracted),
    )
    yield (
        "a shift to which x - x is added: NaN where x is infinite or NaN",
        lambda x, s, sign: right(x, s, sign) + _nothing(x),
    )
    yield "the shift plus its input", lambda x, s, sign: right(x, s, sign) + x
    yield "the shift applied twice", lambda x, s, sign: right(right(x, s, sign), s, sign)
