"""What the repositories that the paper cites print themselves: quoted figures, with their source,
beside the claims that rest on them.

PUBLISHED figures of other people, neither the paper's nor ours. They settle no claim; a claim that
rests on a comparison names those that print something else for the same network
(`Claim.elsewhere`).
"""

from decimal import Decimal
from typing import Any, NamedTuple

from stsm_ref.paper.data import read_data


class Source(NamedTuple):
    """A file of a repository, the state of it that was read, and the number under which the paper
    cites it.
    """

    id: str
    name: str
    repository: str
    file: str
    version: str
    cited: str


class Accuracy(NamedTuple):
    """A Top-1 accuracy: where it stands, what stands there, and the cell of the paper's tables for
    the same network.
    """

    id: str
    source: Source
    place: str
    line: str
    top1: str
    says: str
    cell: str

    @property
    def figure(self) -> Decimal:
        """The accuracy, in percent."""
        return Decimal(self.top1)

    def __str__(self) -> str:
        return (
            f"{self.source.name} prints {self.top1} for {self.says} ({self.source.file}, "
            f"{self.place}; {self.source.version})"
        )


class PrintedCost(NamedTuple):
    """Operations and parameters of a configuration, and the arguments of
    `stsm_ref.models.model_cost` that count to the same.
    """

    source: Source
    line: str
    operations: int
    parameters: int
    network: dict[str, Any]


_DATA = read_data("elsewhere.toml")
SOURCES: dict[str, Source] = {entry["id"]: Source(**entry) for entry in _DATA["source"]}
ACCURACIES: dict[str, Accuracy] = {
    entry["id"]: Accuracy(**entry | {"source": SOURCES[entry["source"]]})
    for entry in _DATA["accuracy"]
}
"""By id, such as ``tsm-sthv2-8``."""

COSTS: tuple[PrintedCost, ...] = tuple(
    PrintedCost(**entry | {"source": SOURCES[entry["source"]]}) for entry in _DATA["cost"]
)
"""Operations and parameters as MMAction2 v0.24.1 prints them, for configurations that are networks
of ours.
"""
