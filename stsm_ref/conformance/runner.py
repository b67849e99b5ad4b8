"""Open a target by its text, run the suite on it in this process, and close it."""

import contextlib
from collections.abc import Callable
from typing import Any

from stsm_ref.conformance.suite import plan, run_suite
from stsm_ref.evidence.report.report import Report, RuleResult
from stsm_ref.evidence.suite_context import Level
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import Target, TargetError
from stsm_ref.implementations.opening import open_target

TIME_LIMITS: dict[Level, float] = {"smoke": 120.0, "ci": 120.0, "night": 300.0}
"""Seconds for an answer of a program, by level: patience that only a hang reaches, on a busy
machine too.
"""


def run_target(
    text: str,
    spec: ShiftSpec,
    *,
    level: Level = "ci",
    seed: int = 0,
    layout: str | None = None,
    framework: str | None = None,
    segments: int = 8,
    only: str | None = None,
    first: bool = False,
    on_open: Callable[[Target, int], None] | None = None,
    on_progress: Callable[[int, int, str], None] | None = None,
    on_result: Callable[[RuleResult], None] | None = None,
    time_limit: float | None = None,
    memory: int | None = None,
    keep_memory_format: bool = False,
) -> Report:
    """Run the suite on the target that `text` names, and close it on every path.

    Parameters
    ----------
    text, layout, framework, segments
        As in `targets.open_target`.
    spec, level, seed, only, first, keep_memory_format
        As in `suite.run_suite`.
    on_progress : callable, optional
        Called with (cases begun, cases planned, the case) before each case, and before each try of
        a smaller one, which begins none.
    on_open : callable, optional
        Called with the target and the number of cases planned before the first of them.
    on_result : callable, optional
        Called with the result of each rule when it is through.
    time_limit, memory
        For a program: seconds for each answer, bytes that it and all it starts may hold, 0 for no
        limit.

    Returns
    -------
    Report
        A program that ends badly after its last case is `broken` in it.

    Raises
    ------
    StsmError
        If the target cannot be opened, or an argument is refused.
    """
    limit = time_limit or TIME_LIMITS[level]
    target = open_target(
        text, layout=layout, framework=framework, segments=segments, time_limit=limit, memory=memory
    )
    try:
        planned, begun = plan(target, spec, level=level, only=only), 0
        if on_open:
            on_open(target, planned)

        def watch(case: str) -> None:
            nonlocal begun
            begun += 1
            if on_progress:
                on_progress(begun, planned, case)

        def watch_smaller(case: str) -> None:
            """A smaller case is none of those that were planned."""
            if on_progress:
                on_progress(begun, planned, case)

        how: dict[str, Any] = {
            "level": level,
            "seed": seed,
            "target_text": text,
            "only": only,
            "first": first,
        }
        how["keep_memory_format"] = keep_memory_format
        report = run_suite(
            target, spec, **how, on_case=watch, on_smaller=watch_smaller, on_result=on_result
        )
    except BaseException:
        with contextlib.suppress(TargetError):  # one reason is enough
            target.close()
        raise
    try:
        target.close()
    except TargetError as error:
        return report.broken_by(str(error))
    return report
