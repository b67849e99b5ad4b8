"""How a check says what is wrong: which place of the output, what stands there, what should."""

from typing import Any

import numpy as np
import numpy.typing as npt


class Violation(AssertionError):
    """A rule is broken; the message says where."""


class Undecided(Exception):
    """No verdict was reached; the message says why."""


def require(condition: object, message: str) -> None:
    """Raise `Violation` unless `condition` holds; unlike `assert` it stays under ``python -O``."""
    if not condition:
        raise Violation(message)


def same_bits(got: npt.ArrayLike, want: npt.ArrayLike, what: str) -> None:
    """Require equal shape, dtype and every bit: NaN payloads and the sign of zero count.

    >>> same_bits(np.float32([0, -0.0]), np.float32([0, 0]), "shift")
    Traceback (most recent call last):
    stsm_ref.evidence.failure.Violation: shift: out[1] = -0.0, should be 0.0 (1 of 2 places differ)
    """
    got, want = _same_form(got, want, what)
    require(got.dtype == want.dtype, f"{what}: dtype {got.dtype}, should be {want.dtype}")
    _require_equal(np.any(_as_bytes(got) != _as_bytes(want), axis=-1), got, want, what)


def same_values(got: npt.ArrayLike, want: npt.ArrayLike, what: str) -> None:
    """Require equal shape and equal values; -0.0 equals 0.0, NaN equals nothing."""
    got, want = _same_form(got, want, what)
    _require_equal(np.asarray(got != want), got, want, what)


def _same_form(
    got: npt.ArrayLike, want: npt.ArrayLike, what: str
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    got, want = np.asarray(got), np.asarray(want)
    require(got.shape == want.shape, f"{what}: shape {got.shape}, should be {want.shape}")
    return got, want


def _as_bytes(array: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    return np.ascontiguousarray(array).reshape(*array.shape, 1).view(np.uint8)


def _require_equal(
    differ: npt.NDArray[np.bool_], got: npt.NDArray[Any], want: npt.NDArray[Any], what: str
) -> None:
    if np.any(differ):
        place = tuple(int(i) for i in np.argwhere(differ)[0])
        index = f"[{', '.join(map(str, place))}]" if place else ""
        raise Violation(
            f"{what}: out{index} = {got[place]!s}, should be {want[place]!s} "
            f"({np.count_nonzero(differ)} of {differ.size} places differ)"
        )
