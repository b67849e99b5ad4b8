"""What the shift may not have: parameters."""

from collections.abc import Sequence

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.failure import Violation
from stsm_ref.evidence.rule import rule
from stsm_ref.evidence.suite_context import Trial
from stsm_ref.implementations.python import PythonTarget


def _has_parameters_to_count(trial: Trial) -> str:
    torch = isinstance(trial.target, PythonTarget) and trial.target.kind == "torch"
    return "" if torch else "only torch knows parameters"


def one_case(trial: Trial) -> Sequence[Case]:
    """One clip in which every group has a channel."""
    return [trial.case("forward", 2, 3, trial.full, 3, 2, dtype=trial.float.name)]


@rule("COST-1", each=one_case, applies=_has_parameters_to_count)
def it_has_no_parameters(trial: Trial, case: Case) -> None:
    """A torch module has no parameter, and no tensor that learns takes part in the result."""
    target = trial.target
    assert isinstance(target, PythonTarget)
    trial.ask(case)
    found = target.parameters(case.array(), case=case.id)
    if found:
        raise Violation(f"it has parameters: {', '.join(found)}; the shift has none")
