"""The exit code is the verdict's, whatever becomes of standard output and standard error, and
any encoding can show a report.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stsm_ref.cli import streams

HOSTILE = "tile [/fast] model[fp16] \x1b[2J §2 “α” ≤ \udc80"

DRIVER = '''
import contextlib, io, json, os, sys
import typer
from rich.table import Table
from stsm_ref.cli import shell

@shell.command
def verdict(code: int, text: str, lines: int = 1, way: str = "") -> int:
    """A verdict, known before anything is printed."""
    text = json.loads(text)
    if way == "json":
        shell.print_json([text] * lines)
        return code
    if way == "exits":
        sys.exit(0)
    if way == "interrupted":
        raise KeyboardInterrupt
    table = Table(title=text)
    table.add_column("name")
    table.add_row(text)
    shell.screen.print(table, text)
    print(text.replace(chr(0xDC80), "") * lines)
    return code
'''

# each scene in a child of its own, forked from a process that has imported everything: an
# interpreter a scene would cost much more
SCENES = (
    DRIVER
    + """
def reader_gone():
    reads, writes = os.pipe()
    os.close(reads)
    os.dup2(writes, 1)

def full(*descriptors):
    for descriptor in descriptors:
        os.dup2(os.open("/dev/full", os.O_WRONLY), descriptor)

def closed(*descriptors):
    for descriptor in descriptors:
        os.close(descriptor)
        setattr(sys, ("stdin", "stdout", "stderr")[descriptor], None)  # as Python itself does at its start

def said_no():
    reads, writes = os.pipe()
    os.set_blocking(writes, False)
    if os.fork() == 0:  # somebody who reads
        os.close(writes)
        while os.read(reads, 99999):
            pass
        os._exit(0)
    os.dup2(writes, 1)
    os.close(writes)

SCENES = {
    "reader gone": reader_gone,
    "full disk": lambda: full(1),
    "both on a full disk": lambda: full(1, 2),
    "closed output": lambda: closed(1),
    "everything closed": lambda: closed(0, 1, 2),
    "a pipe that does not block": said_no,
}
shell.app.registered_commands[:] = shell.app.registered_commands[-1:]
shell.app.registered_groups.clear()
shell.app.registered_callback = None
for way in ("table", "json"):  # whatever is imported late is imported once
    with contextlib.redirect_stdout(io.StringIO()):
        shell.app(["0", json.dumps(HOSTILE), "--way", way], standalone_mode=False)
told = {}
for name, scene in SCENES.items():
    for way in ("table", "json"):
        for code in (0, 1):
            child = os.fork()
            if child == 0:
                scene()
                sys.argv = ["stsm-ref", str(code), json.dumps(HOSTILE), "--lines", "1500", "--way", way]
                os.environ["COLUMNS"] = "80"
                shell.main()
            told[f"{name}, {way}, {code}"] = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
json.dump(told, open(OUT, "w"))
"""
)


@pytest.mark.skipif(
    sys.platform != "linux",
    reason="/dev/full, and descriptors that are closed, are tried where both are known",
)
def test_no_stream_changes_a_verdict(tmp_path: Path) -> None:
    """A closed pipe, a full disk, closed descriptors and a pipe that would block leave every
    exit code as it was.
    """
    out = tmp_path / "told.json"
    script = tmp_path / "scenes.py"
    script.write_text(f"HOSTILE, OUT = {HOSTILE!r}, {str(out)!r}\n{SCENES}")
    ended = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=True
    )
    told = json.loads(out.read_text())
    assert told == {scene: int(scene[-1]) for scene in told}
    assert len(told) == 24
    assert "Traceback" not in ended.stderr
    assert (
        ended.stderr.count(
            "standard output is cut short (No space left on device); the exit code still is the "
            "verdict"
        )
        == 4
    )


def start(tmp_path: Path, code: int, way: str, encoding: str) -> Any:
    """Run the driver with standard output in that encoding."""
    script = tmp_path / "driver.py"
    alone = (
        "shell.app.registered_commands[:] = "
        "shell.app.registered_commands[-1:]\nshell.app.registered_callback = None"
    )
    alone += "\nshell.app.registered_groups.clear()"
    script.write_text(f"{DRIVER}\n{alone}\nshell.main()")
    words = [str(code), json.dumps(HOSTILE), "--way", way]
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, str(script), *words], capture_output=True, env=environment, check=False
    )


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("cp1252", "tile [/fast] model[fp16] \\x1b[2J §2 “alpha” <= \\udc80"),
        ("ascii", 'tile [/fast] model[fp16] \\x1b[2J sec.2 "alpha" <= \\udc80'),
        ("utf-8:strict", "tile [/fast] model[fp16] \\x1b[2J §2 “α” ≤ \\udc80"),
    ],
)
def test_any_encoding_holds_a_report(tmp_path: Path, encoding: str, shown: str) -> None:
    """Tables are respelt, brackets are no markup, escape sequences are written out, and JSON
    reads back to the letter.
    """
    table = start(tmp_path, 1, "table", encoding)
    assert (table.returncode, table.stderr) == (1, b"")
    assert shown in " ".join(table.stdout.decode(encoding.partition(":")[0]).split())
    data = start(tmp_path, 0, "json", encoding)
    assert (data.returncode, data.stderr) == (0, b"")
    assert json.loads(data.stdout.decode(encoding.partition(":")[0])) == [HOSTILE]


def test_whoever_exits_inside_decides_nothing(tmp_path: Path) -> None:
    """`sys.exit(0)` within a command, by a target that was imported there, is not a pass; an
    interrupt has a code of its own.
    """
    ended = start(tmp_path, 0, "exits", "utf-8")
    assert ended.returncode == 2
    assert b"asked to exit (0) instead of answering: nothing was decided" in ended.stderr
    assert start(tmp_path, 0, "interrupted", "utf-8").returncode == 130


def test_a_drain_keeps_the_first_reason() -> None:
    """What is written after a failure is dropped without another try; the first reason stays."""

    class Full:
        tries = 0

        def write(self, _: Any) -> int:
            self.tries += 1
            raise OSError(28, "No space left on device")

    below = Full()
    drain = streams.Drain(below)
    assert [drain.write(b"abc"), drain.write(b"de")] == [3, 2]
    assert (below.tries, drain.lost.errno) == (1, 28)


def test_columns_are_kept_when_piped() -> None:
    """A log has no width of its own and gets 120 columns, unless COLUMNS says how many."""
    for columns, widest in ((None, 120), ("60", 60)):
        environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"} | (
            {"COLUMNS": columns} if columns else {}
        )
        words = "from stsm_ref.cli.shell import screen; print(screen.width)"
        ended = subprocess.run(
            [sys.executable, "-c", words],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        assert int(ended.stdout) == widest
