"""What a module keeps from one call to the next: a fingerprint of all that its code can reach, and
of torch's own settings.

A graph has no memory. A module that counts its calls, fills a table at the first, or draws a random
number is more than any graph of it.
"""

import collections
import functools
import hashlib
import itertools
import random
import sys
import types
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from stsm_ref.proofs.export.watch import Watch

MAX_ENTRIES = 2**22
"""Of a tensor, past which its version alone is looked at."""
SETTINGS: dict[str, Callable[[], object]] = {
    "the random numbers of torch": lambda: _digest(torch.get_rng_state().numpy().tobytes()),
    "the random numbers of Python": lambda: _digest(repr(random.getstate()).encode()),
    "the random numbers of NumPy": lambda: _digest(repr(np.random.get_state()).encode()),  # noqa: NPY002  # it is read, not drawn from
    "torch's default dtype": torch.get_default_dtype,
    "torch's gradient mode": torch.is_grad_enabled,
    "torch's number of threads": torch.get_num_threads,
    "torch's deterministic mode": torch.are_deterministic_algorithms_enabled,
    "torch's autocast": lambda: torch.is_autocast_enabled("cpu"),
    "torch's hooks of all modules": lambda: tuple(len(hooks) for hooks in _hooks_of_all_modules()),
}


def fingerprint(module: torch.nn.Module) -> dict[str, str]:
    """By place: what is there, as text that is equal where nothing has changed."""
    found = {name: str(read()) for name, read in SETTINGS.items()}
    _Visitor(found).visit("the module", module)
    return found


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The places where two fingerprints differ."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    # a list that has grown differs at its end and in its length: the shortest name says enough
    return [
        name
        for name in names
        if not any(name != other and name.startswith(other) for other in names)
    ]


def _hooks_of_all_modules() -> list[Any]:
    return [
        value
        for name, value in vars(torch.nn.modules.module).items()
        if name.startswith("_global_") and isinstance(value, dict)
    ]


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=8).hexdigest()


class _Visitor:
    """Goes through everything that is reached from a module by attributes, items, closures and
    names, but for libraries.
    """

    def __init__(self, found: dict[str, str]) -> None:
        self.found, self.seen, self.keep = found, set[int](), list[Any]()
        self.watch = Watch(None)

    def visit(self, name: str, value: Any) -> None:  # noqa: PLR0912  # a table of kinds reads no better
        """Note a value under its name and go on to what is in it."""
        if isinstance(
            value,
            bool
            | int
            | float
            | complex
            | str
            | bytes
            | None
            | torch.dtype
            | torch.device
            | torch.Size,
        ):
            self.found[name] = repr(value)
            return
        if id(value) in self.seen:
            return
        self.seen.add(id(value))
        self.keep.append(value)  # as long as it lives nothing else has its id
        if isinstance(value, torch.Tensor):
            self._tensor(name, value)
        elif isinstance(value, np.ndarray):
            self.found[name] = (
                f"{value.shape} {value.dtype} {_digest(np.ascontiguousarray(value).tobytes())}"
            )
        elif isinstance(value, Mapping) and isinstance(
            value, dict | collections.OrderedDict | types.MappingProxyType
        ):
            self._items(
                name,
                {
                    f"[{key!r}]" if isinstance(key, str | int | tuple) else f"[{n}]": each
                    for n, (key, each) in _numbered(value)
                },
            )
        elif isinstance(value, list | tuple | collections.deque):
            self._items(name, {f"[{n}]": each for n, each in enumerate(value)})
        elif isinstance(value, set | frozenset):
            self.found[name] = repr(sorted(map(repr, value)))
        elif isinstance(value, types.FunctionType):
            self._function(name, value)
        elif isinstance(value, types.MethodType):
            self.visit(f"{name}()", value.__func__)
            self.visit(f"{name}.__self__", value.__self__)
        elif isinstance(value, functools.partial):
            self._items(name, {"()": value.func, ".args": value.args, ".keywords": value.keywords})
        elif isinstance(value, itertools.count | itertools.repeat | range):
            self.found[name] = repr(value)
        elif isinstance(value, types.GeneratorType):
            frame = value.gi_frame
            self.found[name] = str(frame and frame.f_lasti)
            self._items(name, dict(frame.f_locals) if frame else {})
        elif isinstance(value, weakref.ref):
            self.found[name] = f"{id(value)} to {id(value())}"
        elif hasattr(value, "cache_info"):
            # what it keeps is what the function would give again
            self.visit(f"{name}()", getattr(value, "__wrapped__", None))
        elif isinstance(value, property | classmethod | staticmethod):
            for part in ("fget", "fset", "__func__"):
                self.visit(f"{name}.{part}", getattr(value, part, None))
        elif isinstance(value, types.ModuleType):
            if self._is_theirs(getattr(value, "__file__", None)):
                self._items(
                    name,
                    {
                        f".{key}": each
                        for key, each in vars(value).items()
                        if not key.startswith("__")
                    },
                )
        elif isinstance(value, type):
            self._class(name, value)
        else:
            self._object(name, value)

    def _items(self, name: str, items: Mapping[str, Any]) -> None:
        self.found[f"{name} "] = f"{len(items)} entries"
        for key, each in items.items():
            self.visit(f"{name}{key}", each)

    def _tensor(self, name: str, value: torch.Tensor) -> None:
        plain = (
            type(value) in (torch.Tensor, torch.nn.Parameter, torch.nn.Buffer)
            and value.layout is torch.strided
        )
        text = (
            f"{tuple(value.shape)} {value.dtype}, version "
            f"{'' if value.is_inference() else value._version}"
        )
        if plain and value.numel() <= MAX_ENTRIES and not value.is_meta:
            text += (
                _digest(
                    value.detach()
                    .resolve_conj()
                    .contiguous()
                    .flatten()
                    .view(torch.uint8)
                    .numpy()
                    .tobytes()
                )
                if value.numel()
                else ""
            )
        self.found[name] = text

    def _function(self, name: str, value: types.FunctionType) -> None:
        if not self.watch.theirs(value.__code__, value.__globals__):
            return
        names = _names(value.__code__)
        self._items(name, {f".{key}": each for key, each in vars(value).items()})
        self.visit(f"{name}.defaults", (value.__defaults__, value.__kwdefaults__))
        for key, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            try:
                self.visit(f"{name}.{key}", cell.cell_contents)
            except ValueError:  # nothing is in it yet
                self.found[f"{name}.{key}"] = "empty"
        for key in sorted(names & value.__globals__.keys()):
            self.visit(f"{value.__globals__.get('__name__')}.{key}", value.__globals__[key])

    def _class(self, name: str, value: type) -> None:
        for each in value.__mro__:
            file = getattr(sys.modules.get(each.__module__), "__file__", None)
            if each.__module__ != "builtins" and (file is None or self._is_theirs(file)):
                kept = {
                    key: item
                    for key, item in vars(each).items()
                    if not key.startswith("__") or isinstance(item, types.FunctionType)
                }
                self._items(f"{each.__qualname__}", {f".{key}": item for key, item in kept.items()})

    def _object(self, name: str, value: Any) -> None:
        own = getattr(value, "__dict__", None)
        if isinstance(own, dict):
            self._items(name, {f".{key}": each for key, each in own.items()})
        for kind in type(value).__mro__:
            slots = vars(kind).get("__slots__", ())
            for slot in (slots,) if isinstance(slots, str) else slots:
                if not slot.startswith("__"):
                    self.visit(f"{name}.{slot}", getattr(value, slot, None))
        self.visit(f"type of {name}", type(value))
        if type(value).__module__ in ("builtins", "itertools", "collections") and hasattr(
            value, "__next__"
        ):
            self.found[name] = repr(value.__reduce__()[1:])

    def _is_theirs(self, file: str | None) -> bool:
        return file is not None and "site-packages" not in file and self.watch.theirs_by_file(file)


def _numbered(value: Mapping[Any, Any]) -> list[tuple[int, tuple[Any, Any]]]:
    return list(enumerate(list(value.items())))


def _names(code: types.CodeType) -> set[str]:
    """The global names in code and in the functions defined inside it."""
    inner = [each for each in code.co_consts if isinstance(each, types.CodeType)]
    return set(code.co_names).union(*map(_names, inner))
