"""The numbers and names that networks here take, checked in one place: each is refused in the
same words wherever it is given.
"""

import difflib
from collections.abc import Iterable
from numbers import Real
from typing import SupportsIndex, cast

from stsm_ref.errors import ModelError
from stsm_ref.geometry import whole_number


def known(argument: str, value: str, names: Iterable[str]) -> str:
    """Return `value` if it is one of `names`; otherwise list the near ones."""
    names = tuple(names)
    if isinstance(value, str) and value in names:
        return value
    near = difflib.get_close_matches(str(value), names, n=3, cutoff=0.5)
    hint = f": did you mean {' or '.join(map(repr, near))}?" if near else ""
    raise ModelError(f"{argument}={value!r} is not one of {', '.join(map(repr, names))}{hint}")


MOST = 2**31 - 1
"""What torch takes for a size on every platform; a network of more is nobody's."""


def at_least_one(argument: str, value: SupportsIndex) -> int:
    """Return `value` as an int of 1 or more, and not more than `MOST`."""
    count = whole_number(argument, value)
    if count < 1:
        raise ModelError(f"{argument}={count} leaves nothing to compute: give 1 or more")
    if count > MOST:
        raise ModelError(f"{argument}={count} is more than torch can hold: give {MOST} or less")
    return count


def at_least(argument: str, value: SupportsIndex, least: int, why: str) -> int:
    """Return `value` as an int of `least` or more; `why` says what smaller ones lack, and the
    way out.
    """
    count = whole_number(argument, value)
    if count < least:
        raise ModelError(f"{argument}={count}: {why}")
    return count


def share_dropped(dropout: float) -> float:
    """Return the share of the features that is dropped in training, in [0, 1)."""
    if not isinstance(cast(object, dropout), Real):
        raise ModelError(
            f"dropout={dropout!r} is no number: give the share of the features that is dropped in "
            "training, 0 for none"
        )
    if not 0 <= dropout < 1:
        raise ModelError(
            f"dropout={dropout!r} is outside [0, 1): it is the share of the features that is "
            "dropped in training"
        )
    return float(dropout)
