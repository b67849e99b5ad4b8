"""Arrows go down: the linter of imports is in force, and it would catch an upward one."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package in `folder`."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its contracts."""
    shutil.copytree(
        ROOT / "stsm_ref", tmp_path / "stsm_ref", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_our_imports_go_down(copy: Path) -> None:
    """Every contract is kept as the package stands."""
    ended = lint(copy)
    assert ended.returncode == 0, ended.stdout + ended.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("geometry.py", "from stsm_ref.slicing import windows", "Arrows go down"),
        (
            "slicing.py",
            "import stsm_ref.definition",
            "Two sides of a comparison share nothing but geometry",
        ),
        (
            "matrices.py",
            "import stsm_ref.correlate",
            "Two sides of a comparison share nothing but geometry",
        ),
        ("kernels.py", "import hypothesis", "The mathematics needs NumPy and SciPy only"),
        ("correlate.py", "import matplotlib", "The mathematics needs NumPy and SciPy only"),
        ("slicing.py", "import z3", "The mathematics needs NumPy and SciPy only"),
        ("proofs/symbols.py", "import stsm_ref.checks.our_internals.run", "Arrows go down"),
        ("strategies.py", "import stsm_ref.checks.our_internals.run", "Arrows go down"),
        (
            "vectors/drafts.py",
            "import stsm_ref.slicing",
            "Expected values come from the definition",
        ),
        ("vectors/store.py", "import hypothesis", "The mathematics needs NumPy and SciPy only"),
    ],
)
def test_a_planted_import_is_caught(copy: Path, module: str, line: str, contract: str) -> None:
    """An import that goes up, sideways or out breaks the contract that forbids it."""
    with (copy / "stsm_ref" / module).open("a") as file:
        file.write(f"\n{line}\n")
    ended = lint(copy)
    assert ended.returncode == 1
    assert f"{contract} BROKEN" in ended.stdout
