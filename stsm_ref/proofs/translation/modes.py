"""Run the module itself in many modes, before anything is proved about a graph of it.

What a graph shows was recorded in two modes, with zeros for values. These runs are samples, of
sizes, of values and of modes; a module that is wrong in one of them is refuted at once, and needs
no solver.
"""

import itertools
import math
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from stsm_ref.geometry import ShiftSpec
from stsm_ref.proofs.export.recording import training_noticed
from stsm_ref.proofs.translation.layout import TYPICAL_SIZES, Layout
from stsm_ref.proofs.translation.run import (
    PLAIN,
    RaisedError,
    Violation,
    Way,
    forward_plainly,
    gradient_of_a_leaf,
    labels,
    run,
    same_bits,
    small_sizes,
)
from stsm_ref.proofs.translation.state import changed, fingerprint

LARGER = (4, 5, 7, 8, 16, 17, 33, 257)
FEW = ((5, 4, 7, 2), (2, 3, 1, 2), (1, 2, 3, 1))
"""Sizes for the modes that differ from the claim's, in the order of the layout's free axes."""
MAX_ENTRIES = 2**17

Module = torch.nn.Module
Tensor = torch.Tensor


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(1000 + seed)


def normals(shape: tuple[int, ...], seed: int) -> Tensor:
    """Normal numbers, negative ones too."""
    return torch.randn(shape, generator=_generator(seed))


def of_all_sizes(shape: tuple[int, ...], seed: int) -> Tensor:
    """From subnormal numbers to 1e38, of both signs."""
    exponents = torch.randint(-148, 127, shape, generator=_generator(seed)).to(torch.float64)
    found = (torch.randn(shape, generator=_generator(seed)).sign() * 2**exponents).to(torch.float32)
    few = torch.tensor([1e-30, 1e30, -1e-45, 1.0, 3.4e38, -1e-8])
    found.view(-1)[: len(few)] = few[: found.numel()]
    return found


def specials(shape: tuple[int, ...], seed: int) -> Tensor:
    """NaN, infinities, both zeros, and some numbers."""
    kinds = torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 0.0, 1.5, -2.0, 1e-45])
    return kinds[torch.randint(len(kinds), shape, generator=_generator(seed))]


def short(shape: tuple[int, ...], seed: int) -> Tensor:
    """Numbers of 8 binary digits, which bfloat16 holds and half precision too."""
    digits = torch.randint(128, 256, shape, generator=_generator(seed)).to(torch.float32)
    return (
        digits
        * 2.0 ** torch.randint(-12, 4, shape, generator=_generator(seed + 7))
        * normals(shape, seed).sign()
    )


def long(shape: tuple[int, ...], seed: int) -> Tensor:
    """Numbers of more digits than float32 holds."""
    return labels(shape, seed).to(torch.float64) + 2.0**-20


def _inference(module: Module, x: Tensor) -> Any:
    with torch.inference_mode():
        return module(x.clone()).clone()


def _enabled(module: Module, x: Tensor) -> Any:
    with torch.enable_grad():
        return module(x)


def _wanted(module: Module, x: Tensor) -> Any:
    with torch.enable_grad():
        return module(x.detach().requires_grad_()).detach()


def _wanted_elsewhere(module: Module, x: Tensor) -> Any:
    x = x.detach().requires_grad_()
    with torch.no_grad():
        return module(x)


def _twice(module: Module, x: Tensor) -> Any:
    with torch.no_grad():
        first = module(x)
        kept = first.clone()
        second = module(x)
        module(x + 1)
        if not same_bits(first, kept):
            raise RuntimeError("a later call overwrites the result of an earlier one")
    return second


def _in_a_thread(module: Module, x: Tensor) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(forward_plainly(module, x)))
    thread.start()
    thread.join()
    if not found:
        raise RuntimeError("it raises in a thread of its own")
    return found[0]


def _batched(module: Module, x: Tensor) -> Any:
    return torch.func.vmap(module)(torch.stack([x + 1, x]))[1]


def _by_backward(module: Module, x: Tensor, g: Tensor) -> Any:
    x = x.detach().requires_grad_()
    module(x).backward(g)
    return x.grad


def _of_a_node(module: Module, x: Tensor, g: Tensor) -> Any:
    """`x` is the result of something, and is used beside the module too, as in a residual block."""
    leaf = x.detach().requires_grad_()
    inner = leaf.view_as(leaf)
    y = module(inner)
    if inner._backward_hooks:
        raise RuntimeError("it leaves a hook on its input, which sees the gradients of others too")
    beside = torch.full_like(x, 2.0**30)
    with_both, alone = (
        torch.autograd.grad(outputs, leaf, grads, retain_graph=True)[0]
        for outputs, grads in _uses(y, inner, g, beside)
    )
    if not torch.equal(with_both, alone + beside):
        raise RuntimeError(
            "the gradient of its input is another where the input is used beside the module too"
        )
    return alone


def _uses(y: Tensor, x: Tensor, g: Tensor, beside: Tensor) -> tuple[tuple[Any, Any], ...]:
    return ((y, x), (g, beside)), ((y,), (g,))


def _twice_back(module: Module, x: Tensor, g: Tensor) -> Any:
    x = x.detach().requires_grad_()
    y = module(x)
    first = torch.autograd.grad(y, x, g, retain_graph=True)[0].clone()
    second = torch.autograd.grad(y, x, g)[0]
    if not same_bits(first, second):
        raise RuntimeError("a second backward gives another gradient")
    return second


def _after_others(module: Module, x: Tensor, g: Tensor) -> Any:
    """Another clip is run between forward and backward."""
    x = x.detach().requires_grad_()
    y = module(x)
    module((x.detach() * 3).requires_grad_())
    return torch.autograd.grad(y, x, g)[0]


def _with_graph(module: Module, x: Tensor, g: Tensor) -> Any:
    x = x.detach().requires_grad_()
    return torch.autograd.grad(module(x), x, g.clone().requires_grad_(), create_graph=True)[
        0
    ].detach()


def _by_func(module: Module, x: Tensor, g: Tensor) -> Any:
    return torch.func.vjp(module, x)[1](g)[0]


def _as_a_mode(switch: Callable[[], AbstractContextManager[Any]]) -> dict[str, Any]:
    def forward(module: Module, x: Tensor) -> Any:
        with switch():
            return forward_plainly(module, x)

    def backward(module: Module, x: Tensor, g: Tensor) -> Any:
        with switch():
            return gradient_of_a_leaf(module, x, g)

    return {"forward": forward, "backward": backward}


def _autocast() -> AbstractContextManager[Any]:
    return torch.autocast("cpu", dtype=torch.bfloat16)


@contextmanager
def _set(read: Callable[[], Any], write: Callable[[Any], Any], value: Any) -> Iterator[None]:
    before = read()
    write(value)
    try:
        yield
    finally:
        write(before)


def _double() -> AbstractContextManager[Any]:
    return _set(torch.get_default_dtype, torch.set_default_dtype, torch.float64)


def _deterministic() -> AbstractContextManager[Any]:
    return _set(
        torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, True
    )


def _another_number_of_threads() -> AbstractContextManager[Any]:
    return _set(
        torch.get_num_threads, torch.set_num_threads, 1 if torch.get_num_threads() > 1 else 2
    )


def _no_anomalies() -> AbstractContextManager[Any]:
    return torch.autograd.set_detect_anomaly(True, check_nan=False)


def _other_axes_inside(x: Tensor) -> Tensor:
    """The first axis innermost in memory."""
    x = x.clone()
    return x.transpose(0, -1).contiguous().transpose(0, -1)


def _channels_last(x: Tensor) -> Tensor:
    memory = {4: torch.channels_last, 5: torch.channels_last_3d}[x.dim()]
    return x.to(memory_format=memory, copy=True)


def _part_of_more(x: Tensor) -> Tensor:
    """Every other column of a larger tensor, from the second on."""
    larger = torch.zeros((*x.shape[:-1], 2 * x.shape[-1] + 1), dtype=x.dtype)
    larger[..., 1::2] = x
    return larger[..., 1::2]


def _later_in_memory(x: Tensor) -> Tensor:
    """Contiguous, but not at the start of its storage."""
    larger = torch.zeros((x.shape[0] + 1, *x.shape[1:]), dtype=x.dtype)
    larger[1:] = x
    return larger[1:]


CLAIMED = (
    Way("where a gradient is possible", forward=_enabled),
    Way("where a gradient is wanted", forward=_wanted, backward=_by_backward),
    Way("", values=normals),
    Way("", values=of_all_sizes),
    Way("called again", forward=_twice, backward=_twice_back),
    Way("with other clips between", forward=_twice, backward=_after_others),
    Way("", lay=_later_in_memory, backward=_of_a_node),
)
"""The claim holds for them, so the module may not raise either."""

BESIDE = (
    Way("in inference mode", forward=_inference),
    Way(
        "without gradients, of an input that wants one",
        forward=_wanted_elsewhere,
        backward=_with_graph,
    ),
    Way("under autocast to bfloat16", values=short, **_as_a_mode(_autocast)),
    Way("with torch's default dtype float64", values=short, **_as_a_mode(_double)),
    Way("with deterministic algorithms", **_as_a_mode(_deterministic)),
    Way("with another number of threads", **_as_a_mode(_another_number_of_threads)),
    Way("with anomaly detection", **_as_a_mode(_no_anomalies)),
    Way("in a thread of its own", forward=_in_a_thread),
    Way("under torch.func", forward=_batched, backward=_by_func),
    Way("with the first axis innermost in memory", lay=_other_axes_inside),
    Way("with channels last in memory", lay=_channels_last),
    Way("as a part of a larger tensor", lay=_part_of_more),
    Way("in float64", values=long, dtype=torch.float64),
    Way("in float16", values=short, dtype=torch.float16),
    Way("in bfloat16", values=short, dtype=torch.bfloat16),
)
"""Nothing is claimed for them, and a module may refuse them; but it may not be wrong."""


@dataclass
class Looked:
    """What came of the runs."""

    runs: int = 0
    sizes: set[tuple[int, ...]] = field(default_factory=set)
    violation: Violation | None = None
    refused: dict[str, str] = field(default_factory=dict)
    """Ways in which the module raised, and nothing is claimed."""
    reads_the_mode: bool = False
    """Whether training and eval mode may differ."""
    kept: list[str] = field(default_factory=list)
    """What a call left changed."""
    bits: Violation | None = None
    """Where NaN, an infinity or -0.0 did not arrive."""


def sizes_to_run(layout: Layout) -> Iterator[dict[str, int]]:
    """Small sizes in every combination, each larger one on every axis, and mixtures."""
    yield dict(zip(layout.free, (TYPICAL_SIZES[letter] for letter in layout.free), strict=True))
    yield from small_sizes(layout)
    count = len(layout.free)
    for size, axis in itertools.product(LARGER, range(count)):
        mixed = [(2, 1, 1, 2)[(place + axis) % 4] for place in range(count)]
        mixed[axis] = size
        yield dict(zip(layout.free, mixed, strict=True))
    for start in range(len(LARGER) - 1):
        mixed = [LARGER[(start + 3 * place) % (len(LARGER) - 1)] for place in range(count)]
        yield dict(zip(layout.free, mixed, strict=True))


def look(module: Module, layout: Layout, spec: ShiftSpec, before: Mapping[str, str]) -> Looked:
    """Run the module at many sizes as it is, and at a few in every mode; stop at the first
    violation.

    `before` is its fingerprint from before it was ever called.
    """
    looked = Looked()
    given, trained = module.training, {each: each.training for each in module.modules()}
    try:
        # a second thread would wait for the first most of the time
        with (
            _set(torch.get_num_threads, torch.set_num_threads, 1),
            training_noticed(module) as reads,
        ):
            _look_in_a_mode(module, layout, spec, looked, "")
            looked.reads_the_mode = bool(reads) or trains_by_itself(module)
            if looked.reads_the_mode and not looked.violation:
                module.train(not given)
                _look_in_a_mode(
                    module,
                    layout,
                    spec,
                    looked,
                    "in training mode" if not given else "in eval mode",
                )
    finally:
        for each, training in trained.items():
            each.training = training
    if not looked.violation:
        looked.kept = changed(before, fingerprint(module))
    return looked


def where_a_gradient_is_wanted() -> Way:
    """The way in which the values of the graph of the backward are confirmed."""
    return CLAIMED[1]


def trains_by_itself(module: Module) -> bool:
    """Whether `train` or `eval` of the module, or of one in it, is not torch's, so that a mode
    may be more than `training`.
    """
    own = ("train", "eval")
    return any(
        getattr(type(each), name) is not getattr(Module, name) or name in vars(each)
        for each in module.modules()
        for name in own
    )


def _look_in_a_mode(
    module: Module, layout: Layout, spec: ShiftSpec, looked: Looked, mode: str
) -> None:
    for way, sizes, backward in _plan(layout):
        named = replace(way, name=", ".join(each for each in (mode, way.name) if each))
        looked.violation = _one(module, layout, spec, sizes, named, looked, backward=backward)
        if looked.violation:
            return
    looked.bits = looked.bits or _bits(module, layout, spec, looked)


def _plan(layout: Layout) -> Iterator[tuple[Way, dict[str, int], bool]]:
    few = [dict(zip(layout.free, sizes, strict=False)) for sizes in FEW]
    # the sign of a zero is looked at where all numbers are positive: there even a product with
    # zeros keeps it
    for sizes in sizes_to_run(layout):
        if math.prod(layout.concrete_shape(sizes)) <= MAX_ENTRIES:
            yield replace(PLAIN, bits=True), sizes, False
            yield PLAIN, sizes, True
    for way, sizes in itertools.product(CLAIMED, few):
        for backward in (False, True):
            yield way, sizes, backward
    for way, sizes in itertools.product(BESIDE, few[:2]):
        for backward in (False, True):
            yield replace(way, claimed=False), sizes, backward


def _one(
    module: Module,
    layout: Layout,
    spec: ShiftSpec,
    sizes: Mapping[str, int],
    way: Way,
    looked: Looked,
    *,
    backward: bool,
) -> Any:
    looked.runs += 1
    looked.sizes.add(tuple(sizes.values()))
    try:
        return run(module, layout, spec, sizes, backward=backward, way=way)
    except RaisedError as error:
        looked.refused.setdefault(way.name, str(error))
        return None


def _bits(module: Module, layout: Layout, spec: ShiftSpec, looked: Looked) -> Violation | None:
    """Whether NaN, infinities and -0.0 arrive."""
    for sizes in FEW:
        at = dict(zip(layout.free, sizes, strict=False))
        found: Violation | None = _one(
            module, layout, spec, at, Way("", values=specials, bits=True), looked, backward=False
        )
        if found:
            return found
    return None
