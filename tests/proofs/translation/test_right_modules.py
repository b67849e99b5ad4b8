"""Right modules in the ways that people write them are understood, and what is said of each is
no more and no less than what is so.
"""

import pytest

from stsm_ref.proofs.export.recording import ExportFailedError
from stsm_ref.proofs.translation.validation import validate_target
from tests.proofs.translation.one_graph import CHANNELS, SPEC, decided, findings
from tests.proofs.translation.right_modules import MODULES, RIGHT


def look(name: str, *, backward: bool) -> tuple[str, list[str]]:
    """What is decided of one direction, and why it is not more."""
    try:
        found = findings(MODULES[name](), backward=backward)
    except ExportFailedError as error:
        return "unrecorded", [str(error)]
    return decided(found), [*found.undecided, *map(str, found.differences)]


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_a_right_module_is_understood(name: str) -> None:
    """Forward and backward, whether every entry is moved as it is or the equality is one of
    finite values.
    """
    looks = [look(name, backward=backward) for backward in (False, True)]
    assert tuple(verdict for verdict, _ in looks) == RIGHT[name], looks


def test_most_right_modules_are_proved() -> None:
    """Of 25 and more, at least 20 in both directions; none is taken for wrong."""
    verdicts = list(RIGHT.values())
    assert len(verdicts) >= 25
    assert sum(set(each) <= {"bits", "value"} for each in verdicts) >= 28
    assert not any("different" in each for each in verdicts)


def test_one_graph_is_what_a_proof_looks_at() -> None:
    """The whole of a proof says the same of a module as its first graphs do."""
    verdict = validate_target(
        "py:tests.proofs.translation.right_modules:proved_in_whole",
        SPEC,
        layout="TCHW",
        channels=CHANNELS,
    )
    assert verdict.outcome == "proved", "\n".join(verdict.text)
    assert [direction.moves_bits for direction in verdict.directions] == [
        each == "bits" for each in RIGHT["clamped_index_and_mask"]
    ]
