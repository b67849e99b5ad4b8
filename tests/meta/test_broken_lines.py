"""Breaking a line of the mathematics breaks a test; here the lines that `make mutation` does not reach, constants and properties."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BREAKS = [
    ("geometry.py", "", ""),  # the control: the copy as it is passes, so what fails below fails for its line
    ("geometry.py", 'CLIP_AXES = {"T": -4, "H": -2, "W": -1}', 'CLIP_AXES = {"T": -4, "H": -1, "W": -2}'),
    ("geometry.py", "CHANNEL_AXIS = -3", "CHANNEL_AXIS = -4"),
    ("geometry.py", "signs = (1, -1) if", "signs = (-1, 1) if"),
    ("geometry.py", 'SUBSETS = ("T", "H", "W", "TH", "TW", "HW", "THW")', 'SUBSETS = ("T", "H", "W", "TH", "TW", "HW")'),
    ("geometry.py", "product((1, 0, -1), repeat=3) if any(d)", "product((1, 0, -1), repeat=3) if all(d)"),
    ("geometry.py", "return Displacement(-self.dt, -self.dh, -self.dw)", "return Displacement(-self.dt, -self.dh, self.dw)"),
    ("slicing.py", "gap = min(abs(distance), size)", "gap = abs(distance)"),
    ("slicing.py", "return _stsm(grad, spec, direction=-1)", "return _stsm(grad, spec, direction=1)"),
    ("kernels.py", "hot=backward,", "hot=forward,"),
    ("kernels.py", "before=forward, after=backward", "before=backward, after=forward"),
]


@pytest.mark.parametrize(("module", "line", "broken"), BREAKS, ids=lambda value: value if value.endswith(".py") else "")
def test_a_broken_line_breaks_a_test(tmp_path: Path, module: str, line: str, broken: str) -> None:
    """With the line broken, in a copy, the unit tests and the tests of the paper's equations and figures fail."""
    for folder in ("stsm_ref", "tests"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "stsm_ref" / module
    text = path.read_text()
    assert text.count(line) == 1 or not line
    path.write_text(text.replace(line, broken) if line else text)
    tests = [f"tests/unit/test_{name}.py" for name in ("geometry", "slicing", "definition", "kernels")]
    tests += [f"tests/paper/test_{name}.py" for name in ("eq_1", "eq_2", "eq_3", "fig_3", "fig_4", "section_5_1_1", "tables_2_and_3")]
    # run in the copy, whose package stands first on the path; the suite's conftest would import torch
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--noconftest", *tests]
    ended = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert ended.returncode == (1 if line else 0), ended.stdout[-2000:] + ended.stderr[-2000:]
    assert ("1 failed" in ended.stdout) == bool(line)
