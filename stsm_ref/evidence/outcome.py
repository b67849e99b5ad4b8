"""The rungs of evidence: how it is known that a requirement holds."""

from typing import Literal

Rung = Literal["L0", "L1", "L2", "L3", "L4"]
RUNGS = {
    "L0": "vectors: frozen inputs and outputs",
    "L1": "properties: sampled shapes, specs and dtypes, or every small case",
    "L2": "labels: one pass over unique labels finds any wrong move",
    "L3": "certificate: every basis vector of these shapes, given linearity",
    "L4": "theorem: our code run on symbols, all sizes, by two solvers that agree; see what it "
    "assumes",
}
