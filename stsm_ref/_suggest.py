"""Did you mean: the one place where a misspelt name is answered with the names that are near it."""

import difflib
from collections.abc import Iterable


def nearest(name: object, known: Iterable[str], *, most: int = 3) -> list[str]:
    """Return the names among `known` that look like `name`, the nearest first and not more than
    `most`.

    Parameters
    ----------
    name : object
        What was given: any object, since a misspelt name need not be a string.
    known : iterable of str
        The names that there are.
    most : int
        How many to return.

    >>> nearest("tsn_resnet5O", ["tsn_resnet50", "tsn_mobilenetv2", "other"])
    ['tsn_resnet50', 'tsn_mobilenetv2']
    """
    return difflib.get_close_matches(str(name), list(known), n=most, cutoff=0.5)


def suggest(name: object, known: Iterable[str], otherwise: str = "", *, most: int = 3) -> str:
    """Ask for the near names in the words that end an error message.

    Parameters
    ----------
    name, known, most
        As `nearest` takes them.
    otherwise : str
        What to say where no name is near.

    Returns
    -------
    str
        A question, or `otherwise`.

    >>> suggest("stms", ["stsm", "tsm", "none"])
    "did you mean 'stsm' or 'tsm'?"
    >>> suggest("#", ["stsm", "tsm", "none"], "list_shifts() has them all")
    'list_shifts() has them all'
    """
    near = nearest(name, known, most=most)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else otherwise
