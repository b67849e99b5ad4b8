"""What is planted: an implementation as a user would hand it to `stsm_ref.conformance.check`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from stsm_ref.evidence.suite_context import Level
from stsm_ref.implementations.base import Layout

Function = Callable[..., Any]
"""``forward(x, spec)``, ``vjp(x, grad, spec)`` or ``jvp(x, dx, spec)``; ``(NT)CHW`` also gets
``num_segments=``.
"""


@dataclass(frozen=True)
class Implementation:
    """One implementation, right or wrong, and the spec and layout under which it is held against
    the paper.

    `bug` is the row of the catalogue in ``docs/bugs.md`` that a mutant plants, 0 where the
    catalogue has none, and None for an implementation in which nothing is wrong. `what` says in a
    sentence what is wrong, or in what manner it is written. Where `forward` or `vjp` is a class,
    its instances are the functions: they keep something from call to call, and `fresh` makes new
    ones. `moves_bits` is False where it says itself that it computes, on finite values only;
    `dtypes` are those that it takes, None for all. `level` is the lowest at which a mutant is to be
    killed: what takes millions of numbers to see is not looked for at smoke.
    """

    name: str
    forward: Function
    what: str
    bug: int | None = 0
    spec: str = "T+H+W@3/8"
    layout: Layout = "NTCHW"
    framework: str = "numpy"
    vjp: Function | None = None
    jvp: Function | None = None
    moves_bits: bool = True
    dtypes: tuple[str, ...] | None = None
    level: Level = "smoke"

    def __str__(self) -> str:
        return self.name

    @property
    def right(self) -> bool:
        """Whether it must pass."""
        return self.bug is None

    def fresh(self) -> "Implementation":
        """The same without any memory of earlier calls."""
        forward = self.forward() if isinstance(self.forward, type) else self.forward
        return replace(
            self, forward=forward, vjp=self.vjp() if isinstance(self.vjp, type) else self.vjp
        )
