"""A case by name: the few parameters from which its arrays are made, so that its identifier alone reproduces it.

``forward:T+H+W@3/8:1x3x16x2x5:float32:labels:C:7`` is operation, spec, ``NxTxCxHxW``, dtype, values, memory layout and seed.
"""

from dataclasses import dataclass, replace
from typing import get_args

import numpy as np

from stsm_ref.conformance.target import Op
from stsm_ref.errors import SpecError
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.strategies import DTYPES, Values, make_array
from stsm_ref.strategies import Layout as MemoryLayout

Shape = tuple[int, int, int, int, int]


@dataclass(frozen=True)
class Case:
    """What is asked of a target."""

    op: Op
    spec: ShiftSpec
    shape: Shape
    dtype: str = "float32"
    values: Values = "labels"
    memory: MemoryLayout = "C"
    seed: int = 0

    def __str__(self) -> str:
        return self.id

    @property
    def id(self) -> str:
        """The case as one word; `Case.parse` reads it."""
        return ":".join((self.op, str(self.spec), "x".join(map(str, self.shape)), self.dtype, self.values, self.memory, str(self.seed)))

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
            raise SpecError(f"case={text!r} is no case, such as {example}: it has {len(parts)} parts between colons, not 7")
        op, spec, shape, dtype, values, memory, seed = parts
        try:
            sizes = tuple(int(size) for size in shape.split("x"))
            name = np.dtype(dtype).name
        except (ValueError, TypeError) as error:
            raise SpecError(f"case={text!r} is no case, such as {example}: {error}") from None
        for what, value, known in (("operation", op, Op), ("values", values, Values), ("memory", memory, MemoryLayout)):
            if value not in get_args(known):
                raise SpecError(f"case={text!r}: {what} {value!r} is none of {', '.join(get_args(known))}")
        if np.dtype(name) not in DTYPES:
            raise SpecError(f"case={text!r}: dtype {dtype!r} is none of {', '.join(d.name for d in DTYPES)}")
        if len(sizes) != 5 or min(sizes) < 1 or not seed.isdecimal():
            raise SpecError(f"case={text!r}: the shape must be NxTxCxHxW, all from 1 up, and the seed a whole number")
        return cls(op, ShiftSpec.parse(spec), sizes, name, values, memory, int(seed))  # type: ignore[arg-type]  # checked above

    def array(self, which: int = 0) -> Array:
        """The input (`which` = 0), or the incoming gradient or tangent (1): made from the parameters alone, the same on every machine."""
        return make_array(self.shape, np.dtype(self.dtype), seed=[self.seed, which], values=self.values, layout=self.memory)

    def smaller(self, **changes: object) -> "Case":
        """The case with some parameters replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]  # names of fields
