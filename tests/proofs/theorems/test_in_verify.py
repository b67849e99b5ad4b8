"""Theorems in `stsm-ref verify`: the rung, the wording and assumptions in every report, and
what happens without solvers.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stsm_ref import cli
from stsm_ref.checks.our_internals import registry as checks
from stsm_ref.checks.our_internals import run
from stsm_ref.checks.our_internals import theorems as theorem_rules
from stsm_ref.checks.our_internals.run import run_check
from stsm_ref.proofs.theorems import registry
from tests.proofs.theorems.test_theorems import source_one_short

THEOREM, OTHER = "there_and_back_loses_the_edge", "shifting_back_loses_the_edge"
LOAD = checks.load


def invoke(*arguments: str) -> Any:
    """Run a command in this process."""
    return CliRunner().invoke(cli.app, list(arguments))


@pytest.fixture
def inv_1(monkeypatch: pytest.MonkeyPatch) -> None:
    """INV-1 alone, with its check and its theorem."""

    def load(**asked: Any) -> dict[str, Any]:
        return {name: check for name, check in LOAD(**asked).items() if name in (THEOREM, OTHER)}

    monkeypatch.setattr(checks, "load", load)
    monkeypatch.setattr(
        run, "REQUIREMENTS", tuple(entry for entry in run.REQUIREMENTS if entry.id == "INV-1")
    )


@pytest.mark.usefixtures("inv_1")
def test_verify_reaches_l4(tmp_path: Path) -> None:
    """Table, JSON and page show the rung, the theorem's wording and its assumptions."""
    page = tmp_path / "verdict.html"
    table = invoke("verify", "--side", "numpy", "--report", str(page))
    assert table.exit_code == 0, table.output
    assert "L4" in table.output
    assert "L4 assumes: an array is a function of whole-number indices" in table.output
    html = page.read_text()
    assert "For every n &gt;= 1, one step and one step back" in html
    assert "Assumes: an array is a function of whole-number indices" in html
    data = json.loads(invoke("verify", "--side", "numpy", "--json").stdout)
    assert data["theorems"] == "proved by z3 and cvc5"
    row = data["requirements"][0]
    assert (row["id"], row["rung"], row["outcome"]) == ("INV-1", "L4", "passed")
    theorem = next(check for check in row["checks"] if check["rung"] == "L4")
    assert theorem["statement"].startswith("For every n >= 1")
    assert "z3 and cvc5 are right where they agree" in theorem["assumes"]


@pytest.mark.usefixtures("inv_1")
def test_without_solvers_the_rung_stays_and_verify_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No L4, no failure, and the command that installs the solvers."""
    monkeypatch.setattr(theorem_rules, "are_installed", lambda: False)
    page = tmp_path / "verdict.html"
    ended = invoke("verify", "--side", "numpy", "--report", str(page))
    assert ended.exit_code == 0, ended.output
    assert "The theorems (L4) were not looked at" in ended.output
    assert "pip install 'stsm_ref[proofs]'" in " ".join(ended.output.split())
    assert "The theorems (L4) were not looked at" in page.read_text()
    data = json.loads(invoke("verify", "--side", "numpy", "--json").stdout)
    assert "were not looked at" in data["theorems"]
    assert data["requirements"][0]["rung"] == "L1"


def test_a_refuted_theorem_is_a_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the slices broken the row is violated, with sizes and index."""
    monkeypatch.setattr("stsm_ref.slicing.windows", source_one_short)
    result = run_check(theorem_rules.THEOREMS[THEOREM])
    assert result.outcome == "violated"
    assert "NumPy" in result.note


def test_an_undecided_theorem_is_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that does not answer makes the row undecided, not passed and not violated."""
    from stsm_ref.proofs.smt.solvers import SOLVERS

    monkeypatch.setattr(
        "stsm_ref.proofs.smt.solvers.SOLVERS",
        dict(SOLVERS) | {"z3": lambda text, timeout: "unknown"},
    )
    result = run_check(theorem_rules.THEOREMS[THEOREM])
    assert result.outcome == "undecided"
    assert "z3 says unknown" in result.note


def test_every_theorem_is_a_check() -> None:
    """What verify runs are all of the theorems, on the NumPy side, as L4."""
    assert list(theorem_rules.THEOREMS) == list(registry.theorems())
    assert {(check.rung, check.sides) for check in theorem_rules.THEOREMS.values()} == {
        ("L4", ("numpy",))
    }


def test_explain_tells_the_theorem() -> None:
    """The rung, the wording and what is assumed."""
    words = " ".join(invoke("explain", "SEP-2").output.replace("│", " ").split())
    assert "L4/L1, theorem" in words
    assert "steps_separate_in_any_order (L4): For all T, H, W >= 1" in words
    assert "Assumes: an array is a function" in words
