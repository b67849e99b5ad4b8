"""The suite on a Python target in a child process, watched by this one.

A target that hangs, exits, kills the interpreter, floods its output, takes memory without end or leaves processes behind costs a clear
`TargetError`, as a program does. It is no prison: a target may still write files, open connections and do all that its user may.
"""

import contextlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stsm_ref.conformance.process import Child
from stsm_ref.conformance.process_words import MIB, size
from stsm_ref.conformance.report import Report
from stsm_ref.conformance.target import TargetError
from stsm_ref.errors import ArrayError, SpecError, StsmError

TIME_LIMITS = {"smoke": 10.0, "ci": 30.0, "night": 120.0}
"""Seconds from one case to the next, by level: the cases grow."""

START_LIMIT = 60.0
"""Seconds in which a target must be imported; a framework on a cold disk takes many of them."""

ENDING = 5.0
"""Seconds in which the interpreter must end after the report."""

MEMORY = 4 << 30
ERRORS = {kind.__name__: kind for kind in (TargetError, SpecError, ArrayError)}

Progress = Callable[[int, int, str], None]


def run_python_target(
    text: str,
    spec: str,
    *,
    level: str = "ci",
    seed: int = 0,
    layout: str | None = None,
    framework: str | None = None,
    segments: int = 8,
    only: str | None = None,
    first: bool = False,
    on_progress: Progress | None = None,
    time_limit: float | None = None,
    memory: int = MEMORY,
) -> Report:
    """Run the suite on ``py:...`` in a process of its own.

    Parameters
    ----------
    text : str
        The target as the command line names it.
    spec, level, seed, only, first
        As in `suite.run_suite`; the spec as text.
    layout, framework, segments
        As in `targets.open_target`.
    on_progress : callable, optional
        Called with (cases begun, cases planned, the case) before each case.
    time_limit : float, optional
        Seconds from one case to the next; see `TIME_LIMITS`.
    memory : int
        Bytes that the process and all that it starts may hold.

    Returns
    -------
    Report
        A target that ended badly after its last case is `broken` in it.

    Raises
    ------
    TargetError
        If the target hung, ended, flooded its output or took too much memory: the case is named, and nothing is left of it.
    StsmError
        If the target or an argument is refused.
    """
    what = f"the target {text!r}"
    request = {"text": text, "spec": spec, "level": level, "seed": seed, "layout": layout, "framework": framework}
    request |= {"segments": segments, "only": only, "first": first}
    command = [sys.executable, "-P", "-m", "stsm_ref.conformance.worker", "{channel}"]
    child = Child(command, memory=memory, total=float("inf"), what=what, own_channel=True)
    try:
        report = _follow(child, json.dumps(request).encode(), time_limit or TIME_LIMITS[level], on_progress)
        with _reported() as late:
            child.end(seconds=ENDING)
    finally:  # interrupted, too
        child.kill()
    if late and not report.broken:
        report = replace(report, broken=late[0])
    if "MemoryError" in report.broken and size(memory) not in report.broken:
        report = replace(report, broken=f"{report.broken}\n(it may have {size(memory)} of memory)")
    return report


def _follow(child: Child, request: bytes, seconds: float, on_progress: Progress | None) -> Report:
    """Read what the worker sends, until the report."""
    planned, begun, case = 0, 0, ""
    try:
        line = child.ask(request, seconds=max(START_LIMIT, seconds), most=64 * MIB)
        while True:
            message = _message(child, line)
            if "report" in message:
                return Report.from_dict(message["report"])
            if "refused" in message:
                raise _Refused(ERRORS.get(message["refused"], StsmError)(message["why"]))
            if "case" in message:
                begun, case = begun + 1, message["case"]
                if on_progress:
                    on_progress(begun, planned, case)
            else:
                planned = message["planned"]
            line = child.receive(seconds=seconds, most=64 * MIB)
    except _Refused as error:
        raise error.error from None
    except TargetError as error:
        where = f"in case {case}" if case else "while it was imported"
        raise TargetError(f"{where}: {error}") from None


class _Refused(Exception):
    """Carries an error of the worker past those of the child."""

    def __init__(self, error: StsmError) -> None:
        super().__init__(str(error))
        self.error = error


def _message(child: Child, line: bytes) -> dict[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        child.fail("wrote into a pipe that was not opened for it")
    return dict(message)


@contextlib.contextmanager
def _reported() -> Any:
    """Collect the reason of a `TargetError` instead of raising it."""
    reasons: list[str] = []
    try:
        yield reasons
    except TargetError as error:
        reasons.append(str(error))
