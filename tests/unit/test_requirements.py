"""The table of requirements can be asked."""

from typing import get_args

import pytest

from stsm_ref import SpecError
from stsm_ref.checks.our_internals.registry import load
from stsm_ref.requirements import REQUIREMENTS, STANDINGS, Evidence, requirement

WHOLE_BY_THEOREM = {
    *(f"SHIFT-{number}" for number in range(1, 7)),
    *("KERN-1x2", "KERN-2x1", "KERN-2x2", "KERN-3D", "PAD-1", "CONV-1"),
    *("GRAD-1", "PURE-1", "PURE-2"),
}
"""Rules whose L4 is of the whole rule, for our NumPy code; a rule that reaches L4 anew is put here,
or told part by part.
"""


def test_ids_are_unique() -> None:
    """One row for each id."""
    assert len({entry.id for entry in REQUIREMENTS}) == len(REQUIREMENTS) == 42


def test_an_id_is_found_in_any_case() -> None:
    """Nobody has to remember the capitals of KERN-1x2."""
    assert requirement("kern-1X2").id == "KERN-1x2"


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("PAD", "did you mean 'PAD-1'"),
        ("SHIFT-7", "did you mean 'SHIFT-"),
        ("#", "stsm-ref explain all lists them"),
    ],
)
def test_an_unknown_id_is_answered_with_near_ones(identifier: str, message: str) -> None:
    """The near ids, or all of them."""
    with pytest.raises(SpecError, match=f"id='{identifier}' is not a requirement: {message}"):
        requirement(identifier)


@pytest.mark.parametrize("entry", REQUIREMENTS, ids=lambda entry: entry.id)
def test_parts_of_a_rule_add_up(entry: object) -> None:
    """The standing is that of the weakest part, the rung that of the strongest, each a rung that a
    check gives; parts differ.
    """
    clauses = entry.clauses  # type: ignore[attr-defined]
    if not clauses:
        return
    rank = list(STANDINGS).index
    assert entry.standing == max((part.standing for part in clauses), key=rank)  # type: ignore[attr-defined]
    assert entry.evidence == max(part.evidence for part in clauses)  # type: ignore[attr-defined]
    rungs = {load()[name].rung for name in entry.checks}  # type: ignore[attr-defined]
    assert {part.evidence for part in clauses} <= rungs
    assert len({(part.standing, part.evidence) for part in clauses}) > 1
    assert len({part.text for part in clauses}) == len(clauses) > 1


def test_a_theorem_of_a_part_is_not_shown_as_one_of_the_whole() -> None:
    """Each rule that reaches L4 says of which part, or is listed here as proved in whole."""
    proved = {entry.id for entry in REQUIREMENTS if entry.evidence == "L4"}
    in_part = {entry.id for entry in REQUIREMENTS if entry.rung_in_words("L4").startswith("L4/")}
    assert in_part | WHOLE_BY_THEOREM == proved
    assert not in_part & WHOLE_BY_THEOREM
    assert {"MAT-3", "GEO-4", "CAP-1", "BATCH-1"} <= in_part


def test_our_decisions_are_not_filed_as_the_papers() -> None:
    """What the paper does not say, or says both ways, is no statement of it; what follows from it
    is derived.
    """
    standing = {entry.id: entry.standing for entry in REQUIREMENTS}
    assert standing["GEO-5"] == "decided"
    assert [standing[name] for name in ("GEO-1", "GEO-2", "GEO-3", "GEO-4")] == ["silent"] * 4
    assert {standing[name] for name in ("CAP-1", "SEP-2", "SHIFT-6", "KERN-2x2", "TSM-1")} == {
        "derived"
    }
    assert requirement("GEO-1").standing_in_words == "silent in part"
    assert {entry.evidence for entry in REQUIREMENTS} <= set(get_args(Evidence))


def test_a_weaker_rung_is_shown_as_it_is() -> None:
    """Where a side has not reached the strongest rung, there is no part to speak of."""
    assert requirement("BATCH-1").rung_in_words("L4") == "L4/L1"
    assert requirement("BATCH-1").rung_in_words("L1") == "L1"
    assert requirement("SHIFT-2").rung_in_words("L4") == "L4"
