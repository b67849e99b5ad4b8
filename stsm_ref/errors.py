"""The errors that stsm_ref raises on purpose: all of them are `StsmError`, which is a `ValueError`.

Every message names the argument and its value, the rule it breaks, and the way out. Much of what a
message quotes was written by others (a key of a checkpoint, the name of a tensor, an argument):
`quoted` and `visible` are the one place where it becomes fit to be shown, and no `StsmError` says
anything that did not pass there.
"""

MOST_QUOTED, MOST_LINE, MOST_MESSAGE = 200, 3_000, 20_000
"""Characters of a quoted value, of a line and of a whole message; what is longer loses its middle,
so that the way out still stands.
"""

_WIDE_SPACES = frozenset("\t\xa0\u2002\u2003\u2009\u200a\u202f\u3000")


def visible(text: str) -> str:
    r"""`text` with nothing in it that a terminal would obey or a page would hide: such characters
    are written as Python escapes them.

    Line ends stay. Half a surrogate pair, which no encoding can hold, is escaped too.

    >>> visible("done\x1b[2J \u202e\ud800")
    'done\\x1b[2J \\u202e\\ud800'
    """
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable() or letter == "\n" or letter in _WIDE_SPACES
        else ascii(letter)[1:-1]
        for letter in text
    )


def cut(text: str, most: int) -> str:
    """`text` without its middle where it has more than `most` characters, and how many were left
    out.

    >>> cut("a" * 1000, 8)
    'aaaaaa ...(992 more)... aa'
    """
    if len(text) <= most:
        return text
    head = most - most // 3
    return f"{text[:head]} ...({len(text) - most} more)... {text[len(text) - most // 3 :]}"


def quoted(value: object, most: int = MOST_QUOTED) -> str:
    r"""`value` as Python writes it, for a message: cut, visible, and told by its type where it
    cannot be written.

    >>> quoted("conv1.\x1b[31mweight")
    "'conv1.\\x1b[31mweight'"
    >>> quoted("T+" * 500_000, 12)
    "'T+T+T+T+ ...(999988 more)... T+T+'"
    """
    if isinstance(value, str):
        return repr(cut(value, most))
    try:
        return cut(visible(repr(value)), most)
    except Exception:  # somebody's own __repr__
        return f"a {type(value).__name__} that cannot be written"


def unreadable(value: object, error: Exception) -> str:
    """Why NumPy cannot make an array of `value`, and what to give instead."""
    inner, depth = value, 0
    while isinstance(inner, list | tuple) and len(inner) and depth < 64:
        inner, depth = inner[0], depth + 1
    kind = f"{type(inner).__module__}.{type(inner).__qualname__}"
    if isinstance(value, list | tuple | str) and not kind.startswith("torch."):
        return f"ragged or no array ({error}): give rows of equal length"
    if inner is not value:
        return (
            f"made of {kind}s that NumPy cannot read ({error}): give numbers, or use "
            "stsm_ref.nn on torch.stack of them"
        )
    hint = (
        ", as by .detach().cpu().numpy(), or use stsm_ref.nn, which takes it as it is"
        if kind.startswith("torch.")
        else ""
    )
    return f"a {kind} that NumPy cannot read ({error}): give a NumPy array{hint}"


def unmoved(name: str, kind: str) -> str:
    """Why an array whose dtype is of that kind is not moved, and what to give instead."""
    if kind == "m":
        return f"and durations are not moved: see them as numbers, {name}.view('int64')"
    return "whose vacated places have no zero to hold: use bool, int, float or complex"


def _as_message(text: str) -> str:
    lines = [cut(line, MOST_LINE) for line in cut(text, 10 * MOST_MESSAGE).split("\n")]
    return cut(visible("\n".join(lines)), MOST_MESSAGE)


class StsmError(ValueError):
    """Base of every error this package raises about its input; its message is visible and of
    bounded length, whatever it quotes.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(_as_message(word) if isinstance(word, str) else word for word in args))


class SpecError(StsmError):
    """A shift spec, a displacement or a channel count that means nothing."""


class ArrayError(StsmError):
    """An array of the wrong rank, axis or dtype."""


class ModelError(StsmError):
    """A network, a site in one or a checkpoint that does not exist, or does not fit."""


class ReportError(StsmError):
    """A report, a picture or a checkpoint that cannot be written where it was asked for."""


class VectorError(StsmError):
    """Golden vectors that are missing, cut, changed or of no known version, or that cannot be
    written.
    """


class TargetError(StsmError):
    """A target cannot be asked or did not answer: absent, raised, hung, died, or broke the
    protocol. It is not a verdict (exit 2).

    The message is `what` was found, `at` which case, and the `trace` of the target's own code.
    """

    def __init__(self, what: str, at: str = "", trace: str = "") -> None:
        super().__init__(f"{what}{at}{trace}")
        self.what, self.trace = what, trace


class MissingExtraError(StsmError, ImportError):
    """A part of the package was used whose optional dependency is not installed."""

    def __init__(self, feature: str, module: str, extra: str) -> None:
        super().__init__(
            f"{feature} needs {module}, which is not installed: pip install 'stsm_ref[{extra}]'"
        )
