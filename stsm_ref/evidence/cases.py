"""A case by name: the few parameters from which its arrays are made, so that its identifier alone
reproduces it.

``forward:T+H+W@3/8:1x3x16x2x5:float32:labels:C:7`` is operation, spec, ``NxTxCxHxW``, dtype,
values, memory layout and seed.
"""

from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from stsm_ref.errors import SpecError
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.base import Op
from stsm_ref.implementations.layouts import Memory, letters_of
from stsm_ref.values import DTYPES, Values, has_values, make_array
from stsm_ref.values import Layout as MemoryLayout

Shape = tuple[int, int, int, int, int]
PLAIN = get_args(MemoryLayout)


@dataclass(frozen=True)
class Case:
    """What is asked of a target."""

    op: Op
    spec: ShiftSpec
    shape: Shape
    dtype: str = "float32"
    values: Values = "labels"
    memory: Memory = "C"
    seed: int = 0

    def __str__(self) -> str:
        return self.id

    @property
    def id(self) -> str:
        """The case as one word; `Case.parse` reads it."""
        return ":".join(
            (
                self.op,
                str(self.spec),
                "x".join(map(str, self.shape)),
                self.dtype,
                self.values,
                self.memory,
                str(self.seed),
            )
        )

    @classmethod
    def parse(cls, text: str) -> "Case":
        """Read an `id`.

        Raises
        ------
        SpecError
            If the text is no identifier of a case.
        """
        parts = text.split(":")
        example = "'forward:T+H+W@3/8:1x3x16x2x5:float32:labels:C:7'"
        if len(parts) != 7:
            raise SpecError(
                f"case={text!r} is not a case, such as {example}: "
                f"it has {len(parts)} parts between colons, not 7"
            )
        op, spec, shape, dtype, values, memory, seed = parts
        try:
            sizes = tuple(int(size) for size in shape.split("x"))
            name = np.dtype(dtype).name
        except (ValueError, TypeError) as error:
            raise SpecError(f"case={text!r} is not a case, such as {example}: {error}") from None
        for what, value, known in (
            ("operation", op, Op),
            ("values", values, Values),
            ("memory", memory, Memory),
        ):
            if value not in get_args(known):
                raise SpecError(
                    f"case={text!r}: {what} {value!r} is none of {', '.join(get_args(known))}"
                )
        if np.dtype(name) not in DTYPES:
            raise SpecError(
                f"case={text!r}: dtype {dtype!r} is none of {', '.join(d.name for d in DTYPES)}"
            )
        if len(sizes) != 5 or min(sizes[1:]) < 1 or sizes[0] < 0 or not seed.isdecimal():
            raise SpecError(
                f"case={text!r}: the shape must be NxTxCxHxW, all from 1 up and N from 0, "
                "and the seed an integer"
            )
        if not has_values(np.dtype(name), values):  # type: ignore[arg-type]  # checked above
            raise SpecError(f"case={text!r}: {name} has no values {values!r}")
        return cls(op, ShiftSpec.parse(spec), sizes, name, values, memory, int(seed))  # type: ignore[arg-type]  # checked above

    def array(self, which: int = 0) -> Array:
        """The input (`which` = 0), or the incoming gradient or tangent (1): made from the
        parameters alone, the same on every machine.

        What is ``expanded`` has one value along these axes. Only the layouts of
        `stsm_ref.strategies` lie in memory so already: the others are made in the target's own
        arrays.
        """
        dtype, seed = np.dtype(self.dtype), [self.seed, which]
        if self.memory in PLAIN:
            return make_array(self.shape, dtype, seed=seed, values=self.values, layout=self.memory)  # type: ignore[arg-type]  # one of these
        seen_once = letters_of(self.memory) if self.memory.startswith("expanded") else ""
        shape = [
            1 if letter in seen_once else size
            for letter, size in zip("NTCHW", self.shape, strict=True)
        ]
        if 0 in self.shape:
            shape = list(self.shape)
        return np.broadcast_to(make_array(shape, dtype, seed=seed, values=self.values), self.shape)

    def smaller(self, **changes: object) -> "Case":
        """The case with some parameters replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]  # names of fields
