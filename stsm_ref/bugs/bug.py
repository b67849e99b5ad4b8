"""One entry of the catalogue: a wrong shift under its name, built from right pieces.

The pieces are handed in. The golden vectors hand in the definition, the guess of a report its
oracle, the mutants and the planted faults our slices, so that whoever judges shares no code with
what is judged. For this `bug`, `moves`, `partitions`, `batches`, `values` and `catalogue` import
nothing of the package but `stsm_ref.geometry`, which a contract holds.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from stsm_ref.geometry import Array, ChannelGroup, Displacement, ShiftSpec

Forward = Callable[..., Array]
"""``forward(x, spec)`` on ``(N, T, C, H, W)``, or with ``num_segments=`` on ``(N*T, C, H, W)``."""

Move = Callable[[Array, Displacement], Array]
Cut = Callable[[ShiftSpec, int], Iterable[ChannelGroup]]
AXES = (-4, -2, -1)
"""Time, height and width."""


@dataclass(frozen=True)
class Parts:
    """The right pieces of a shift, of which a bug replaces one.

    Parameters
    ----------
    move
        Moves one group ``(..., T, c, H, W)`` by a displacement, with zeros entering.
    stsm
        The whole right shift; put together from `move` where it is left out.
    sign
        -1 for the backward, which is the shift with every group moving back.
    """

    move: Callable[[Array, tuple[int, ...]], Array]
    stsm: Forward | None = None
    sign: int = 1

    def moved(self, part: Array, displacement: Iterable[int]) -> Array:
        """Move a group rightly."""
        return self.move(part, tuple(displacement))

    def vacant(self, part: Array, displacement: Iterable[int]) -> Any:
        """Where zeros enter, as a mask of the group's shape."""
        return self.moved(np.ones(part.shape, np.uint8), displacement) == 0

    def put_together(self, move: Move | None = None, cut: Cut = ShiftSpec.partition) -> Forward:
        """Make a shift from a way to move a group and a way to cut the channels.

        Groups that overlap are written in their order; channels in no group stay.
        """

        def forward(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
            y = x.copy()
            for start, stop, d in cut(spec, x.shape[-3]):
                part = x[..., start:stop, :, :]
                y[..., start:stop, :, :] = (move or self.moved)(part, d if self.sign > 0 else -d)
            return y

        return forward

    def shifted(self, x: Array, spec: ShiftSpec) -> Array:
        """Shift rightly."""
        return (self.stsm or self.put_together())(x, spec)


Build = Callable[[Parts], Forward]


@dataclass(frozen=True)
class Bug:
    """A way in which shifts go wrong: one name for one behaviour, in every catalogue.

    Parameters
    ----------
    name
        What it is called wherever it is planted, in the flags of the vectors among others.
    row
        The row of ``docs/bugs.md``, or 0 where that table has none.
    what
        What it does, in a phrase.
    build
        Makes the wrong function from the right pieces.
    spec
        A spec under which it shows.
    layout
        The layout of its input.
    cut
        How it cuts the channels, where that is all that is wrong.
    mutant
        Whether `stsm-ref mutants` tries it; the others are outputs of vectors and guesses.
    """

    name: str
    row: int
    what: str
    build: Build
    spec: str = "T+H+W@3/8"
    layout: Literal["NTCHW", "NTHWC", "(NT)CHW"] = "NTCHW"
    cut: Cut | None = None
    mutant: bool = True


def by_move(move: Callable[[Parts, Array, Displacement], Array]) -> Build:
    """Groups are moved otherwise."""
    return lambda parts: parts.put_together(partial(move, parts))


def by_displacement(change: Callable[[Displacement], Iterable[int]]) -> Build:
    """Groups are moved rightly, by another displacement; the backward takes that one back."""

    def move(parts: Parts, part: Array, d: Displacement) -> Array:
        if parts.sign > 0:
            return parts.moved(part, change(d))
        return parts.moved(part, -Displacement(*change(-d)))

    return by_move(move)


def by_cut(cut: Cut) -> Build:
    """Channels are cut otherwise."""
    return lambda parts: parts.put_together(cut=cut)


def by_spec(change: Callable[[ShiftSpec, Array], ShiftSpec]) -> Build:
    """The right shift of another spec; `change` takes (spec, x)."""
    return lambda parts: lambda x, spec=ShiftSpec(): parts.shifted(x, change(spec, x))


def by_result(change: Callable[[Array, Array, ShiftSpec], Any]) -> Build:
    """The right shift with its result changed; `change` takes (x, y, spec)."""

    def build(parts: Parts) -> Forward:
        def forward(x: Array, spec: ShiftSpec = ShiftSpec()) -> Array:
            with np.errstate(all="ignore"):
                return np.asarray(change(x, parts.shifted(x, spec), spec))

        return forward

    return build


def by_whole(wrong: Callable[..., Array]) -> Build:
    """Anything else; `wrong` takes (parts, x, spec), and ``num_segments`` in its layout."""

    def build(parts: Parts) -> Forward:
        def forward(x: Array, spec: ShiftSpec = ShiftSpec(), **options: int) -> Array:
            return wrong(parts, x, spec, **options)

        return forward

    return build


def left_alone(when: Callable[[Array], Any]) -> Build:
    """Nothing moves where `when` says so of the input."""
    return by_result(lambda x, y, spec: x.copy() if when(x) else y)
