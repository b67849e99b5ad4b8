"""What a check can come to, which outcome counts among several, the exit codes, and the rungs of
evidence.
"""

from collections.abc import Iterable
from typing import Literal

Outcome = Literal["passed", "warned", "violated", "broken", "undecided", "skipped"]
"""`broken`: the target gave no answer that could be judged. `skipped`: it does not do this, or it
cannot be seen there. `warned`: it does not hold, and was not demanded."""

SEVERITY: tuple[Outcome, ...] = ("violated", "broken", "undecided", "passed", "warned", "skipped")
"""The worst first; what was skipped or not demanded says less than a pass."""

EXIT_CODES: dict[Outcome, int] = {
    "passed": 0,
    "warned": 0,
    "violated": 1,
    "broken": 2,
    "undecided": 3,
    "skipped": 3,
}

Rung = Literal["L0", "L1", "L2", "L3", "L4"]
"""How it is known that a requirement holds."""

RUNGS = {
    "L0": "vectors: frozen inputs and outputs",
    "L1": "properties: sampled shapes, specs and dtypes, or every small case",
    "L2": "labels: one pass over unique labels finds any wrong move",
    "L3": "certificate: every basis vector of these shapes, given linearity",
    "L4": "theorem: our code run on symbols, all sizes, by two solvers that agree; "
    "see what it assumes",
}


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome that counts among several; of nothing at all it is undecided, never a pass.

    >>> worst(["passed", "violated", "undecided"]), worst([])
    ('violated', 'undecided')
    """
    return min(outcomes, key=SEVERITY.index, default="undecided")
