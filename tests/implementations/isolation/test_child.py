"""A program that misbehaves costs a clear error, and leaves nothing behind."""

import contextlib
import os
import re
import shlex
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import numpy as np
import psutil
import pytest

from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import Declined, TargetError
from stsm_ref.implementations.isolation import child as process
from stsm_ref.implementations.isolation import tree
from stsm_ref.implementations.isolation.child import Child
from stsm_ref.implementations.process import ProcessTarget
from tests import PROGRAMS, ROOT

NOTHING_MOVES = ShiftSpec("T", 0)
X = np.arange(24, dtype="f4").reshape(1, 2, 3, 2, 2)

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="programs over pipes need Linux or macOS"
)


def command(way: str) -> list[str]:
    """The command that misbehaves in that way."""
    return [sys.executable, "-S", "-E", str(PROGRAMS), way]


@pytest.fixture(autouse=True)
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Whatever a test starts is gone when it ends."""
    mark = tree.new_mark()
    monkeypatch.setattr(tree, "new_mark", lambda: mark)
    yield mark
    assert tree.members(None, mark) == []


HANGS = {"hangs-on-start": 5, "no-newline": 5, "hangs-midway": 1}
"""Seconds after which these are given up; whatever else is tried has the patience that a busy
machine needs.
"""


def play(way: str, *, memory: int = 1 << 30) -> np.ndarray:
    """One run from start to stop."""
    limit = HANGS.get(way, 300)
    with ProcessTarget(command(way), time_limit=max(limit, 5), memory=memory) as target:
        target.use(NOTHING_MOVES)
        target._time_limit = limit
        return target.run("forward", X, case="a-case").output


BAD = {
    "exits-at-once": r"ended with status 3, without an answer; the end of its standard error:\nno "
    r"licence found",
    "hangs-on-start": r"gave no answer within 5 s$",
    "wrong-version": r"broke the protocol: the answer to start is wrong: version must be 1, not "
    r"2; the line was",
    "unknown-key": r"contains unknown field `colour`; the keys are version, name, ",
    "unknown-layout": r"'NHWC' - at `\$.layout`; it is one of TCHW, NTCHW, NCTHW, NTHWC, \(NT\)CHW",
    "name-with-escapes": r"name must be printable, of 1 to 100 characters, and is '\\x1b\[2J'",
    "no-newline": r"gave no answer within 5 s; it had begun a line without ending it: "
    r"'\{\"version\":1'",
    "stderr-by-the-megabyte": r"flooded its standard error or output with more than 8.0 MiB "
    r"before it answered",
    "exits-midway": r"in case a-case: .*ended with status 1, without an answer; .*\nthe device "
    r"fell off",
    "crashes-midway": r"in case a-case: .*was killed by SIGABRT",
    "hangs-midway": r"in case a-case: .*gave no answer within 1 s",
    "floods-stdout": r"broke the protocol in case a-case: it is not JSON.*the line was 'still "
    r"computing",
    "endless-line": r"wrote a line of more than 65728 bytes where none so long can be right: '0000",
    "invalid-json": r"it is not JSON: .*; the line was 'Ergebnis: \\x1b\[31m42'",
    "ops-without-forward": r"ops must contain 'forward' and name none twice, and is \['vjp'\]",
    "unknown-dtype": r"dtypes must be a list of some of float32, .*, none twice, not \['float32', "
    r"'float7'\]",
    "a-list": r"the answer to run is wrong: Expected `object`, got `array`",
    "numbers": r"got `array` - at `\$.result`; a tensor is \{dtype, shape, hex\}: numbers in JSON "
    r"are not exact",
    "json-floats": r"0.5 stands where no such number can: values travel as hex",
    "nan": r"NaN stands where no such number can",
    "a-key-twice": r"the key 'seq' stands twice in one object",
    "wrong-seq": r"seq must be 1, not 2",
    "true-for-seq": r"Expected `int`, got `bool` - at `\$.seq`",
    "wrong-shape": r"result's shape must be \[1, 2, 3, 2, 2\] as the input's, not \[2, 2, 3, 2, 1\]",
    "wrong-dtype": r"result's dtype must be 'float32' as the input's, not 'float64'",
    "short-hex": r"result's hex must have 192 digits \(96 bytes, two digits each\), and has 190",
    "odd-hex": r"result's hex must have 192 digits .*and has 191",
    "blank-hex": r"result's hex must hold the digits 0-9 and a-f only",
    "two-answers-in-one": r"exactly one of result, skipped, error must be given, not result and "
    r"skipped",
    "an-error": r"program reports an error in case a-case: 'out of \\x1b\[31mchannels'",
    "file-unasked": r"result must have the keys dtype, shape, hex, and has dtype, shape, "
    r"safetensors, name",
    "closes-stdout": r"closed the stream of its answers and goes on running",
    "leaves-a-child": r"left 1 process behind: .*\(\d+\)",
    "leaves-a-child-with-a-session-of-its-own": r"left 1 process behind",
    "leaves-a-child-that-hides": r"left 1 process behind",
    "leaves-an-orphan": r"left 1 process behind",
    "ignores-stop": r"was told to stop and had not ended 2 s later",
    "ends-badly": r"ended with status 4",
}


SHORT = {
    "ignores-stop": ("ENDING", 2.0),
    "closes-stdout": ("REAPING", 0.5),
    "leaves-a-child": ("LEAVING", 0.5),
    "leaves-a-child-with-a-session-of-its-own": ("LEAVING", 0.5),
    "leaves-a-child-that-hides": ("LEAVING", 0.5),
    "leaves-an-orphan": ("LEAVING", 0.5),
}
"""Patience that these use up."""


@pytest.mark.parametrize("way", BAD)
def test_a_bad_program_is_an_error(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each way to misbehave is a TargetError that names it; the fixture sees that no process is
    left.
    """
    if way in SHORT:
        monkeypatch.setattr(process, *SHORT[way])
    with pytest.raises(TargetError) as caught:
        play(way)
    assert re.search(BAD[way], str(caught.value), re.DOTALL), str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_good_program_is_none() -> None:
    """The same program without a fault answers, so none of the errors above is the harness's
    own.
    """
    np.testing.assert_array_equal(play("rightly"), X)


@pytest.mark.parametrize("way", ["allocates", "allocates-in-children"])
def test_memory_without_end_is_stopped(way: str) -> None:
    """A program, or one that it starts, cannot take more memory than it may, and the limit is
    named.
    """
    with pytest.raises(TargetError, match=r"100\.0 MiB"):
        play(way, memory=100 << 20)


@pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux limits the memory of another process"
)
def test_the_system_refuses_a_block_beyond_the_limit() -> None:
    """Memory that is asked for and never touched is not held, so nothing but the system can
    refuse it.
    """
    with pytest.raises(
        TargetError, match=r"(?s)it may have 100\.0 MiB of memory.*MemoryError"
    ) as caught:
        play("takes-a-large-block", memory=100 << 20)
    assert "ended with status 1" in str(caught.value)
    np.testing.assert_array_equal(play("takes-a-large-block", memory=1 << 30), X)


def test_a_target_has_a_session_of_its_own() -> None:
    """So that Ctrl-C in the terminal reaches us alone, and one signal reaches all of it."""
    with ProcessTarget(command("rightly")) as target:
        assert os.getsid(target._child.pid) == target._child.pid


def test_what_the_tree_holds_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system sets no limit, memory is measured."""
    monkeypatch.setattr(process, "_limit_memory", lambda pid, limit: None)
    with pytest.raises(TargetError, match=r"used .* of memory, and may have 100\.0 MiB"):
        play("allocates", memory=100 << 20)


def test_a_second_line_is_not_taken_for_an_answer() -> None:
    """Two lines for one question end the program, whichever is read first."""
    target = ProcessTarget(command("two-lines"))
    target.use(NOTHING_MOVES)
    target.run("forward", X)
    with pytest.raises(TargetError, match=r"a line that nobody asked for|seq must be 2, not 1"):
        target.run("forward", X)
    with pytest.raises(TargetError, match=r"runs no more: it (wrote|broke)"):
        target.run("forward", X)
    target.close()


def test_skipping_is_no_fault() -> None:
    """A program that skips a case or a spec has declined, and goes on."""
    with ProcessTarget(command("skips")) as target:
        for _ in range(2):
            with pytest.raises(Declined, match="program skips a-case: 'not today'"):
                target.run("forward", X, case="a-case")
    with (
        ProcessTarget(command("declines")) as target,
        pytest.raises(Declined, match=r"does not do T@0.*'no time axis here'"),
    ):
        target.use(NOTHING_MOVES)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("", "the command is empty"),
        ("'mine", "cannot be split into words: No closing quotation"),
        (
            "no-such-program --fast",
            "the program 'no-such-program --fast' cannot be started: there is no program "
            "'no-such-program'",
        ),
        ("README.md", r"there is no program 'README.md'; did you mean ./README.md\?"),
        (
            "./README.md",
            "'./README.md' may not be executed: is it a program, and is its x bit set?",
        ),
    ],
)
def test_what_cannot_be_started_says_why(
    words: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An absent program, a file that is none, and words that are no command each have their own
    sentence.
    """
    monkeypatch.chdir(ROOT)
    with pytest.raises(TargetError, match=reason):
        ProcessTarget(words)


def test_an_interrupt_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while an answer is awaited ends the program before it goes on its way."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    target = ProcessTarget(command("hangs-midway"))
    monkeypatch.setattr(Child, "_watch", interrupt)
    with pytest.raises(KeyboardInterrupt):
        target.run("forward", X)
    assert (
        not psutil.pid_exists(target._child.pid)
        or psutil.Process(target._child.pid).status() == psutil.STATUS_ZOMBIE
    )


def test_an_interpreter_that_ends_takes_its_targets_along(mark: str) -> None:
    """A target that nobody closed goes when the interpreter goes."""
    lines = f"""
        from stsm_ref.implementations.process import ProcessTarget
        target = ProcessTarget({shlex.join(command("rightly"))!r})
        print(target._child.pid)
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(lines)], capture_output=True, text=True, check=True
    )
    for _ in range(3000):
        if not psutil.pid_exists(int(ended.stdout)):
            break
        time.sleep(0.1)
    with contextlib.suppress(psutil.NoSuchProcess):
        assert psutil.Process(int(ended.stdout)).status() == psutil.STATUS_ZOMBIE


def test_both_sides_may_write_at_once() -> None:
    """A program that answers while a request is still coming in blocks neither side: the
    request is larger than any pipe.
    """
    child = Child(
        [
            sys.executable,
            "-S",
            "-E",
            "-c",
            "import sys; print('x' * 9999999); sys.stdin.readline(); print('y')",
        ],
        memory=1 << 30,
        total=600,
    )
    assert len(child.ask(b"z" * 9999999, seconds=300, most=1 << 24)) == 9999999
    assert child.receive(seconds=300, most=10) == b"y"
    child.end()


def test_the_whole_run_has_a_limit() -> None:
    """A program whose every answer is in time still ends when the run has taken too long."""
    target = ProcessTarget(command("rightly"))
    target.run("forward", X)
    target._child.total = 0.001
    with pytest.raises(TargetError, match=r"took longer than 0.001 s in all"):
        target.run("forward", X)


@pytest.mark.parametrize("broken", ["others", "kill"])
def test_the_hunt_for_processes_can_fail(
    broken: str, monkeypatch: pytest.MonkeyPatch, mark: str
) -> None:
    """Without it a child does stay behind, so the tests above would see one."""
    monkeypatch.setattr(tree, "others", lambda *_, **__: [])
    if broken == "others":
        play("leaves-a-child")  # unnoticed, but ended
        return
    real = tree.kill
    monkeypatch.setattr(tree, "kill", lambda *_, **__: None)
    play("leaves-a-child-with-a-session-of-its-own")
    assert len(tree.members(None, mark)) == 1
    real(None, mark)
