r"""A layer with the shift before it: the layer itself, under a class that shifts what it is given.

The class is made from the layer's own, so that the layer keeps its identity, its place, its
parameters and their names, and everything that asks ``isinstance(layer, nn.Conv2d)`` goes on
working. What rebuilds a layer by its exact type leaves it alone, and what makes a new layer of its
type is refused. What overwrites it without asking is noticed by `Watch`, a hook of the network,
before the next pass.
"""

import inspect
from typing import Any, NoReturn, cast

from torch import Tensor, nn
from torch.nn.utils import parametrize

from stsm_ref.errors import ArrayError, ModelError
from stsm_ref.nn.functional import refuse_scripting
from stsm_ref.nn.modules import STSM, SparseConvSTSM, as_one_call

Shift = STSM | SparseConvSTSM
ATTRIBUTE = "stsm"
"""Where a layer holds its shift: in plain sight, but as no child, so that tools which visit leaf
modules find a leaf.
"""
PLACES, PLACE = "_stsm_places", "_stsm_place"
_SHIFTED: dict[type[nn.Module], type[nn.Module]] = {}


class ShiftedInput:
    """Mixed in before the class of a layer: `forward` shifts the first argument."""

    plain: type[nn.Module]
    first_argument: str

    def __init__(self, *args: Any, **named: Any) -> None:
        raise ModelError(
            f"{type(self).__name__} has been asked for a new layer, which would have no shift "
            "before it, as adapters and fusing do: "
            "snn.remove_shift(model) first, change the network, then insert the shift again"
        )

    def forward(self, *args: Any, **named: Any) -> Any:
        """Run the layer on shifted frames."""
        if args:
            frames, *rest = args
            if (call := as_one_call(self, frames, *rest, **named)) is not None:
                return call
            return super().forward(self._shifted(frames), *rest, **named)  # type: ignore[misc]  # the layer's class comes after this one
        if self.first_argument in named:
            named = named | {self.first_argument: self._shifted(named[self.first_argument])}
        return super().forward(**named)  # type: ignore[misc]  # as above; the layer says best that it needs an input

    def _shifted(self, frames: Tensor) -> Tensor:
        if isinstance(frames, Tensor) and frames.is_quantized:
            raise ArrayError(
                f"x is quantized, of dtype {frames.dtype}, before the {self.plain.__name__} at "
                f"{getattr(self, PLACE)!r}, which the "
                "shift keeps in floating point: convert with torch.ao.quantization.quantize_fx, "
                "which puts a dequantize there"
            )
        shifted: Tensor = getattr(self, ATTRIBUTE)(frames)
        return shifted

    def extra_repr(self) -> str:
        """Say what the layer says, and which shift stands before it."""
        own: str = super().extra_repr()  # type: ignore[misc]  # as above
        return ", ".join(filter(None, [own, f"{ATTRIBUTE}={getattr(self, ATTRIBUTE)}"]))

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # no pickle finds a class that is made at run time by its name
        return _empty_layer, (self.plain,), self.__getstate__()

    def __prepare_scriptable__(self) -> NoReturn:
        refuse_scripting(f"the {self.plain.__name__} with a shift before it")


def _shifted_class(plain: type[nn.Module]) -> type[nn.Module]:
    """The class of a layer of class `plain` with the shift before it, one for all its layers."""
    if plain not in _SHIFTED:
        parameters = list(inspect.signature(plain.forward).parameters)
        fields = {
            "plain": plain,
            "first_argument": parameters[1] if len(parameters) > 1 else "",
            "__module__": __name__,
        }
        _SHIFTED[plain] = type(f"Shifted{plain.__name__}", (ShiftedInput, plain), fields)
    return _SHIFTED[plain]


def _empty_layer(plain: type[nn.Module]) -> nn.Module:
    shifted = _shifted_class(plain)
    return shifted.__new__(shifted)


def _over(cls: type, old: type, new: type) -> type:
    """Return `cls` where it is built on `old`, built on `new` instead: classes that
    parametrizations and FSDP put on top stay on top.
    """
    if cls is old:
        return new
    bases = tuple(
        _over(base, old, new) if issubclass(base, old) else base for base in cls.__bases__
    )
    fields = {
        name: value
        for name, value in cls.__dict__.items()
        if name not in {"__dict__", "__weakref__"}
    }
    return type(cls.__name__.replace(old.__name__, new.__name__), bases, fields)


class Watch:
    """A hook of a module that holds every shift of one insertion: each is where it was put, or the
    pass is refused.

    Holds names only, so that a copy of the network has a watch of its own. The list of names is one
    for all watches of an insertion and all its layers, so that a shift that is taken out through a
    part of the network is not missed in the whole.
    """

    def __init__(self, prefix: str, places: list[str]) -> None:
        self.prefix = prefix
        self.places = places

    def __call__(self, network: nn.Module, args: Any) -> None:
        """Look before a pass of the network."""
        for place in self.places:
            if not isinstance(self._at(network, place), ShiftedInput):
                self.refuse_lost(network)
                return

    def _at(self, network: nn.Module, place: str) -> Any:
        return _at(network, place.removeprefix(self.prefix))

    def lost(self, network: nn.Module) -> list[str]:
        """Names of the places that the shift has left; wrapping a part of the network, as
        DataParallel does, is no loss.
        """
        kept = {
            getattr(layer, PLACE) for layer in network.modules() if isinstance(layer, ShiftedInput)
        }
        return [
            place
            for place in self.places
            if place not in kept or _adds_to_the_layer(self._at(network, place))
        ]

    def refuse_lost(self, network: nn.Module) -> None:
        """Raise if a shift is gone."""
        lost = self.lost(network)
        if lost:
            place, now = lost[0].removeprefix(self.prefix), self._at(network, lost[0])
            kind = "nothing" if now is None else f"a {type(now).__name__}"
            raise ModelError(
                f"model={type(network).__name__} has lost {len(lost)} of {len(self.places)} "
                f"shifts: where {place!r} had one there is now "
                f"{kind}, since something rebuilt or wrapped it (re-parameterisation, conversion, "
                "an adapter): insert the shift into the "
                "network as it is afterwards, or call snn.remove_shift(model) to go on without"
            )


def _at(network: nn.Module, name: str) -> Any:
    """What stands at a name, None where there is nothing; wrappers that answer for what they wrap
    are looked through.
    """
    found: Any = network
    for part in name.split(".") if name else ():
        found = getattr(found, part, None)
    return found


def _adds_to_the_layer(found: Any) -> bool:
    """Whether what stands at a layer's name holds the layer and parameters beside it, which see
    frames that are not shifted.
    """
    if not isinstance(found, nn.Module) or isinstance(found, ShiftedInput):
        return False
    inner = [layer for layer in found.modules() if isinstance(layer, ShiftedInput)]
    return {id(p) for p in found.parameters()} != {
        id(p) for layer in inner for p in layer.parameters()
    }


def has_shift(module: nn.Module) -> bool:
    """Whether a layer has an inserted shift before it."""
    return isinstance(module, ShiftedInput)


def plain_class(module: nn.Module) -> type[nn.Module]:
    """The class of a module, for a layer with the shift before it the one that it had without."""
    return module.plain if isinstance(module, ShiftedInput) else type(module)


def put_shift(layer: nn.Module, shift: Shift, places: list[str], place: str) -> None:
    """Make `layer` one that shifts its input, in place.

    Parameters
    ----------
    layer : nn.Module
        Changed in place.
    shift : Shift
        What it does to its input from now on.
    places : list of str
        All places of the insertion, by their names in the network.
    place : str
        That of this layer.
    """
    cls = type(layer)
    plain: type[nn.Module] = cls.__bases__[0] if parametrize.is_parametrized(layer) else cls
    layer.__dict__.update(
        {ATTRIBUTE: shift, PLACES: places, PLACE: place}
    )  # past nn.Module, which would make the shift a child
    layer.__class__ = _over(cls, plain, _shifted_class(plain))


def set_watch(network: nn.Module, places: list[str]) -> None:
    """Watch over `places` from the network, and from each part that holds them all: a wrapper may
    be taken off.
    """
    for name, module in network.named_modules():
        prefix = f"{name}." if name else ""
        if all(place.startswith(prefix) for place in places):
            module.register_forward_pre_hook(Watch(prefix, places))


def take_shift(layer: nn.Module) -> None:
    """Make `layer` what it was before `put_shift`, in place."""
    places, place = getattr(layer, PLACES), getattr(layer, PLACE)
    if place in places:
        places.remove(place)
    for name in (ATTRIBUTE, PLACES, PLACE):
        delattr(layer, name)
    plain = cast(type[nn.Module], layer.plain)
    layer.__class__ = _over(type(layer), _shifted_class(plain), plain)


def watches_of(network: nn.Module) -> list[tuple[nn.Module, Any, Watch]]:
    """Every watch in a network, as the module that has it, the key of its hook, and itself."""
    return [
        (module, key, hook)
        for module in network.modules()
        for key, hook in module._forward_pre_hooks.items()
        if isinstance(hook, Watch)
    ]
