"""What the shift may not have: parameters."""

from collections.abc import Sequence

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import check
from stsm_ref.evidence.failure import Violation
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.implementations.python import PythonTarget


def _has_parameters_to_count(context: SuiteContext) -> str:
    torch = isinstance(context.target, PythonTarget) and context.target.kind == "torch"
    return "" if torch else "only torch knows parameters"


def one_case(context: SuiteContext) -> Sequence[Case]:
    """One clip in which every group has a channel."""
    return [
        context.case("forward", 2, 3, context.min_full_channels, 3, 2, dtype=context.float.name)
    ]


@check("COST-1", each=one_case, applies=_has_parameters_to_count)
def it_has_no_parameters(context: SuiteContext, case: Case) -> None:
    """A torch module has no parameter, and no tensor that learns takes part in the result."""
    target = context.target
    assert isinstance(target, PythonTarget)
    context.run(case)
    found = target.parameters(case.array(), case=case.id)
    if found:
        raise Violation(f"it has parameters: {', '.join(found)}; the shift has none")
