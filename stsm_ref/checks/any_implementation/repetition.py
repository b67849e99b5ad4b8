"""Asked for the first time, again with other values in the same memory, from another thread, or for
no clip at all.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import check
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.failure import Violation
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.geometry import Array
from stsm_ref.implementations.base import Declined, Op, TargetError, WrongShape
from stsm_ref.implementations.python import PythonTarget

OPS: tuple[Op, ...] = ("forward", "vjp", "jvp")
ROUNDS = {"smoke": 6, "ci": 20, "night": 200}
"""How often each of two threads asks."""


def _asked(context: SuiteContext) -> list[Op]:
    return [op for op in OPS if not context.missing(op)]


def first_cases(context: SuiteContext) -> Sequence[Case]:
    """What was asked first of all, once for each operation."""
    return [context.first_case(op) for op in _asked(context)]


@check("PURE-4", each=first_cases)
def the_first_answer_is_right(context: SuiteContext, case: Case) -> None:
    """The very first answer of a run is right already: no table, buffer or engine is made by a call
    that itself goes without.
    """
    got = context.first_outputs.get(case)
    require_same(
        context.run(case).output if got is None else got,
        context.expected(case),
        case,
        what="the first answer of the run",
    )


def repeated_cases(context: SuiteContext) -> Sequence[Case]:
    """Two small clips, then one that is longer."""
    shapes = [(2, 3, context.min_full_channels, 3, 2), (1, 5, context.wide_channels, 4, 3)]
    return list(
        dict.fromkeys(context.case(op, *shape) for op in _asked(context) for shape in shapes)
    )


@check("PURE-4", each=repeated_cases)
def other_values_are_seen(context: SuiteContext, case: Case) -> None:
    """Clips with the same ends and the same sum, in other memory and in the same, are told apart:
    nothing is remembered by its looks.
    """
    first = [case.array()] if case.op == "forward" else [case.array(), case.array(1)]
    context.run(case, *first)
    second = [_other_inside(array) for array in first]
    want = context.expected(case, *second)
    require_same(
        context.run(case, *second).output,
        want,
        case,
        what="a second clip with the same ends and the same sum",
    )
    if isinstance(context.target, PythonTarget):
        got = context.target.overwritten(case.op, first, second, case=case.id)
        require_same(got, want, case, what="the same array with other values written into it")


def _other_inside(x: Array) -> Array:
    """The same ends, the same values, and another order between them."""
    flat = x.reshape(-1).copy()
    flat[1:-1] = flat[1:-1][::-1].copy()
    return flat.reshape(x.shape)


def _in_python(context: SuiteContext) -> str:
    return (
        ""
        if isinstance(context.target, PythonTarget)
        else "threads of another process are its own affair"
    )


def threaded_cases(context: SuiteContext) -> Sequence[Case]:
    """A clip that takes a while, for the forward and the backward."""
    return [
        context.case(op, 2, 4, context.wide_channels, 9, 11)
        for op in _asked(context)
        if op != "jvp"
    ]


@check("PURE-4", each=threaded_cases, applies=_in_python)
def threads_do_not_disturb_each_other(context: SuiteContext, case: Case) -> None:
    """Two threads that ask at once, neither of them the first to have asked, each get their own
    right answers.
    """
    target = context.target
    assert isinstance(target, PythonTarget)
    asked: list[list[Array]] = []
    for seed in (case.seed, case.seed + 1):
        mine = case.smaller(seed=seed)
        asked.append([mine.array()] if case.op == "forward" else [mine.array(), mine.array(1)])
    answers = target.at_once(case.op, asked, ROUNDS[context.level], case=case.id)
    for number, (arrays, got) in enumerate(zip(asked, answers, strict=True)):
        want = context.expected(case, *arrays)
        for answer in got:
            require_same(answer, want, case, what=f"thread {number + 1} of two at once")


def _batches(context: SuiteContext) -> str:
    if not isinstance(context.target, PythonTarget):
        return "a program is not sent an empty batch"
    return (
        "its layout or its sizes hold a certain number of clips"
        if "N" in context.target.fixed
        else ""
    )


def empty_cases(context: SuiteContext) -> Sequence[Case]:
    """No clip, of a size that others have."""
    return [
        context.case(op, 0, 3, context.min_full_channels, 3, 2)
        for op in _asked(context)
        if op != "jvp"
    ]


@check("BATCH-1", each=empty_cases, applies=_batches)
def an_empty_batch_stays_empty(context: SuiteContext, case: Case) -> None:
    """A batch of no clips gives one of no clips, of the same sizes and dtype, or is refused with an
    error.
    """
    nothing: Any = np.zeros(case.shape, case.dtype)
    try:
        got = context.run(case, *([nothing] if case.op == "forward" else [nothing, nothing])).output
    except WrongShape as error:
        raise Violation(str(error)) from None
    except (Declined, TargetError):
        return
    require_same(got, nothing, case, what="an empty batch")
