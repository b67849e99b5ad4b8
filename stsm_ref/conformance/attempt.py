"""One rule on one target: its cases, one after another, and the smallest of those that fail.

Drawn cases are shrunk by Hypothesis, listed ones axis by axis. Both stop when the time for shrinking is used up: the smallest failing case
so far is what is reported.
"""

import time
from collections.abc import Callable, Iterable
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException

from stsm_ref.conformance.cases import Case
from stsm_ref.conformance.rule import Rule
from stsm_ref.conformance.target import Declined, TargetError
from stsm_ref.conformance.trial import Trial
from stsm_ref.verification.compare import Violation

Watch = Callable[[str], None]


class _Stop(BaseException):
    """Leaves Hypothesis at once: an answer that never came is not searched for a smaller one."""


class Attempt:
    """What became of the cases: how many ran, the smallest failure, why the target broke, why it declined."""

    def __init__(self, rule: Rule, trial: Trial, watch: Watch | None = None, shrink_seconds: float = 1.0) -> None:
        self.rule, self.trial = rule, trial
        self.ran = 0
        self.failing: Any = None
        self.failure: Violation | None = None
        self.broken = self.declined = ""
        self._watch = watch
        self._shrink_seconds = shrink_seconds
        self._deadline = float("inf")

    def run(self, only: Any = None) -> "Attempt":
        """Try the cases of the rule, or the one that is given."""
        try:
            if only is not None:
                self._each([only])
            elif self.rule.each:
                self._each(self.rule.each(self.trial))
                self._shrink()
            elif self.rule.draw:
                self._drawn()
        except _Stop:
            pass
        return self

    def _each(self, cases: Iterable[Any]) -> None:
        for case in cases:
            if self._fails(case):
                return

    def _drawn(self) -> None:
        rule, count = self.rule, self.rule.counts.at(self.trial.level)
        assert rule.draw is not None
        phases = [Phase.generate, Phase.shrink]
        how = settings(max_examples=count, database=None, deadline=None, phases=phases, suppress_health_check=list(HealthCheck))
        how = settings(how, report_multiple_bugs=False, print_blob=False)

        def body(case: Case) -> None:
            if self._fails(case):
                raise Violation

        try:
            seed(self.trial.seed)(how(given(rule.draw(self.trial))(body)))()
        except (Violation, HypothesisException):  # a target that fails at random makes Hypothesis complain, rightly
            if self.failure is None:
                raise

    def _fails(self, case: Any) -> bool:
        """Try one case; keep it if it fails and none smaller has."""
        if time.perf_counter() > self._deadline:
            raise _Stop
        if self._watch:
            self._watch(f"{self.rule.name}/{case.id}")
        try:
            self.rule.body(self.trial, case)
        except Violation as error:
            if self.failure is None:
                self._deadline = time.perf_counter() + self._shrink_seconds
            if self.failing is None or _size(case) <= _size(self.failing):
                self.failing, self.failure = case, error
            return True
        except Declined as error:
            self.declined = str(error)
            return False
        except TargetError as error:
            if self.failure is None:
                self.broken = str(error)
            raise _Stop from None
        self.ran += 1
        return False

    def _shrink(self) -> None:
        """Try smaller sizes along each axis, smallest first, until none fails any more."""
        smaller = isinstance(self.failing, Case)
        while smaller:
            smaller = False
            for axis in (0, 3, 4, 1, 2):
                before: Case = self.failing
                for size in range(1, before.shape[axis]):
                    shape = tuple(size if place == axis else n for place, n in enumerate(before.shape))
                    if self._can_be(shape) and self._fails(before.smaller(shape=shape)):
                        smaller = True
                        break

    def _can_be(self, shape: tuple[int, ...]) -> bool:
        return self.trial.divides(shape[2]) and shape == self.trial.shape(*shape)


def _size(case: Any) -> tuple[int, ...]:
    if not isinstance(case, Case):
        return (0,)
    n, t, c, h, w = case.shape
    return (n * t * c * h * w, n + t + c + h + w)
