"""What must be refused. Registered last: a program may end itself over a refusal."""

from collections.abc import Sequence

from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.failure import Violation
from stsm_ref.evidence.rule import rule
from stsm_ref.evidence.suite_context import Trial
from stsm_ref.implementations.base import Declined, TargetError


def _is_exact(trial: Trial) -> str:
    if trial.spec.rounding == "floor":
        return "the spec rounds down and refuses no channel count"
    return (
        "every channel count that it can be given divides"
        if trial.whole_channels == 1 or "C" in trial.target.fixed
        else ""
    )


def counts_that_do_not_divide(trial: Trial) -> Sequence[Case]:
    """Channel counts beside those that divide."""
    whole = trial.whole_channels
    counts = {1, whole - 1, whole + 1, 2 * whole - 1, 3 * whole + 1} - {0}
    return [trial.case("forward", 1, 2, count, 2, 3) for count in sorted(counts) if count % whole]


@rule("GEO-4", each=counts_that_do_not_divide, applies=_is_exact)
def exact_rounding_refuses_fractions(trial: Trial, case: Case) -> None:
    """With rounding exact, a channel count that does not divide is refused, never rounded."""
    try:
        trial.ask(case)
    except (Declined, TargetError):
        return
    raise Violation(
        f"it gave a result for {case.shape[2]} channels, which do not divide: rounding exact must "
        "refuse them"
    )
