"""The suite on a Python target in a child process, watched by this one.

A target that hangs, exits, kills the interpreter, floods its output, takes memory without end or
leaves processes behind costs a clear `TargetError`, as a program does. It is not a prison: a target
may still write files, open connections and do all that its user may. Nor is it a court that nobody
can bribe: the rules are asked in the target's own process, so that a target which sets out to
change them can. What it writes to our pipe is found out (see `worker`).
"""

import hmac
import json
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stsm_ref.conformance.worker import CODE, signed
from stsm_ref.errors import ArrayError, SpecError, StsmError
from stsm_ref.evidence.report.report import Report, RuleResult
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import TargetError
from stsm_ref.implementations.isolation.child import Child
from stsm_ref.implementations.isolation.messages import MIB, size

TIME_LIMITS = {"smoke": 300.0, "ci": 300.0, "night": 600.0}
"""Seconds from one case to the next, by level: patience that only a hang reaches. JAX compiles
several times within a case.
"""

START_LIMIT = 600.0
"""Seconds in which a target must be imported; a framework on a cold disk takes many of them."""

ENDING = 120.0
"""Seconds in which the interpreter must end after the report; that of torch takes several on a
busy machine.
"""

MEMORY = 4 << 30
MOST = 64 * MIB
"""Bytes of a message from the worker."""

ERRORS = {kind.__name__: kind for kind in (TargetError, SpecError, ArrayError)}

Progress = Callable[[int, int, str], None]


def run_python_target(
    text: str,
    spec: ShiftSpec | str,
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
    keep_memory_format: bool = False,
) -> Report:
    """Run the suite on ``py:...`` or ``onnx:...`` in a process of its own.

    Parameters
    ----------
    text : str
        The target as the command line names it.
    spec, level, seed, only, first, keep_memory_format
        As in `suite.run_suite`.
    layout, framework, segments
        As in `targets.open_target`.
    on_progress : callable, optional
        Called with (cases begun, cases planned, the case) before each case.
    time_limit : float, optional
        Seconds from one case to the next; see `TIME_LIMITS`.
    memory : int
        Bytes that the process and all that it starts may hold; 0 for no limit.

    Returns
    -------
    Report
        A target that hung, ended, flooded its output, took too much memory or left processes behind
        is `broken` in it, with the case at which it did; what was found before stands there too.
        Nothing is left of it.

    Raises
    ------
    TargetError
        If it did so while it was imported, or cannot be opened.
    StsmError
        If an argument is refused.
    """
    what = f"the target {text!r}"
    request = {
        "text": text,
        "spec": str(spec),
        "level": level,
        "seed": seed,
        "layout": layout,
        "framework": framework,
    }
    request |= {
        "segments": segments,
        "only": only,
        "first": first,
        "keep_memory_format": keep_memory_format,
    }
    key = secrets.token_bytes(32)
    request["key"] = key.hex()
    command = [sys.executable, "-P", "-m", "stsm_ref.conformance.worker", "{channel}"]
    child = Child(command, memory=memory, total=float("inf"), what=what, own_channel=True)
    run = _Run(child, key, on_progress)
    try:
        report = run.follow(json.dumps(request).encode(), time_limit or TIME_LIMITS[level])
    except TargetError as error:
        if error is run.refused:
            raise
        if not run.opened:
            raise TargetError(f"while it was imported: {error}") from None
        report = run.cut_short(text, str(spec), level, seed, str(error))
    else:
        try:
            child.end(seconds=ENDING)
        except TargetError as error:
            report = report.broken_by(str(error))
        if report.broken and child.tail and child.tail not in report.broken:
            report = replace(
                report, broken=f"{report.broken}\nthe end of its standard error:\n{child.tail}"
            )
    finally:  # interrupted, too
        child.kill()
    if memory and "MemoryError" in report.broken and size(memory) not in report.broken:
        report = replace(report, broken=f"{report.broken}\n(it may have {size(memory)} of memory)")
    return report


class _Run:
    """What the worker has sent so far."""

    def __init__(self, child: Child, key: bytes, on_progress: Progress | None) -> None:
        self.child, self.on_progress = child, on_progress
        self.key, self.heard = key, 0
        self.opened: dict[str, Any] = {}
        self.refused: StsmError | None = None
        self.results: list[RuleResult] = []
        self.begun, self.case = 0, ""
        self.started = time.perf_counter()

    def follow(self, request: bytes, seconds: float) -> Report:
        """Read until the report."""
        line = self.child.ask(request, seconds=max(START_LIMIT, seconds), most=MOST)
        while True:
            message = self._message(line)
            if "report" in message:
                return Report.from_dict(message["report"])
            if "bug" in message:
                raise RuntimeError(
                    f"a bug of stsm_ref in the process of the target:\n{message['bug']}"
                )
            if "refused" in message:
                self.refused = ERRORS.get(message["refused"], StsmError)(message["why"])
                raise self.refused
            self._note(message)
            line = self.child.receive(seconds=seconds, most=MOST)

    def cut_short(self, text: str, spec: str, level: str, seed: int, reason: str) -> Report:
        """The report of a run that never came to its end."""
        return Report(
            target=text,
            spec=str(ShiftSpec.parse(spec)),
            level=level,
            seed=seed,
            seconds=round(time.perf_counter() - self.started, 3),
            results=tuple(self.results),
            broken=f"in case {self.case}: {reason}" if self.case else reason,
            **self.opened,
        )

    def _note(self, message: dict[str, Any]) -> None:
        if "case" in message:
            self.begun, self.case = message["begun"], message["case"]
            if self.on_progress:
                self.on_progress(self.begun, self.opened.get("declared", 0), self.case)
        elif "result" in message:
            self.results.append(RuleResult.from_dict(message["result"]))
        elif "opened" in message:
            self.opened = message["opened"]

    def _message(self, line: bytes) -> dict[str, Any]:
        """What the line says, once it is known to be the next one that our own worker sent."""
        body = line[CODE:]
        if not hmac.compare_digest(line, signed(body, self.key, self.heard)):
            self.child.fail("wrote into a pipe that was not opened for it")
        self.heard += 1
        return dict(json.loads(body))
