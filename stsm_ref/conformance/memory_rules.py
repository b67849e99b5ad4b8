"""A shift is a function: it writes nothing, keeps nothing, and its result is its own."""

from collections.abc import Sequence

from stsm_ref.conformance.cases import Case
from stsm_ref.conformance.judge import Mismatch, require_same
from stsm_ref.conformance.python_target import PythonTarget
from stsm_ref.conformance.rule import rule
from stsm_ref.conformance.target import Op
from stsm_ref.conformance.trial import Trial, fitting


def memory_cases(trial: Trial, op: Op = "forward") -> Sequence[Case]:
    """Channels that all stay, that just do, that move; clips of one place and of more: shortcuts are taken where nothing moves."""
    channels = [count for count in trial.channels if count in (1, trial.full - 1, trial.full, 2 * trial.full + 1)] or [trial.full]
    sizes = [(2, 3, 2, 3), (1, 1, 1, 1), (1, 2, 3, 1)]
    seeds = range(trial.seed, trial.seed + {"smoke": 1, "ci": 5, "night": 80}[trial.level])
    cases = [trial.case(op, n, t, c, h, w, seed=seed) for seed in seeds for c in channels for n, t, h, w in sizes]
    return list(dict.fromkeys(cases))


def _sees(trial: Trial) -> str:
    return "" if trial.target.sees_memory else "memory cannot be seen from another process"


def _sees_backward(trial: Trial) -> str:
    return _sees(trial) or trial.lacks("vjp")


@rule("PURE-1", each=memory_cases, applies=_sees)
def the_input_is_not_written(trial: Trial, case: Case) -> None:
    """After the forward the input is what it was."""
    if trial.ask(case).wrote:
        raise Mismatch("forward wrote to its input x: a shortcut beside it would read the shifted values", "memory")


@rule("PURE-3", each=memory_cases, applies=_sees)
def the_output_owns_its_memory(trial: Trial, case: Case) -> None:
    """The output shares no memory with the input, and a later call does not write to it."""
    seen = trial.ask(case)
    if seen.shares:
        raise Mismatch("the output shares memory with the input x: writing to one would change the other", "memory")
    kept = seen.output.copy()
    trial.ask(case, case.array(1))
    require_same(seen.output, kept, case, what="the first output after a second call")


@rule("PURE-2", each=lambda trial: memory_cases(trial, "vjp"), applies=_sees_backward)
def the_backward_writes_nothing(trial: Trial, case: Case) -> None:
    """The backward leaves the incoming gradient and the input as they were, and its result is its own."""
    seen = trial.ask(case)
    if seen.wrote:
        raise Mismatch(f"vjp wrote to its input {' and '.join(seen.wrote)}: what else reads it would get shifted values", "memory")
    if seen.shares:
        raise Mismatch(f"the result of vjp shares memory with {' and '.join(seen.shares)}", "memory")


@rule("PURE-1", "PURE-2", each=memory_cases, applies=_sees)
def a_residual_block_is_right(trial: Trial, case: Case) -> None:
    """Inside x + shift(x) the value and the gradient are right: the shortcut and the branch both get what they must."""
    target = trial.target
    if isinstance(target, PythonTarget):
        x, grad = case.array(), case.array(1)
        value, back = target.residual(x, grad, case=case.id)
        require_same(value, trial.ask(case, x).output + x, case, what="value of x + shift(x) against the sum of both alone")
        if back is not None:
            alone = target.run("vjp", x, grad, case=case.id).output
            require_same(back, alone + grad, case.smaller(op="vjp"), what="gradient of x + shift(x) against the sum of both alone")


@rule("COST-1", each=memory_cases)
def the_same_input_gives_the_same_output(trial: Trial, case: Case) -> None:
    """Asked again, and again after other inputs and another shape, it gives the same: it is not random and has no state."""
    first = trial.ask(case).output.copy()
    require_same(trial.ask(case).output, first, case, what="the same input again")
    trial.ask(case, case.array(1))
    n, t, c, h, w = case.shape
    trial.ask(fitting(case.smaller(shape=trial.shape(n, t + 1, c, w, h))))
    require_same(trial.ask(case).output, first, case, what="the same input after others")
