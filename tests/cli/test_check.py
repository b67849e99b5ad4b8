"""`stsm-ref check`: verdicts, the failure on one screen, the line that repeats it, and bad
input in one sentence.
"""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stsm_ref import cli
from stsm_ref.errors import ReportError
from stsm_ref.vectors.format import store

RUNNER = CliRunner()

RIGHT = """
from stsm_ref import stsm, stsm_vjp
def forward(x, spec):
    print("chatter")
    return stsm(x, spec)
def vjp(x, grad, spec):
    return stsm_vjp(grad, spec)
"""

ROLLED = """
import numpy as np
def forward(x, spec):
    y = x.copy()
    for start, stop, displacement in spec.partition(x.shape[2]):
        y[:, :, start:stop] = np.roll(x[:, :, start:stop], displacement, (1, 3, 4))
    return y
"""

# the shift of TSM's repository in its manner, as somebody has it in a network: nothing in it knows
# of this package
TSM = """
import torch

def temporal_shift(x, n_segment, fold_div=8):
    nt, c, h, w = x.size()
    x = x.view(nt // n_segment, n_segment, c, h, w)
    fold = c // fold_div
    out = torch.zeros_like(x)
    out[:, :-1, :fold] = x[:, 1:, :fold]
    out[:, 1:, fold:2 * fold] = x[:, :-1, fold:2 * fold]
    out[:, :, 2 * fold:] = x[:, :, 2 * fold:]
    return out.view(nt, c, h, w)
"""


def invoke(*arguments: str) -> Any:
    """Run a command in this process."""
    return RUNNER.invoke(cli.app, list(arguments))


@pytest.fixture
def target(tmp_path: Path) -> Any:
    """Write a module and name one of its functions as a target."""

    def write(source: str, name: str = "forward") -> str:
        (tmp_path / "mine.py").write_text(source)
        return f"py:{tmp_path / 'mine.py'}:{name}"

    return write


def test_what_is_right_conforms(target: Any) -> None:
    """A table of requirements with their rungs, what was not asked and why, and the sum; exit 0."""
    ended = invoke("check", target(RIGHT), "--level", "smoke")
    assert ended.exit_code == 0, ended.output
    assert "rung L3" in ended.output
    assert "forward conforms, forward and vjp: " in ended.output
    assert (
        "not asked: GRAD-2, PURE-1 in the jvp, PURE-3 in the jvp: the target has no jvp"
        in " ".join(ended.output.split())
    )
    rows = {line.split()[0]: line.split() for line in ended.output.splitlines() if line.strip()}
    assert rows["SHIFT-6"][-4:] == ["passed", "L3", "·", "·"]
    assert rows["GRAD-1"][-4:] == ["·", "passed", "L3", "·"]
    assert rows["GRAD-2"][-4:] == ["·", "·", "not", "asked"]


def test_what_is_wrong_is_told_on_one_screen(target: Any) -> None:
    """Rule and id, the paper's words, the smallest case, the place, a guess and a line to
    repeat it, in 40 lines; exit 1.
    """
    ended = invoke("check", target(ROLLED), "--level", "smoke")
    assert ended.exit_code == 1, ended.output
    text = " ".join(ended.output.replace("│", "").split())
    assert "violated: labels_reveal_every_move" in text
    assert "SHIFT-6: what leaves is dropped" in text
    assert "§3.2: “delete the leftmost column" in text
    assert (
        "out[0, 0, 0, 0, 0] = 65597.0, should be 0.0 (24 of 128 places differ); channel 0: T "
        "group, +1 (forward in time)"
    ) in text
    assert "equals a roll along every axis" in text
    assert "forward does not conform" in text
    assert len(ended.output.splitlines()) <= 40


def test_the_line_that_repeats_a_failure_does(target: Any) -> None:
    """It stands whole on its line, and run as it stands it shows the same; so does the line
    that draws it.
    """
    ended = invoke("check", target(ROLLED), "--level", "smoke")
    again = next(line for line in ended.output.splitlines() if line.startswith("see it again:"))
    program, *words = shlex.split(again.partition(":")[2])
    assert program == "stsm-ref"
    repeated = invoke(*words)
    assert repeated.exit_code == 1
    assert "65597.0, should be 0.0 (24 of 128 places differ)" in " ".join(
        repeated.output.replace("│", "").split()
    )
    drawn = next(line for line in ended.output.splitlines() if line.startswith("see it drawn:"))
    assert invoke(*shlex.split(drawn.partition(":")[2])[1:]).exit_code == 0


def test_tsm_as_published_conforms_unchanged(target: Any) -> None:
    """In torch, frames folded into the batch, its own names for its arguments; the paper's
    order of directions it does not have.
    """
    folded = (
        target(TSM, "temporal_shift"),
        "--framework",
        "torch",
        "--layout",
        "(NT)CHW",
        "--level",
        "smoke",
    )
    ended = invoke("check", *folded, "--spec", "T@1/4,backward-first", "--json")
    data = json.loads(ended.stdout)
    assert (ended.exit_code, data["outcome"], data["rung"]) == (0, "passed", "L3")
    assert data["requirements"]["TSM-1"]["outcome"] == "passed"
    wrong = json.loads(invoke("check", *folded, "--spec", "T@1/4,forward-first", "--json").stdout)
    first = next(result["violation"] for result in wrong["results"] if result["violation"])
    assert (
        first["guess"]
        == "equals TSM's direction order, backward before forward (+1 and -1 exchanged)"
    )


def test_json_is_all_of_standard_output(target: Any) -> None:
    """What the target prints does not stand between; versions, hashes and the seed are there."""
    ended = invoke("check", target(RIGHT), "--level", "smoke", "--seed", "3", "--json")
    data = json.loads(ended.stdout)
    assert (data["format"], data["version"], data["outcome"], data["seed"]) == (
        "stsm-ref check",
        2,
        "passed",
        3,
    )
    assert len(data["hashes"]["suite"]) == 64
    assert data["hashes"]["vectors"] in store.FROZEN.values()
    assert {"stsm_ref", "python", "numpy", "platform"} <= set(data["environment"])
    assert data["cases"] == data["declared"]


def test_reports_are_written(target: Any, tmp_path: Path) -> None:
    """All four forms; one that cannot be written is refused before the work, exit 2."""
    files = [tmp_path / name for name in ("run.jsonl", "run.xml", "run.html", "badge.json")]
    options = [
        word
        for option, file in zip(("--report", "--junit", "--html", "--badge"), files, strict=True)
        for word in (option, str(file))
    ]
    assert invoke("check", target(ROLLED), "--level", "smoke", *options).exit_code == 1
    assert all(file.stat().st_size > 50 for file in files)
    refused = invoke("check", target(RIGHT), "--html", str(tmp_path / "no" / "run.html"))
    assert refused.exit_code == 2
    assert "cannot be written" in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("source", "arguments", "complaint"),
    [
        (
            "def forward(x, spec): return 1 / 0",
            (),
            "forward raised ZeroDivisionError: division by zero",
        ),
        ("def forward(x): ...", (), "returned NoneType, which is not a numpy.ndarray"),
        (
            "def forward(x, spec): return x.astype('f8')",
            (),
            "returned float64 for float32: the dtype must be kept (NUM-2)",
        ),
        ("def forward(x, y, z): ...", (), "has the wrong signature"),
        (
            "import no_such_module",
            (),
            "cannot be imported: ModuleNotFoundError: No module named 'no_such_module'",
        ),
        (RIGHT, ("--spec", "T+Q"), "'Q' is not a set of axes"),
        (RIGHT, ("--case", "nonsense"), "'nonsense' is not a case, such as"),
        (
            RIGHT,
            ("--case", "forward:T@1:1x0x16x2x5:float32:labels:C:7"),
            "the shape must be NxTxCxHxW, all from 1 up and N from 0",
        ),
        (
            RIGHT,
            ("--case", "forward:T@1:1x3x16x2x5:M8:labels:C:7"),
            "dtype 'M8' is none of float32, float64",
        ),
        (
            "def forward(x, spec): raise BaseException('odd')",
            (),
            "forward raised BaseException: odd",
        ),
        (
            "def forward(x, spec): raise KeyboardInterrupt",
            (),
            "ended with status 1, without an answer; the end of its standard error: Key",
        ),
        (
            "def forward(x, spec): import os; os.closerange(3, 99); return x",
            (),
            "OSError: [Errno 9] Bad file descriptor",
        ),
        (
            "def forward(x, spec): import os; os.write(2, b'no dev' + b'ice'); return 1 / 0",
            (),
            "standard error: no device",
        ),
        ("def forward(:", (), "cannot be imported: SyntaxError: "),
    ],
)
def test_bad_input_is_exit_2_in_a_sentence(
    target: Any, source: str, arguments: tuple[str, ...], complaint: str
) -> None:
    """What is wrong is said, without a traceback of ours."""
    ended = invoke("check", target(source), "--level", "smoke", *arguments)
    assert ended.exit_code == 2, ended.output
    assert complaint in " ".join(ended.output.replace("│", "").split())
    assert "Traceback" not in ended.output


def test_smoke_takes_no_torch(target: Any, tmp_path: Path) -> None:
    """Neither process imports it for a NumPy target: it takes seconds."""
    source = f"""{RIGHT}
import atexit, pathlib, sys
atexit.register(lambda: pathlib.Path({str(tmp_path / "modules")!r}).write_text(" ".join(sys.modules)))
"""
    command = [
        sys.executable,
        "-c",
        "from stsm_ref.cli import main; main()",
        "check",
        target(source),
        "--level",
        "smoke",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    modules = (tmp_path / "modules").read_text().split()
    assert "stsm_ref.conformance.suite" in modules
    assert "torch" not in modules


def test_the_line_that_repeats_it_knows_the_frames_of_a_clip(target: Any) -> None:
    """Where no parameter tells the target, `--segments` does, and the line carries it; run
    again, it fails again.
    """
    bare = TSM.replace("n_segment, fold_div=8", "fold_div=8").replace(
        "    nt, c", "    n_segment = 4\n    nt, c"
    )
    named = target(bare, "temporal_shift")
    ended = invoke(
        "check",
        named,
        "--layout",
        "(NT)CHW",
        "--segments",
        "4",
        "--framework",
        "torch",
        "--level",
        "smoke",
        "--json",
    )
    line = json.loads(ended.stdout)["results"]
    line = next(result["violation"]["reproduce"] for result in line if result["violation"])
    assert "--segments 4" in line
    again = invoke(*shlex.split(line)[1:])
    assert again.exit_code == 1, again.output
    assert "violated" in again.output


def test_a_file_that_is_no_python_is_told(tmp_path: Path) -> None:
    """It is not taken for a module of that name."""
    (tmp_path / "mine.txt").write_text("forward")
    ended = invoke("check", f"py:{tmp_path / 'mine.txt'}:forward")
    assert ended.exit_code == 2
    assert "is not a .py file: a program is named as cmd:, a graph as onnx:" in " ".join(
        ended.output.split()
    )


def test_what_was_asked_in_vain_stands_on_its_own_line(target: Any) -> None:
    """An undecided run says so line by line, and shows no empty table."""
    ended = invoke(
        "check",
        target("from stsm_ref import stsm as forward"),
        "--case",
        "vjp:T@1/4:1x3x16x2x5:float32:labels:C:7",
    )
    assert ended.exit_code == 3
    assert (
        "undecided: vjp_equals_definition: 0 of 1 cases ran: NumPy has no gradients of its own"
        in ended.output.splitlines()
    )


def test_no_output_takes_the_place_of_another_or_of_the_target(target: Any, tmp_path: Path) -> None:
    """Two reports in one file, a page over the source, and a page over anything that is not
    one, are refused before the work.
    """
    named = target(RIGHT)
    source = tmp_path / "mine.py"
    (tmp_path / "beside.py").write_text("import os")
    for words, why in (
        (
            ("--report", "a", "--html", "a"),
            "--report and --html both lead to 'a', where only the last would stay",
        ),
        (("--junit", "a", "--badge", f"../{tmp_path.name}/a"), "--junit and --badge both lead to"),
        (("--html", str(source)), "--html leads to"),
        (("--report", str(tmp_path / "beside.py")), "holds something else, not such a report"),
    ):
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setattr(
                "stsm_ref.conformance.isolated_runner.run_python_target",
                lambda *_, **__: pytest.fail("the work began"),
            )
            ended = invoke("check", named, *words)
        assert ended.exit_code == 2
        assert why in ended.output
    assert source.read_text() == RIGHT


@pytest.mark.parametrize(("source", "code"), [(RIGHT, 2), (ROLLED, 1)])
def test_a_report_that_fails_takes_nothing_from_the_verdict(
    target: Any, tmp_path: Path, source: str, code: int
) -> None:
    """The verdict is shown and a violation stays one; a run without the file that was asked for
    does not pass.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "stsm_ref.evidence.report.badge.write",
            lambda *_: (_ for _ in ()).throw(ReportError("no space")),
        )
        ended = invoke(
            "check",
            target(source),
            "--level",
            "smoke",
            "--badge",
            str(tmp_path / "b"),
            "--spec",
            "T@1/4",
            "--json",
        )
    assert ended.exit_code == code
    assert "no space" in ended.stderr
    assert json.loads(ended.stdout)["outcome"] == ("passed" if code == 2 else "violated")


def test_a_name_is_not_markup(target: Any) -> None:
    """Brackets in a target's name stand in the table as they are."""
    ended = invoke(
        "check",
        target(f"info = {{'name': 'tile [/fast]'}}\n{RIGHT}"),
        "--level",
        "smoke",
        "--spec",
        "T@1/4",
    )
    assert ended.exit_code == 0, ended.output
    assert "tile [/fast] (numpy, NTCHW)" in ended.output
    assert "tile [/fast] conforms" in ended.output
