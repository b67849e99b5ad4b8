"""Watch what somebody's Python code does while a module runs: its steps, and what it asks that no
recorded graph can answer.

A graph holds what was done to tensors. What Python decided on the way is not in it, unless it is
about sizes: a question about the time, about a mode, about the place of a tensor in memory was
answered once, when the graph was recorded. So every question is noticed, and only those whose
answer cannot differ where the claim holds are passed over. It is a list of what is allowed, so that
what nobody thought of is not.
"""

import gc
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FrameType
from typing import Any

import mpmath
import sympy
import torch
from torch.overrides import TorchFunctionMode, resolve_name

from stsm_ref import proofs

TORCH = str(Path(torch.__file__).parent)
STANDARD_LIBRARY = sysconfig.get_path("stdlib")
OURS = str(Path(proofs.__file__).parent)
NOT_THEIRS = (TORCH, OURS, *(str(Path(package.__file__).parent) for package in (sympy, mpmath)))
PYTEST = str(Path(TORCH).parent / "_pytest")
"""It keeps what torch logs while it records, in the middle of somebody's code."""

ANSWERED_BY_THE_CLAIM = frozenset(
    f"torch.Tensor.{name}"
    for name in (
        # sizes, which are symbols while a graph is recorded
        *(
            "shape.__get__",
            "size",
            "dim",
            "ndimension",
            "ndim.__get__",
            "numel",
            "nelement",
            "__len__",
        ),
        # what all dense, contiguous float32 tensors of a CPU have in common
        *(
            "dtype.__get__",
            "device.__get__",
            "layout.__get__",
            "is_contiguous",
            "stride",
            "element_size",
            "itemsize.__get__",
        ),
        *(
            "is_floating_point",
            "is_complex",
            "is_sparse.__get__",
            "is_nested.__get__",
            "is_quantized.__get__",
            "is_cuda.__get__",
        ),
        *(
            "is_cpu.__get__",
            "is_mps.__get__",
            "is_meta.__get__",
            "is_mkldnn.__get__",
            "is_conj",
            "is_neg",
            "get_device",
        ),
        # it gives nothing back, and what it does is in the graph
        "__setitem__",
    )
) | {
    "torch.is_floating_point",
    "torch.is_complex",
    "torch.is_conj",
    "torch.is_neg",
    "torch.numel",
    "torch._assert_async",
}
"""Questions about a tensor whose answer is no tensor."""

PURE_BUILTINS = frozenset(
    {
        *(
            "abs",
            "all",
            "any",
            "callable",
            "divmod",
            "getattr",
            "hasattr",
            "isinstance",
            "issubclass",
            "iter",
            "len",
            "max",
            "min",
            "pow",
        ),
        *("print", "round", "sorted", "sum", "__build_class__"),
    }
)
PURE_MODULES = frozenset({"math", "_operator", "itertools", "_functools", "_collections"})
PURE_LIBRARY = frozenset(
    f"{STANDARD_LIBRARY}/{name}"
    for name in (
        *(
            "functools.py",
            "operator.py",
            "contextlib.py",
            "typing.py",
            "dataclasses.py",
            "enum.py",
            "abc.py",
            "numbers.py",
        ),
        *("fractions.py", "collections/__init__.py"),
    )
)
CALLED_BY_THE_COLLECTOR = tuple(
    f"{STANDARD_LIBRARY}/{name}" for name in ("weakref.py", "_weakrefset.py")
)
PURE_TYPES = (
    list,
    dict,
    tuple,
    set,
    frozenset,
    str,
    bytes,
    int,
    float,
    slice,
    range,
    torch.Size,
    type(Ellipsis),
)
PURE_TORCH = (
    "functional.py",
    "_compile.py",
    "_tensor.py",
    "_jit_internal.py",
    "overrides.py",
    "_VF.py",
    "utils/_contextlib.py",
    "utils/checkpoint.py",
)
PURE_TORCH_FOLDERS = (
    "nn/modules/",
    "nn/functional.py",
    "nn/parameter.py",
    "autograd/function.py",
    "autograd/grad_mode.py",
)
RECORDERS = ("fx/", "_export/", "_subclasses/", "utils/weak.py", "utils/_sympy/")
AS_RECORDED = ("compiler/__init__.py", "onnx/__init__.py", "amp/autocast_mode.py")
"""Asked what is running: as torch.export records it, that is torch.export, without autocast."""
SIZES = ("SymInt.", "SymBool.", "SymFloat.", "sym_", "_check", "method_to_operator")
PASSED_ON = ("overrides.py", "_tensor.py", "functional.py", "_jit_internal.py", "nn/functional.py")


@dataclass
class Watched:
    """One run: the steps of their code, and what was asked, with its place."""

    steps: list[tuple[str, int, int]] = field(default_factory=list)
    """Function, its line, and the place in its bytecode, one for each instruction that was
    executed.
    """
    asked: dict[str, str] = field(default_factory=dict)
    """By question: where it was asked first."""


class Watch(TorchFunctionMode):
    """Sees their code run. `compiling`: they may ask whether they are being exported."""

    def __init__(self, path: str | None, *, compiling: bool = False) -> None:
        super().__init__()
        self.path, self.compiling = path, compiling
        self.seen = Watched()
        self._pending: Any = None
        self._theirs: dict[CodeType, bool] = {}

    @contextmanager
    def looking(self) -> Iterator[Watched]:
        """Watch what runs inside."""
        before = sys.gettrace(), sys.getprofile(), gc.isenabled()
        # it comes when it likes, and calls code of others: finalisers, and what stands in
        # gc.callbacks
        gc.disable()
        with self:
            self._look(on=True)
            try:
                yield self.seen
            finally:
                sys.settrace(before[0])
                sys.setprofile(before[1])
                if before[2]:
                    gc.enable()

    def _look(self, *, on: bool) -> None:
        # whoever measures coverage of their own tests traces too; nobody can trace with us at the
        # same time
        sys.setprofile(self._profile if on else None)
        sys.settrace(self._trace if on else None)

    def theirs(self, code: CodeType, names: Mapping[str, Any]) -> bool:
        """Whether code, with its global names, is of the target, and of no library that torch
        is made of.
        """
        known = self._theirs.get(code)
        if known is None:
            of_a_named_tuple = code.co_filename.startswith("<") and code.co_names == ("_tuple_new",)
            known = self.theirs_by_file(_file(code, names)) and not of_a_named_tuple
            self._theirs[code] = known
        return known

    def _is_theirs(self, frame: FrameType) -> bool:
        return self.theirs(frame.f_code, frame.f_globals)

    @staticmethod
    def theirs_by_file(file: str) -> bool:
        """Whether a file is of the target, and of no library that torch is made of."""
        library = file.startswith(STANDARD_LIBRARY) and "site-packages" not in file
        return not (library or file.startswith((*NOT_THEIRS, PYTEST, "<frozen", "<eval_with_key")))

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        if self._is_theirs(frame):
            frame.f_trace_lines, frame.f_trace_opcodes = False, True
            self.seen.steps.append((code.co_qualname, code.co_firstlineno, -1))
            return self._step
        caller = frame.f_back
        if caller is not None and self._is_theirs(caller) and not self._may_be_called(frame):
            self._note(_qualified(code), caller)
        return None

    def _step(self, frame: FrameType, event: str, arg: Any) -> Callable[..., Any]:
        if event == "opcode":
            code = frame.f_code
            self.seen.steps.append((code.co_qualname, code.co_firstlineno, frame.f_lasti))
        return self._step

    def _may_be_called(self, frame: FrameType) -> bool:  # noqa: PLR0911  # one for each kind of place
        code = frame.f_code
        file, name = code.co_filename, code.co_qualname
        if file in CALLED_BY_THE_COLLECTOR and name.endswith((".<locals>.remove", "_remove")):
            return (
                True  # an entry of a weak table has died: nobody asked, and nobody gets an answer
            )
        if file.startswith(
            "<frozen"
        ):  # parts of the standard library are frozen, os and its environment among them
            return file.startswith(("<frozen importlib", "<frozen abc>"))
        if file.startswith((OURS, "<")):
            return True
        if file.startswith(TORCH):
            inside = file[len(TORCH) + 1 :]
            if inside in PURE_TORCH or inside.startswith(PURE_TORCH_FOLDERS):
                return True
            if inside in ("__init__.py", "fx/experimental/sym_node.py"):
                return name.startswith(SIZES) or inside != "__init__.py"
            if inside == "_ops.py":
                return _gives_tensors(frame.f_locals.get("self"))
            return self.compiling and (inside in AS_RECORDED or inside.startswith(RECORDERS))
        return file in PURE_LIBRARY or (self.compiling and file.startswith(NOT_THEIRS))

    def _profile(self, frame: FrameType, event: str, arg: Any) -> None:
        if event == "c_call" and self._is_theirs(frame):
            self._pending = None
            if _asks_a_tensor(arg):
                self._pending = (
                    arg  # it has to pass `__torch_function__`, where its answer is looked at
                )
            elif not _is_pure(arg, frame):
                self._note(_called(arg), frame)
        elif event == "c_return" and self._pending is not None and self._is_theirs(frame):
            self._note(_called(self._pending), frame)
            self._pending = None

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:  # torch's
        self._pending = None
        self._look(on=False)
        try:
            result = func(*args, **(kwargs or {}))
        finally:
            self._look(on=True)
        if not _only_tensors(result):
            name = resolve_name(func) or _called(func)
            frame = self._asker(sys._getframe(1))
            if frame is not None and name not in ANSWERED_BY_THE_CLAIM:
                self._note(name.removesuffix(".__get__"), frame)
        return result

    def _asker(self, frame: FrameType | None) -> FrameType | None:
        """The frame of theirs that asked, if no function of torch asked for purposes of its own."""
        while frame is not None and not self._is_theirs(frame):
            file = frame.f_code.co_filename
            if not file.startswith(OURS) and file[len(TORCH) + 1 :] not in PASSED_ON:
                return None
            frame = frame.f_back
        return frame

    def _note(self, what: str, frame: FrameType) -> None:
        file = frame.f_code.co_filename
        line = (
            f"line {frame.f_lineno}"
            if file == self.path
            else f"line {frame.f_lineno} of {Path(file).name}"
        )
        self.seen.asked.setdefault(what, line)


def _file(code: CodeType, names: Mapping[str, Any]) -> str:
    """The file of code; what was generated, such as the methods of a data class, belongs to the
    module whose names it uses.
    """
    if code.co_filename.startswith("<"):
        module = sys.modules.get(names.get("__name__", ""))
        if module is not None and vars(module) is names:
            return getattr(module, "__file__", None) or code.co_filename
    return code.co_filename


def _gives_tensors(operator: Any) -> bool:
    """Whether an operator of torch's own gives tensors alone, so that all that it tells is in
    the graph.
    """
    overloads = [operator] if isinstance(operator, torch._ops.OpOverload) else []
    if isinstance(operator, torch._ops.OpOverloadPacket):
        overloads = [getattr(operator, name) for name in operator.overloads()]  # type: ignore[no-untyped-call]  # torch has no types for it
    return bool(overloads) and all(
        each.namespace == "aten"
        and each._schema.returns
        and all("Tensor" in str(result.type) for result in each._schema.returns)
        for each in overloads
    )


def _asks_a_tensor(function: Any) -> bool:
    owner, module = getattr(function, "__self__", None), getattr(function, "__module__", None)
    of_torch = (
        getattr(torch._C._VariableFunctions, getattr(function, "__name__", ""), None) is function
    )
    return isinstance(owner, torch.Tensor) or of_torch or module == "torch._C._nn"


def _is_pure(function: Any, frame: FrameType) -> bool:
    owner, name = getattr(function, "__self__", None), getattr(function, "__name__", "")
    module = getattr(function, "__module__", None)
    if module == "builtins" and isinstance(function, BuiltinFunctionType):
        # a data class hashes its fields; where a size is among them torch refuses
        return name in PURE_BUILTINS or (
            name == "hash"
            and frame.f_code.co_filename == "<string>"
            and frame.f_code.co_name == "__hash__"
        )
    if isinstance(owner, type) and issubclass(owner, torch.autograd.Function):
        return name == "apply"
    if isinstance(owner, PURE_TYPES) or (isinstance(owner, type) and owner in PURE_TYPES):
        return name != "__hash__"
    return module in PURE_MODULES


def _called(function: Any) -> str:
    owner = getattr(function, "__self__", None)
    place = (
        getattr(function, "__module__", None)
        or getattr(owner, "__name__", None)
        or type(owner).__name__
    )
    return f"{place}.{getattr(function, '__qualname__', function)}"


def _qualified(code: CodeType) -> str:
    file = Path(code.co_filename)
    for root in (TORCH, STANDARD_LIBRARY):
        if file.is_relative_to(root):
            inside = (
                ".".join(file.relative_to(root).with_suffix("").parts)
                .removesuffix("__init__")
                .rstrip(".")
            )
            return ".".join(
                part
                for part in ("torch" if root == TORCH else "", inside, code.co_qualname)
                if part
            )
    return f"{file.stem}.{code.co_qualname}"


def _only_tensors(result: Any) -> bool:
    if isinstance(result, tuple | list):
        return (
            bool(result)
            and all(_only_tensors(each) for each in result)
            and not isinstance(result, torch.Size)
        )
    return isinstance(result, torch.Tensor)
