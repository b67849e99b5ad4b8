"""A Python target that misbehaves costs a clear error, and leaves nothing behind; one that does
not gets its report.
"""

import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from stsm_ref.conformance import isolated_runner
from stsm_ref.conformance.api import check
from stsm_ref.errors import SpecError, StsmError
from stsm_ref.evidence.options import SILENT, RunListener, RunOptions, RunStarted
from stsm_ref.evidence.report.report import Report, RuleResult
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import TargetError
from stsm_ref.implementations.isolation import child as process
from stsm_ref.implementations.isolation import tree
from tests.patience import wait_until

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="processes of their own need Linux or macOS"
)

GOOD = """
    from stsm_ref import stsm_vjp
    from stsm_ref import stsm as forward
    calls = 0
    def vjp(x, grad, spec):
        return stsm_vjp(grad, spec)
"""


@pytest.fixture(autouse=True)
def mark(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Whatever a test starts is gone when it ends."""
    mark = tree.new_mark()
    monkeypatch.setattr(tree, "new_mark", lambda: mark)
    yield mark
    assert tree.members(None, mark) == []


class Noting(RunListener):
    """Keeps all that it is told."""

    def __init__(self) -> None:
        self.declared: list[int] = []
        self.numbers: list[int] = []
        self.results: list[RuleResult] = []

    def started(self, run: RunStarted) -> None:
        """How many cases are planned."""
        self.declared.append(run.declared)

    def case_begun(self, case: str, number: int) -> None:
        """The number of each case."""
        self.numbers.append(number)

    def rule_ended(self, result: RuleResult) -> None:
        """What each rule found."""
        self.results.append(result)


def run(folder: Path, lines: str, *, listener: RunListener = SILENT, **options: object) -> Report:
    """Write a target and run the suite on it."""
    path = folder / "mine.py"
    path.write_text(textwrap.dedent(lines))
    options = {"spec": "T+H+W@3/8", "level": "smoke", "target": f"py:{path}:forward"} | options
    options["spec"] = ShiftSpec.parse(str(options["spec"]))
    return isolated_runner.run_python_target(RunOptions(**options), listener)  # type: ignore[arg-type]


def after(calls: int, what: str) -> str:
    """A target that is right for so many calls, and does `what` then."""
    return f"""
        import ctypes, os, subprocess, sys, threading, time
        from stsm_ref import stsm
        calls = 0
        def forward(x, spec):
            global calls
            calls += 1
            if calls > {calls}:
                {what}
            return stsm(x, spec)
    """


SLEEPER = "[sys.executable, '-S', '-E', '-c', 'import time; time.sleep(60)']"
HOARD = "x = b'1' * (150 << 20); import time; time.sleep(60)"
FATAL = {
    "hangs": (
        after(9, "time.sleep(60)"),
        r"^in case \w+/\w+:.*: the target 'py:.*' gave no answer within 5 s$",
    ),
    "hangs where Python cannot stop it": (
        after(9, "ctypes.PyDLL(None).pause()"),
        r"^in case .*gave no answer within 5 s$",
    ),
    "exits": (after(9, "os._exit(0)"), r"^in case .*ended with status 0, without an answer$"),
    "crashes": (after(9, "ctypes.string_at(0)"), r"^in case .*was killed by SIGSEGV"),
    "floods its standard output": (
        after(9, "while True: print('y' * 9999)"),
        r"^in case .*flooded its standard error or output",
    ),
    "floods its standard error": (
        after(9, "while True: sys.stderr.write('y' * 9999)"),
        r"^in case .*flooded its standard error or output",
    ),
    "takes memory in children": (
        after(
            9,
            f"[subprocess.Popen([sys.executable, '-c', {HOARD!r}]) for _ in range(4)][0].wait()",
        ),
        r"^in case .*used .* of memory, and may have 500.0 MiB",
    ),
    "writes into every pipe": (
        after(
            9, "[os.write(fd, b'{\\n') for fd in range(3, 20) if os.path.exists(f'/dev/fd/{fd}')]"
        ),
        r"wrote into a pipe that was not opened for it",
    ),
}
UNOPENED = {
    "hangs on import": (
        "import time; time.sleep(60)",
        r"^while it was imported: the target 'py:.*' gave no answer within 2 s",
    ),
    "exits on import": (
        "import os; os._exit(7)",
        r"^while it was imported: .*ended with status 7, without an answer",
    ),
    "raises on import": (
        "raise RuntimeError('no licence')",
        r"cannot be imported: RuntimeError: no licence",
    ),
    "has no such function": ("def backward(): ...", r"^.* has no 'forward': it has backward$"),
    "has another signature": ("def forward(): ...", r"wrong signature"),
}
BROKEN = {
    "raises": (
        after(9, "raise RuntimeError('no device')"),
        r"forward raised RuntimeError: no device on case ",
    ),
    "calls sys.exit": (after(9, "sys.exit('enough')"), r"forward raised SystemExit: enough"),
    "takes memory": (
        after(9, "x = [bytearray(1 << 26) for _ in range(999)]"),
        r"MemoryError.*\(it may have 500.0 MiB of memory\)",
    ),
    "leaves a child": (
        after(9, f"calls > 10 or subprocess.Popen({SLEEPER})"),
        r"left 1 process behind",
    ),
    "leaves a child in a session of its own": (
        after(9, f"calls > 10 or subprocess.Popen({SLEEPER}, start_new_session=True)"),
        r"left 1 process behind",
    ),
    "leaves a thread": (
        after(9, "calls > 10 or threading.Thread(target=time.sleep, args=[60]).start()"),
        r"was told to stop and had not ended 1 s later",
    ),
    "reads standard input": (after(9, "input()"), r"forward raised EOFError"),
}


@pytest.mark.parametrize("way", FATAL)
def test_a_fatal_target_is_reported_with_the_case(way: str, tmp_path: Path) -> None:
    """What takes the interpreter along, or never comes back, is broken, at a case that is named."""
    lines, reason = FATAL[way]
    report = run(tmp_path, lines, time_limit=5 if "hangs" in way else None, memory=500 << 20)
    assert (report.outcome, report.exit_code) == ("broken", 2)
    assert re.search(reason, report.broken, re.DOTALL), report.broken
    assert "Traceback" not in report.broken
    assert report.results[0].outcome == "passed"


@pytest.mark.parametrize("way", UNOPENED)
def test_what_cannot_be_imported_is_an_error(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first case there is nothing to report, but a reason."""
    if "hangs" in way:
        monkeypatch.setattr(isolated_runner, "START_LIMIT", 2.0)
    lines, reason = UNOPENED[way]
    with pytest.raises(TargetError, match=reason):
        run(tmp_path, lines, time_limit=2 if "hangs" in way else None)


def test_a_violation_before_the_end_is_not_lost(tmp_path: Path) -> None:
    """A wrong shift that kills the interpreter later is a violation, and the report says both."""
    lines = (
        "import os\ndef forward(x, spec):\n    if x.dtype != 'float32': os._exit(9)\n    "
        "return x.copy()"
    )
    report = run(tmp_path, lines)
    assert report.exit_code == 1
    assert "ended with status 9" in report.broken


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("way", BROKEN)
def test_a_broken_target_gets_a_report_that_says_why(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Python can catch, and what shows only at the end, stands in the report, which passes
    nothing.
    """
    if "thread" in way:
        monkeypatch.setattr(isolated_runner, "ENDING", 1.0)
    if "child" in way:
        monkeypatch.setattr(process, "LEAVING", 0.5)
    lines, reason = BROKEN[way]
    report = run(tmp_path, lines, memory=500 << 20)
    assert (report.outcome, report.exit_code) == ("broken", 2)
    assert re.search(reason, report.broken, re.DOTALL), report.broken
    assert "Traceback" not in report.broken


def test_the_report_is_that_of_the_same_run_in_this_process(tmp_path: Path) -> None:
    """Nothing but times differs from a run without a sandbox, and progress counts every case."""
    from stsm_ref import stsm, stsm_vjp

    listener = Noting()
    report = run(tmp_path, GOOD, listener=listener, seed=3)
    here = check(
        stsm,
        spec="T+H+W@3/8",
        vjp=lambda x, grad, spec: stsm_vjp(grad, spec),
        level="smoke",
        seed=3,
    )
    assert report.passed
    assert [(r.rule, r.outcome, r.cases, r.requirements) for r in report.results] == [
        (r.rule, r.outcome, r.cases, r.requirements) for r in here.results
    ]
    assert listener.numbers == list(range(1, len(listener.numbers) + 1))
    assert listener.declared == [report.declared]
    assert len(listener.numbers) >= report.declared - 1
    assert tuple(listener.results) == report.results


def test_a_violation_crosses_the_border_whole(tmp_path: Path) -> None:
    """The message, the case and the line that reproduces it arrive as they were sent."""
    report = run(tmp_path, "def forward(x, spec): return x.copy()")
    assert report.outcome == "violated"
    assert "should be" in report.violations[0].message
    assert report.violations[0].reproduce.startswith("stsm-ref check py:")
    assert Report.from_dict(report.as_dict()) == report


def test_prints_do_no_harm(tmp_path: Path) -> None:
    """A target that prints now and then, on either stream, is judged by its answers."""
    assert run(
        tmp_path, GOOD + "\n    print('hello'); import sys; sys.stderr.write('careful')"
    ).passed


@pytest.mark.parametrize(
    ("options", "error", "reason"),
    [
        ({"spec": "T+X"}, SpecError, "X"),
        ({"layout": "CTHW"}, SpecError, "CTHW"),
        ({"framework": "abacus"}, StsmError, "abacus"),
    ],
)
def test_what_is_refused_there_is_refused_here(
    options: dict[str, str], error: type, reason: str, tmp_path: Path
) -> None:
    """Bad arguments raise the error that they would raise without a sandbox."""
    with pytest.raises(error, match=reason):
        run(tmp_path, GOOD, **options)


def test_the_child_dies_with_a_parent_that_is_killed(tmp_path: Path, mark: str) -> None:
    """Even SIGKILL to the parent leaves no worker behind (Linux)."""
    if sys.platform != "linux":
        pytest.skip("only Linux tells a child that its parent was killed")
    (tmp_path / "mine.py").write_text(
        "import time, pathlib; pathlib.Path(__file__).with_name('up').touch(); time.sleep(60)"
    )
    lines = f"""
        from stsm_ref.conformance import isolated_runner
        from stsm_ref.evidence.options import RunOptions
        from stsm_ref.implementations.isolation import tree
        tree.new_mark = lambda: {mark!r}
        isolated_runner.run_python_target(RunOptions(target="py:{tmp_path}/mine.py:forward"))
    """
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(lines)]) as parent:
        assert wait_until(lambda: (tmp_path / "up").exists() or parent.poll() is not None)
        assert [child for child in psutil.Process(parent.pid).children() if child.is_running()]
        parent.kill()
    for _ in range(3000):
        if not tree.members(None, mark):
            break
        time.sleep(0.1)


def test_torch_is_not_imported_for_numpy(tmp_path: Path) -> None:
    """A NumPy target does not pay for torch, nor for what the command line needs."""
    lines = GOOD.replace(
        "calls = 0", "import atexit, pathlib, sys\n    here = pathlib.Path(__file__)"
    ) + (
        "\n    atexit.register(lambda: here.with_suffix('.txt').write_text(' '.join(sys.modules)))"
    )
    assert run(tmp_path, lines).passed
    loaded = set((tmp_path / "mine.txt").read_text().split())
    assert "numpy" in loaded
    assert loaded.isdisjoint(
        {"torch", "jax", "onnxruntime", "matplotlib", "rich", "typer", "hypothesis"}
    )


PUBLISHED = """
    import torch
    info = {"framework": "torch", "layout": "(NT)CHW"}
    def forward(x, n_segment, fold_div=8):
        nt, c, h, w = x.size()
        x = x.view(nt // n_segment, n_segment, c, h, w)
        fold = c // fold_div
        out = torch.zeros_like(x)
        out[:, :-1, :fold] = x[:, 1:, :fold]
        out[:, 1:, fold : 2 * fold] = x[:, :-1, fold : 2 * fold]
        out[:, :, 2 * fold :] = x[:, :, 2 * fold :]
        return out.view(nt, c, h, w)
"""


def test_torch_fits_into_the_limits(tmp_path: Path) -> None:
    """The published manner of TSM, as its users have it, conforms unchanged in the child, with
    torch's own gradients.
    """
    pytest.importorskip("torch")
    report = run(tmp_path, PUBLISHED, spec="T@1/4,backward-first")
    assert report.passed, [report.broken, *report.violations]
    assert (report.kind, report.layout) == ("torch", "(NT)CHW")
    assert run(tmp_path, PUBLISHED, spec="T@1/4").outcome == "violated"


FORGER = """
    import json, os, stat
    info = {"name": "forger"}
    report = dict(target="t", name="forger", kind="numpy", layout="NTCHW", spec="T", level="smoke", seed=0, declared=0, seconds=0.0)
    result = dict(rule="r", statement="s", requirements=["SHIFT-6"], rung="L3", outcome="passed", cases=9, seconds=0.0, note="")
    result["violation"] = None
    report |= dict(results=[result], broken="", limits=[], environment={}, hashes={})
    line = json.dumps({"report": report}).encode() + b"\\n"
    def pipes():
        for fd in range(3, 64):
            try:
                if stat.S_ISFIFO(os.fstat(fd).st_mode):
                    yield fd
            except OSError:
                pass
    def forge(begins):
        for fd in pipes():
            os.write(fd, begins + line)
    def overheard(fd):  # a pipe can be opened again for reading: what we sent is stolen, and its code put before the forgery
        reader = os.open(f"/proc/self/fd/{fd}", os.O_RDONLY | os.O_NONBLOCK)
        try:
            return os.read(reader, 1 << 16)
        except BlockingIOError:
            return b""
    calls = 0
    def forward(x, spec):
        global calls
        calls += 1
        if calls == 3:
            WAY
        return x.copy()
"""


@pytest.mark.parametrize(
    "way",
    [
        "forge(b'')",
        "forge(b'0' * 32)",
        "[os.write(fd, (overheard(fd) or b'')[:32] + line) for fd in list(pipes())]",
    ],
)
def test_a_forged_report_is_not_believed(way: str, tmp_path: Path) -> None:
    """A pass that the target itself writes to every pipe it can find, with any code or a stolen
    one, is no pass.
    """
    report = run(tmp_path, FORGER.replace("WAY", way))
    assert not report.passed
    assert "wrote into a pipe that was not opened for it" in report.broken or report.violations


def test_a_line_counts_once_and_in_its_place() -> None:
    """The code is over the line, its number and the key."""
    from stsm_ref.conformance.worker import CODE_LENGTH, signed

    first = signed(b"{}", b"key", 0)
    assert (len(first), first[CODE_LENGTH:]) == (CODE_LENGTH + 2, b"{}")
    assert (
        len({first, signed(b"{}", b"key", 1), signed(b"{}", b"other", 0), signed(b"[]", b"key", 0)})
        == 4
    )


HOSTILE_OBJECTS = {
    "an array whose view raises": """
class A(np.ndarray):
    def view(self, *_): raise RuntimeError('mine')
def forward(x, spec): return np.ndarray.view(stsm(x, spec), A)
""",
    "an object that raises when it is asked for its name": """
class F:
    @property
    def __name__(self): raise RuntimeError('mine')
    def __call__(self, x, spec): return stsm(x, spec)
forward = F()
""",
    "a name with markup": "info = {'name': 'tile [/fast]'}\ndef forward(x, spec): return "
    "stsm(x, spec)",
}


@pytest.mark.parametrize("way", HOSTILE_OBJECTS)
def test_an_odd_object_is_judged_by_its_values(way: str, tmp_path: Path) -> None:
    """What a result or a function says of itself is not asked, so a right one passes."""
    report = run(
        tmp_path,
        f"import numpy as np\nfrom stsm_ref import stsm\n{HOSTILE_OBJECTS[way]}",
        spec="T@1/4",
    )
    assert report.passed, [report.broken, *report.violations]


@pytest.mark.parametrize("name", ["\x1b[2J", "", "x" * 101, "\ud800"])
def test_a_name_must_be_printable(name: str, tmp_path: Path) -> None:
    """As that of a program must."""
    with pytest.raises(
        TargetError, match=r"info in .*: name must be printable, of 1 to 100 characters, and is "
    ):
        run(tmp_path, f"info = {{'name': {name!a}}}\ndef forward(x, spec): return x")
