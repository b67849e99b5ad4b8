"""The suite inside your own pytest: a class to subclass, one test for each rule.

.. code-block:: python

    from stsm_ref.conformance.testing import ConformanceTests

    class TestMyShift(ConformanceTests):
        forward = staticmethod(mine.forward)
        spec = "T+H+W@3/8"
        layout = "(NT)CHW"
        framework = "torch"
"""

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, cast
from weakref import WeakKeyDictionary

from stsm_ref.conformance.api import check
from stsm_ref.conformance.suite import HANDSHAKE, RULES
from stsm_ref.errors import MissingExtraError, StsmError
from stsm_ref.evidence.report.report import Report, RuleResult, Violation
from stsm_ref.evidence.suite_context import Level
from stsm_ref.implementations.base import Layout
from stsm_ref.implementations.frameworks import Framework

try:
    import pytest
except ModuleNotFoundError:
    raise MissingExtraError("stsm_ref.conformance.testing", "pytest", "testing") from None

NAMES = (HANDSHAKE, *RULES)


class ConformanceTests:
    """Set `forward`, and what else differs from the defaults, in a subclass whose name begins
    with ``Test``.

    Attributes
    ----------
    forward, vjp, jvp : callable
        As `stsm_ref.conformance.check` takes them; wrap functions in ``staticmethod``.
    spec, layout, framework, level, seed, dtypes, moves_bits, keep_memory_format
        As `stsm_ref.conformance.check` takes them.

    Notes
    -----
    The suite runs once for a class. A rule that does not apply is skipped with its reason; one
    that could not be judged fails, and so does a run of fewer cases than its level declares.
    """

    forward: ClassVar[Callable[..., Any] | None] = None
    vjp: ClassVar[Callable[..., Any] | None] = None
    jvp: ClassVar[Callable[..., Any] | None] = None
    spec: ClassVar[Any] = "T+H+W@3/8"
    layout: ClassVar[Layout] = "NTCHW"
    framework: ClassVar[Framework] = "numpy"
    level: ClassVar[Level] = "ci"
    seed: ClassVar[int] = 0
    dtypes: ClassVar[Any] = None
    moves_bits: ClassVar[bool] = True
    keep_memory_format: ClassVar[bool] = False

    @pytest.mark.parametrize("rule", NAMES)
    def test_rule(self, rule: str) -> None:
        """The rule holds, or it does not apply."""
        __tracebackhide__ = True
        conformance = report_of(type(self))
        result = next((entry for entry in conformance.results if entry.rule == rule), None)
        if result is not None and result.outcome == "skipped":
            pytest.skip(result.note or "does not apply")
        if result is None or result.outcome != "passed":
            pytest.fail(explain(conformance, rule, result), pytrace=False)

    def test_enough_was_run(self) -> None:
        """As many cases ran as the level declares: nothing passes by having run nothing."""
        __tracebackhide__ = True
        conformance = report_of(type(self))
        if not conformance.passed and not conformance.violations:
            declared = f"{conformance.declared} that level {conformance.level} declares"
            reason = conformance.broken or f"{conformance.cases} cases ran of {declared}"
            pytest.fail(f"{conformance.outcome}: {reason}", pytrace=False)


REPORTS: WeakKeyDictionary[type[ConformanceTests], Report] = WeakKeyDictionary()


def report_of(cls: type[ConformanceTests]) -> Report:
    """The report of the one run of a class; a mistake in the class fails its tests in one
    sentence.
    """
    if cls not in REPORTS:
        forward = _function(cls, "forward")
        if forward is None:
            pytest.fail(
                f"{cls.__name__} names no implementation: write forward = staticmethod(yours) in "
                "the class",
                pytrace=False,
            )
        how: dict[str, Any] = {
            name: getattr(cls, name)
            for name in (
                "spec",
                "layout",
                "framework",
                "level",
                "seed",
                "dtypes",
                "moves_bits",
                "keep_memory_format",
            )
        }
        try:
            REPORTS[cls] = check(
                forward, vjp=_function(cls, "vjp"), jvp=_function(cls, "jvp"), **how
            )
        except StsmError as error:
            pytest.fail(f"{cls.__name__}: {error}", pytrace=False)
    return REPORTS[cls]


def explain(report: Report, rule: str, result: RuleResult | None) -> str:
    """Why a rule did not pass, on a few lines."""
    if result is None:
        return f"{rule} was not reached: {report.broken or report.outcome}"
    if result.violation is None:
        return f"{rule}, {result.outcome}: {result.note or result.statement}"
    return _violation_text(result.violation)


def _violation_text(violation: Violation) -> str:
    lines = (
        f"{violation.requirement}, {violation.place}: {violation.statement}",
        f"  {violation.message}",
        f"  looks like: {violation.guess}" if violation.guess else "",
        f"  case: {violation.case}",
        f"  again: {violation.reproduce}",
    )
    return "\n".join(filter(None, lines))


def _function(cls: type, name: str) -> Callable[..., Any] | None:
    """The function as it was written: no method is made of it, unless its first parameter is
    `self`.
    """
    written = inspect.getattr_static(cls, name, None)
    if (
        inspect.isfunction(written)
        and next(iter(inspect.signature(written).parameters), "") == "self"
    ):
        return cast(Callable[..., Any], getattr(cls(), name))
    function = written.__func__ if isinstance(written, staticmethod) else written
    return cast(Callable[..., Any] | None, function)
