"""What the suite asks stands on a page, and what it never meets is looked for."""

import importlib.util
from types import ModuleType

import numpy as np
import pytest

from stsm_ref.conformance import coverage
from stsm_ref.evidence.cases import Case
from stsm_ref.geometry import ShiftSpec
from tests import ROOT


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The tool that writes the page."""
    spec = importlib.util.spec_from_file_location(
        "what_is_asked", ROOT / "tools" / "what_is_asked.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_rules_say(tool: ModuleType) -> None:
    """docs/what-is-asked.md is what the tool writes today: run tools/what_is_asked.py where it
    is not.
    """
    assert tool.PAGE.read_text(encoding="utf-8") == tool.write()


def test_nothing_is_never_met_at_ci_without_a_reason(tool: ModuleType) -> None:
    """Under a spec that no golden vector has: every dtype, size, stride and kind of value,
    forward and back, or an explanation.
    """
    assert set(tool.never("ci", "H+W@2/3")) == set(coverage.EXPLAINED)


def test_the_recorder_sees_what_is_missing(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the rules about kinds, sizes and threads, most of it is never met: a list that
    cannot be long says nothing.
    """
    from stsm_ref.conformance import suite

    few = {
        name: rule
        for name, rule in suite.RULES.items()
        if name in ("labels_reveal_every_move", "labels_reveal_every_move_back")
    }
    monkeypatch.setattr(suite, "RULES", few)
    missing = tool.never("smoke", "H+W@2/3")
    assert {
        "forward: from another thread",
        "vjp: float64, all NaN",
        "forward: T beyond 65535",
        "vjp: float32, seen many times along HW",
    } <= set(missing)


@pytest.mark.parametrize(
    ("x", "met"),
    [
        (
            Case("forward", ShiftSpec(), (2, 3, 4, 5, 6), memory="reversed").array(),
            "forward: float32, W runs backward",
        ),
        (np.ones((2, 9, 4, 5, 6), "u1")[:, ::3][:, ::-1], "forward: uint8, T runs backward"),
        (np.ones((2, 9, 4, 5, 6), "f8")[:, ::3], "forward: float64, every third T"),
        (
            np.broadcast_to(np.ones((2, 3, 4, 1, 1)), (2, 3, 4, 5, 6)),
            "forward: float64, seen many times along HW",
        ),
        (np.full((1, 2, 3, 4, 5), np.nan), "forward: float64, all NaN"),
        (-np.ones((1, 2, 3, 4, 5), "i2"), "forward: int16, all negative"),
        (np.ones((1, 2, 34, 9, 5), "?"), "forward: bool, C beyond 33"),
        (np.ones((0, 2, 3, 4, 5)), "forward: N = 0"),
    ],
)
def test_the_recorder_notes_what_arrives(x: np.ndarray, met: str) -> None:
    """One array of each kind is told for what it is, by a name that is among those looked for."""
    recorder = coverage.Recorder()
    recorder.note("forward", x)
    assert met in recorder.met
    assert met.removeprefix("forward: ") in set(coverage.known("forward"))
