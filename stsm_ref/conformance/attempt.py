"""One rule on one target: its cases, one after another, and the smallest of those that fail.

A failing case is made smaller axis by axis, and plainer: drawn by Hypothesis or listed, the same way, since Hypothesis would ask ten
times as much. It ends when the time for it is used up: the smallest failing case so far is what is reported. Smallest is what still shows
a move: 2 along an axis that the spec moves, and a channel in every group. At size 1 all that moves is gone, and whatever is wrong looks
as if nothing had moved.
"""

import re
import time
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import HypothesisException

from stsm_ref.conformance.cases import Case
from stsm_ref.conformance.judge import Mismatch
from stsm_ref.conformance.rule import Rule
from stsm_ref.conformance.standing import as_case, operations, speaks_for
from stsm_ref.conformance.target import CrashError, Declined, Op, TargetError
from stsm_ref.conformance.trial import Trial, fitting
from stsm_ref.verification.compare import Violation

Watch = Callable[[str], None]

SLOWER = 20
"""A target in this process that waits instead of computing may take so many times longer."""
CHANNELS = 2
MOVED = {1: "T", 3: "H", 4: "W"}


class _Stop(BaseException):
    """Leaves Hypothesis at once: an answer that never came is not searched for a smaller one."""


class Attempt:
    """What became of the cases: how many ran, the smallest failure, why the target broke, why it declined."""

    def __init__(self, rule: Rule, trial: Trial, watch: Watch | None = None, shrink_seconds: float = 1.0) -> None:
        self.rule, self.trial = rule, trial
        self.ran = 0
        self.failing: Any = None
        self.failure: Violation | None = None
        self.asked: dict[str, set[Op]] = {}
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
                self._shrink()
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
        how = settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
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
        if self._time() > self._deadline:
            raise _Stop
        if self._watch:
            self._watch(f"{self.rule.name}/{case.id}")
        self.trial.target.answered.clear()
        try:
            with np.errstate(all="ignore"):  # a wrong answer may overflow where a right one does not: the verdict says it, no warning
                self.rule.body(self.trial, case)
        except (Violation, CrashError) as crash_or_violation:
            error = self._as_violation(case, crash_or_violation)
            if self.failure is not None and _crashed(error) and not _crashed(self.failure):
                return False  # another bug than the one for which a smaller case is looked for
            if self.failure is None:
                self._deadline = self._time() + self._shrink_seconds
            if self.failing is None or self._size(case) <= self._size(self.failing):
                self.failing, self.failure = case, error
            return True
        except Declined as declined:
            self.declined = str(declined)
            return False
        except TargetError as broken:
            self._break(broken)
        self.ran += 1
        self._note_what_was_asked(case)
        return False

    def _time(self) -> float:
        """Seconds of this process where the target runs in it, so that a busy machine shrinks as far as an idle one; else of the clock."""
        return time.process_time() + time.perf_counter() / SLOWER if self.trial.target.sees_memory else time.perf_counter()

    def _break(self, error: TargetError) -> NoReturn:
        if self.failure is None:
            self.broken = str(error)
        raise _Stop from None

    def _as_violation(self, case: Any, error: Violation | CrashError) -> Violation:
        """A crash is a violation where the same is answered at an ordinary size; else the target is broken."""
        if isinstance(error, Violation):
            return error
        plain = as_case(case)
        usual = self.trial.usual(plain)
        try:
            if plain.shape == usual.shape:
                self._break(error)
            self.trial.ask(usual)
        except (TargetError, Declined):
            self._break(error)
        sizes, usual_sizes = ("x".join(map(str, one.shape)) for one in (plain, usual))
        first, *frames = re.sub(r" on case \S+", "", str(error)).split("\n")
        told = f"{first}: at N x T x C x H x W = {sizes}, though at {usual_sizes} it answers"
        return Mismatch("\n".join([told, *frames]), "crash")

    def _note_what_was_asked(self, case: Any) -> None:
        """The requirements of the rule about which this case said something, and in which operations."""
        target, plain = self.trial.target, as_case(case)
        for op in target.answered:
            for identifier in self.rule.requirements:
                known = self.asked.setdefault(identifier, set())
                if op not in known and op in operations(identifier) and speaks_for(identifier, plain, target):
                    known.add(op)

    def _shrink(self) -> None:
        """Try plain memory, dtype and seed, then smaller sizes along each axis, smallest first, until none fails any more."""
        if isinstance(self.failing, Case):
            for plain in ({"memory": "C"}, {"dtype": self.trial.case(self.failing.op, 1, 1, 1, 1, 1).dtype}, {"seed": self.trial.seed}):
                case = fitting(self.failing.smaller(**plain))
                if case != self.failing:
                    self._fails(case)
            for axis in (CHANNELS, *MOVED):
                if self.failing.shape[axis] < self._least(axis):
                    self._try_size(axis, self._least(axis))
        smaller = isinstance(self.failing, Case)
        while smaller:
            smaller = False
            for axis in (0, 3, 4, 1, 2):
                before: Case = self.failing
                for size in range(min(self._least(axis), before.shape[axis]), before.shape[axis]):
                    if self._try_size(axis, size):
                        smaller = True
                        break

    def _try_size(self, axis: int, size: int) -> bool:
        shape = tuple(size if place == axis else n for place, n in enumerate(self.failing.shape))
        return self._can_be(shape) and self._fails(fitting(self.failing.smaller(shape=shape)))

    def _least(self, axis: int) -> int:
        """Two along an axis that the spec moves, and the channels that fill every group."""
        if axis == CHANNELS:
            return self.trial.full
        return 2 if MOVED.get(axis, "no axis") in self.trial.spec.terms else 1

    def _size(self, case: Any) -> tuple[int, ...]:
        """What is smaller tells more, but for axes that are too short to show a move."""
        if not isinstance(case, Case):
            return (0,)
        n, t, c, h, w = case.shape
        short = sum(case.shape[axis] < self._least(axis) for axis in (CHANNELS, *MOVED))
        return (short, n * t * c * h * w, n + t + c + h + w)

    def _can_be(self, shape: tuple[int, ...]) -> bool:
        return self.trial.divides(shape[2]) and shape == self.trial.shape(*shape)


def _crashed(error: Violation) -> bool:
    return isinstance(error, Mismatch) and error.aspect == "crash"
