"""Open a target by its text, run the suite on it in this process, and close it."""

import contextlib
from collections.abc import Callable

from stsm_ref.conformance.report import Report
from stsm_ref.conformance.suite import plan, run_suite
from stsm_ref.conformance.targets import open_target
from stsm_ref.conformance.trial import Level
from stsm_ref.geometry import ShiftSpec


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
    on_progress: Callable[[int, int, str], None] | None = None,
) -> Report:
    """Run the suite on the target that `text` names, and close it on every path.

    Parameters
    ----------
    text, layout, framework, segments
        As in `targets.open_target`.
    spec, level, seed, only, first
        As in `suite.run_suite`.
    on_progress : callable, optional
        Called with (cases begun, cases planned, the case) before each case.

    Raises
    ------
    StsmError
        If the target cannot be opened, or an argument is refused.
    """
    with contextlib.closing(open_target(text, layout=layout, framework=framework, segments=segments)) as target:
        planned, begun = plan(target, spec, level=level, only=only), 0

        def watch(case: str) -> None:
            nonlocal begun
            begun += 1
            if on_progress:
                on_progress(begun, planned, case)

        return run_suite(target, spec, level=level, seed=seed, target_text=text, on_case=watch, only=only, first=first)
