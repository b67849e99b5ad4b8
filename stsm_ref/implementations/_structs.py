"""Read plain data of somebody else's into a struct, and say what is wrong with it."""

import re
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from stsm_ref.errors import MissingExtraError, cut, quoted

try:
    from msgspec import UNSET, Meta, Struct, UnsetType, ValidationError, convert
except ModuleNotFoundError:
    raise MissingExtraError("stsm-ref check", "msgspec", "verify") from None

__all__ = ["MAX_NAME", "UNSET", "Meta", "Read", "Struct", "UnsetType", "check_name", "read_struct"]

MAX_NAME = 100
"""Characters of what an implementation calls itself."""

Read = TypeVar("Read", bound=Struct)


def read_struct(data: Any, kind: type[Read]) -> Read:
    """Convert `data`, as JSON has it, to a struct.

    Raises
    ------
    ValueError
        If a key or a value does not fit: where, what is expected there and what came.

    >>> class Door(Struct, forbid_unknown_fields=True):
    ...     colour: Literal["red", "blue"]
    >>> read_struct({"color": "red"}, Door)
    Traceback (most recent call last):
    ValueError: Object contains unknown field `color`; the keys are colour
    >>> read_struct({"colour": "grey"}, Door)
    Traceback (most recent call last):
    ValueError: Invalid enum value 'grey' - at `$.colour`; it is one of red, blue
    """
    try:
        return convert(data, kind)
    except UnicodeEncodeError:
        reason = "half a surrogate pair stands where a name must"
    except ValidationError as error:
        reason = cut(str(error), 300)
        place = re.search(r"`\$\.(\w+)", reason)
        if "unknown field" in reason and not place:
            reason += f"; the keys are {', '.join(kind.__struct_fields__)}"
        elif "enum" in reason and place:
            reason += f"; it is one of {', '.join(_choices(get_type_hints(kind)[place[1]]))}"
    raise ValueError(reason)


def check_name(key: str, name: str) -> None:
    """Raise `ValueError` unless reports can print the name."""
    if not name.isprintable() or not 1 <= len(name) <= MAX_NAME:
        raise ValueError(
            f"{key} must be printable, of 1 to {MAX_NAME} characters, and is {quoted(name)}"
        )


def _choices(hint: Any) -> tuple[str, ...]:
    """The literals of a type, at whatever depth."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    return tuple(choice for part in get_args(hint) for choice in _choices(part))
