"""A shift is a function: it writes nothing, keeps nothing, and its result is its own."""

from collections.abc import Callable, Sequence

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.failure import Failure, Violation
from stsm_ref.evidence.rule import rule
from stsm_ref.evidence.suite_context import Trial, fitting
from stsm_ref.implementations.base import Observation, Op
from stsm_ref.implementations.python import PythonTarget

LATER = 5
"""Calls after which an output must still be what it was: buffers may come in pairs or in fours."""


def memory_cases(trial: Trial, op: Op = "forward") -> Sequence[Case]:
    """Channels that all stay, that just do, that move; clips of one place and of more:
    shortcuts are taken where nothing moves.
    """
    channels = [
        count
        for count in trial.channels
        if count in (1, trial.full - 1, trial.full, 2 * trial.full + 1)
    ] or [trial.full]
    sizes = [(2, 3, 2, 3), (1, 1, 1, 1), (1, 2, 3, 1)]
    seeds = range(trial.seed, trial.seed + {"smoke": 1, "ci": 5, "night": 80}[trial.level])
    cases = [
        trial.case(op, n, t, c, h, w, seed=seed)
        for seed in seeds
        for c in channels
        for n, t, h, w in sizes
    ]
    return list(dict.fromkeys(cases))


def _sees(trial: Trial) -> str:
    return "" if trial.target.sees_memory else "memory cannot be seen from another process"


def _sees_backward(trial: Trial) -> str:
    return _sees(trial) or trial.lacks("vjp")


def _sees_tangent(trial: Trial) -> str:
    return _sees(trial) or trial.lacks("jvp")


def _watched(op: Op, *what: str) -> Callable[[Trial], Sequence[Case]]:
    """The cases in which another rule's question was seen to do harm, then those that look for
    it.
    """
    return lambda trial: list(dict.fromkeys([*trial.suspects(op, *what), *memory_cases(trial, op)]))


def _wrote_nothing(seen: Observation, op: Op, harm: str) -> None:
    if seen.wrote:
        message = f"{op} wrote to its input {' and '.join(seen.wrote)}: {harm}"
        raise Violation(Failure(message, "memory", effect="wrote", arguments=seen.wrote))


def _owns_its_memory(trial: Trial, case: Case, seen: Observation) -> None:
    if seen.shares:
        message = (
            f"the result of {case.op} shares memory with {' and '.join(seen.shares)}: "
            "a write to one would change the other"
        )
        raise Violation(Failure(message, "memory", effect="shares", arguments=seen.shares))
    kept = seen.output.copy()
    for _ in range(LATER):
        trial.ask(case, case.array(1), case.array())
    require_same(seen.output, kept, case, what=f"the first output after {LATER} more calls")


@rule("PURE-1", each=_watched("forward", "wrote"), applies=_sees)
def the_input_is_not_written(trial: Trial, case: Case) -> None:
    """After the forward the input is what it was, that of the call before too, and so is the
    spec.
    """
    _wrote_nothing(trial.ask(case), "forward", "a shortcut beside it would read the shifted values")


@rule("PURE-3", each=_watched("forward", "shares"), applies=_sees)
def the_output_owns_its_memory(trial: Trial, case: Case) -> None:
    """The output shares no memory with the input, and later calls do not write to it."""
    _owns_its_memory(trial, case, trial.ask(case))


@rule("PURE-2", each=_watched("vjp", "wrote", "shares"), applies=_sees_backward)
def the_backward_writes_nothing(trial: Trial, case: Case) -> None:
    """The backward leaves the incoming gradient, the input and the forward's output as they
    were, and its result is its own.
    """
    forward = trial.ask(case.smaller(op="forward"), case.array()).output
    kept = forward.copy()
    seen = trial.ask(case)
    _wrote_nothing(seen, "vjp", "what else reads it would get shifted values")
    require_same(forward, kept, case.smaller(op="forward"), what="the forward's output after a vjp")
    _owns_its_memory(trial, case, seen)


@rule("PURE-1", "PURE-3", each=_watched("jvp", "wrote", "shares"), applies=_sees_tangent)
def the_tangent_writes_nothing(trial: Trial, case: Case) -> None:
    """The Jacobian-vector product leaves the input and the incoming tangent as they were, and
    its result is its own.
    """
    seen = trial.ask(case)
    _wrote_nothing(seen, "jvp", "what else reads it would get shifted values")
    _owns_its_memory(trial, case, seen)


@rule("PURE-1", "PURE-2", each=memory_cases, applies=_sees)
def a_residual_block_is_right(trial: Trial, case: Case) -> None:
    """Inside x + shift(x) the value and the gradient are right: the shortcut and the branch
    both get what they must.
    """
    target = trial.target
    if isinstance(target, PythonTarget):
        x, grad = case.array(), case.array(1)
        value, back = target.residual(x, grad, case=case.id)
        require_same(
            value,
            trial.ask(case, x).output + x,
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


@rule("PURE-4", each=memory_cases)
def the_same_input_gives_the_same_output(trial: Trial, case: Case) -> None:
    """Asked again, and again after other inputs and another shape, it gives the same: it draws
    no random numbers and has no state.
    """
    first = trial.ask(case).output.copy()
    require_same(trial.ask(case).output, first, case, what="the same input again")
    trial.ask(case, case.array(1))
    n, t, c, h, w = case.shape
    trial.ask(fitting(case.smaller(shape=trial.shape(n, t + 1, c, w, h))))
    require_same(trial.ask(case).output, first, case, what="the same input after others")
    target = trial.target
    if isinstance(target, PythonTarget) and target.draws(case.array(), case=case.id):
        raise Violation(
            "it drew from the global random numbers, or seeded them: its result could depend on "
            "chance, and that of others on it"
        )
