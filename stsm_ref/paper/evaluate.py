"""Run the computations behind claims and compare what comes out with the status in the data."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from stsm_ref.paper.claim import Claim
from stsm_ref.paper.computations import COMPUTATIONS, Verdict


class Settled(NamedTuple):
    """A claim and what its computation says; no verdict where there is none, or where it was not
    run.
    """

    claim: Claim
    verdict: Verdict | None

    @property
    def agrees(self) -> bool:
        """Whether a computation, if one ran, says what the status says; a contradicted claim does
        not hold, every other holds.
        """
        return self.verdict is None or self.verdict.holds == (self.claim.status != "contradicted")

    def as_dict(self) -> dict[str, Any]:
        """Return claim and verdict as ``json.dumps`` takes them."""
        return self.claim.as_dict() | {"computed": self.verdict._asdict() if self.verdict else None}


def is_left_out(claim: Claim, *, recount: bool) -> bool:
    """Whether the claim has a computation that builds networks, and none are asked for."""
    return claim.id in COMPUTATIONS and COMPUTATIONS[claim.id].builds_networks and not recount


def settle(claims: Iterable[Claim], *, recount: bool) -> Iterator[Settled]:
    """Compute one claim after the other; those that build networks only if `recount`.

    Raises
    ------
    MissingExtraError
        If `recount` and torch is not installed.
    """
    for claim in claims:
        run = claim.id in COMPUTATIONS and not is_left_out(claim, recount=recount)
        yield Settled(claim, COMPUTATIONS[claim.id].run() if run else None)
