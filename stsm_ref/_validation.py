"""Checks of arguments that many functions share, so that each mistake is answered in the same words
wherever it is made.

Every check returns the value in the form that the caller works with, or raises an error that names
the argument, its value, the rule and the way out.
"""

import operator
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, SupportsIndex

import numpy as np

from stsm_ref._suggest import suggest
from stsm_ref.errors import SpecError, StsmError


def whole_number(name: str, value: SupportsIndex) -> int:
    """Return `value` as an int; a float is refused, since none may decide a count or a position.

    Raises
    ------
    SpecError
        If it is not an integer, or is a bool.
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise SpecError(f"{name}={value!r} is not an integer: give an int") from None


def whole_numbers(name: str, values: SupportsIndex | Sequence[SupportsIndex]) -> tuple[int, ...]:
    """Return one int or a sequence of ints as a tuple; a set or a dict has no order that could be
    meant.
    """
    if np.iterable(values) and not isinstance(values, str | Set | Mapping):
        return tuple(whole_number(name, value) for value in values)
    alone: Any = values
    return (whole_number(name, alone),)


def at_least(
    name: str, value: SupportsIndex, minimum: int, why: str, *, error: type[StsmError] = SpecError
) -> int:
    """Return `value` as an int that is not below `minimum`.

    Parameters
    ----------
    name : str
        Of the argument.
    value : int
        What was given for it.
    minimum : int
        The smallest value that is allowed.
    why : str
        What smaller ones lack, and the way out.
    error : type of StsmError
        What to raise.

    Raises
    ------
    SpecError
        If `value` is not an integer.
    StsmError
        The given error, if `value` is too small.
    """
    count = whole_number(name, value)
    if count < minimum:
        raise error(f"{name}={count} is less than {minimum}: {why}")
    return count


def one_of(
    name: str,
    value: object,
    allowed: Iterable[str],
    *,
    error: type[StsmError] = SpecError,
    way_out: str = "",
) -> str:
    """Return `value` if it is one of the strings that are allowed.

    Parameters
    ----------
    name : str
        Of the argument.
    value : object
        What was given for it.
    allowed : iterable of str
        What may be given.
    error : type of StsmError
        What to raise.
    way_out : str
        What to say where nothing that is allowed looks like `value`.

    Raises
    ------
    StsmError
        The given error, if it is none of them; the message lists them all, and the one that looks
        most like `value`.
    """
    names = tuple(allowed)
    if isinstance(value, str) and value in names:
        return value
    hint = suggest(value, names, way_out, most=1)
    raise error(
        f"{name}={value!r} is not one of {', '.join(map(repr, names))}{hint and f': {hint}'}"
    )
