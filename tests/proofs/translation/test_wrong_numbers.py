"""Modules that are wrong in numbers are never proved."""

import pytest

from stsm_ref.proofs.export.recording import ExportFailedError
from tests.proofs.translation.one_graph import decided, findings
from tests.proofs.translation.wrong_modules_numbers import RIGHT_BESIDE, WRONG, Map


def verdict_of(function) -> tuple[str, list[str]]:
    """What is made of its forward graph: if that is not found to be STSM, the module is not
    proved.
    """
    try:
        found = findings(Map(function))
    except ExportFailedError as error:
        return "unrecorded", [str(error)]
    return decided(found), [*found.undecided, *map(str, found.differences)]


@pytest.mark.parametrize("name", sorted(WRONG))
def test_a_wrong_number_is_not_proved(name: str) -> None:
    """A place is found where it differs, or it is undecided."""
    verdict, _ = verdict_of(WRONG[name])
    assert verdict in {"different", "undecided", "unrecorded"}


@pytest.mark.parametrize("name", sorted(RIGHT_BESIDE))
def test_a_right_number_beside_them_is_proved(name: str) -> None:
    """The like of a wrong module that is right is not thrown out with it."""
    verdict, why = verdict_of(RIGHT_BESIDE[name])
    assert verdict in {"bits", "value"}, why


def test_there_are_forty_and_more() -> None:
    """Of integers, conditions, quotients, floats, zeros, sums and narrower formats."""
    assert len(WRONG) >= 40
