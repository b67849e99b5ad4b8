"""One golden vector, with all that its group says filled in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, NamedTuple

import numpy as np

from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.vectors.format.packing import unpack

Kind = Literal["forward", "vjp", "jvp", "conv", "reject"]
Result = Literal["valid", "invalid"]
OPS: tuple[Kind, ...] = ("forward", "vjp", "jvp")


class VectorArrays(NamedTuple):
    """The arrays of a case; `other` is the incoming gradient of a vjp or the tangent of a jvp,
    `forbidden` what must not come out.
    """

    x: Array
    other: Array | None
    expected: Array
    forbidden: Array | None


class Kernel(NamedTuple):
    """The kernel of a `conv` case, in the form that `stsm_ref.correlate` takes; `displacement` is
    empty for any other weights.
    """

    weights: Array
    padding: tuple[tuple[int, int], ...]
    displacement: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VectorCase:
    """A case; what it does not have is at its default.

    Texts of arrays are hexadecimal (see `stsm_ref.vectors.format.packing`); `arrays` and `kernel`
    read them.

    `flags` say why the case exists. An invalid `forward`, `vjp`, `jvp` or `conv` has a whole
    output, `forbidden`, that a known wrong implementation produces for the input of the valid
    case `instead_of`. A `reject` has a spec that must be refused: `text` for a parser, `fields`
    where the four fields can say it, and `channels` where the spec is refused for that number of
    them only.
    """

    id: str
    kind: Kind
    result: Result
    flags: tuple[str, ...]
    requirements: tuple[str, ...]
    spec: str = ""
    layout: str = ""
    shape: tuple[int, ...] = ()
    dtype: str = ""
    packing: str = ""
    x: str = ""
    other: str | None = None
    expected: str = ""
    forbidden: str | None = None
    instead_of: str = ""
    weights: str = ""
    taps: tuple[int, ...] = ()
    padding: tuple[tuple[int, int], ...] = ()
    displacement: tuple[int, ...] = ()
    output_shape: tuple[int, ...] = ()
    text: str | None = None
    fields: Mapping[str, str] | None = None
    channels: int | None = None

    def __str__(self) -> str:
        return self.id

    @property
    def shift_spec(self) -> ShiftSpec:
        """The spec; a reject and a conv have none."""
        return ShiftSpec.parse(self.spec)

    def arrays(self) -> VectorArrays:
        """Fresh arrays in the machine's own byte order; a reject has none."""
        dtype = np.dtype(self.dtype)
        shape_out = self.output_shape or self.shape
        return VectorArrays(
            unpack(self.x, self.shape, dtype, self.packing),
            unpack(self.other, self.shape, dtype, self.packing) if self.other is not None else None,
            unpack(self.expected, shape_out, dtype, self.packing),
            unpack(self.forbidden, shape_out, dtype, self.packing)
            if self.forbidden is not None
            else None,
        )

    def kernel(self) -> Kernel:
        """Weights and padding of a conv."""
        return Kernel(
            unpack(self.weights, self.taps, np.dtype(np.uint8), "uint8"),
            self.padding,
            self.displacement,
        )

    def as_dict(self) -> dict[str, Any]:
        """The case as plain data, without what it does not have."""
        defaults = {entry.name: entry.default for entry in fields(self)}
        return {key: value for key, value in asdict(self).items() if value != defaults[key]}
