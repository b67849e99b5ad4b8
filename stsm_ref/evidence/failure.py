"""How a check says what is wrong: a `Failure` holds the place, what stands there and what should.

Its message is written once, from the fields, by whoever found the failure.
Nothing reads the message afterwards: reports, pictures and guesses are made from the fields.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from stsm_ref.implementations.base import Op

Aspect = Literal["values", "rounding", "dtype", "memory", "layout", "crash", "other"]
"""What is wrong with an answer; `layout` is torch's memory format, `rounding` is nearly right."""

Effect = Literal["", "wrote", "shares"]


@dataclass(frozen=True)
class Failure:
    """What is wrong with an answer.

    `message` is for people. Every other field holds one thing that it says, and is empty where that
    does not apply.

    Attributes
    ----------
    message : str
        Where it is wrong, what stands there and what should, in words.
    aspect : {"values", "rounding", "dtype", "memory", "layout", "crash", "other"}
        What is wrong.
    operation : {"forward", "vjp", "jvp"}, optional
        Whose answer it is; None stands for the operation of the case.
    compared : str
        What was compared, where that is not the answer to the case itself with the right one.
    index : tuple of int
        The place that shows it: ``(n, t, c, h, w)`` of a clip.
    shape : tuple of int
        The shape of the array that `index` is a place of.
    got, expected : str
        What stands at the place and what should; dtypes where `aspect` is dtype.
    got_bytes, expected_bytes : str
        Their bytes in memory, in hexadecimal.
    differing : int
        How many places differ.
    bits_only : bool
        Whether both are the same number, or both NaN: only their bits differ.
    special : bool
        Whether one of them is NaN, infinite or -0.0, or only their bits differ.
    effect : {"", "wrote", "shares"}
        What was done to the memory of the arguments.
    arguments : tuple of str
        The arguments that were written to, or whose memory the output shares.
    """

    message: str
    aspect: Aspect = "other"
    operation: Op | None = None
    compared: str = ""
    index: tuple[int, ...] = ()
    shape: tuple[int, ...] = ()
    got: str = ""
    expected: str = ""
    got_bytes: str = ""
    expected_bytes: str = ""
    differing: int = 0
    bits_only: bool = False
    special: bool = False
    effect: Effect = ""
    arguments: tuple[str, ...] = ()


class Violation(AssertionError):
    """A rule is broken; `failure` says how, and the text of the exception is its message."""

    def __init__(self, failure: Failure | str) -> None:
        self.failure = Failure(failure) if isinstance(failure, str) else failure
        super().__init__(self.failure.message)


class Undecided(Exception):
    """No verdict was reached; the message says why."""


def require(condition: object, message: str) -> None:
    """Raise `Violation` unless `condition` holds; unlike `assert` it stays under ``python -O``."""
    if not condition:
        raise Violation(message)


def same_bits(got: npt.ArrayLike, want: npt.ArrayLike, what: str) -> None:
    """Require equal shape, dtype and every bit: NaN payloads and the sign of zero count.

    Parameters
    ----------
    got, want : array_like
        What came out, and what must.
    what : str
        What is compared; the message begins with it.

    Raises
    ------
    Violation
        If they differ.

    >>> same_bits(np.float32([0, -0.0]), np.float32([0, 0]), "shift")
    Traceback (most recent call last):
    stsm_ref.evidence.failure.Violation: shift: out[1] = -0.0, should be 0.0 (1 of 2 places differ)
    """
    got, want = _same_shape(got, want, what)
    if got.dtype != want.dtype:
        raise Violation(other_dtype(got, want, what))
    _require_none(differing_bits(got, want), got, want, what)


def same_values(got: npt.ArrayLike, want: npt.ArrayLike, what: str) -> None:
    """Require equal shape and equal values; -0.0 equals 0.0, NaN equals nothing.

    Parameters
    ----------
    got, want : array_like
        What came out, and what must.
    what : str
        What is compared; the message begins with it.

    Raises
    ------
    Violation
        If they differ.
    """
    got, want = _same_shape(got, want, what)
    _require_none(np.asarray(got != want), got, want, what)


def _same_shape(
    got: npt.ArrayLike, want: npt.ArrayLike, what: str
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    got, want = np.asarray(got), np.asarray(want)
    require(got.shape == want.shape, f"{what}: shape {got.shape}, should be {want.shape}")
    return got, want


def _require_none(
    differ: npt.NDArray[np.bool_], got: npt.NDArray[Any], want: npt.NDArray[Any], what: str
) -> None:
    if np.any(differ):
        index = tuple(int(i) for i in np.argwhere(differ)[0])
        raise Violation(other_value(got, want, differ, index, what=what))


def differing_bits(got: npt.NDArray[Any], want: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Where two arrays of one shape and dtype differ in any bit."""
    first, second = (
        np.ascontiguousarray(a).reshape(*a.shape, 1).view(np.uint8) for a in (got, want)
    )
    return np.asarray((first != second).any(axis=-1))


def other_dtype(
    got: npt.NDArray[Any], want: npt.NDArray[Any], what: str = "", operation: Op | None = None
) -> Failure:
    """The failure of an answer in another dtype."""
    message = f"{_prefix(what)}dtype {got.dtype}, should be {want.dtype}"
    return Failure(message, "dtype", operation, what, got=str(got.dtype), expected=str(want.dtype))


def other_value(
    got: npt.NDArray[Any],
    want: npt.NDArray[Any],
    differ: npt.NDArray[np.bool_],
    index: tuple[int, ...],
    *,
    what: str = "",
    name: str = "out",
    note: str = "",
    aspect: Aspect = "values",
    operation: Op | None = None,
) -> Failure:
    """The failure of an answer with other values.

    Parameters
    ----------
    got, want : ndarray
        What came out, and what must.
    differ : ndarray of bool
        Where they differ.
    index : tuple of int
        One of these places, to be shown.
    what : str
        What is compared, where that needs saying; the message begins with it.
    name : str
        What the message calls the output.
    note : str
        What the message adds.
    aspect : {"values", "rounding"}
        Whether they are only rounded.
    operation : {"forward", "vjp", "jvp"}, optional
        Whose answer it is.

    Returns
    -------
    Failure
        With its message.
    """
    first, second = got[index], want[index]
    shown, bits = (str(first), str(second)), (first.tobytes().hex(), second.tobytes().hex())
    with np.errstate(invalid="ignore"):  # of a signalling NaN
        bits_only = bool(first == second) or (_is_nan(first) and _is_nan(second))
    values = f"{shown[0]}, should be {shown[1]}"
    if shown[0] == shown[1] and bits[0] != bits[1]:
        values = f"{shown[0]} (bytes {bits[0]}), should have the bytes {bits[1]}"
    place = f"[{', '.join(map(str, index))}]" if index else ""
    rounded = ", by rounding" if aspect == "rounding" else ""
    count = int(np.count_nonzero(differ))
    places = f"({count:,} of {differ.size:,} places differ{rounded})"
    return Failure(
        message=f"{_prefix(what)}{name}{place} = {values} {places}{note}",
        aspect=aspect,
        operation=operation,
        compared=what,
        index=index,
        shape=got.shape,
        got=shown[0],
        expected=shown[1],
        got_bytes=bits[0],
        expected_bytes=bits[1],
        differing=count,
        bits_only=bits_only,
        special=bits_only or _is_special(first) or _is_special(second),
    )


def _prefix(what: str) -> str:
    return f"{what}: " if what else ""


def _is_nan(value: Any) -> bool:
    return value.dtype.kind in "fc" and bool(np.isnan(value))


def _is_special(value: Any) -> bool:
    """Whether a number is NaN, infinite or -0.0."""
    if value.dtype.kind not in "fc":
        return False
    parts = (value.real, value.imag) if value.dtype.kind == "c" else (value,)
    zero = value == 0 and any(np.signbit(part) for part in parts)
    return bool(zero or not all(np.isfinite(part) for part in parts))
