"""What a claim of the paper is, and the ways in which one can be settled."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal[
    "proved", "tested", "computed", "recounted", "needs-data", "unsettled", "contradicted"
]

MEANINGS: dict[Status, str] = {
    "proved": "by listing every case or by an identity, computed here; or by the theorems that "
    "are named, which `stsm-ref prove` proves",
    "tested": "by the checks and tests that are named, on the rung of evidence that they reach",
    "computed": "from the paper's own tables or by arithmetic; the figures are published ones and "
    "stay so",
    "recounted": "on the networks that we build: parameters and operations, not accuracy",
    "needs-data": "not reproducible without Kinetics-400 or Something-Something V2, and training",
    "unsettled": "neither the paper nor this project can settle it, nor would the data sets: "
    "other people's work, an opinion, a setting "
    "of the authors' own runs, or a figure that is not printed",
    "contradicted": "no reading of the paper makes it true: its words or figures do not agree "
    "with its own tables, arithmetic or other "
    "words, or with the network named",
}
"""In the order in which reports count them. `unsettled` and `needs-data` are never a pass."""


@dataclass(frozen=True)
class Claim:
    """A statement of the paper and how it is settled.

    Attributes
    ----------
    id : str
        A name of its own, which stays.
    place : str
        Section, or the table for a claim that is a cell.
    quotes : tuple of str
        The paper's sentences, verbatim with their LaTeX; a line of a table for a cell.
    says : str
        What is claimed, in our words.
    status : str
        A key of `MEANINGS`.
    finding : str
        What was found and where it stops holding; figures that can be computed are computed
        (`stsm_ref.paper.computations`).
    against : str
        The other words of the paper, verbatim, where words contradict words.
    elsewhere : tuple of str
        Ids of `stsm_ref.paper.elsewhere`: figures that cited repositories print for the networks
        that are compared. They settle nothing.
    evidence : tuple of str
        Names of theorems (`stsm_ref.proofs.theorems.statements`), ids of `stsm_ref.requirements`
        and tests, ``file`` or ``file::function``.
    """

    id: str
    place: str
    quotes: tuple[str, ...]
    says: str
    status: Status
    finding: str = ""
    against: str = ""
    evidence: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()

    @property
    def quote(self) -> str:
        """The quoted sentences, one after the other."""
        return " ".join(self.quotes)

    @property
    def is_cell(self) -> bool:
        """Whether the claim is a number in a table, and not a sentence."""
        return self.place.startswith("Table")

    def as_dict(self) -> dict[str, Any]:
        """Return the claim as ``json.dumps`` takes it."""
        return asdict(self)
