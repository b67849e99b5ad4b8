"""A check: the requirements it speaks for, the rung of evidence it gives, and the cases on
which it must hold.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, get_args

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy

from stsm_ref.evidence.outcome import Rung
from stsm_ref.implementations.ours import Subject


@dataclass(frozen=True)
class Check:
    """One checkable statement."""

    name: str
    statement: str
    requirements: tuple[str, ...]
    rung: Rung
    body: Any
    each: Callable[[], Iterable[Any]] | None
    given: SearchStrategy[Any] | None
    sides: tuple[str, ...] = ("numpy", "torch")
    assumes: str = ""
    why_one_side: str = ""

    def __str__(self) -> str:
        return self.name

    def why_not(self, subject: Subject) -> str:
        """Why the check is not run on this subject; empty where it is.

        The sides are declared, not guessed from the code: a test runs every check and records what
        it reads of its subject.
        """
        if subject.name in self.sides:
            return ""
        return (
            self.why_one_side
            or f"it reads nothing of its subject that {subject.name} has a code of its own for"
        )

    def run(self, subject: Subject, sampling: settings | None = None) -> int:
        """Hold `subject` to this check on each case or on drawn ones; return how many ran, or
        raise what the smallest case raises.
        """
        ran = 0

        def count(case: Any) -> None:
            nonlocal ran
            if not subject.takes(case):
                return
            ran += 1
            self.body(subject, case)

        if self.each is not None:
            for case in self.each():
                count(case)
        if self.given is not None:
            # one bug is reported at a time, the smallest; explaining it would take ten times as
            # long as finding it
            phases = [
                phase for phase in (sampling or settings()).phases if phase is not Phase.explain
            ]
            chosen = settings(
                sampling,
                deadline=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                phases=phases,
            )
            chosen(given(self.given)(count))()
        return ran


CHECKS: dict[str, Check] = {}


def check(
    *requirements: str,
    rung: Rung,
    each: Callable[[], Iterable[Any]] | None = None,
    given: SearchStrategy[Any] | None = None,
    sides: tuple[str, ...] = ("numpy", "torch"),
    why_one_side: str = "",
) -> Callable[[Callable[[Subject, Any], None]], Callable[[Subject, Any], None]]:
    """Register a function of (subject, case) as a check of `requirements`; its docstring is the
    statement.

    `sides` are those that it is run on, and `why_one_side` says why one is left out that has code
    of its own for what it asks.
    """
    if rung not in get_args(Rung) or (each is None and given is None):
        raise ValueError(f"a check has a rung of {get_args(Rung)} and cases from `each` or `given`")

    def register(body: Callable[[Subject, Any], None]) -> Callable[[Subject, Any], None]:
        if body.__name__ in CHECKS or not body.__doc__:
            raise ValueError(f"check {body.__name__!r} must have a docstring and a name of its own")
        CHECKS[body.__name__] = Check(
            body.__name__,
            body.__doc__.splitlines()[0],
            requirements,
            rung,
            body,
            each,
            given,
            sides,
            why_one_side=why_one_side,
        )
        return body

    return register
