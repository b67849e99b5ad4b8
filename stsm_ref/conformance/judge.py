"""Is an answer right, and if not, which place says so and what belongs to it."""

from typing import Literal

import numpy as np

from stsm_ref.conformance.cases import Case
from stsm_ref.geometry import Array, Displacement, ShiftSpec
from stsm_ref.verification.compare import Violation

NAMES = {"forward": "out", "vjp": "grad", "jvp": "tangent"}
WORDS = {
    "dt": {1: "forward in time", -1: "backward in time"},
    "dh": {1: "down", -1: "up"},
    "dw": {1: "right", -1: "left"},
}
Aspect = Literal["values", "dtype", "memory", "layout", "other"]


class Mismatch(Violation):
    """A wrong answer: the message, which aspect is wrong, and the place ``(n, t, c, h, w)`` that shows it, if it is one of values."""

    def __init__(self, message: str, aspect: Aspect = "other", place: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.aspect = aspect
        self.place = place


def require_same(got: Array, want: Array, case: Case, *, what: str = "", bits: bool = False) -> None:
    """Require equal dtype and equal values; `bits` also tells -0.0 from 0.0 and NaN payloads apart, and else NaN equals NaN."""
    prefix = f"{what}: " if what else ""
    if got.dtype != want.dtype:
        raise Mismatch(f"{prefix}dtype {got.dtype}, should be {want.dtype}", "dtype")

    with np.errstate(invalid="ignore"):  # of a signalling NaN
        differ = _differing_bits(got, want) if bits else (got != want) & ~(np.isnan(got) & np.isnan(want))
    if not differ.any():
        return
    place = tuple(int(i) for i in np.unravel_index(int(np.argmax(differ)), differ.shape))
    index = f"{NAMES[case.op]}[{', '.join(map(str, place))}]"
    values = f"{got[place]!s}, should be {want[place]!s}"
    if str(got[place]) == str(want[place]):
        values = f"{got[place]!s} (bytes {got[place].tobytes().hex()}), should have the bytes {want[place].tobytes().hex()}"
    count = f"{np.count_nonzero(differ):,} of {differ.size:,} places differ"
    channel = f"; {describe_channel(case.spec, want.shape[2], place[2])}" if len(place) == 5 else ""
    raise Mismatch(f"{prefix}{index} = {values} ({count}){channel}", "values", place)


def describe_channel(spec: ShiftSpec, channels: int, channel: int) -> str:
    """Say which group a channel is of.

    >>> describe_channel(ShiftSpec(), 16, 2)
    'channel 2: H group, +1 (down)'
    """
    displacement = displacement_of(spec, channels, channel)
    if not any(displacement):
        return f"channel {channel}: X_N, which stays"
    moves = {name: step for name, step in displacement._asdict().items() if step}
    group = "".join(name[1:].upper() for name in moves)
    steps = ", ".join(f"{step:+d} ({WORDS[name][step]})" for name, step in moves.items())
    return f"channel {channel}: {group} group, {steps}"


def displacement_of(spec: ShiftSpec, channels: int, channel: int) -> Displacement:
    """The displacement of a channel."""
    return next(group.displacement for group in spec.partition(channels) if group.start <= channel < group.stop)


def requirement_of(case: Case, error: Violation, named: tuple[str, ...]) -> str:
    """The one requirement of `named` that the place of a mismatch speaks of most, the first where none does."""
    aspect, place = (error.aspect, error.place) if isinstance(error, Mismatch) else ("other", ())
    telling: tuple[str, ...] = ()
    if aspect == "dtype":
        telling = ("NUM-2",)
    elif aspect == "values" and len(place) == 5 and case.op != "vjp":
        _, t, channel, h, w = place
        displacement = displacement_of(case.spec, case.shape[2], channel)
        sizes = case.shape[1], case.shape[3], case.shape[4]
        source = [i - d for i, d in zip((t, h, w), displacement, strict=True)]
        if not all(0 <= i < n for i, n in zip(source, sizes, strict=True)):
            telling = ("SHIFT-6",)
        elif not any(displacement):
            telling = ("SHIFT-4",)
        else:
            telling = ("SHIFT-2",) if displacement.dt else ("SHIFT-3",)
    return next((identifier for identifier in telling if identifier in named), named[0])


def _differing_bits(got: Array, want: Array) -> Array:
    first, second = (np.ascontiguousarray(a).reshape(*a.shape, 1).view(np.uint8) for a in (got, want))
    return np.asarray((first != second).any(axis=-1))
