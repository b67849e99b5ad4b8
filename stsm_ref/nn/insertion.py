r"""Plug-and-play (§3.1): put STSM into someone's network, and take it out again; no name in its state dict changes.

The shift becomes a child of the convolution before which it stands, and a hook hands it the input. So the convolution keeps its place, its
parameters keep their names, and `print(model)` shows what is there.
"""

import difflib
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

from torch import nn

from stsm_ref.errors import ModelError, SpecError
from stsm_ref.geometry import ShiftSpec, checked_spec
from stsm_ref.nn.functional import checked_segments
from stsm_ref.nn.modules import STSM, SparseConvSTSM
from stsm_ref.nn.residual import EVERY_SECOND_FROM, read_residual_blocks

CHILD = "stsm"


@dataclass(frozen=True)
class Site:
    """A convolution before which the shift stands, its input channels, and how many of them move."""

    name: str
    channels: int
    moved: int


@dataclass(frozen=True)
class InsertionReport:
    """What `insert_shift` did; `str` of it is a table."""

    sites: tuple[Site, ...]
    num_segments: int
    spec: ShiftSpec
    skipped: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()

    def __str__(self) -> str:
        width = max(len("before"), *(len(site.name) for site in self.sites))
        lines = [
            f"STSM {self.spec}, num_segments={self.num_segments}: {len(self.sites)} inserted, 0 parameters added",
            f"{'before':<{width}}  channels  move",
            *(f"{site.name:<{width}}  {site.channels:>8}  {site.moved:>4}" for site in self.sites),
        ]
        if self.skipped:
            lines.append(f"every second block left as it was, a stage having {EVERY_SECOND_FROM} or more: {', '.join(self.skipped)}")
        if self.unread:
            lines.append(f"not searched, since forward depends on values (name sites=[...] there): {', '.join(self.unread)}")
        return "\n".join(lines)


def insert_shift(
    model: nn.Module,
    num_segments: int,
    spec: ShiftSpec = ShiftSpec(),
    sites: Iterable[str] | None = None,
    *,
    sparse: bool = False,
    quiet: bool = False,
) -> InsertionReport:
    """Insert the shift before convolutions of `model`, in place.

    Parameters
    ----------
    model : Module
        Any network of `nn.Conv2d` layers whose frames come as ``(N*T, C, H, W)``.
    num_segments : int
        Frames in a clip, T.
    spec : ShiftSpec
        Which channels move where.
    sites : iterable of str, optional
        Names of convolutions, as `model.named_modules()` has them. By default, before the first convolution inside each residual block, on
        the residual branch only, as §3.1 and TSM say: every second block where a stage has 23 or more; of inverted residuals, those with a
        shortcut and an expansion. Blocks are recognised by the sums in their `forward`.
    sparse : bool
        Insert `SparseConvSTSM` instead: the same map by convolutions, to compare with.
    quiet : bool
        Do not print the report.

    Returns
    -------
    InsertionReport
        Names each site, its channels and how many move. It is printed, too.

    Raises
    ------
    ModelError
        If `model` is no `nn.Module`, or it or a part of it is compiled, `sites` is no list of names, nothing matches, a name is unknown or
        no convolution or given twice, or the shift is there already.
    SpecError
        If `num_segments` or `spec` means nothing, or a site would move no channel.

    Notes
    -----
    Where anything is raised, the model is as it was.

    Insert first, compile after: compiled code does not notice new hooks, and would go on without the shift. What `torch.compile` made of
    the model is refused, and so is a model after its own `compile()`. A function that was compiled elsewhere and calls the model cannot be
    seen from here: call `torch.compiler.reset()` after inserting or removing, where such a function, or this model, has run compiled.

    The shift is called wherever its convolution is: a block that calls one convolution twice shifts before each call, and the report has
    one line for it.

    >>> block = nn.Sequential(nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 3, padding=1))
    >>> print(insert_shift(block, 8, sites=["0"], quiet=True))
    STSM T+H+W@3/8,forward-first,floor, num_segments=8: 1 inserted, 0 parameters added
    before  channels  move
    0             16     6
    """
    _checked_model(model)
    segments = checked_segments(num_segments)
    checked_spec(spec)
    there = [name for name, module in model.named_modules() if isinstance(module, STSM | SparseConvSTSM)]
    if there:
        raise ModelError(f"model has a shift already, at {there[0]!r} and {len(there) - 1} other places: call remove_shift(model) first")
    if sites is None:
        reading = read_residual_blocks(model)
        if not reading.sites:
            hint = f" (forward of {', '.join(reading.unread)} could not be read)" if reading.unread else ""
            raise ModelError(
                f"model={type(model).__name__} has no residual block of nn.Conv2d layers that could be found{hint}: "
                "name the convolutions, sites=['layer1.0.conv1', ...]"
            )
        names, skipped, unread = reading
    else:
        names, skipped, unread = _checked_names(model, sites), (), ()

    # nothing is changed before everything is known to fit
    chosen = [(cast(nn.Conv2d, model.get_submodule(name)), _site(model, name, spec)) for name in names]
    for convolution, site in chosen:
        shift = SparseConvSTSM(site.channels, segments, spec) if sparse else STSM(segments, spec)
        convolution.add_module(CHILD, shift.to(convolution.weight.device).train(convolution.training))
        convolution.register_forward_pre_hook(_shift_input, with_kwargs=True)
    report = InsertionReport(tuple(site for _, site in chosen), segments, spec, skipped, unread)
    if not quiet:
        print(report)  # noqa: T201  # to say aloud what it did is its contract
    return report


def remove_shift(model: nn.Module) -> tuple[str, ...]:
    """Take out what `insert_shift` put in, in place, and return the names of the sites.

    Raises
    ------
    ModelError
        If there is nothing to take out, `model` is no `nn.Module`, or it or a part of it is compiled; see `insert_shift`.
    """
    _checked_model(model)
    names = [name for name, module in model.named_modules() if _shift_input in module._forward_pre_hooks.values()]
    if not names:
        raise ModelError(f"model={type(model).__name__} has no inserted shift to remove: insert_shift(model, num_segments) puts one in")
    for name in names:
        convolution = model.get_submodule(name)
        # by the function, not by the handle that registering returned: a deep copy's handle would point at the original
        for key in [key for key, hook in convolution._forward_pre_hooks.items() if hook is _shift_input]:
            del convolution._forward_pre_hooks[key]
            convolution._forward_pre_hooks_with_kwargs.pop(key, None)
        delattr(convolution, CHILD)
    return tuple(names)


def _shift_input(convolution: nn.Module, args: tuple[Any, ...], named: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The hook: a function of this module, so that a model that carries it can be pickled."""
    shift = convolution.get_submodule(CHILD)
    if args:
        frames, *rest = args
        return (shift(frames), *rest), named
    if "input" in named:
        return (), named | {"input": shift(named["input"])}
    return args, named  # the convolution says best that it needs an input


def _checked_model(model: nn.Module) -> None:
    """Raise if `model` is none, or hooks on it would not be noticed."""
    if not isinstance(model, nn.Module):
        raise ModelError(f"model={model!r} has type {type(model).__name__}, which is no nn.Module: give the network itself")
    for name, module in model.named_modules():
        if _is_compiled(module):
            place, kind = f"model.{name}" if name else "model", type(getattr(module, "_orig_mod", module)).__name__
            raise ModelError(
                f"{place} is a compiled {kind}, which would not notice that hooks come or go: insert or remove first, compile after"
            )


def _is_compiled(module: nn.Module) -> bool:
    """Whether it came out of `torch.compile(module)`, or `module.compile()` was called."""
    dynamo = sys.modules.get("torch._dynamo")  # not imported, which takes seconds: without it nothing is compiled
    return (dynamo is not None and isinstance(module, dynamo.OptimizedModule)) or module._compiled_call_impl is not None


def _checked_names(model: nn.Module, sites: Iterable[str]) -> tuple[str, ...]:
    """Return `sites` if each names a convolution, none twice."""
    names = tuple(sites) if isinstance(sites, Iterable) and not isinstance(sites, str) else ()
    if not names or not all(isinstance(name, str) for name in names):
        way_out = f"sites=[{sites!r}]" if isinstance(sites, str) else "sites=['layer1.0.conv1', ...]"
        raise ModelError(f"sites={sites!r} is no list of names: write {way_out}, or leave it out for the default")
    modules = dict(model.named_modules(remove_duplicate=False))
    seen: dict[int, str] = {}
    for name in names:
        if name not in modules:
            convolutions = [known for known, module in modules.items() if isinstance(module, nn.Conv2d)]
            near = difflib.get_close_matches(name, convolutions, n=3) or convolutions[:3]
            raise ModelError(f"sites: {name!r} is no module of {type(model).__name__}: near it are {', '.join(map(repr, near))}")
        if not isinstance(modules[name], nn.Conv2d):
            raise ModelError(f"sites: {name!r} is a {type(modules[name]).__name__}: the shift stands before an nn.Conv2d, name one")
        if id(modules[name]) in seen:
            raise ModelError(f"sites: {name!r} and {seen[id(modules[name])]!r} are one convolution: name it once")
        seen[id(modules[name])] = name
    return names


def _site(model: nn.Module, name: str, spec: ShiftSpec) -> Site:
    """Describe a site, or say why it cannot be one."""
    convolution = cast(nn.Conv2d, model.get_submodule(name))
    if hasattr(convolution, CHILD):
        raise ModelError(f"site {name!r} has an attribute {CHILD!r} of its own, where the shift would stand: rename that")
    channels = convolution.in_channels
    try:
        *_, identity = spec.partition(channels)
    except SpecError as error:
        raise SpecError(f"site {name!r}: {error}") from None
    if not identity.start:
        raise SpecError(
            f"site {name!r} has {channels} channels, of which spec='{spec}' moves none: use a larger alpha or fewer terms, "
            "or leave the site out with sites=[...]"
        )
    return Site(name, channels, identity.start)
