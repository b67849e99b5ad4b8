"""Open a target by its text, run the suite on it in this process, and close it."""

import contextlib

from stsm_ref.conformance.suite import plan, run_suite
from stsm_ref.evidence.options import SILENT, RunListener, RunOptions, RunStarted
from stsm_ref.evidence.provenance import environment, hashes
from stsm_ref.evidence.report.report import Report
from stsm_ref.evidence.suite_context import Level
from stsm_ref.implementations.base import TargetError
from stsm_ref.implementations.opening import open_target

TIME_LIMITS: dict[Level, float] = {"smoke": 120.0, "ci": 120.0, "night": 300.0}
"""Seconds for an answer of a program, by level: patience that only a hang reaches, on a busy
machine too.
"""


def run_target(options: RunOptions, listener: RunListener = SILENT) -> Report:
    """Run the suite on the target that `options` name, and close it on every path.

    Returns
    -------
    Report
        A program that ends badly after its last case is `broken` in it.

    Raises
    ------
    StsmError
        If the target cannot be opened, or an argument is refused.
    """
    target = open_target(
        options.target,
        layout=options.layout,
        framework=options.framework,
        segments=options.segments,
        time_limit=options.time_limit or TIME_LIMITS[options.level],
        memory=options.memory,
    )
    try:
        about = RunStarted(
            target.name,
            target.kind,
            target.layout,
            plan(target, options),
            environment(target.kind),
            hashes(),
        )
        listener.started(about)
        report = run_suite(target, options, listener)
    except BaseException:
        with contextlib.suppress(TargetError):  # one reason is enough
            target.close()
        raise
    try:
        target.close()
    except TargetError as error:
        return report.broken_by(str(error))
    return report
