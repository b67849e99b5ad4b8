"""A guess at the bug, by name: the whole output is compared with what known wrong shifts give.

The smallest failing case often fits many of them, so a larger, telling case is asked as well, and
a name must fit both.
"""

from collections.abc import Iterator

import numpy as np

from stsm_ref.bugs.bug import Forward
from stsm_ref.bugs.signatures import known
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.failure import Effect, Failure
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.geometry import Array
from stsm_ref.implementations.base import Declined, TargetError

MEMORY: dict[Effect, str] = {
    "wrote": "shifted in place: make the result in memory of its own",
    "shares": "the result is a view of the input: make it in memory of its own",
}

MOST_FRAMES = 128


class Diagnosis:
    """Guesses for one target; its answers to the telling cases are kept."""

    def __init__(self, context: SuiteContext) -> None:
        self.context = context
        self._answers: dict[Case, Array | None] = {}

    def guess(self, case: Case, failure: Failure) -> str:
        """Name the bug, or return nothing."""
        if failure.aspect == "memory":
            return MEMORY.get(failure.effect, "")
        if failure.aspect == "dtype":
            return "an array made without dtype= is float64" if failure.got == "float64" else ""
        if failure.aspect in ("crash", "rounding") or not self.context.divides(case.shape[2]):
            return ""
        asked = [case]
        for telling in self._telling(case):
            asked.append(telling)
            answer = self._answer(telling)
            if answer is not None and not _equal(answer, self.context.expected(telling)):
                asked += self._as_many_frames_as_channels(case)
                return self._named(asked) or self._named([case, telling], "at such sizes it ")
        return ""

    def _named(self, asked: list[Case], where: str = "") -> str:
        """The first that fits all that was asked, places where the target was right among them."""
        for text, wrong in known(self.context.spec, backward=asked[0].op == "vjp"):
            if all(self._fits(wrong, case) for case in asked):
                return f"{where}equals {text}"
        return ""

    def _fits(self, wrong: Forward, case: Case) -> bool:
        answer = self._answer(case)
        if answer is None:
            return False
        x = case.array(0 if case.op == "forward" else 1)
        try:
            with np.errstate(all="ignore"):
                return _equal(answer, wrong(x, self.context.spec))
        # what cannot be made, such as T channels that an exact spec refuses, is not a guess
        except Exception:
            return False

    def _telling(self, case: Case) -> Iterator[Case]:
        """All sizes different, then each size of the failing case put in, for what is wrong
        there only.
        """
        context, sizes = self.context, (2, 5, self.context.wide_channels, 4, 3)
        yield context.case(case.op, *sizes)
        for axis in range(5):
            yield context.case(
                case.op,
                *(case.shape[place] if place == axis else size for place, size in enumerate(sizes)),
            )
        yield case

    def _as_many_frames_as_channels(self, case: Case) -> list[Case]:
        """A clip with many frames, unless it would be large.

        Whoever takes T for C moves nothing where frames are few, which is the identity.
        """
        context = self.context
        if context.wide_channels > MOST_FRAMES:
            return []
        long = context.case(case.op, 1, context.wide_channels, context.wide_channels, 2, 3)
        return [long] if self._answer(long) is not None else []

    def _answer(self, case: Case) -> Array | None:
        if case not in self._answers:
            try:
                self._answers[case] = self.context.run(case).output.copy()
            except (Declined, TargetError):
                self._answers[case] = None
        return self._answers[case]


def _equal(first: Array, second: Array) -> bool:
    return first.dtype == second.dtype and np.array_equal(
        first, second, equal_nan=first.dtype.kind in "fc"
    )
