"""Run the real module on labels, and say where it differs from STSM: to confirm what a solver has found, and to look at small sizes."""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.proofs.validate_layout import Layout
from stsm_ref.slicing import stsm, stsm_vjp

LARGEST_RUN = 2**23
"""Entries: as many different odd labels as float32 holds, about."""
FIRST_LABEL = 2**16 + 1
SMALL = (1, 2, 3)


@dataclass(frozen=True)
class Violation:
    """Where the module, run here, is not STSM."""

    direction: str
    sizes: dict[str, int]
    what: str
    index: tuple[int, ...]
    position: dict[str, int]
    got: float | None
    should_be: float | None

    def __str__(self) -> str:
        sizes = ", ".join(f"{letter}={size}" for letter, size in self.sizes.items())
        if self.got is None:
            return f"at {sizes}: {self.what}"
        place = ", ".join(f"{letter.lower()}={value}" for letter, value in self.position.items())
        name = "y" if self.direction == "forward" else "gradient"
        return f"at {sizes}: {name}[{', '.join(map(str, self.index))}] (that is {place}) is {self.got}, should be {self.should_be}"


def labels(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Different odd numbers beyond what half precision holds, in random order."""
    generator = torch.Generator().manual_seed(seed)
    return (FIRST_LABEL + 2 * torch.randperm(math.prod(shape), generator=generator)).reshape(shape).to(torch.float32)


def run(module: torch.nn.Module, layout: Layout, spec: ShiftSpec, sizes: Mapping[str, int], *, backward: bool) -> Violation | None:
    """Run the module, or its backward, at these sizes; the first place where it differs from `stsm_ref.stsm`, or None."""
    direction = "backward" if backward else "forward"
    shape = layout.concrete_shape(sizes)
    if math.prod(shape) > LARGEST_RUN:
        return None
    x, g = labels(shape, 0), labels(shape, 1)
    given = x.clone()
    every = {letter: int(size.constant or 0) for letter, size in layout.sizes(dict(sizes)).items() if letter != "C"}

    def violation(what: str) -> Violation:
        return Violation(direction, every, what, (), {}, None, None)

    result: Any
    try:
        if backward:
            y = module(x.requires_grad_())
            (result,) = torch.autograd.grad(y, x, g.clone())
        else:
            with torch.no_grad():
                result = module(x)
    except Exception as error:  # whatever the user's code raises
        lines = str(error).splitlines() or [""]
        return violation(f"the module raises {type(error).__name__}: {lines[0]}")
    if not isinstance(result, torch.Tensor):
        return violation(f"the module returns {type(result).__name__}, no tensor")
    if not backward and not torch.equal(x, given):
        return violation("the module overwrites its input (PURE-1)")
    if result.shape != shape or result.dtype != torch.float32:
        return violation(f"the result is {tuple(result.shape)} of {result.dtype}, should be {tuple(shape)} of torch.float32")
    return _first_difference(result.detach().numpy(), (g if backward else given).numpy(), layout, spec, every, backward=backward)


def _first_difference(
    got: Array, given: Array, layout: Layout, spec: ShiftSpec, sizes: dict[str, int], *, backward: bool
) -> Violation | None:
    moved = (stsm_vjp if backward else stsm)(_to_clips(given, layout), spec)
    want = _from_clips(moved, layout)
    places = np.argwhere(got != want)
    if not len(places):
        return None
    index = tuple(int(each) for each in places[0])
    return Violation(
        "backward" if backward else "forward",
        sizes,
        "a wrong value",
        index,
        _position(index, layout),
        float(got[index]),
        float(want[index]),
    )


def _to_clips(x: Array, layout: Layout) -> Array:
    """As ``(..., T, C, H, W)``."""
    if "NT" in layout.axes:
        return x.reshape(-1, layout.segments, *x.shape[1:])
    return np.moveaxis(x, layout.axes.index("C"), -3)


def _from_clips(x: Array, layout: Layout) -> Array:
    if "NT" in layout.axes:
        return x.reshape(-1, *x.shape[2:])
    return np.moveaxis(x, -3, layout.axes.index("C"))


def _position(index: tuple[int, ...], layout: Layout) -> dict[str, int]:
    position = {}
    for axis, place in zip(layout.axes, index, strict=True):
        if axis == "NT":
            position["N"], position["T"] = divmod(place, layout.segments)
        else:
            position[axis] = place
    return position


def small_sizes(layout: Layout) -> Iterator[dict[str, int]]:
    """Every combination of the sizes 1, 2 and 3."""
    for sizes in itertools.product(SMALL, repeat=len(layout.free)):
        yield dict(zip(layout.free, sizes, strict=True))
