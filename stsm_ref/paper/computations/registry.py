"""Register the function that settles a claim, by the claim's id."""

from collections.abc import Callable
from typing import NamedTuple


class Verdict(NamedTuple):
    """Whether the paper's statement holds, and the figures that say so."""

    holds: bool
    figures: str


class Computation(NamedTuple):
    """A function without arguments, and whether it builds networks, which needs torch."""

    run: Callable[[], Verdict]
    builds_networks: bool


COMPUTATIONS: dict[str, Computation] = {}


def settles(
    *identifiers: str, builds_networks: bool = False
) -> Callable[[Callable[[], Verdict]], Callable[[], Verdict]]:
    """Register a function as the computation behind one claim or more.

    Raises
    ------
    ValueError
        If a claim has one already.
    """

    def register(body: Callable[[], Verdict]) -> Callable[[], Verdict]:
        for identifier in identifiers:
            if identifier in COMPUTATIONS:
                raise ValueError(f"claim {identifier!r} is computed twice")
            COMPUTATIONS[identifier] = Computation(body, builds_networks)
        return body

    return register
