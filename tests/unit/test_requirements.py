"""The table of requirements can be asked."""

import pytest

from stsm_ref import SpecError
from stsm_ref.requirements import REQUIREMENTS, requirement


def test_ids_are_unique() -> None:
    """One row for each id."""
    assert len({entry.id for entry in REQUIREMENTS}) == len(REQUIREMENTS) == 42


def test_an_id_is_found_in_any_case() -> None:
    """Nobody has to remember the capitals of KERN-1x2."""
    assert requirement("kern-1X2").id == "KERN-1x2"


@pytest.mark.parametrize(
    ("identifier", "message"), [("PAD", "did you mean PAD-1"), ("SHIFT-7", "did you mean SHIFT-"), ("#", "stsm-ref explain all lists them")]
)
def test_an_unknown_id_is_answered_with_near_ones(identifier: str, message: str) -> None:
    """The near ids, or all of them."""
    with pytest.raises(SpecError, match=f"id='{identifier}' is no requirement: {message}"):
        requirement(identifier)
