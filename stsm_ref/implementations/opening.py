"""From the text on a command line to a `Target`.

The text is ``py:FILE_OR_MODULE:NAME``, ``cmd:PROGRAM ARGUMENTS`` or ``onnx:FILE``.

A Python target is one function, a static method (``FILE.py:Class.method``) or an object that can
be called, such as a torch module; ``vjp``, ``jvp`` and ``info`` are looked up beside it, in its
class or file::

    info = {"name": "mine", "layout": "NTCHW", "framework": "numpy", "dtypes": ["float32"],
            "values": "bits", "fixed": {}}

All of them may be left out. ``values: "finite"`` is for an implementation that computes, such as
a convolution; ``fixed`` names sizes that it cannot change, by letters of ``NTCHW``.
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np

from stsm_ref._loading import load
from stsm_ref.errors import quoted
from stsm_ref.implementations._structs import Meta, Struct, check_name, read_struct
from stsm_ref.implementations.base import Target, TargetError
from stsm_ref.implementations.python import OURS, PythonTarget

FORMS = "py:FILE.py:NAME, py:package.module:NAME, cmd:PROGRAM ARGUMENTS or onnx:FILE.onnx"


def open_target(
    text: str,
    *,
    layout: str | None = None,
    framework: str | None = None,
    segments: int = 8,
    time_limit: float | None = None,
    memory: int | None = None,
) -> Target:
    """Import, start or load what `text` names; close it when done.

    Parameters
    ----------
    text : str
        ``py:``, ``cmd:`` or ``onnx:`` and what follows.
    layout, framework : str, optional
        In place of what the target says of itself.
    segments : int
        Frames of a clip for a target in the layout ``(NT)CHW`` that cannot be told them.
    time_limit, memory : number, optional
        What a program may take: seconds for each answer, bytes.

    Raises
    ------
    TargetError
        If there is no such target, or it cannot be used.
    MissingExtraError
        If it needs what is not installed.
    """
    kind, colon, rest = text.partition(":")
    if not colon or not rest or kind not in ("py", "cmd", "onnx"):
        raise TargetError(f"target={quoted(text)} is not a valid target: write {FORMS}")
    if kind == "py":
        return python_target(rest, layout=layout, framework=framework, segments=segments)
    if framework is not None:
        raise TargetError(f"framework={framework!r} is for py: targets: {kind}: has none")
    if kind == "cmd":
        from stsm_ref.implementations.process import ProcessTarget

        limits: dict[str, Any] = {"time_limit": time_limit, "memory": memory}
        target = ProcessTarget(
            rest, **{name: limit for name, limit in limits.items() if limit is not None}
        )
        if layout is not None and layout != target.layout:
            target.close()
            raise TargetError(
                f"layout={layout!r}: the program says that its layout is {target.layout}, "
                "and it must know"
            )
        return target
    from stsm_ref.implementations.onnx import OnnxTarget

    return OnnxTarget(Path(rest), layout=layout or "NTCHW", segments=segments)


def python_target(
    text: str, *, layout: str | None = None, framework: str | None = None, segments: int = 8
) -> PythonTarget:
    """Import ``FILE_OR_MODULE:NAME`` in this process."""
    function, owner, module = load(text, ours=OURS)
    where, _, name = text.rpartition(":")
    if inspect.isclass(function):
        raise TargetError(
            f"{where} has {name} as a class: "
            "name an instance of it, one of its methods, or a function"
        )
    info = _info(owner, module, where)
    return PythonTarget(
        function,
        layout=layout or info.layout,
        framework=framework or info.framework,
        vjp=_beside(owner, "vjp"),
        jvp=_beside(owner, "jvp"),
        name=name if info.name is None else info.name,
        dtypes=info.dtypes,
        fixed=info.fixed,  # type: ignore[arg-type]  # letters are strings
        moves_bits=info.values == "bits",
        segments=segments,
    )


def _beside(owner: Any, name: str) -> Callable[..., Any] | None:
    """The function of that name in the same module or class; a method that wants an instance does
    not count.
    """
    beside = getattr(owner, name, None)
    if beside is not None and not callable(beside):
        raise TargetError(
            f"{owner.__name__}.{name} is {type(beside).__name__}, which cannot be called: "
            f"rename it, or make it the {name}"
        )
    if inspect.isclass(owner) and inspect.isfunction(inspect.getattr_static(owner, name, None)):
        return None
    return beside


class Info(Struct, frozen=True, forbid_unknown_fields=True):
    """What a target says of itself."""

    name: str | None = None
    layout: str = "NTCHW"
    framework: str = "numpy"
    dtypes: Any = None
    values: Literal["bits", "finite"] = "bits"
    fixed: dict[Literal["N", "T", "C", "H", "W"], Annotated[int, Meta(ge=1)]] | None = None

    def __post_init__(self) -> None:
        """Check what a type cannot say."""
        if self.name is not None:
            check_name("name", self.name)
        if self.dtypes is None:
            return
        try:
            count = len([np.dtype(dtype) for dtype in self.dtypes])
        except TypeError:
            raise ValueError(
                f"dtypes={quoted(self.dtypes)} must name dtypes, as in ['float32', 'int64']"
            ) from None
        if not count:
            raise ValueError("dtypes is empty: name one dtype at least, or leave it out")


def _info(owner: Any, module: Any, where: str) -> Info:
    try:
        return read_struct(getattr(owner, "info", getattr(module, "info", {})), Info)
    except ValueError as error:
        raise TargetError(f"info in {where} is wrong: {error}") from None
