r"""Plug-and-play (§3.1): put STSM into someone's network, and take it out again; no name in its
state dict changes.

A layer with the shift before it is the layer itself under another class, see `stsm_ref.nn.shifted`.
So the convolution keeps its place, its parameters keep their names, and `print(model)` shows what
is there.
"""

import sys
from collections.abc import Callable, Iterable

import torch
from torch import fx, nn
from torch.nn.parameter import is_lazy

from stsm_ref._suggest import nearest
from stsm_ref.errors import ModelError, SpecError
from stsm_ref.geometry import ShiftSpec, checked_spec
from stsm_ref.nn.functional import checked_segments
from stsm_ref.nn.modules import STSM, SparseConvSTSM
from stsm_ref.nn.report import NAMED_AT_MOST, InsertionReport, PlacedShift, Site, nothing_found
from stsm_ref.nn.residual import Reading, convolution_of, read_residual_blocks
from stsm_ref.nn.shifted import (
    ATTRIBUTE,
    Shift,
    has_shift,
    put_shift,
    set_watch,
    take_shift,
    watches_of,
)


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
        Names of convolutions, or of adapters around one, as `model.named_modules()` has them. By
        default, before the first convolution inside each residual block, on the residual branch
        only, as §3.1 and TSM say: every second block where a stage has 23 or more; of inverted
        residuals, those with a shortcut and an expansion. Blocks are recognised by the sums in
        their `forward`, and the first convolution is the one that the block's input reaches before
        it has passed another; if there are several alike, all of them.
    sparse : bool
        Insert `SparseConvSTSM` instead: the same map by convolutions, to compare with.
    quiet : bool
        Do not print the report.

    Returns
    -------
    InsertionReport
        Names each site, its channels and how many move, and in `left_out` each block that gets no
        shift, with the reason. It is printed, too.

    Raises
    ------
    ModelError
        If `model` is not an `nn.Module`, or it or a part of it is compiled, scripted, traced or
        exported, `sites` is not a list of names, nothing matches, a name is unknown or no
        convolution or given twice, a site is lazy, or the shift is there already or was lost.
    SpecError
        If `num_segments` or `spec` means nothing, or a site would move no channel.

    Notes
    -----
    Where anything is raised, the model is as it was.

    Insert first, compile after: compiled code may not notice the change, and would go on without
    the shift. What `torch.compile` made of the model is refused, and so is a model after its own
    `compile()`. A function that was compiled elsewhere and calls the model cannot be seen from
    here: call `torch.compiler.reset()` after inserting or removing, where such a function, or this
    model, has run compiled.

    The layer gets a class of its own, which is still an `nn.Conv2d`, and the network a hook that
    raises `ModelError` at its next pass if something has taken a shift out. `shifts_of` tells what
    is in place, where a network is not called as a whole or was made anew.

    The shift is called wherever its convolution is: a block that calls one convolution twice shifts
    before each call, and the report has one line for it.

    >>> block = nn.Sequential(nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 3, padding=1))
    >>> print(insert_shift(block, 8, sites=["0"], quiet=True))
    STSM T+H+W@3/8,forward-first,floor, num_segments=8: 1 inserted, 0 parameters added
    before  channels  move
    0             16     6
    """
    _checked_model(model)
    segments = checked_segments(num_segments)
    checked_spec(spec)
    _refuse_shifted(model)
    if sites is None:
        reading = read_residual_blocks(model)
        if not reading.sites:
            raise ModelError(nothing_found(model, reading))
    else:
        reading = Reading(_checked_names(model, sites))

    # nothing is changed before everything is known to fit
    chosen = [_site(model, name, spec) for name in reading.sites]
    places = list(reading.sites)
    for site in chosen:
        shift: Shift = (
            SparseConvSTSM(site.channels, segments, spec) if sparse else STSM(segments, spec)
        )
        put_shift(model.get_submodule(site.name), shift, places, site.name)
    set_watch(model, places)
    report = InsertionReport(
        tuple(chosen), segments, spec, reading.skipped, reading.untraceable, reading.left_out
    )
    if not quiet:
        print(report)  # noqa: T201  # to say aloud what it did is its contract
    return report


def remove_shift(model: nn.Module) -> tuple[str, ...]:
    """Take out what `insert_shift` put in, in place, and return the names of the sites.

    Where a conversion has lost some of the shifts, those that are left are taken out, and the
    network stops missing the others.

    Raises
    ------
    ModelError
        If there is nothing to take out, `model` is not an `nn.Module`, or it or a part of it is
        compiled, scripted or traced; see `insert_shift`.
    """
    _checked_model(model)
    layers = [(name, layer) for name, layer in model.named_modules() if has_shift(layer)]
    watches = watches_of(model)
    if not layers and not any(watch.places for _, _, watch in watches):
        raise ModelError(
            f"model={type(model).__name__} has no inserted shift to remove: insert_shift(model, "
            "num_segments) puts one in"
        )
    for _, layer in layers:
        take_shift(layer)
    for module, key, _ in watches:
        # by what it is, not by the handle that registering returned: a deep copy's handle would
        # point at the original
        del module._forward_pre_hooks[key]
    return tuple(name for name, _ in layers)


def shifts_of(model: nn.Module) -> tuple[PlacedShift, ...]:
    """Tell which shifts are in a network now, inserted or placed by hand, in the order of its
    modules.

    What rebuilds a network may lose the shift: a checkpoint loaded into a network without one, a
    conversion to other layers. Compare with the report's sites wherever a network comes out of
    somebody's tool.

    Raises
    ------
    ModelError
        If `model` is not an `nn.Module`, or it or a part of it has become a graph in which a shift
        cannot be told from other operations: scripted, traced by `torch.jit` or exported.

    >>> block = nn.Sequential(nn.Conv2d(16, 4, 1), nn.Conv2d(4, 16, 3, padding=1))
    >>> report = insert_shift(block, 8, sites=["0"], quiet=True)
    >>> [(shift.name, shift.num_segments, shift.moved) for shift in shifts_of(block)]
    [('0', 8, 6)]
    """
    _checked_module(model)
    _refuse_graphs(model)
    found = []
    for name, module in model.named_modules():
        channels: int | None
        if has_shift(module):
            shift = getattr(module, ATTRIBUTE)
            channels = _channels(module)
        elif isinstance(module, STSM | SparseConvSTSM):
            shift, channels = module, getattr(module, "channels", None)
        else:
            continue
        spec = getattr(shift, "spec", None)
        if not isinstance(spec, ShiftSpec):
            continue  # somebody put another module in the shift's place
        moved = None if channels is None else spec.partition(channels)[-1].start
        found.append(
            PlacedShift(
                name, shift.num_segments, spec, channels, moved, isinstance(shift, SparseConvSTSM)
            )
        )
    return tuple(found)


def exchange_shifts(model: nn.Module, build: Callable[[int], nn.Module]) -> None:
    """Put modules of the caller's own, built for so many channels, where `insert_shift` has put the
    shift: to compare with.
    """
    for module in model.modules():
        if has_shift(module):
            setattr(
                module, ATTRIBUTE, build(_channels(module))
            )  # as a child, so that whatever it brings along is counted


def _channels(layer: nn.Module) -> int:
    """The input channels of a layer that is or adapts a convolution."""
    convolution = convolution_of(layer)
    assert convolution is not None
    return convolution.in_channels


def _refuse_shifted(model: nn.Module) -> None:
    """Raise if a shift is there already, or one has been lost."""
    for module, _, watch in watches_of(model):
        watch.refuse_lost(module)
    there = [
        name
        for name, module in model.named_modules()
        if has_shift(module) or isinstance(module, STSM | SparseConvSTSM)
    ]
    if there:
        raise ModelError(
            f"model has a shift already, at {there[0]!r} and {len(there) - 1} other places: call "
            "remove_shift(model) first"
        )


def _checked_module(model: nn.Module) -> None:
    """Raise if `model` is none."""
    if isinstance(model, torch.export.ExportedProgram):
        raise ModelError(
            f"model is an {type(model).__name__}, a finished graph: insert the shift into the "
            "network first, export it after"
        )
    if not isinstance(model, nn.Module):
        raise ModelError(
            f"model={model!r} has type {type(model).__name__}, which is not an nn.Module: give "
            "the network itself"
        )


def _checked_model(model: nn.Module) -> None:
    """Raise if `model` is none, or what is changed in it would not be noticed."""
    _checked_module(model)
    for name, module in model.named_modules():
        if _is_compiled(module):
            place, kind = (
                f"model.{name}" if name else "model",
                type(getattr(module, "_orig_mod", module)).__name__,
            )
            raise ModelError(
                f"{place} is a compiled {kind}, which would not notice that a shift comes or "
                "goes: insert or remove first, compile after"
            )
    _refuse_graphs(model)


def _refuse_graphs(model: nn.Module) -> None:
    """Raise if a network has become a graph of operations, in which neither layers nor a shift can
    be told apart.
    """
    for name, module in model.named_modules():
        place = f"model.{name}" if name else "model"
        if isinstance(module, torch.jit.ScriptModule) and (
            not name or any(True for _ in module.parameters())
        ):
            raise ModelError(
                f"{place} is a {type(module).__name__}, compiled by torch.jit: insert the shift "
                "first, script or trace after"
            )
        if isinstance(module, fx.GraphModule) and any(
            isinstance(node.target, torch._ops.OpOverload) for node in module.graph.nodes
        ):
            raise ModelError(
                f"{place} is the graph of an exported program, which has operations and no "
                "layers: insert first, export after"
            )


def _is_compiled(module: nn.Module) -> bool:
    """Whether it came out of `torch.compile(module)`, or `module.compile()` was called."""
    dynamo = sys.modules.get(
        "torch._dynamo"
    )  # not imported, which takes seconds: without it nothing is compiled
    return (
        dynamo is not None and isinstance(module, dynamo.OptimizedModule)
    ) or module._compiled_call_impl is not None


def _checked_names(model: nn.Module, sites: Iterable[str]) -> tuple[str, ...]:
    """Return `sites` if each names a convolution, none twice."""
    names = tuple(sites) if isinstance(sites, Iterable) and not isinstance(sites, str) else ()
    if not names or not all(isinstance(name, str) for name in names):
        way_out = (
            f"sites=[{sites!r}]" if isinstance(sites, str) else "sites=['layer1.0.conv1', ...]"
        )
        raise ModelError(
            f"sites={sites!r} is not a list of names: write {way_out}, or leave it out for the "
            "default"
        )
    modules = dict(model.named_modules(remove_duplicate=False))
    convolutions = [known for known, module in modules.items() if isinstance(module, nn.Conv2d)]
    seen: dict[int, str] = {}
    for name in names:
        if name not in modules:
            near = nearest(name, convolutions) or convolutions[:NAMED_AT_MOST]
            raise ModelError(
                f"sites: {name!r} is not a module of {type(model).__name__}: near it are "
                f"{', '.join(map(repr, near))}"
            )
        module = modules[name]
        if convolution_of(module) is None:
            within = [known for known in convolutions if known.startswith(f"{name}.")][
                :NAMED_AT_MOST
            ]
            hint = f", such as {', '.join(map(repr, within))} inside it" if within else ""
            raise ModelError(
                f"sites: {name!r} is a {type(module).__name__}: the shift stands before an "
                f"nn.Conv2d, name one{hint}"
            )
        adapter = next(
            (
                other
                for other, outer in modules.items()
                if outer is not module and convolution_of(outer) is module
            ),
            None,
        )
        if adapter is not None:
            raise ModelError(
                f"sites: {name!r} is the base of the adapter {adapter!r}, whose own weights would "
                "see frames that are not shifted: "
                f"name {adapter!r}"
            )
        if id(module) in seen:
            raise ModelError(
                f"sites: {name!r} and {seen[id(module)]!r} are one convolution: name it once"
            )
        seen[id(module)] = name
    return names


def _site(model: nn.Module, name: str, spec: ShiftSpec) -> Site:
    """Describe a site, or say why it cannot be one."""
    layer = model.get_submodule(name)
    convolution = convolution_of(layer)
    assert convolution is not None
    if hasattr(layer, ATTRIBUTE):
        raise ModelError(
            f"site {name!r} has an attribute {ATTRIBUTE!r} of its own, where the shift would "
            "stand: rename that"
        )
    if is_lazy(convolution.weight):
        raise ModelError(
            f"site {name!r} is lazy and knows its channels only after a first batch: run "
            "model(frames) once, then insert"
        )
    channels = convolution.in_channels
    try:
        *_, identity = spec.partition(channels)
    except SpecError as error:
        raise SpecError(f"site {name!r}: {error}") from None
    if not identity.start:
        raise SpecError(
            f"site {name!r} has {channels} channels, of which spec='{spec}' moves none: use a "
            "larger alpha or fewer terms, "
            "or leave the site out with sites=[...]"
        )
    return Site(name, channels, identity.start)
