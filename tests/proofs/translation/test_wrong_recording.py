"""Modules whose recorded graph is not what they do are never called proved; right ones that use
the same means are.
"""

import gc
from pathlib import Path

import pytest

from stsm_ref import ShiftSpec
from stsm_ref.proofs.translation.validation import validate_target
from tests.proofs.translation import wrong_modules_recording as modules

FILE = Path(modules.__file__)
SPEC = ShiftSpec.parse("T@1/4,backward-first")


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)  # one works in a thread, where vmap cannot
@pytest.mark.parametrize("name", modules.WRONG)
def test_a_wrong_module_is_never_proved(name: str) -> None:
    """Refuted by what it does itself, or undecided with a reason."""
    verdict = validate_target(f"py:{FILE}:{name}", SPEC, layout="TCHW")
    text = "\n".join(verdict.text)
    assert verdict.outcome in ("refuted", "undecided"), text
    assert verdict.exit_code in (1, 3)
    assert any(direction.why or direction.violation for direction in verdict.directions), text


@pytest.mark.usefixtures("three_and_more")
@pytest.mark.parametrize("name", modules.RIGHT)
def test_a_right_module_by_the_same_means_is_proved(name: str) -> None:
    """Modes, hooks, checkpointing and functions with a backward of their own may be used.

    Looked at for sizes of 3 and more: smaller ones need two dozen more graphs, in which these means
    are no others.
    """
    verdict = validate_target(f"py:{FILE}:{name}", SPEC, layout="TCHW")
    assert verdict.outcome == "proved", "\n".join(verdict.text)


def test_the_collector_is_no_step_of_the_module() -> None:
    """What stands in `gc.callbacks` runs in the middle of anybody's code: libraries that
    measure the collector put functions there.
    """
    seen = []

    def measures(phase: str, info: dict[str, int]) -> None:
        seen.append(phase)

    thresholds = gc.get_threshold()
    gc.callbacks.append(measures)
    gc.set_threshold(20, 10_000, 10_000)
    try:
        verdict = validate_target(f"py:{FILE}:asks_what_is_claimed", SPEC, layout="TCHW")
    finally:
        gc.callbacks.remove(measures)
        gc.set_threshold(*thresholds)
    assert seen
    assert verdict.outcome == "proved", "\n".join(verdict.text)
    assert gc.isenabled()


def test_there_are_many_kinds() -> None:
    """As many as were thought of, and none twice."""
    assert len(set(modules.WRONG)) == len(modules.WRONG) >= 100
    assert len(set(modules.RIGHT)) == len(modules.RIGHT) >= 6
