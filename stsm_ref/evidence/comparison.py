"""Is an answer right, and if not, which place says so and what belongs to it."""

import re
from typing import Literal

import numpy as np

from stsm_ref.evidence import oracle
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.failure import Violation
from stsm_ref.evidence.standing import operations
from stsm_ref.geometry import Array, Displacement, ShiftSpec
from stsm_ref.implementations.base import Op

NAMES = {"forward": "out", "vjp": "grad", "jvp": "tangent"}
WORDS = {
    "dt": {1: "forward in time", -1: "backward in time"},
    "dh": {1: "down", -1: "up"},
    "dw": {1: "right", -1: "left"},
}
Aspect = Literal["values", "rounding", "dtype", "memory", "layout", "crash", "other"]
BY_OPERATION: dict[Op, str] = {"vjp": "GRAD-1", "jvp": "GRAD-2"}
BY_ASPECT: dict[str, str] = {"dtype": "NUM-2", "layout": "MEM-1"}
SPECIAL = re.compile(r"(= |should be )\(?(nan|-?inf|-0\.0)|should have the bytes")
"""What a message says of values that only bits tell apart."""
SHARES = "shares memory"
ROUNDING = 4
"""Units in the last place of the largest value: more than a few sums lose."""


class Mismatch(Violation):
    """A wrong answer: the message, which aspect is wrong, the place ``(n, t, c, h, w)`` that
    shows it, the operation if not the case's.
    """

    def __init__(
        self,
        message: str,
        aspect: Aspect = "other",
        place: tuple[int, ...] = (),
        op: Op | None = None,
    ) -> None:
        super().__init__(message)
        self.aspect = aspect
        self.place = place
        self.op = op


def require_same(
    got: Array, want: Array, case: Case, *, what: str = "", bits: bool = False
) -> None:
    """Require equal dtype and equal values; `bits` also tells -0.0 from 0.0 and NaN payloads
    apart, and else NaN equals NaN.
    """
    prefix = f"{what}: " if what else ""
    if got.dtype != want.dtype:
        raise Mismatch(f"{prefix}dtype {got.dtype}, should be {want.dtype}", "dtype", op=case.op)

    with np.errstate(invalid="ignore"):  # of a signalling NaN
        differ = (
            _differing_bits(got, want)
            if bits
            else (got != want) & ~(np.isnan(got) & np.isnan(want))
        )
    if not differ.any():
        return
    place = _telling_place(differ, got, case)
    index = f"{NAMES[case.op]}[{', '.join(map(str, place))}]"
    values = f"{got[place]!s}, should be {want[place]!s}"
    if str(got[place]) == str(want[place]):
        values = (
            f"{got[place]!s} (bytes {got[place].tobytes().hex()}), should have the bytes "
            f"{want[place].tobytes().hex()}"
        )
    rounded = _is_rounding(got, want, differ) and case.values != "labels"
    count = (
        f"{np.count_nonzero(differ):,} of {differ.size:,} places "
        f"differ{', by rounding' if rounded else ''}"
    )
    channel = f"; {describe_channel(case.spec, want.shape[2], place[2])}" if len(place) == 5 else ""
    if channel and case.op == "vjp" and any(displacement_of(case.spec, want.shape[2], place[2])):
        channel += ", and its gradient back"
    raise Mismatch(
        f"{prefix}{index} = {values} ({count}){channel}",
        "rounding" if rounded else "values",
        place,
        case.op,
    )


def _telling_place(differ: Array, got: Array, case: Case) -> tuple[int, ...]:
    """The first place that differs, one that holds a value and should hold another if there is
    such a one: zeros say less of what moved.
    """
    tiers = [differ]
    if differ.ndim == 5:
        _, inside = oracle.sources(differ.shape[1:], case.spec, -1 if case.op == "vjp" else 1)
        tiers = [differ & inside & (got != 0), differ & inside, differ]
    chosen = next(tier for tier in tiers if tier.any())
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(chosen)), chosen.shape))


def _is_rounding(got: Array, want: Array, differ: Array) -> bool:
    """Whether every place that differs is as far off as sums of the values at hand are rounded,
    and none should be zero.
    """
    if got.dtype.kind not in "fc":
        return False
    first, second = got[differ], want[differ]
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return False
    with np.errstate(all="ignore"):
        near = ROUNDING * np.spacing(np.abs(want).max())
        return bool((np.abs(first - second) <= near).all() and (second != 0).all())


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
    return next(
        group.displacement
        for group in spec.partition(channels)
        if group.start <= channel < group.stop
    )


def requirement_of(case: Case, error: Violation, named: tuple[str, ...]) -> str:
    """The one requirement that a violation speaks of most: that of its operation, of its aspect,
    and of the place that shows it.

    It need not be among those that the rule names, `named`, which are about what it looked for:
    wrong values in another dtype are no lost dtype.
    """
    mismatch = error if isinstance(error, Mismatch) else Mismatch(str(error))
    op = mismatch.op or case.op
    about = [identifier for identifier in named if op in operations(identifier)] or [
        BY_OPERATION.get(op, named[0])
    ]
    return _telling(case, mismatch, op, about) or about[0]


def _telling(case: Case, error: Mismatch, op: Op, about: list[str]) -> str:
    if error.aspect in BY_ASPECT:
        return BY_ASPECT[error.aspect]
    if error.aspect == "memory":
        written = "PURE-2" if op == "vjp" else "PURE-1"
        return "PURE-3" if SHARES in str(error) else written
    compared = error.aspect == "values" and not str(error).startswith(
        tuple(f"{name}[" for name in NAMES.values())
    )
    if compared or error.aspect == "other":
        return ""
    if error.aspect == "values" and "NUM-1" in about and SPECIAL.search(str(error)):
        return "NUM-1"
    if op != "forward":
        return BY_OPERATION[op]
    return _cut_or_edge(case) if error.aspect == "crash" else _step(case, error.place)


def _cut_or_edge(case: Case) -> str:
    """What is about sizes: groups without a channel, or axes of size 1."""
    if any(group.start == group.stop for group in case.spec.partition(case.shape[2])[:-1]):
        return "GEO-4"
    return "SHIFT-6" if 1 in (case.shape[1], *case.shape[3:]) else "GEO-1"


def _step(case: Case, place: tuple[int, ...]) -> str:
    """The step of §3.2 that should have put a value, or a zero, into a place; nothing where
    there is no place.
    """
    if len(place) != 5:
        return ""
    _, t, channel, h, w = place
    displacement = displacement_of(case.spec, case.shape[2], channel)
    sizes = case.shape[1], case.shape[3], case.shape[4]
    source = [i - d for i, d in zip((t, h, w), displacement, strict=True)]
    if not all(0 <= i < n for i, n in zip(source, sizes, strict=True)):
        return "SHIFT-6"
    if not any(displacement):
        return "SHIFT-4"
    return "SHIFT-2" if displacement.dt else "SHIFT-3"


def _differing_bits(got: Array, want: Array) -> Array:
    first, second = (
        np.ascontiguousarray(a).reshape(*a.shape, 1).view(np.uint8) for a in (got, want)
    )
    return np.asarray((first != second).any(axis=-1))
