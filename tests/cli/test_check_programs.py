"""`stsm-ref check` on programs and graphs: exit codes, one screen, and nothing left behind
whatever ends it.
"""

import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stsm_ref import cli
from stsm_ref.implementations.isolation import child, tree
from tests import PROGRAMS
from tests.implementations.protocol.test_clients import BROKEN_C, LANGUAGES, build
from tests.patience import PATIENCE

RUNNER = CliRunner()

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="programs over pipes need Linux or macOS"
)


@pytest.fixture(autouse=True)
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Whatever a test starts is gone when it ends."""
    mark = tree.new_mark()
    monkeypatch.setattr(tree, "new_mark", lambda: mark)
    yield mark
    assert tree.members(None, mark) == []


def invoke(*arguments: str) -> Any:
    """Run a command in this process; its signal handlers are undone."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        return RUNNER.invoke(cli.app, list(arguments))
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def program(way: str) -> str:
    """The target that is that program."""
    return "cmd:" + shlex.join([sys.executable, "-S", "-E", str(PROGRAMS), way])


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_conforms(language: str, tmp_path: Path) -> None:
    """Exit 0, and the reports are written."""
    command = "cmd:" + shlex.join(build(language, tmp_path))
    ended = invoke(
        "check",
        command,
        "--level",
        "smoke",
        "--report",
        str(tmp_path / "run.jsonl"),
        "--html",
        str(tmp_path / "run.html"),
    )
    assert ended.exit_code == 0, ended.output
    assert "stsm_client conforms" in ended.output
    assert language in (tmp_path / "run.jsonl").read_text()
    assert (tmp_path / "run.html").stat().st_size > 1000


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_speaks_the_protocol(language: str, tmp_path: Path) -> None:
    """Every point is right, for people and as JSON."""
    command = "cmd:" + shlex.join(build(language, tmp_path))
    ended = invoke("check", command, "--validate-protocol")
    assert ended.exit_code == 0, ended.output
    assert "16 of 16 points are right" in ended.output
    data = json.loads(invoke("check", command, "--validate-protocol", "--json").stdout)
    assert data["right"] is True
    assert len(data["points"]) == 16


@pytest.mark.parametrize("language", LANGUAGES[:1])
def test_a_broken_client_does_not_conform_and_the_line_reproduces_it(
    language: str, tmp_path: Path
) -> None:
    """Exit 1 on one screen; the printed command finds the same again."""
    spec, old, new = BROKEN_C["rolled"]
    command = "cmd:" + shlex.join(build(language, tmp_path, old, new))
    ended = invoke("check", command, "--spec", spec, "--level", "smoke")
    assert ended.exit_code == 1, ended.output
    assert "does not conform" in ended.output
    assert "roll" in ended.output
    assert len(ended.output.splitlines()) < 50
    [line] = re.findall(r"(stsm-ref check .*--case .*)", ended.output)
    again = invoke(*shlex.split(line)[1:])
    assert again.exit_code == 1, again.output


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("way", "options", "reason"),
    [
        ("exits-midway", (), "the device fell off"),
        ("hangs-midway", ("--time-limit", "0.5"), "gave no answer within 0.5 s"),
        ("allocates", ("--memory", "0.1"), "102.4 MiB"),
        ("leaves-a-child", (), "left 1 process behind"),
        ("hangs-on-start", ("--time-limit", "0.5"), "gave no answer within 0.5 s"),
        ("invalid-json", (), "it is not JSON"),
    ],
)
def test_a_bad_program_is_exit_2(
    way: str, options: tuple[str, ...], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the reason, and without a traceback of ours."""
    monkeypatch.setattr(child, "LEAVING", 0.5)
    ended = invoke("check", program(way), "--spec", "T@0", "--level", "smoke", *options)
    assert ended.exit_code == 2, ended.output
    assert reason in re.sub(r"[\s│]+", " ", ended.output)
    assert "stsm_ref/" not in ended.output


def test_what_a_program_gets_wrong_in_the_protocol_is_exit_2() -> None:
    """The point is marked, and the line is shown."""
    ended = invoke("check", program("wrong-seq"), "--validate-protocol")
    assert ended.exit_code == 2
    assert "✗ It answers run with a tensor" in ended.output
    assert "seq must be 1, not 2 (schema protocol-run-answer)" in ended.output
    ended = invoke("check", "py:mine.py:forward", "--validate-protocol")
    assert ended.exit_code == 2
    assert "--validate-protocol is for cmd:" in re.sub(r"\s+", " ", ended.output)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
@pytest.mark.parametrize("kind", ["cmd", "py"])
def test_whatever_ends_the_check_ends_the_target(
    kind: str, number: int, mark: str, tmp_path: Path
) -> None:
    """Ctrl-C, a kill, and a terminal that goes leave no target behind."""
    (tmp_path / "mine.py").write_text("import time\ndef forward(x, spec): time.sleep(3600)")
    target = program("hangs-midway") if kind == "cmd" else f"py:{tmp_path}/mine.py:forward"
    lines = f"""
from stsm_ref import cli
from stsm_ref.implementations.isolation import tree
tree.new_mark = lambda: {mark!r}
cli.app(["check", {target!r}, "--spec", "T"])
"""
    with subprocess.Popen(
        [sys.executable, "-c", lines], stderr=subprocess.PIPE, start_new_session=True
    ) as check:
        for _ in range(200):
            if tree.members(None, mark):
                break
            time.sleep(0.05)
        time.sleep(1)
        assert tree.members(None, mark)
        check.send_signal(number)
        try:
            check.wait(timeout=PATIENCE)
        finally:
            check.kill()
    assert check.returncode in (128 + number, 130)
