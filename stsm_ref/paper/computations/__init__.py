"""The arithmetic behind the claims, on the published tables, on our kernels and on our networks.

Each function says whether the paper's statement holds, and with which figures. Nothing here is a
stored verdict: a test compares what comes out with the status in the data.
"""

from stsm_ref.paper.computations import (
    ablation,
    backbones,
    capability,
    counted_cells,
    kinetics,
    notation,
    recounted,
    setting,
    something_something_v2,
)
from stsm_ref.paper.computations.registry import COMPUTATIONS, Computation, Verdict

__all__ = [
    "COMPUTATIONS",
    "Computation",
    "Verdict",
    "ablation",
    "backbones",
    "capability",
    "counted_cells",
    "kinetics",
    "notation",
    "recounted",
    "setting",
    "something_something_v2",
]
