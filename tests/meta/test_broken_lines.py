"""Breaking a line of the mathematics breaks a test; here the lines that `make mutation` does not
reach, constants and properties.
"""

import os
import shutil
import subprocess
import sys

import pytest

from tests import ROOT

BREAKS = [
    (
        "geometry.py",
        "",
        "",
    ),  # the control: the copy as it is passes, so what fails below fails for its line
    (
        "geometry.py",
        'CLIP_AXES = {"T": -4, "H": -2, "W": -1}',
        'CLIP_AXES = {"T": -4, "H": -1, "W": -2}',
    ),
    ("geometry.py", "CHANNEL_AXIS = -3", "CHANNEL_AXIS = -4"),
    ("geometry.py", "signs = (1, -1) if", "signs = (-1, 1) if"),
    (
        "geometry.py",
        'SUBSETS = ("T", "H", "W", "TH", "TW", "HW", "THW")',
        'SUBSETS = ("T", "H", "W", "TH", "TW", "HW")',
    ),
    (
        "geometry.py",
        "product((1, 0, -1), repeat=3) if any(d)",
        "product((1, 0, -1), repeat=3) if all(d)",
    ),
    (
        "geometry.py",
        "return Displacement(-self.dt, -self.dh, -self.dw)",
        "return Displacement(-self.dt, -self.dh, self.dw)",
    ),
    ("slicing.py", "gap = min(abs(distance), size)", "gap = abs(distance)"),
    (
        "slicing.py",
        "return _stsm(grad, spec, direction=-1)",
        "return _stsm(grad, spec, direction=1)",
    ),
    ("kernels.py", "hot=backward,", "hot=forward,"),
    ("kernels.py", "before=forward, after=backward", "before=backward, after=forward"),
]


TESTS = [f"tests/unit/test_{name}.py" for name in ("geometry", "slicing", "definition", "kernels")]
TESTS += [
    f"tests/paper/test_{name}.py"
    for name in ("eq_1", "eq_2", "eq_3", "fig_3", "fig_4", "section_5_1_1", "tables_2_and_3")
]

DRIVER = """
import os, sys
import hypothesis.strategies, numpy.testing, pytest, scipy.ndimage, scipy.signal, scipy.sparse  # once for all copies

for copy in sys.argv[1].split(os.pathsep):
    child = os.fork()
    if child == 0:  # in the copy, whose package stands first on the path; the suite's conftest would import torch
        os.chdir(copy)
        sys.path.insert(0, copy)
        words = os.open("words", os.O_WRONLY | os.O_CREAT)
        os.dup2(words, 1), os.dup2(words, 2)
        ended = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--noconftest", "--assert=plain", "-p", "no:logging", *sys.argv[2:]])
        sys.stdout.flush()
        os._exit(ended)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[int, str]]:
    """Exit code and words of the tests on each copy; one process imports what they share, and
    splits for each.
    """
    copies = []
    for module, line, broken in BREAKS:
        copies.append(tmp_path_factory.mktemp("copy"))
        for folder in ("stsm_ref", "tests"):
            shutil.copytree(
                ROOT / folder, copies[-1] / folder, ignore=shutil.ignore_patterns("__pycache__")
            )
        path = copies[-1] / "stsm_ref" / module
        text = path.read_text()
        assert text.count(line) == 1 or not line
        path.write_text(text.replace(line, broken) if line else text)
    command = [sys.executable, "-P", "-c", DRIVER, os.pathsep.join(map(str, copies)), *TESTS]
    codes = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=copies[0]
    ).stdout.split()
    return [
        (int(code), (copy / "words").read_text()) for code, copy in zip(codes, copies, strict=True)
    ]


@pytest.mark.xdist_group("broken lines")
@pytest.mark.skipif(
    not hasattr(os, "fork"), reason="the copies are tested in processes that split from one"
)
@pytest.mark.parametrize(
    "place", range(len(BREAKS)), ids=lambda place: f"{BREAKS[place][0]}-{place}"
)
def test_a_broken_line_breaks_a_test(ended: list[tuple[int, str]], place: int) -> None:
    """With the line broken, in a copy, the unit tests and the tests of the paper's equations and
    figures fail.
    """
    line = BREAKS[place][1]
    code, words = ended[place]
    assert code == (1 if line else 0), words[-2000:]
    assert ("1 failed" in words) == bool(line)
