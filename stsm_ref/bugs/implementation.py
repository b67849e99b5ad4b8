"""What is planted: an implementation as a user would hand it to `stsm_ref.conformance.check`."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from stsm_ref import slicing
from stsm_ref.bugs.bug import AXES, Bug, Parts
from stsm_ref.evidence.suite_context import Level
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.base import Layout

Function = Callable[..., Any]
"""``forward(x, spec)``, ``vjp(x, grad, spec)`` or ``jvp(x, dx, spec)``.

In ``(NT)CHW`` each also gets ``num_segments=``.
"""


def _move(part: Array, displacement: tuple[int, ...]) -> Array:
    return slicing.shift(part, displacement, axes=AXES)


OURS = Parts(_move, slicing.stsm)
"""The right pieces of which mutants are made: our slices."""

OURS_BACK = Parts(_move, slicing.stsm_vjp, sign=-1)
shifted = OURS.shifted


def pulled_back(x: Array, grad: Array, spec: ShiftSpec) -> Array:
    """The right gradient."""
    return slicing.stsm_vjp(grad, spec)


@dataclass(frozen=True)
class Implementation:
    """An implementation, right or wrong, and the spec and layout under which it is tried.

    Parameters
    ----------
    name, what
        What it is called, and in a phrase what is wrong or in what style it is written.
    forward, vjp, jvp
        Its functions. Where one is a class, its instances are the functions: they keep something
        from call to call, and `fresh` makes new ones.
    bug
        The row of ``docs/bugs.md``, 0 where that table has none, and None where nothing is wrong.
    spec, layout, framework
        How it is called.
    moves_bits
        False where it says itself that it computes, on finite values only.
    dtypes
        Those that it takes, None for all.
    level
        The lowest at which a mutant is to be killed: what takes millions of numbers to see is not
        looked for at smoke.
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
        """Make the same without any memory of earlier calls."""
        forward = self.forward() if isinstance(self.forward, type) else self.forward
        vjp = self.vjp() if isinstance(self.vjp, type) else self.vjp
        return replace(self, forward=forward, vjp=vjp)


def planted(bug: Bug) -> Implementation:
    """Plant the bug in our own shift."""
    return Implementation(bug.name, bug.build(OURS), bug.what, bug.row, bug.spec, bug.layout)
