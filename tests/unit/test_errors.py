"""What others wrote is fit to be shown before it stands in a message."""

import pytest

from stsm_ref.errors import (
    MOST_LINE,
    MOST_MESSAGE,
    ArrayError,
    MissingExtraError,
    SpecError,
    StsmError,
    cut,
    quoted,
    visible,
)
from stsm_ref.geometry import ShiftSpec

OBEYED = "\x1b[2J\x9b31m\x07\r\u202e\u2066\ud800\u2028\x00\u200b"
"""Escape sequences of one letter and of two, a bell, the directions of a text, half a pair, line
ends that are none, and nothing at all.
"""


class Mute:
    """It cannot be written."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


def test_nothing_that_a_terminal_obeys_is_left() -> None:
    """Escaped as Python would; letters of any language, lines and spaces stay."""
    assert visible(OBEYED).isascii()
    assert visible(OBEYED).isprintable()
    assert visible("Größe\t次元\xa0α\n") == "Größe\t次元\xa0α\n"


def test_what_is_long_loses_its_middle() -> None:
    """Head and tail stay, and it is said how much is missing."""
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abcd ...(1 more)... fg"
    assert quoted("x" * 10**6) == f"'{'x' * 134} ...(999800 more)... {'x' * 66}'"
    assert quoted([1, "\x1b"]) == "[1, '\\x1b']"
    assert quoted(Mute()) == "a Mute that cannot be written"


@pytest.mark.parametrize("kind", [StsmError, SpecError, ArrayError])
def test_every_error_is_fit_to_be_shown(kind: type[StsmError]) -> None:
    """Whoever formats a message, and however: it is visible, bounded, and ends with its way out."""
    text = str(kind(f"key={OBEYED} {'x' * 10**6}: rename it"))
    assert text.isprintable()
    assert len(text) < MOST_LINE + 100
    assert text.endswith(": rename it")
    assert len(str(kind("line\n" * 10**6))) < MOST_MESSAGE + 50
    assert str(MissingExtraError("a thing", "torch", "torch")).startswith("a thing needs torch")


def test_a_spec_of_a_million_letters_is_refused_in_a_few_lines() -> None:
    """The rule and the way out are still there."""
    with pytest.raises(SpecError, match=r"is not a set of axes: use T, H, W") as caught:
        ShiftSpec.parse("\x1b[31mT" * 150_000)
    assert len(str(caught.value)) < 7000
    assert "\x1b" not in str(caught.value)
