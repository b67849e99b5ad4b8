"""One rule on one target: its cases, one after another, and the smallest of those that fail.

Cases are listed, or drawn from the seed. One that fails is made plainer, and smaller axis by axis,
until the tries for that are used up: their number is fixed, not their time, so that every machine
reports the same case. What is smallest, `smallest` says.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

import numpy as np

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.crashes import as_violation, crashed, told
from stsm_ref.evidence.failure import Violation
from stsm_ref.evidence.rule import Rule
from stsm_ref.evidence.shrinking import smaller_from, too_short, weight
from stsm_ref.evidence.standing import note_asked
from stsm_ref.evidence.suite_context import Trial, fitting
from stsm_ref.implementations.base import CrashError, Declined, Op, TargetError

Watch = Callable[[str], None]
Outcome = Literal["passes", "fails", "declined"]

PATIENCE = 300.0
"""Seconds after which no smaller case is looked for, however many tries are left: a target so
slow is shown as it failed.
"""
EVERY = 32
"""Up to this size each smaller one is tried; beyond it powers of two, their neighbours, and the
halves of what is left.
"""


class _Stop(BaseException):
    """Leaves a rule at once: an answer that never came is not searched for a smaller one."""


class Attempt:
    """What became of the cases: how many ran, the smallest failure, why the target broke, why it
    declined.

    `watch` is called before each case, `watch_smaller` before each try of a smaller one, which is
    not a case of the rule; `tries` is how many of these there may be, and what is left of them
    afterwards. `asked` has the operations that were answered, by requirement.
    """

    def __init__(
        self,
        rule: Rule,
        trial: Trial,
        watch: Watch | None = None,
        watch_smaller: Watch | None = None,
        tries: int = 400,
    ) -> None:
        self.rule, self.trial = rule, trial
        self.ran = 0
        self.failing: Any = None
        self.failure: Violation | None = None
        self.asked: dict[str, set[Op]] = {}
        self.broken = self.declined = ""
        self.tries = tries
        self._watch, self._watch_smaller = watch, watch_smaller
        self._ends = float("inf")

    def run(self, only: Any = None) -> "Attempt":
        """Try the cases of the rule, or the one that is given."""
        try:
            if only is not None:
                self._each([only])
            elif self.rule.each:
                self._each(self.rule.each(self.trial))
            else:
                self._each(self._drawn())
            if only is None:
                self._shrink()
        except _Stop:
            pass
        return self

    def _each(self, cases: Iterable[Any]) -> None:
        for case in cases:
            if self._watch:
                self._watch(f"{self.rule.name}/{case.id}")
            outcome = self._tried(case)
            if outcome == "fails":
                return
            if outcome == "passes":
                self.ran += 1

    def _drawn(self) -> Iterator[Case]:
        """As many cases as the level draws; the same seed draws the same ones."""
        assert self.rule.draw is not None
        draw, rng = self.rule.draw(self.trial), random.Random(f"{self.trial.seed} {self.rule.name}")
        return (draw(rng) for _ in range(self.rule.counts.at(self.trial.level)))

    def _tried(self, case: Any) -> Outcome:
        """Try one case; keep it if it fails and none that tells as much is smaller."""
        self.trial.target.answered.clear()
        try:
            with np.errstate(
                all="ignore"
            ):  # a wrong answer may overflow where a right one does not: the verdict says it, no warning
                self.rule.body(self.trial, case)
        except Violation as error:
            return self._keep(case, error)
        except Declined as error:
            self.declined = str(error)
            return "declined"
        except TargetError as error:
            crash = as_violation(self.trial, case, error) if isinstance(error, CrashError) else None
            if crash is not None:
                # while a smaller case is looked for, a crash is another bug than wrong values
                return (
                    self._keep(case, crash)
                    if self.failure is None or crashed(self.failure)
                    else "passes"
                )
            if self.failure is None:
                self.broken = told(self.trial, case, error)
            raise _Stop from None
        note_asked(self.asked, self.rule.requirements, case, self.trial.target)
        return "passes"

    def _keep(self, case: Any, error: Violation) -> Outcome:
        if self.failure is None:
            self._ends = time.perf_counter() + PATIENCE
        if self.failing is None or weight(self.trial, case) <= weight(self.trial, self.failing):
            self.failing, self.failure = case, error
        return "fails"

    def _shrink(self) -> None:
        """Try plain memory, dtype and seed, then smaller sizes along each axis, smallest first,
        until none fails any more.
        """
        if isinstance(self.failing, Case):
            for plain in (
                {"memory": "C"},
                {"dtype": self.trial.case(self.failing.op, 1, 1, 1, 1, 1).dtype},
                {"seed": self.trial.seed},
            ):
                case = fitting(self.failing.smaller(**plain))
                if case != self.failing:
                    self._still_fails(case)
            for axis, enough in too_short(self.trial, self.failing):
                self._try_size(axis, enough)
        smaller = isinstance(self.failing, Case)
        while smaller:
            smaller = False
            for axis in (0, 3, 4, 1, 2):
                now = self.failing.shape[axis]
                for size in _smaller_sizes(now, smaller_from(self.trial, axis, now)):
                    if self._try_size(axis, size):
                        smaller = True
                        break

    def _try_size(self, axis: int, size: int) -> bool:
        shape = tuple(size if place == axis else n for place, n in enumerate(self.failing.shape))
        return self._can_be(shape) and self._still_fails(fitting(self.failing.smaller(shape=shape)))

    def _still_fails(self, case: Case) -> bool:
        self.tries -= 1
        if self.tries < 0 or time.perf_counter() > self._ends:
            raise _Stop
        if self._watch_smaller:
            self._watch_smaller(f"{self.rule.name}/{case.id}")
        return self._tried(case) == "fails"

    def _can_be(self, shape: tuple[int, ...]) -> bool:
        return self.trial.divides(shape[2]) and shape == self.trial.shape(*shape)


def _smaller_sizes(size: int, first: int = 1) -> Iterator[int]:
    """Sizes to try instead, from `first` on, smallest first.

    >>> list(_smaller_sizes(4)), list(_smaller_sizes(100))[32:]
    ([1, 2, 3], [33, 50, 63, 64, 65, 75, 88, 94, 97, 99])
    """
    yield from range(first, min(size, EVERY + 1))
    powers = itertools.takewhile(lambda power: power <= size, (2**k for k in itertools.count(5)))
    wanted = {power + step for power in powers for step in (-1, 0, 1)} | {
        size - (size >> k) for k in range(1, size.bit_length())
    }
    yield from sorted(each for each in wanted if max(EVERY, first - 1) < each < size)
