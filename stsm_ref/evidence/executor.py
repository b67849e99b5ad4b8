"""One check on one implementation: its cases one by one, and the smallest of those that fail.

Cases are listed, drawn from the seed, or drawn by hypothesis, which makes a failing one smaller
itself. A `Case` that fails is made plainer, and smaller axis by axis, until the tries for that are
used up: their number is fixed, not their time, so that every machine reports the same case. What is
smallest, `shrinking` says.
"""

import contextlib
import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from stsm_ref.errors import MissingExtraError
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import Check
from stsm_ref.evidence.crashes import as_violation, crashed, explain_crash
from stsm_ref.evidence.failure import Undecided, Violation
from stsm_ref.evidence.outcome import Outcome
from stsm_ref.evidence.shrinking import smaller_from, too_short, weight
from stsm_ref.evidence.standing import note_asked
from stsm_ref.evidence.suite_context import Draw, SuiteContext, fitting
from stsm_ref.implementations.base import CrashError, Declined, Op, TargetError

if TYPE_CHECKING:
    from hypothesis import settings
    from hypothesis.strategies import SearchStrategy

OnCase = Callable[[str], None]
Answer = Literal["passes", "fails", "declined"]

MAX_RETRY_SECONDS = 300.0
"""Seconds after which no smaller case is looked for, however many tries are left: a target so
slow is shown as it failed.
"""
EVERY = 32
"""Up to this size each smaller one is tried; beyond it powers of two, their neighbours, and the
halves of what is left.
"""


def draw_cases(draw: Draw, check: Check, context: SuiteContext) -> Iterator[Case]:
    """As many cases as the level draws; the same seed draws the same ones.

    Parameters
    ----------
    draw : callable
        Makes a case from random numbers.
    check : Check
        Whose cases they are: its name is part of the seed.
    context : SuiteContext
        The seed and the level, which says how many.
    """
    rng = random.Random(f"{context.seed} {check.name}")
    return (draw(rng) for _ in range(check.counts.at(context.level)))


class _Stop(BaseException):
    """Leaves a check at once: an answer that never came is not searched for a smaller one."""


class RuleExecutor:
    """Runs the cases of a check; then it holds how many ran, and what failed or why nothing did.

    `asked` has the operations that were answered, by requirement.

    Parameters
    ----------
    check : Check
        What is asked.
    context : SuiteContext or Subject
        The implementation that is asked. Whatever a subject raises breaks the rule, since every
        case is valid for it. What a target raises comes from its adapter as a `TargetError`; any
        other error is a bug of the check.
    on_case : callable, optional
        Called before each case.
    on_smaller : callable, optional
        Called before each try of a smaller case, which is not a case of the check.
    tries : int
        How many of these there may be, and what is left of them afterwards.
    sampling : hypothesis.settings, optional
        How many cases a strategy draws, and which.
    """

    def __init__(
        self,
        check: Check,
        context: Any,
        on_case: OnCase | None = None,
        on_smaller: OnCase | None = None,
        tries: int = 400,
        sampling: "settings | None" = None,
    ) -> None:
        self.check: Check = check
        self.context: Any = context
        self.ran = 0
        self.failing: Any = None
        self.failure: Exception | None = None
        self.asked: dict[str, set[Op]] = {}
        self.broken = self.declined = self.undecided = ""
        self.tries = tries
        self._on_case, self._on_smaller, self._sampling = on_case, on_smaller, sampling
        self._ends = float("inf")

    def run(self, only: Any = None) -> "RuleExecutor":
        """Try the cases of the check, or the one that is given."""
        with contextlib.suppress(_Stop):
            if only is not None:
                self._run_cases([only])
                return self
            if self.check.each:
                self._run_cases(self.check.each(self.context))
            if self.check.draw:
                self._run_cases(draw_cases(self.check.draw(self.context), self.check, self.context))
            if self.check.strategy is not None and self.failure is None:
                self._run_strategy(self.check.strategy)
            self._shrink()
        return self

    def require(self) -> int:
        """Return how many cases ran, or raise what the smallest failing case raised."""
        if self.failure is not None:
            raise self.failure
        return self.ran

    def verdict(self, declared: int | None = None) -> tuple[Outcome, str]:
        """The outcome, and why it is not a pass: fewer cases than were declared, or none, pass
        nothing.
        """
        if self.failure is not None:
            return "violated", str(self.failure)
        if self.broken:
            return "broken", self.broken
        if self.undecided or (not self.ran and declared is None):
            return "undecided", self.undecided or "no case ran"
        if declared is not None and self.ran < declared:
            why = f": {self.declined}" if self.declined else ""
            return "undecided", f"{self.ran} of {declared} cases ran{why}"
        return "passed", ""

    def _run_cases(self, cases: Iterable[Any]) -> None:
        for case in cases:
            if self._on_case:
                self._on_case(f"{self.check.name}/{case.id}")
            answer = self._tried(case)
            if answer == "fails":
                return
            if answer == "passes":
                self.ran += 1

    def _run_strategy(self, strategy: "SearchStrategy[Any]") -> None:
        """Draw cases with hypothesis; what it raises is that of the smallest failing case."""
        from hypothesis import HealthCheck, Phase, given, settings
        from hypothesis.errors import Unsatisfiable

        def ask(case: Any) -> None:
            if self.context.takes(case):
                self.ran += 1
                self.check.body(self.context, case)

        # one bug is reported at a time, the smallest: explaining it takes ten times as long as
        # finding it
        phases = [
            phase for phase in (self._sampling or settings()).phases if phase is not Phase.explain
        ]
        sampling = settings(
            self._sampling,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
            phases=phases,
        )
        try:
            sampling(given(strategy)(ask))()
        except MissingExtraError:
            raise
        except (Unsatisfiable, Undecided) as error:
            self.undecided = str(error)
        except Exception as error:  # whatever the subject raises on valid input breaks the rule
            self.failure = error

    def _tried(self, case: Any) -> Answer:
        """Try one case; keep it if it fails and none that tells as much is smaller."""
        if isinstance(self.context, SuiteContext):
            return self._tried_on_target(case, self.context)
        if not self.context.takes(case):
            return "declined"
        try:
            self.check.body(self.context, case)
        except MissingExtraError:
            raise
        except Undecided as error:
            self.undecided = str(error)
            raise _Stop from None
        except Exception as error:
            self.failing, self.failure = case, error
            return "fails"
        return "passes"

    def _tried_on_target(self, case: Any, context: SuiteContext) -> Answer:
        context.target.answered.clear()
        try:
            # a wrong answer may overflow where a right one does not: the verdict says it, no
            # warning
            with np.errstate(all="ignore"):
                self.check.body(context, case)
        except Violation as error:
            return self._keep(case, error)
        except Declined as error:
            self.declined = str(error)
            return "declined"
        except TargetError as error:
            crash = as_violation(context, case, error) if isinstance(error, CrashError) else None
            if crash is not None:
                # while a smaller case is looked for, a crash is another bug than wrong values
                return (
                    self._keep(case, crash)
                    if self.failure is None or crashed(self.failure)
                    else "passes"
                )
            if self.failure is None:
                self.broken = explain_crash(context, case, error)
            raise _Stop from None
        note_asked(self.asked, self.check.requirements, case, context.target)
        return "passes"

    def _keep(self, case: Any, error: Violation) -> Answer:
        if self.failure is None:
            self._ends = time.perf_counter() + MAX_RETRY_SECONDS
        if self.failing is None or weight(self.context, case) <= weight(self.context, self.failing):
            self.failing, self.failure = case, error
        return "fails"

    def _shrink(self) -> None:
        """Try plain memory, dtype and seed, then smaller sizes along each axis, smallest first,
        until none fails any more.
        """
        if isinstance(self.failing, Case):
            usual = self.context.case(self.failing.op, 1, 1, 1, 1, 1)
            for plain in ({"memory": "C"}, {"dtype": usual.dtype}, {"seed": self.context.seed}):
                case = fitting(self.failing.smaller(**plain))
                if case != self.failing:
                    self._still_fails(case)
            for axis, enough in too_short(self.context, self.failing):
                self._try_size(axis, enough)
        smaller = isinstance(self.failing, Case)
        while smaller:
            smaller = False
            for axis in (0, 3, 4, 1, 2):
                now = self.failing.shape[axis]
                for size in _smaller_sizes(now, smaller_from(self.context, axis, now)):
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
        if self._on_smaller:
            self._on_smaller(f"{self.check.name}/{case.id}")
        return self._tried(case) == "fails"

    def _can_be(self, shape: tuple[int, ...]) -> bool:
        return bool(self.context.divides(shape[2]) and shape == self.context.shape(*shape))


def _smaller_sizes(size: int, first: int = 1) -> Iterator[int]:
    """Sizes to try instead, from `first` on, smallest first.

    >>> list(_smaller_sizes(4)), list(_smaller_sizes(100))[32:]
    ([1, 2, 3], [33, 50, 63, 64, 65, 75, 88, 94, 97, 99])
    """
    yield from range(first, min(size, EVERY + 1))
    powers = itertools.takewhile(lambda power: power <= size, (2**k for k in itertools.count(5)))
    candidates = {power + step for power in powers for step in (-1, 0, 1)} | {
        size - (size >> k) for k in range(1, size.bit_length())
    }
    yield from sorted(
        candidate for candidate in candidates if max(EVERY, first - 1) < candidate < size
    )
