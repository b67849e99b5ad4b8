"""How a clip lies in a module's input, and what STSM puts at each position: the oracle, from
`stsm_ref.geometry` alone.

These layouts have symbolic sizes. `stsm_ref.implementations.layouts` moves the axes of real arrays
by the same names; it stands above this package, and a proof must not rest on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from stsm_ref._validation import at_least, one_of
from stsm_ref.errors import SpecError
from stsm_ref.geometry import Displacement, ShiftSpec
from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    polynomial,
    product,
)
from stsm_ref.proofs.index_maps.maps import ZERO, Index, Load, Shape, Value, choose, inside

LAYOUTS = {
    "TCHW": ("T", "C", "H", "W"),
    "NTCHW": ("N", "T", "C", "H", "W"),
    "NCTHW": ("N", "C", "T", "H", "W"),
    "NTHWC": ("N", "T", "H", "W", "C"),
    "(NT)CHW": ("NT", "C", "H", "W"),
}
TYPICAL_SIZES = {"N": 3, "T": 5, "H": 4, "W": 7}
"""The first sizes to export at: all different, none 1 or 2."""

MOST = 2**20
"""Numbers at one place of one clip, over its channels and the frames that are fixed: the module
is run on such clips.
"""


@dataclass(frozen=True)
class Layout:
    """The axes of the input, the channels, and the frames of a clip where they are folded into
    the batch.
    """

    name: str
    channels: int
    segments: int

    @classmethod
    def of(cls, name: str, channels: int, segments: int) -> "Layout":
        """Check the three; raise `SpecError` for a layout that is not known, counts below 1 and
        clips too large to run.
        """
        one_of("layout", name, LAYOUTS)
        for what, count in (("channels", channels), ("segments", segments)):
            at_least(what, count, 1, "a clip has a frame and a channel or more")
        made = cls(name, int(channels), int(segments))
        if made.channels * (made.segments if "NT" in made.axes else 1) > MOST:
            raise SpecError(
                f"channels={made.channels} and segments={made.segments} make clips that are too "
                "large to run: "
                f"give less, {MOST} in their product at most"
            )
        return made

    @property
    def axes(self) -> tuple[str, ...]:
        """The letters of each axis of the input."""
        return LAYOUTS[self.name]

    @property
    def free(self) -> tuple[str, ...]:
        """The sizes over which a proof ranges."""
        letters = "".join(self.axes)
        return tuple(
            letter
            for letter in "NTHW"
            if letter in letters and not (letter == "T" and "NT" in self.axes)
        )

    def sizes(self, free: Mapping[str, Polynomial | int]) -> dict[str, Polynomial]:
        """Every size, those that are fixed too."""
        fixed = {"C": self.channels} | ({"T": self.segments} if "NT" in self.axes else {})
        return {letter: polynomial(size) for letter, size in {**fixed, **free}.items()}

    def shape(self, sizes: Mapping[str, Polynomial]) -> Shape:
        """The shape of the input."""
        return tuple(product(sizes[letter] for letter in axis) for axis in self.axes)

    def concrete_shape(self, free: Mapping[str, int]) -> tuple[int, ...]:
        """The shape of the input at numbers."""
        return tuple(int(size.constant or 0) for size in self.shape(self.sizes(free)))

    def place(self, position: Mapping[str, Polynomial], sizes: Mapping[str, Polynomial]) -> Index:
        """Where the entry at a position ``{"N": n, "T": t, "C": c, "H": h, "W": w}`` lies in
        the input.
        """
        found = []
        for axis in self.axes:
            place = polynomial(0)
            for letter in axis:
                place = place * sizes[letter] + position[letter]
            found.append(place)
        return tuple(found)


def displacements(spec: ShiftSpec, channels: int, *, backward: bool) -> tuple[Displacement, ...]:
    """The displacement of every channel; the gradient goes the way back (GRAD-1)."""
    return tuple(
        -displacement if backward else displacement
        for start, stop, displacement in spec.partition(channels)
        for _ in range(start, stop)
    )


def wanted(
    layout: Layout,
    tensor: str,
    displacement: Displacement,
    position: Mapping[str, Polynomial],
    sizes: Mapping[str, Polynomial],
    assumptions: Assumptions,
) -> Value:
    """What STSM puts at a position: the entry ``i - d`` of the input where that is inside, else
    0 (SHIFT-6).
    """
    source = dict(position)
    condition: list[Constraint] = []
    for letter, distance in zip("THW", displacement, strict=True):
        if distance:
            source[letter] = position[letter] - distance
            condition += inside(source[letter], sizes[letter])
    return choose(
        condition, lambda _: Load(tensor, layout.place(source, sizes)), lambda _: ZERO, assumptions
    )
