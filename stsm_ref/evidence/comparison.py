"""Compare an output with the expected array and describe the first mismatch.

`requirement_of` then picks the requirement that is broken.
"""

import numpy as np

from stsm_ref._describe import moves
from stsm_ref.evidence import oracle
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.failure import (
    Aspect,
    Failure,
    Violation,
    differing_bits,
    other_dtype,
    other_value,
)
from stsm_ref.evidence.standing import operations
from stsm_ref.geometry import Array, Displacement, ShiftSpec
from stsm_ref.implementations.base import Op

NAMES = {"forward": "out", "vjp": "grad", "jvp": "tangent"}
BY_OPERATION: dict[Op, str] = {"vjp": "GRAD-1", "jvp": "GRAD-2"}
BY_ASPECT: dict[Aspect, str] = {"dtype": "NUM-2", "layout": "MEM-1"}
ROUNDING = 4
"""Units in the last place of the largest value: more than a few sums lose."""


def require_same(
    got: Array, want: Array, case: Case, *, what: str = "", bits: bool = False
) -> None:
    """Require equal dtype and equal values.

    Parameters
    ----------
    got, want : ndarray
        What came out, and what must.
    case : Case
        What was asked.
    what : str
        What is compared, where it is not the answer to the case with the right one.
    bits : bool
        Tell -0.0 from 0.0 and NaN payloads apart too; otherwise NaN equals NaN.

    Raises
    ------
    Violation
        If they differ.
    """
    if got.dtype != want.dtype:
        raise Violation(other_dtype(got, want, what, case.op))

    with np.errstate(invalid="ignore"):  # of a signalling NaN
        differ = (
            differing_bits(got, want) if bits else (got != want) & ~(np.isnan(got) & np.isnan(want))
        )
    if not differ.any():
        return
    index = _telling_place(differ, got, case)
    note = f"; {describe_channel(case.spec, want.shape[2], index[2])}" if len(index) == 5 else ""
    if note and case.op == "vjp" and any(displacement_of(case.spec, want.shape[2], index[2])):
        note += ", and its gradient back"
    rounded = case.values != "labels" and _is_rounding(got, want, differ)
    aspect: Aspect = "rounding" if rounded else "values"
    name = NAMES[case.op]
    raise Violation(
        other_value(
            got,
            want,
            differ,
            index,
            what=what,
            name=name,
            note=note,
            aspect=aspect,
            operation=case.op,
        )
    )


def _telling_place(differ: Array, got: Array, case: Case) -> tuple[int, ...]:
    """The first place that differs and holds a value where another should be; else the first one.

    Zeros say less about what moved.
    """
    tiers = [differ]
    if differ.ndim == 5:
        _, inside = oracle.sources(differ.shape[1:], case.spec, -1 if case.op == "vjp" else 1)
        tiers = [differ & inside & (got != 0), differ & inside, differ]
    chosen = next(tier for tier in tiers if tier.any())
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(chosen)), chosen.shape))


def _is_rounding(got: Array, want: Array, differ: Array) -> bool:
    """Whether all differences are as small as the rounding of sums, and no place should be zero."""
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
    group = "".join(axis for axis, step in zip("THW", displacement, strict=True) if step)
    return f"channel {channel}: {group} group, {moves(displacement)}"


def displacement_of(spec: ShiftSpec, channels: int, channel: int) -> Displacement:
    """The displacement of a channel."""
    return next(
        group.displacement
        for group in spec.partition(channels)
        if group.start <= channel < group.stop
    )


def requirement_of(case: Case, failure: Failure, named: tuple[str, ...]) -> str:
    """Pick the requirement that best explains the failure: by operation, aspect and place.

    Parameters
    ----------
    case : Case
        What was asked.
    failure : Failure
        What is wrong with the answer.
    named : tuple of str
        The requirements that the rule names; the first of them is blamed where nothing tells more.
        Another one can be blamed too: wrong values in another dtype are not a lost dtype.

    Returns
    -------
    str
        The id of the requirement.
    """
    op = failure.operation or case.op
    about = [one for one in named if op in operations(one)] or [BY_OPERATION.get(op, named[0])]
    return _telling(case, failure, op, about) or about[0]


def _telling(case: Case, failure: Failure, op: Op, about: list[str]) -> str:
    if failure.aspect in BY_ASPECT:
        return BY_ASPECT[failure.aspect]
    if failure.aspect == "memory":
        written = "PURE-2" if op == "vjp" else "PURE-1"
        return "PURE-3" if failure.effect == "shares" else written
    compared = failure.aspect == "values" and failure.compared
    if compared or failure.aspect == "other":
        return ""
    if failure.aspect == "values" and "NUM-1" in about and failure.special:
        return "NUM-1"
    if op != "forward":
        return BY_OPERATION[op]
    return _cut_or_edge(case) if failure.aspect == "crash" else _step(case, failure.index)


def _cut_or_edge(case: Case) -> str:
    """What is about sizes: groups without a channel, or axes of size 1."""
    if any(group.start == group.stop for group in case.spec.partition(case.shape[2])[:-1]):
        return "GEO-4"
    return "SHIFT-6" if 1 in (case.shape[1], *case.shape[3:]) else "GEO-1"


def _step(case: Case, place: tuple[int, ...]) -> str:
    """The step of §3.2 that should have put a value, or a zero, into a place of a clip."""
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
