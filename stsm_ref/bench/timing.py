"""Time functions in turn, A B C A B C …, so that a slow moment of the machine meets all of them."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Comparison(NamedTuple):
    """How long `name` takes in units of `baseline`: the median over rounds, and what it should not
    exceed (None: no promise).
    """

    name: str
    baseline: str
    ratio: float
    limit: float | None

    @property
    def holds(self) -> bool:
        """Whether the promise is kept; without one there is nothing to break."""
        return self.limit is None or self.ratio <= self.limit


def side_by_side(functions: Mapping[str, Callable[[], Any]], *, rounds: int) -> dict[str, float]:
    """Median seconds of each function over `rounds` rounds, after one that is not counted.

    >>> sorted(side_by_side({"a": lambda: None, "b": lambda: None}, rounds=3))
    ['a', 'b']
    """
    seconds: dict[str, list[float]] = {name: [] for name in functions}
    for counted in range(-1, rounds):
        for name, function in functions.items():
            started = time.perf_counter()
            function()
            elapsed = time.perf_counter() - started
            if counted >= 0:
                seconds[name].append(elapsed)
    return {name: statistics.median(times) for name, times in seconds.items()}
