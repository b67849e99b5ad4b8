"""Whatever a command is given, it ends with a code and a sentence, never with a traceback."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stsm_ref import cli

LONG, ESCAPES, HALF = "x" * 5_000, "\x1b[31mred\x1b]0;t\x07", "a\udc80b"
NAMES = ("", " ", LONG, ESCAPES, HALF, "nowhere", "folder", "/dev/null", "/dev/zero", "-1", "--odd")
NUMBERS = ("", "x", "-1", "0", "1e400", LONG)
OUTPUTS = ("folder", "/dev/null", "right.py", "no/x", "x" * 300, LONG, "pipe", "/dev/null/x")
SPECS = ("", ESCAPES, LONG, "T@-1", "T@1/0", "T@nan", "T@1e-400000000", "T@" + "9" * 5000)
TARGETS = (
    *(
        "",
        "x",
        "py:",
        "py::",
        "py:right.py",
        "py:right.py:",
        "py:right.py:absent",
        "py:f",
        "py:/:f",
    ),
    *(f"py:{name}:f" for name in ("folder.py", "pipe.py", "loop.py", "binary.py", "/dev/zero")),
    *(f"py:{name}.py:f" for name in (LONG, ESCAPES, HALF, "..", "")),
    *(f"{kind}:{name}" for kind in ("cmd", "onnx") for name in ("", "nowhere", "folder", LONG)),
    *("onnx:right.py", "onnx:pipe", "cmd:'", f"cmd:{ESCAPES}", ESCAPES, LONG, "--odd"),
)
RIGHT = "py:right.py:forward"


def each(values: tuple[str, ...], *before: str) -> list[tuple[str, ...]]:
    """The same words before each of these."""
    return [(*before, value) for value in values]


WORDS: dict[str, list[tuple[str, ...]]] = {
    "": [*each((LONG, ESCAPES, HALF, "-1", "--odd", ""))],
    "bench": [*each(NUMBERS, "--rounds"), *each(("", ESCAPES), "--side"), ("extra",), ("--odd",)],
    "check": [
        *each(TARGETS),
        *each(SPECS, RIGHT, "--spec"),
        *each(OUTPUTS, RIGHT, "--report"),
        *each(OUTPUTS, RIGHT, "--html"),
        *each(("", "x", "-1", "1e400x"), RIGHT, "--seed"),
        *each(("", "x", "-1", "0", "nan"), RIGHT, "--time-limit"),
        *each(("", "x", "-1", "nan", "inf", "1e300"), RIGHT, "--memory"),
        *each(("", ESCAPES), RIGHT, "--layout"),
        *each(("", "/", "a/b/c", ESCAPES, LONG), RIGHT, "--case"),
        *each(("0", "9" * 40), RIGHT, "--layout", "(NT)CHW", "--segments"),
        (RIGHT, "--validate-protocol"),
        ("cmd:nowhere", "--validate-protocol"),
    ],
    "claims": [
        *each(NAMES),
        *each(("", ESCAPES, LONG), "--place"),
        *each(OUTPUTS, "--page"),
        ("--status", "x"),
    ],
    "explain": [*each((*NAMES, "/", ":", "_", "a/b/c", ESCAPES + "/x", LONG + "_", LONG + ":"))],
    "figures": [*each(("/dev/null", "right.py", "x" * 300, LONG, "pipe", "/dev/null/x"), "--out")],
    "mutants": [*each(NAMES), ("x", "--level", "x"), ("x", "--framework", "")],
    "show": [
        *each(SPECS, "--out", "o.png", "--spec"),
        *each((*OUTPUTS, "x" * 300 + ".png"), "--out"),
    ],
    "verify": [*each(NUMBERS, "--examples"), *each(OUTPUTS, "--report"), ("--side", "x")],
    "vectors": [
        *each((*OUTPUTS[1:], ".", HALF + "/x"), "write"),
        *each(NAMES, "verify"),
        *each(NAMES, "list"),
        *each(("", ESCAPES, LONG), "list", "--spec"),
        *each(("", ESCAPES, LONG), "list", "--flag"),
        ("",),
        ("write",),
    ],
}
WITH_TORCH: dict[str, list[tuple[str, ...]]] = {
    "cost": [
        *each(NAMES),
        *each(("", ESCAPES, LONG), "tsn_resnet18", "--shift"),
        *each(("-1", "0", "9" * 12, "9" * 30), "tsn_resnet18", "--classes"),
        *each(("-1", "0", "9" * 30), "tsn_resnet18", "--segments"),
        *each(("-1", "0", "9" * 12, "9" * 30), "tsn_resnet18", "--size"),
        *each(("-1", "0"), "tsn_resnet18", "--size", "32", "--depth"),
        ("tsn_resnet18", "--convention", ESCAPES),
    ],
    "prove": [
        *each(TARGETS),
        *each(SPECS, RIGHT, "--spec"),
        *each(("", ESCAPES, LONG), RIGHT, "--layout"),
        *each(("0", "-1", "x", "9" * 15, "9" * 40), RIGHT, "--channels"),
        *each(("0", "9" * 40), RIGHT, "--layout", "(NT)CHW", "--segments"),
        *each(("/dev/null", "right.py", "x" * 300, LONG, "/dev/null/x"), RIGHT, "--smt2"),
        *each(("/dev/null", "right.py", "x" * 300, LONG), "--smt2"),
        *each(("0", "-1", "x"), "--timeout"),
        *each(SPECS, "--spec"),
    ],
    "show": [*each(NAMES[2:6], "--out", "o.png", "--model")],
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with what is odd in it, and a target that is right."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "right.py").write_text("from stsm_ref import stsm as forward\n")
    (tmp_path / "binary.py").write_bytes(bytes(range(256)))
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine").touch()
    (tmp_path / "loop.py").symlink_to("loop.py")
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "pipe.py")
    return tmp_path


def holds(command: str, words: list[tuple[str, ...]]) -> None:
    """Run the command with each of these and look at how it ends."""
    odd = []
    for given in words:
        ended = CliRunner().invoke(cli.app, [*([command] if command else []), *given])
        shown = [word if len(word) < 60 else f"{word[:60]}..." for word in given]
        if ended.exit_code != 2:
            odd.append((shown, ended.exit_code, ended.output[-300:]))
        elif "Traceback" in ended.output or not ended.output.replace("\n", "").isprintable():
            odd.append((shown, "no plain sentence", ended.output[-300:]))
        elif command and len(ended.output) > 20_500:
            odd.append((shown, "too long", len(ended.output)))
    assert not odd, odd


@pytest.mark.parametrize("command", WORDS)
def test_odd_arguments_are_wrong_use(
    command: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2 in plain letters, and nothing is written."""
    if command == "check":  # a process for each target costs seconds: a few go through one below
        from stsm_ref.conformance import isolated_runner, runner

        monkeypatch.setattr(isolated_runner, "run_python_target", runner.run_target)
    before = sorted(here.rglob("*"))
    holds(command, WORDS[command])
    assert sorted(path for path in here.rglob("*") if path.name != "__pycache__") == before


@pytest.mark.parametrize("command", WITH_TORCH)
def test_odd_arguments_are_wrong_use_with_torch(command: str, here: Path) -> None:
    """The same of the commands that need torch."""
    pytest.importorskip("torch")
    holds(command, WITH_TORCH[command])


@pytest.mark.usefixtures("here")
def test_a_name_that_no_process_takes_is_wrong_use() -> None:
    """Half a surrogate pair, escapes, a pipe and a wrong function, through the child process."""
    holds("check", each((f"py:{HALF}.py:f", f"py:{ESCAPES}.py:f", "py:sys:exit", "py:pipe.py:f")))
