"""Cells of Tables 2 to 7 that name a network of ours: what it counts to, against the printed
digits. Needs torch.
"""

from functools import partial

from stsm_ref.paper.cells import cell_claims, row_of
from stsm_ref.paper.computations.recounted import count, one_pass, rounded
from stsm_ref.paper.computations.registry import Verdict, settles
from stsm_ref.paper.networks import Network, network

BARE = {"CSTANet": "tsn_resnet50", "ACTION-Net+Mb_V2": "tsn_mobilenet_v2", "X3D-M": "tsn_resnet50"}
"""Methods that we do not build, by the backbone that their line names: they cannot be lighter than
it alone.
"""


def recount(identifier: str) -> Verdict:
    """Count the network of a cell and compare it with the printed digits, rounded as they are."""
    row, column = row_of(identifier)
    printed = one_pass(row) if column == "gflops" else row.parameters.removesuffix("M")
    which, unit = (0, 10**9) if column == "gflops" else (1, 10**6)
    if row.name in BARE:
        # the fewest classes: what is left is the backbone
        classes = 1 if row.name == "X3D-M" else (400 if row.table == 6 else 174)
        bare = count(
            Network(BARE[row.name], "none", int(row.frames), int(row.size.split()[0]), classes)
        )[which]
        return Verdict(
            float(printed) * unit >= bare,
            f"{BARE[row.name]} alone: {bare:,}, {rounded(bare, unit, printed)}; printed {printed}",
        )
    chosen = network(row)
    assert chosen
    value = count(chosen)[which]
    return Verdict(
        rounded(value, unit, printed) == printed,
        f"{value:,}, rounded {rounded(value, unit, printed)}; printed {printed}",
    )


for _claim in cell_claims():
    if _claim.status in ("recounted", "contradicted"):
        settles(_claim.id, builds_networks=True)(partial(recount, _claim.id))
