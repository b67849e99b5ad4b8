"""One rule on one target: its cases, one after another, and the smallest of those that fail.

Cases are listed, or drawn from the seed. One that fails is made smaller axis by axis, until the tries for that are used up: their number
is fixed, not their time, so that every machine reports the same case.
"""

import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal

from stsm_ref.conformance.cases import Case
from stsm_ref.conformance.rule import Rule
from stsm_ref.conformance.target import Declined, TargetError
from stsm_ref.conformance.trial import Trial
from stsm_ref.verification.compare import Violation

Watch = Callable[[str], None]

PATIENCE = 300.0
"""Seconds after which no smaller case is looked for, however many tries are left: a target so slow is shown as it failed."""
EVERY = 32
"""Up to this size each smaller one is tried; beyond it powers of two, their neighbours, and the halves of what is left."""


class _Stop(BaseException):
    """Leaves a rule at once: an answer that never came is not searched for a smaller one."""


class Attempt:
    """What became of the cases: how many ran, the smallest failure, why the target broke, why it declined.

    `watch` is called before each case, `watch_smaller` before each try of a smaller one, which is not a case of the rule; `tries` is how
    many of these there may be, and what is left of them afterwards.
    """

    def __init__(self, rule: Rule, trial: Trial, watch: Watch | None = None, watch_smaller: Watch | None = None, tries: int = 400) -> None:
        self.rule, self.trial = rule, trial
        self.ran = 0
        self.failing: Any = None
        self.failure: Violation | None = None
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

    def _tried(self, case: Any) -> Literal["passes", "fails", "declined"]:
        """Try one case; keep it if it fails and none smaller has."""
        try:
            self.rule.body(self.trial, case)
        except Violation as error:
            if self.failure is None:
                self._ends = time.perf_counter() + PATIENCE
            if self.failing is None or _size(case) <= _size(self.failing):
                self.failing, self.failure = case, error
            return "fails"
        except Declined as error:
            self.declined = str(error)
            return "declined"
        except TargetError as error:
            if self.failure is None:
                self.broken = str(error)
            raise _Stop from None
        return "passes"

    def _shrink(self) -> None:
        """Try smaller sizes along each axis, smallest first, until none fails any more; then plainer memory and the first seed."""
        smaller = isinstance(self.failing, Case)
        while smaller:
            smaller = False
            for axis in (0, 3, 4, 1, 2):
                before: Case = self.failing
                for size in _smaller_sizes(before.shape[axis]):
                    shape = tuple(size if place == axis else n for place, n in enumerate(before.shape))
                    if self._can_be(shape) and self._still_fails(before.smaller(shape=shape)):
                        smaller = True
                        break
        for plainer in ({"memory": "C"}, {"seed": 0}):
            if isinstance(self.failing, Case) and (case := self.failing.smaller(**plainer)) != self.failing:
                self._still_fails(case)

    def _still_fails(self, case: Case) -> bool:
        self.tries -= 1
        if self.tries < 0 or time.perf_counter() > self._ends:
            raise _Stop
        if self._watch_smaller:
            self._watch_smaller(f"{self.rule.name}/{case.id}")
        return self._tried(case) == "fails"

    def _can_be(self, shape: tuple[int, ...]) -> bool:
        return self.trial.divides(shape[2]) and shape == self.trial.shape(*shape)


def _smaller_sizes(size: int) -> Iterator[int]:
    """Sizes to try instead, smallest first.

    >>> list(_smaller_sizes(4)), list(_smaller_sizes(100))[32:]
    ([1, 2, 3], [33, 50, 63, 64, 65, 75, 87, 93, 96, 98, 99])
    """
    yield from range(1, min(size, EVERY + 1))
    powers = itertools.takewhile(lambda power: power <= size, (2**k for k in itertools.count(5)))
    wanted = {power + step for power in powers for step in (-1, 0, 1)} | {size - (size >> k) for k in range(1, size.bit_length())}
    yield from sorted(each for each in wanted if EVERY < each < size)


def _size(case: Any) -> tuple[int, ...]:
    if not isinstance(case, Case):
        return (0,)
    n, t, c, h, w = case.shape
    return (n * t * c * h * w, n + t + c + h + w)
