"""A shift is a function: it writes nothing, keeps nothing, and its result is its own."""

from collections.abc import Callable, Sequence

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import check
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.failure import Failure, Violation
from stsm_ref.evidence.suite_context import SuiteContext, fitting
from stsm_ref.implementations.base import Observation, Op
from stsm_ref.implementations.python import PythonTarget

LATER = 5
"""Calls after which an output must still be what it was: buffers may come in pairs or in fours."""


def memory_cases(context: SuiteContext, op: Op = "forward") -> Sequence[Case]:
    """Channels that all stay, that just do, that move; clips of one place and of more: shortcuts
    are taken where nothing moves.
    """
    full = context.min_full_channels
    channels = [
        count for count in context.channels if count in (1, full - 1, full, 2 * full + 1)
    ] or [full]
    sizes = [(2, 3, 2, 3), (1, 1, 1, 1), (1, 2, 3, 1)]
    seeds = range(context.seed, context.seed + {"smoke": 1, "ci": 5, "night": 80}[context.level])
    cases = [
        context.case(op, n, t, c, h, w, seed=seed)
        for seed in seeds
        for c in channels
        for n, t, h, w in sizes
    ]
    return list(dict.fromkeys(cases))


def _sees(context: SuiteContext) -> str:
    return "" if context.target.sees_memory else "memory cannot be seen from another process"


def _sees_backward(context: SuiteContext) -> str:
    return _sees(context) or context.missing("vjp")


def _sees_tangent(context: SuiteContext) -> str:
    return _sees(context) or context.missing("jvp")


def _watched(op: Op, *what: str) -> Callable[[SuiteContext], Sequence[Case]]:
    """The cases in which another rule's question was seen to do harm, then those that look
    for it.
    """
    return lambda context: list(
        dict.fromkeys([*context.cases_with_memory_faults(op, *what), *memory_cases(context, op)])
    )


def _wrote_nothing(seen: Observation, op: Op, harm: str) -> None:
    if seen.wrote:
        message = f"{op} wrote to its input {' and '.join(seen.wrote)}: {harm}"
        raise Violation(Failure(message, "memory", effect="wrote", arguments=seen.wrote))


def _owns_its_memory(context: SuiteContext, case: Case, seen: Observation) -> None:
    if seen.shares:
        message = (
            f"the result of {case.op} shares memory with {' and '.join(seen.shares)}: "
            "a write to one would change the other"
        )
        raise Violation(Failure(message, "memory", effect="shares", arguments=seen.shares))
    kept = seen.output.copy()
    for _ in range(LATER):
        context.run(case, case.array(1), case.array())
    require_same(seen.output, kept, case, what=f"the first output after {LATER} more calls")


@check("PURE-1", each=_watched("forward", "wrote"), applies=_sees)
def the_input_is_not_written(context: SuiteContext, case: Case) -> None:
    """After the forward the input is what it was, that of the call before too, and so is
    the spec.
    """
    _wrote_nothing(
        context.run(case), "forward", "a shortcut beside it would read the shifted values"
    )


@check("PURE-3", each=_watched("forward", "shares"), applies=_sees)
def the_output_owns_its_memory(context: SuiteContext, case: Case) -> None:
    """The output shares no memory with the input, and later calls do not write to it."""
    _owns_its_memory(context, case, context.run(case))


@check("PURE-2", each=_watched("vjp", "wrote", "shares"), applies=_sees_backward)
def the_backward_writes_nothing(context: SuiteContext, case: Case) -> None:
    """The backward leaves the incoming gradient, the input and the forward's output as they were,
    and its result is its own.
    """
    forward = context.run(case.smaller(op="forward"), case.array()).output
    kept = forward.copy()
    seen = context.run(case)
    _wrote_nothing(seen, "vjp", "what else reads it would get shifted values")
    require_same(forward, kept, case.smaller(op="forward"), what="the forward's output after a vjp")
    _owns_its_memory(context, case, seen)


@check("PURE-1", "PURE-3", each=_watched("jvp", "wrote", "shares"), applies=_sees_tangent)
def the_tangent_writes_nothing(context: SuiteContext, case: Case) -> None:
    """The Jacobian-vector product leaves the input and the incoming tangent as they were, and its
    result is its own.
    """
    seen = context.run(case)
    _wrote_nothing(seen, "jvp", "what else reads it would get shifted values")
    _owns_its_memory(context, case, seen)


@check("PURE-1", "PURE-2", each=memory_cases, applies=_sees)
def a_residual_block_is_right(context: SuiteContext, case: Case) -> None:
    """Inside x + shift(x) the value and the gradient are right: the shortcut and the branch both
    get what they must.
    """
    target = context.target
    if isinstance(target, PythonTarget):
        x, grad = case.array(), case.array(1)
        value, back = target.residual(x, grad, case=case.id)
        require_same(
            value,
            context.run(case, x).output + x,
            case,
            what="value of x + shift(x) against the sum of both alone",
        )
        if back is not None:
            alone = target.run("vjp", x, grad, case=case.id).output
            require_same(
                back,
                alone + grad,
                case.smaller(op="vjp"),
                what="gradient of x + shift(x) against the sum of both alone",
            )


@check("PURE-4", each=memory_cases)
def the_same_input_gives_the_same_output(context: SuiteContext, case: Case) -> None:
    """Asked again, and again after other inputs and another shape, it gives the same: it draws no
    random numbers and has no state.
    """
    first = context.run(case).output.copy()
    require_same(context.run(case).output, first, case, what="the same input again")
    context.run(case, case.array(1))
    n, t, c, h, w = case.shape
    context.run(fitting(case.smaller(shape=context.shape(n, t + 1, c, w, h))))
    require_same(context.run(case).output, first, case, what="the same input after others")
    target = context.target
    if isinstance(target, PythonTarget) and target.draws(case.array(), case=case.id):
        raise Violation(
            "it drew from the global random numbers, or seeded them: "
            "its result could depend on chance, and that of others on it"
        )
