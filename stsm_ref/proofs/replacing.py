"""Set an attribute for a while: how wrong code is tried, checks are skipped and torch is
watched.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_NOTHING = object()


@contextmanager
def replaced(place: Any, name: str, value: Any) -> Iterator[None]:
    """Set an attribute of a module or class, and put back afterwards what it held itself.

    Parameters
    ----------
    place : module or class
        Whose attribute is set.
    name : str
        Of the attribute; where `place` does not hold it itself, it is deleted afterwards.
    value : object
        What it is set to.
    """
    before = vars(place).get(name, _NOTHING)
    setattr(place, name, value)
    try:
        yield
    finally:
        if before is _NOTHING:
            delattr(place, name)
        else:
            setattr(place, name, before)


def name_in(module: Any, function: Callable[..., Any]) -> str:
    """Return the name under which a module calls a function.

    Tables of replacements are built from it when they are imported, so that renaming the function
    fails there, and not in the middle of a proof.

    Raises
    ------
    AttributeError
        If the module does not use a function of that name.
    """
    name = function.__name__
    getattr(module, name)
    return name
