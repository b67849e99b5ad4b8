"""The suite on a Python target in a child process, watched by this one.

A target that hangs, exits, kills the interpreter, floods its output, takes memory without end or
leaves processes behind costs a clear `TargetError`, as a program does. This guards against
accidents, not against malice: a target may still write files, open connections and do all that
its user may. The rules run in the target's own process, so a target that sets out to change them
can. What it writes to our pipe is noticed (see `worker`).
"""

import hmac
import json
import secrets
import sys
import time
from dataclasses import asdict, replace

from stsm_ref.conformance.worker import (
    CODE_LENGTH,
    CaseBegun,
    Crashed,
    Finished,
    Message,
    Opened,
    Refused,
    RuleEnded,
    read,
    signed,
)
from stsm_ref.errors import ArrayError, SpecError, StsmError
from stsm_ref.evidence.options import SILENT, RunListener, RunOptions, RunStarted
from stsm_ref.evidence.report.report import Report, RuleResult
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

MAX_MESSAGE = 64 * MIB
"""Bytes of a message from the worker."""

ERRORS = {kind.__name__: kind for kind in (TargetError, SpecError, ArrayError)}


def run_python_target(options: RunOptions, listener: RunListener = SILENT) -> Report:
    """Run the suite on ``py:...`` or ``onnx:...`` in a process of its own.

    Returns
    -------
    Report
        A target that hung, ended, flooded its output, took too much memory or left processes
        behind is `broken` in it, with the case at which it did; what was found before stands
        there too. Nothing is left of it.

    Raises
    ------
    TargetError
        If it did so while it was imported, or cannot be opened.
    StsmError
        If an argument is refused.
    """
    key = secrets.token_bytes(32)
    command = [sys.executable, "-P", "-m", "stsm_ref.conformance.worker", "{channel}"]
    what = f"the target {options.target!r}"
    child = Child(command, memory=options.memory, total=float("inf"), what=what, own_channel=True)
    run = _Run(child, key, options, listener)
    try:
        report = run.follow()
    except TargetError as error:
        if error is run.refused:
            raise
        if not run.opened:
            raise TargetError(f"while it was imported: {error}") from None
        report = run.cut_short(run.opened, str(error))
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
    limit = size(options.memory)
    if options.memory and "MemoryError" in report.broken and limit not in report.broken:
        report = replace(report, broken=f"{report.broken}\n(it may have {limit} of memory)")
    return report


class _Run:
    """What the worker has sent so far."""

    def __init__(
        self, child: Child, key: bytes, options: RunOptions, listener: RunListener
    ) -> None:
        self.child, self.options, self.listener = child, options, listener
        self.key, self.heard = key, 0
        self.opened: RunStarted | None = None
        self.refused: StsmError | None = None
        self.results: list[RuleResult] = []
        self.case = ""
        self.started = time.perf_counter()

    def follow(self) -> Report:
        """Send the request, and read until the report."""
        seconds = self.options.time_limit or TIME_LIMITS[self.options.level]
        request = json.dumps(
            {"key": self.key.hex(), **asdict(self.options), "spec": str(self.options.spec)}
        )
        line = self.child.ask(request.encode(), seconds=max(START_LIMIT, seconds), most=MAX_MESSAGE)
        while True:
            match self._message(line):
                case Finished(report):
                    return Report.from_dict(report)
                case Crashed(trace):
                    raise RuntimeError(f"a bug of stsm_ref in the process of the target:\n{trace}")
                case Refused(error, why):
                    self.refused = ERRORS.get(error, StsmError)(why)
                    raise self.refused
                case Opened(run):
                    self.opened = run
                    self.listener.started(run)
                case CaseBegun(case, number):
                    self.case = case
                    self.listener.case_begun(case, number)
                case RuleEnded(result):
                    self.results.append(RuleResult.from_dict(result))
                    self.listener.rule_ended(self.results[-1])
            line = self.child.receive(seconds=seconds, most=MAX_MESSAGE)

    def cut_short(self, opened: RunStarted, reason: str) -> Report:
        """The report of a run that never came to its end."""
        return Report(
            target=self.options.target,
            spec=str(self.options.spec),
            level=self.options.level,
            seed=self.options.seed,
            seconds=round(time.perf_counter() - self.started, 3),
            results=tuple(self.results),
            broken=f"in case {self.case}: {reason}" if self.case else reason,
            **asdict(opened),
        )

    def _message(self, line: bytes) -> Message:
        """What the line says, once it is known to be the next one that our own worker sent."""
        body = line[CODE_LENGTH:]
        if not hmac.compare_digest(line, signed(body, self.key, self.heard)):
            self.child.fail("wrote into a pipe that was not opened for it")
        self.heard += 1
        return read(body)
