"""Wrong shifts that people have written, in words: a wrong answer is called by its name.

They are bugs of the catalogue, built from the suite's oracle. Beside them stand a few that the
catalogue cannot hold: other specs, and a backward that is the forward again.
"""

from collections.abc import Iterator

import numpy as np

from stsm_ref.bugs.bug import Forward, Parts
from stsm_ref.bugs.catalogue import wrong
from stsm_ref.evidence.oracle import gather, sources_of
from stsm_ref.geometry import Array, ChannelGroup, Displacement, ShiftSpec


def _oracle(sign: int) -> Parts:
    """The pieces that the suite judges by, forward or with every group moving back."""

    def move(part: Array, displacement: tuple[int, ...]) -> Array:
        groups = [ChannelGroup(0, part.shape[-3], Displacement(*displacement))]
        return gather(np.ascontiguousarray(part), *sources_of(part.shape[-4:], groups, 1))

    def stsm(x: Array, spec: ShiftSpec) -> Array:
        groups = spec.partition(x.shape[-3])
        return gather(np.ascontiguousarray(x), *sources_of(x.shape[-4:], groups, sign))

    return Parts(move, stsm, sign)


FORWARD, BACKWARD = _oracle(1), _oracle(-1)
AGAIN = "the forward again: the backward is not transposed"

_WORDS = {
    "nothing-moved": "the identity: nothing moved",
    "all-zero": "zeros everywhere: the result was never written",
    "t-reversed": "a shift whose T runs the other way",
    "h-reversed": "a shift whose H runs the other way",
    "w-reversed": "a shift whose W runs the other way",
    "": AGAIN,
    "rolled-along-t": "a roll along T: what leaves enters at the other end",
    "rolled-along-h": "a roll along H: what leaves enters at the other end",
    "rolled-along-w": "a roll along W: what leaves enters at the other end",
    "rolled": "a roll along every axis: what leaves enters at the other end",
    "edge-kept": "a shift whose edge keeps its old content instead of zeros",
    "edge-repeated": "a shift whose edge is repeated instead of zeros (replicate padding)",
    "h-and-w-swapped": "H and W swapped",
    "t-and-h-swapped": "T and H swapped",
    "t-and-w-swapped": "T and W swapped",
    "clips-mixed": "clips mixed: the N*T frames shifted as one clip",
    "wrong-segments": "the batch unfolded wrongly: N frames of T clips",
    "time-and-channels-swapped": "T and C swapped",
    "viewed-as-ncthw": "NTCHW viewed as NCTHW",
    "rest-zeroed": "X_N lost: the rest is zero",
    "through-float16": "a pass through half precision (float16)",
    "through-bfloat16": "a pass through bfloat16",
    "groups-rounded-up": "group sizes rounded up",
    "groups-rounded-to-nearest": "group sizes rounded to the nearest",
    "unequal-halves": "unequal halves, as int(2*C*r) gives them",
    "terms-start-at-rounded-places": "terms that start at rounded places",
    "share-of-the-whole-term": "each direction given the share of its whole term",
    "groups-one-later": "groups that start one channel late",
    "groups-at-the-end": "groups at the end of the channels, X_N first",
    "directions-interleaved": "directions dealt out channel by channel",
    "channels-permuted": "channels in reverse order",
    "groups-from-the-end": "groups counted from the last channel",
    "terms-reversed": "terms in the order {terms}",
    "alpha-halved": "alpha halved",
    "alpha-doubled": "alpha doubled",
    "alpha-of-tsm": "alpha 1/4, TSM's",
    "ratio-tied-to-time": "alpha tied to the number of segments, 1/T",
    "moved-twice": "a shift by two positions",
    "t-forgotten": "T forgotten: its groups stay",
    "h-forgotten": "H forgotten: its groups stay",
    "w-forgotten": "W forgotten: its groups stay",
    "backward-half-stays": "only the +1 directions moved",
    "forward-half-stays": "only the -1 directions moved",
    "one-axis-at-most": "2-D and 3-D terms moved along their first axis only",
    "signs-transposed": "2-D and 3-D directions ordered by the last axis first",
    "smeared": "an overlapping copy in place along T (+1), which smears one value",
    "smeared-backward": "an overlapping copy in place along T (-1), which smears one value",
    "smeared-along-h": "an overlapping copy in place along H (+1), which smears one value",
    "smeared-along-h-backward": "an overlapping copy in place along H (-1), which smears one value",
    "smeared-along-w": "an overlapping copy in place along W (+1), which smears one value",
    "smeared-along-w-backward": "an overlapping copy in place along W (-1), which smears one value",
    "zeros-by-subtraction": (
        "a shift whose zeros are made by subtraction, x - x: NaN where x is infinite or NaN"
    ),
    "difference-added": "a shift to which x - x is added: NaN where x is infinite or NaN",
    "input-added": "the shift plus its input",
}
"""What a guess says after "equals", most telling first; the nameless one is no bug of a forward."""


def known(spec: ShiftSpec, *, backward: bool = False) -> Iterator[tuple[str, Forward]]:
    """List what is known, most telling first, in words that follow "equals".

    Each takes ``(x, spec)`` or, of a `backward`, ``(grad, spec)``; there a forgotten transpose
    comes first.
    """
    parts = BACKWARD if backward else FORWARD
    first = spec.order == "forward-first"
    order = "TSM's direction order, backward" if first else "the paper's order, forward"
    other = "forward" if first else "backward"
    if backward:
        yield AGAIN, FORWARD.shifted
    yield f"{order} before {other} (+1 and -1 exchanged)", wrong("directions-swapped", parts)
    terms = "+".join(reversed(spec.terms.split("+")))
    for name, words in _WORDS.items():
        if name:
            yield words.format(terms=terms), wrong(name, parts)
        elif not backward:
            yield AGAIN, FORWARD.shifted
        if name == "terms-reversed":
            for given in (ShiftSpec.tsm(8), ShiftSpec(), ShiftSpec("T")):
                yield f"another spec, {given}", _of(given, parts)


def _of(given: ShiftSpec, parts: Parts) -> Forward:
    return lambda x, spec: parts.shifted(x, given)
