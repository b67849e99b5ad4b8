"""Run the real module on labels, and say where it differs from STSM: to confirm what a solver
has found, and to look at small sizes.
"""

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.proofs.translation.layout import Layout
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
    way: str = ""
    """How it was run, if not as anybody would."""

    def __str__(self) -> str:
        sizes = ", ".join(f"{letter}={size}" for letter, size in self.sizes.items())
        where = f"at {sizes}{', ' if self.way else ''}{self.way}"
        if self.got is None:
            return f"{where}: {self.what}"
        place = ", ".join(f"{letter.lower()}={value}" for letter, value in self.position.items())
        name = "y" if self.direction == "forward" else "gradient"
        return (
            f"{where}: {name}[{', '.join(map(str, self.index))}] (that is {place}) is "
            f"{self.got}, should be {self.should_be}"
        )


def labels(shape: tuple[int, ...], seed: int) -> torch.Tensor:
    """Different odd numbers beyond what half precision holds, in random order."""
    generator = torch.Generator().manual_seed(seed)
    return (
        (FIRST_LABEL + 2 * torch.randperm(math.prod(shape), generator=generator))
        .reshape(shape)
        .to(torch.float32)
    )


def forward_plainly(module: torch.nn.Module, x: torch.Tensor) -> Any:
    """Where no gradient is wanted."""
    with torch.no_grad():
        return module(x)


def gradient_of_a_leaf(module: torch.nn.Module, x: torch.Tensor, g: torch.Tensor) -> Any:
    """By `torch.autograd.grad`."""
    x = x.detach().requires_grad_()
    y = module(x)
    (result,) = torch.autograd.grad(y, x, g)
    return result


@dataclass(frozen=True)
class Way:
    """A way to run a module: with which values, in which memory, in which mode."""

    name: str = ""
    forward: Callable[[torch.nn.Module, torch.Tensor], Any] = forward_plainly
    backward: Callable[[torch.nn.Module, torch.Tensor, torch.Tensor], Any] = gradient_of_a_leaf
    values: Callable[[tuple[int, ...], int], torch.Tensor] = labels
    lay: Callable[[torch.Tensor], torch.Tensor] = torch.clone
    """From a contiguous tensor to one of the same values that lies in memory in some other
    manner.
    """
    dtype: torch.dtype = torch.float32
    claimed: bool = True
    """Whether the claim holds for it: then it may not raise, and gives float32."""
    bits: bool = False
    """Whether NaN is compared with NaN, and the sign of a zero."""


PLAIN = Way()


def run(  # noqa: PLR0911  # one for each thing that can be wrong
    module: torch.nn.Module,
    layout: Layout,
    spec: ShiftSpec,
    sizes: Mapping[str, int],
    *,
    backward: bool,
    way: Way = PLAIN,
) -> Violation | None:
    """Run the module, or its backward, at these sizes; the first place where it differs from
    `stsm_ref.stsm`, or None.

    Raises
    ------
    RaisedError
        If the module raises, in a way for which nothing is claimed.
    """
    direction = "backward" if backward else "forward"
    shape = layout.concrete_shape(sizes)
    if math.prod(shape) > LARGEST_RUN:
        return None
    given = [_given(way.values, tuple(shape), seed, way.dtype) for seed in range(1 + backward)]
    inputs = [way.lay(each) for each in given]
    every = {
        letter: int(size.constant or 0)
        for letter, size in layout.sizes(dict(sizes)).items()
        if letter != "C"
    }

    def violation(what: str) -> Violation:
        return Violation(direction, every, what, (), {}, None, None, way.name)

    try:
        result: Any = way.backward(module, *inputs) if backward else way.forward(module, *inputs)
    except Exception as error:  # whatever the user's code raises
        lines = str(error).splitlines() or [""]
        if not way.claimed:
            raise RaisedError(f"{type(error).__name__}: {lines[0]}") from error
        return violation(f"the module raises {type(error).__name__}: {lines[0]}")
    if not isinstance(result, torch.Tensor):
        return violation(f"the module returns {type(result).__name__}, no tensor")
    for each, before, name in zip(inputs, given, ("input", "gradient that comes in"), strict=False):
        if not same_bits(each, before):
            overwritten = (
                "its input (PURE-1)" if name == "input" and not backward else f"the {name} (PURE-2)"
            )
            return violation(f"the module overwrites {overwritten}")
        if each._backward_hooks or getattr(each, "_post_accumulate_grad_hooks", None):
            return violation(
                f"the module leaves a hook on the {name}, which sees the gradients of others too"
            )
    if result.shape != shape or (way.claimed and result.dtype != way.dtype):
        return violation(
            f"the result is {tuple(result.shape)} of {result.dtype}, should be {tuple(shape)} of "
            f"{way.dtype}"
        )
    got, source = (each.detach().to(torch.float64).numpy() for each in (result, given[-1]))
    return _first_difference(got, source, layout, spec, every, backward=backward, way=way)


@functools.lru_cache(maxsize=64)
def _given(
    values: Callable[[tuple[int, ...], int], torch.Tensor],
    shape: tuple[int, ...],
    seed: int,
    dtype: torch.dtype,
) -> torch.Tensor:
    """What is given to the module, of which it gets a copy."""
    return values(shape, seed).to(dtype)


class RaisedError(Exception):
    """The module raised where nothing is claimed of it."""


def same_bits(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether two tensors of one dtype hold the same, NaN and the sign of zero included."""
    integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[one.element_size()]
    return torch.equal(
        one.detach().contiguous().view(integers), other.detach().contiguous().view(integers)
    )


def _first_difference(
    got: Array,
    given: Array,
    layout: Layout,
    spec: ShiftSpec,
    sizes: dict[str, int],
    *,
    backward: bool,
    way: Way,
) -> Violation | None:
    moved = (stsm_vjp if backward else stsm)(_to_clips(given, layout), spec)
    want = _from_clips(moved, layout)
    wrong = got != want
    if way.bits:
        wrong &= ~(np.isnan(got) & np.isnan(want))
        wrong |= (np.signbit(got) != np.signbit(want)) & ~np.isnan(want)
    places = np.argwhere(wrong)
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
        way.name,
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
