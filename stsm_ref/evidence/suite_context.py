"""A target under one spec: what it can be asked, and the asking."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

import numpy as np

from stsm_ref.evidence import oracle
from stsm_ref.evidence.cases import PLAIN, Case, Shape
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.base import Observation, Op, Target
from stsm_ref.implementations.layouts import Memory, has_memory
from stsm_ref.implementations.python import PythonTarget
from stsm_ref.values import Values

Level = Literal["smoke", "ci", "night"]
Draw = Callable[[random.Random], Case]
"""Makes a case from random numbers."""

AXES = "NTCHW"
CLIPS = (1, 2, 3)
SIZES = (1, 2, 3, 4, 5, 7)
MAX_CHANNELS = 2048


class SuiteContext:
    """What the rules know: the target, the spec, the level, which sizes show every group, and which
    sizes the target can be asked.
    """

    def __init__(
        self, target: Target, spec: ShiftSpec, *, level: Level = "ci", seed: int = 0
    ) -> None:
        self.target, self.spec, self.level, self.seed = target, spec, level, seed
        floats = [dtype for dtype in target.dtypes if dtype.kind in "fc"]
        preferred = [np.dtype(c) for c in ("f4", "f8", "i4", "i8")]
        self.dtype = next(
            (d for d in preferred if d in target.dtypes), (*floats, *target.dtypes)[0]
        )
        self.float = self.dtype if self.dtype.kind == "f" else next(iter(floats), self.dtype)
        self.declined_ops: dict[Op, str] = {}
        self.memory_faults: dict[tuple[Op, str], Case] = {}
        self.first_outputs: dict[Case, Array] = {}
        self.min_full_channels = self._full_channels()

    def _full_channels(self) -> int:
        """The fewest channels at which no direction is without one, and the rest neither unless
        alpha is 1.
        """
        if "C" in self.target.fixed:
            return self.target.fixed["C"]
        least = self.spec.min_channels or 4
        whole = 1 if self.spec.rounding == "floor" else self.spec.channel_multiple
        return min(-(-least // whole) * whole, max(MAX_CHANNELS // whole * whole, whole))

    @property
    def channels(self) -> tuple[int, ...]:
        """Channel counts to draw, with groups empty, just filled, with a rest, filled twice."""
        if "C" in self.target.fixed:
            return (self.min_full_channels,)
        counts = {
            1,
            2,
            3,
            5,
            self.min_full_channels - 1,
            self.min_full_channels,
            self.min_full_channels + 1,
            2 * self.min_full_channels + 1,
            2 * self.min_full_channels,
        }
        return tuple(sorted(count for count in counts if count > 0 and self.divides(count)))

    def divides(self, channels: int) -> bool:
        """Whether the spec takes that many channels."""
        return self.spec.rounding == "floor" or channels % self.spec.channel_multiple == 0

    @property
    def wide_channels(self) -> int:
        """Channels at which every group has two, so that their order shows, and there is a rest."""
        return (
            self.min_full_channels
            if "C" in self.target.fixed
            else 2 * self.min_full_channels + (3 if self.spec.rounding == "floor" else 0)
        )

    def shape(self, *sizes: int) -> Shape:
        """``(N, T, C, H, W)`` with the sizes that the target fixes put in."""
        return cast(
            Shape,
            tuple(
                self.target.fixed.get(axis, size) for axis, size in zip(AXES, sizes, strict=True)
            ),
        )

    def sizes(self, axis: str, choices: Sequence[int] = SIZES) -> tuple[int, ...]:
        """Sizes to draw along an axis."""
        return (self.target.fixed[axis],) if axis in self.target.fixed else tuple(choices)

    def case(self, op: Op, *sizes: int, **how: Any) -> Case:
        """A case of this spec, in the main dtype unless another is named."""
        plain = Case(op, self.spec, self.shape(*sizes), self._dtype(op).name, seed=self.seed)
        return fitting(plain.smaller(**how))

    def first_case(self, op: Op) -> Case:
        """What is asked first of all."""
        return self.case(op, 2, 3, self.min_full_channels, 3, 2)

    def _dtype(self, op: Op) -> np.dtype[Any]:
        return self.dtype if op == "forward" else self.float

    def cases(
        self,
        op: Op = "forward",
        *,
        values: Values = "labels",
        dtypes: Sequence[np.dtype[Any]] | None = None,
        memory: Sequence[str] = ("C",),
        moving: bool = False,
    ) -> Draw:
        """A way to draw cases; `moving` leaves out channel counts at which a group is empty.

        Parameters
        ----------
        op : {"forward", "vjp", "jvp"}
            What is asked.
        values : str
            What fills the arrays.
        dtypes : sequence of dtype, optional
            Drawn from; the main one of the operation unless given.
        memory : sequence of str
            How the arrays lie in memory, drawn from.
        moving : bool
            Whether every group has a channel.
        """
        channels = (
            [count for count in self.channels if count >= self.min_full_channels]
            if moving
            else list(self.channels)
        )
        sizes = [
            self.sizes("N", CLIPS),
            self.sizes("T", SIZES),
            channels,
            self.sizes("H", SIZES),
            self.sizes("W", SIZES),
        ]
        names = [d.name for d in (dtypes or [self._dtype(op)])]

        def draw(rng: random.Random) -> Case:
            shape = cast(Shape, tuple(rng.choice(choices) for choices in sizes))
            kind = cast(Memory, rng.choice(memory))
            return fitting(
                Case(op, self.spec, shape, rng.choice(names), values, kind, rng.randrange(2**32))
            )

        return draw

    @property
    def memories(self) -> tuple[Memory, ...]:
        """Ways to lie in memory, beyond those of `stsm_ref.strategies`, that arrays of the target
        have.
        """
        if not isinstance(self.target, PythonTarget):
            return ()
        return tuple(
            kind
            for kind in self.target.memories
            if kind not in PLAIN and has_memory(self.target.layout, kind)
        )

    def run(self, case: Case, x: Array | None = None, other: Array | None = None) -> Observation:
        """Put a case, or its operation on other arrays than its own, to the target.

        Parameters
        ----------
        case : Case
            What is asked.
        x : array, optional
            The input, if not that of the case.
        other : array, optional
            The incoming gradient or tangent, if not that of the case.

        Raises
        ------
        TargetError
            If no answer comes.
        Declined
            If the target does not do it.
        """
        first = case.array() if x is None else x
        second = None if case.op == "forward" else case.array(1) if other is None else other
        if isinstance(self.target, PythonTarget) and case.memory not in PLAIN:
            observed = self.target.run(case.op, first, second, case=case.id, memory=case.memory)
        else:
            observed = self.target.run(case.op, first, second, case=case.id)
        for what, found in (("wrote", observed.wrote), ("shares", observed.shares)):
            if found and 0 not in case.shape:  # what holds nothing cannot be written over
                self.memory_faults.setdefault((case.op, what), case)
        return observed

    def cases_with_memory_faults(self, op: Op, *what: str) -> list[Case]:
        """The first cases, whichever rule asked them, in which an operation was seen to write
        ("wrote") or to share memory ("shares").
        """
        return [self.memory_faults[op, one] for one in what if (op, one) in self.memory_faults]

    def expected(self, case: Case, x: Array | None = None, other: Array | None = None) -> Array:
        """What must come back.

        Parameters
        ----------
        case : Case
            What is asked.
        x : array, optional
            The input, if not that of the case.
        other : array, optional
            The incoming gradient or tangent, if not that of the case.
        """
        if case.op == "forward":
            return oracle.forward(case.array() if x is None else x, case.spec)
        second = case.array(1) if other is None else other
        return (
            oracle.vjp(second, case.spec) if case.op == "vjp" else oracle.forward(second, case.spec)
        )

    def ordinary_case(self, case: Case) -> Case:
        """The case at an ordinary size: that of the first clip that every target is asked."""
        return fitting(
            case.smaller(spec=self.spec, shape=self.shape(2, 3, self.min_full_channels, 3, 2))
        )

    def missing_labels(self, op: Op = "forward") -> str:
        """Why the largest labelled clip cannot be made for the target, or nothing."""
        dtype = self._dtype(op)
        return (
            ""
            if self.case(op, 2, 8, self.wide_channels, 7, 5).values == "labels"
            else f"{dtype} has too few different values for labels"
        )

    def missing(self, op: Op) -> str:
        """Why an operation is not asked of the target, or nothing."""
        return self.declined_ops.get(op, "") if op in self.target.ops else f"the target has no {op}"


def fitting(case: Case) -> Case:
    """The case, with values instead of labels where its dtype has fewer different ones than it has
    places.
    """
    dtype = np.dtype(case.dtype)
    different = {"b": 1, "i": 2**31, "u": 2**31}.get(dtype.kind, 0) or 2 ** (
        np.finfo(dtype).nmant + 1
    )
    if dtype.kind in "iu":
        different = min(different, int(np.iinfo(dtype).max))
    return (
        case.smaller(values="finite")
        if case.values == "labels" and math.prod(case.shape) > different
        else case
    )
