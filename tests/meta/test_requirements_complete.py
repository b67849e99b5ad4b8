"""The table of requirements and the checks and tests speak of each other, in both directions."""

import ast
import re
from pathlib import Path

import pytest

from stsm_ref.checks.our_internals.registry import load
from stsm_ref.implementations.ours_torch import torch_subject
from stsm_ref.requirements import REQUIREMENTS
from tests import ROOT

CHECKS = load()
TESTS = ROOT / "tests"
IDS = {entry.id for entry in REQUIREMENTS}


def marked_ids(path: Path) -> set[str]:
    """The ids in the `requirement` marks of a test file, read off its source."""
    calls = (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))
    marks = (call for call in calls if ast.unparse(call.func) == "pytest.mark.requirement")
    return {
        argument.value
        for call in marks
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }


@pytest.mark.parametrize("entry", REQUIREMENTS, ids=lambda entry: entry.id)
def test_every_requirement_is_checked(entry: object) -> None:
    """The checks in the table are those that name the requirement, no more and no fewer, and the
    rung is their strongest.
    """
    speaking = {name for name, check in CHECKS.items() if entry.id in check.requirements}  # type: ignore[attr-defined]
    assert speaking == set(entry.checks) != set()  # type: ignore[attr-defined]
    assert entry.evidence == max(CHECKS[name].rung for name in speaking)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", CHECKS)
def test_every_check_names_requirements(name: str) -> None:
    """At least one, all of them in the table, none twice."""
    named = CHECKS[name].requirements
    assert set(named) <= IDS
    assert len(set(named)) == len(named) > 0


@pytest.mark.parametrize(
    "path", sorted((TESTS / "paper").glob("test_*.py")), ids=lambda path: path.stem
)
def test_every_test_of_the_paper_names_requirements(path: Path) -> None:
    """Each file of tests/paper is marked, with ids of the table."""
    named = marked_ids(path)
    assert named
    assert named <= IDS


def test_the_torch_side_is_not_lost() -> None:
    """The requirements that torch is held to: one that drops out is noticed."""
    asked = [check for check in CHECKS.values() if not check.skip_reason(torch_subject())]
    torch = {identifier for check in asked for identifier in check.requirements}
    # specs, padding rules and matrices are one piece of code for both sides
    numpy_only = {
        "GEO-2",
        "GEO-3",
        "GEO-4",
        "PAD-1",
        "CONV-1",
        "MAT-1",
        "MAT-3",
        "MAT-4",
        "MAT-5",
        "CAP-1",
    }
    assert torch == IDS - numpy_only


def test_the_design_ids_are_all_there() -> None:
    """The ids that the project is built on: a row that is lost is noticed."""
    ranges = {
        "GEO": 5,
        "SHIFT": 6,
        "PAD": 1,
        "CONV": 2,
        "SEP": 2,
        "MAT": 5,
        "INV": 1,
        "GRAD": 4,
        "PURE": 4,
    }
    ranges |= {"MEM": 1, "NUM": 2, "BATCH": 1, "CAP": 1, "COST": 2, "TSM": 1}
    expected = {f"{name}-{k}" for name, count in ranges.items() for k in range(1, count + 1)}
    assert expected | {"KERN-1x2", "KERN-2x1", "KERN-2x2", "KERN-3D"} == IDS


def test_a_wrong_id_would_be_noticed(tmp_path: Path) -> None:
    """The reader of marks finds an id that is not in the table."""
    file = tmp_path / "test_x.py"
    file.write_text('import pytest\npytestmark = pytest.mark.requirement("GEO-1", "GEO-99")\n')
    assert marked_ids(file) - IDS == {"GEO-99"}


@pytest.mark.parametrize(
    "path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: str(path.relative_to(TESTS))
)
def test_every_test_has_a_sentence(path: Path) -> None:
    """One sentence says what each test shows."""
    functions = [
        node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)
    ]
    for function in functions:
        if function.name.startswith("test_"):
            text = ast.get_docstring(function) or ""
            assert re.fullmatch(r"\S.*[.]”?\)?", " ".join(text.split("\n\n")[0].split())), (
                f"{path.name}: {function.name}"
            )
