"""What must be refused. Registered last: a program may end itself over a refusal."""

from collections.abc import Sequence

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import check
from stsm_ref.evidence.failure import Violation
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.implementations.base import Declined, TargetError


def _is_exact(context: SuiteContext) -> str:
    if context.spec.rounding == "floor":
        return "the spec rounds down and refuses no channel count"
    return (
        "every channel count that it can be given divides"
        if context.spec.channel_multiple == 1 or "C" in context.target.fixed
        else ""
    )


def counts_that_do_not_divide(context: SuiteContext) -> Sequence[Case]:
    """Channel counts beside those that divide."""
    whole = context.spec.channel_multiple
    counts = {1, whole - 1, whole + 1, 2 * whole - 1, 3 * whole + 1} - {0}
    return [context.case("forward", 1, 2, count, 2, 3) for count in sorted(counts) if count % whole]


@check("GEO-4", each=counts_that_do_not_divide, applies=_is_exact)
def exact_rounding_refuses_fractions(context: SuiteContext, case: Case) -> None:
    """With rounding exact, a channel count that does not divide is refused, never rounded."""
    try:
        context.run(case)
    except (Declined, TargetError):
        return
    raise Violation(
        f"it gave a result for {case.shape[2]} channels, which do not divide: "
        "rounding exact must refuse them"
    )
