"""The numbers and names that networks here take, each refused in the same words wherever it is
given.
"""

from collections.abc import Iterable
from numbers import Real
from typing import SupportsIndex, cast

from stsm_ref import _validation
from stsm_ref.errors import ModelError


def known(argument: str, value: str, names: Iterable[str]) -> str:
    """Return `value` if it is one of `names`."""
    return _validation.one_of(argument, value, names, error=ModelError)


def at_least(argument: str, value: SupportsIndex, minimum: int, why: str) -> int:
    """Return `value` as an int of `minimum` or more; `why` says what smaller ones lack, and the way
    out.
    """
    return _validation.at_least(argument, value, minimum, why, error=ModelError)


MAX_SIZE = 2**31 - 1
"""What torch takes for a size on every platform; a network of more is nobody's."""


def at_least_one(argument: str, value: SupportsIndex) -> int:
    """Return `value` as an int of 1 or more, and not more than `MAX_SIZE`."""
    count = at_least(argument, value, 1, "there would be nothing to compute, so give 1 or more")
    if count > MAX_SIZE:
        raise ModelError(f"{argument}={count} is more than torch can hold: give {MAX_SIZE} or less")
    return count


def share_dropped(dropout: float) -> float:
    """Return the share of the features that is dropped in training, in [0, 1)."""
    share = "the share of the features that is dropped in training"
    if not isinstance(cast(object, dropout), Real):
        raise ModelError(f"dropout={dropout!r} is not a number: give {share}, 0 for none")
    if not 0 <= dropout < 1:
        raise ModelError(f"dropout={dropout!r} is outside [0, 1): it is {share}")
    return float(dropout)
