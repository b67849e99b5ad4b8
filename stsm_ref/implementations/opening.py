"""From the text on a command line to a `Target`: ``py:FILE_OR_MODULE:NAME``, ``cmd:PROGRAM
ARGUMENTS``, ``onnx:FILE``.

A Python target is one function, a static method (``FILE.py:Class.method``) or an object that can be
called, such as a torch module; ``vjp``, ``jvp`` and ``info`` are looked up beside it, in its class
or file::

    info = {"name": "mine", "layout": "NTCHW", "framework": "numpy", "dtypes": ["float32"],
    "values": "bits", "fixed": {}}

All of them may be left out. ``values: "finite"`` is for an implementation that computes, such as a
convolution; ``fixed`` names sizes that it cannot change, by letters of ``NTCHW``.
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from stsm_ref._loading import LoadError, load
from stsm_ref.errors import quoted
from stsm_ref.implementations.base import Target, TargetError
from stsm_ref.implementations.protocol.messages import LONGEST_NAME
from stsm_ref.implementations.python import OURS, PythonTarget

FORMS = "py:FILE.py:NAME, py:package.module:NAME, cmd:PROGRAM ARGUMENTS or onnx:FILE.onnx"
INFO = ("name", "layout", "framework", "dtypes", "values", "fixed")


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
        raise TargetError(f"target={quoted(text)} is none: write {FORMS}")
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
                f"layout={layout!r}: the program says that its layout is {target.layout}, and it "
                "must know"
            )
        return target
    from stsm_ref.implementations.onnx import OnnxTarget

    return OnnxTarget(Path(rest), layout=layout or "NTCHW", segments=segments)


def python_target(
    text: str, *, layout: str | None = None, framework: str | None = None, segments: int = 8
) -> PythonTarget:
    """Import ``FILE_OR_MODULE:NAME`` in this process."""
    try:
        found, owner, module = load(text, ours=OURS)
    except LoadError as error:
        raise TargetError(str(error)) from None
    where, _, name = text.rpartition(":")
    if inspect.isclass(found):
        raise TargetError(
            f"{where} has {name} as a class: name an instance of it, one of its methods, or a "
            "function"
        )
    info = _checked_info(getattr(owner, "info", getattr(module, "info", {})), where)
    return PythonTarget(
        found,
        layout=layout or info.get("layout", "NTCHW"),
        framework=framework or info.get("framework", "numpy"),
        vjp=_beside(owner, "vjp"),
        jvp=_beside(owner, "jvp"),
        name=info.get("name", name),
        dtypes=info.get("dtypes"),
        fixed=info.get("fixed"),
        moves_bits=info.get("values", "bits") == "bits",
        segments=segments,
    )


def _beside(owner: Any, name: str) -> Callable[..., Any] | None:
    """The function of that name in the same module or class; a method that wants an instance is
    none.
    """
    found = getattr(owner, name, None)
    if found is not None and not callable(found):
        raise TargetError(
            f"{owner.__name__}.{name} is {type(found).__name__}, which cannot be called: rename "
            f"it, or make it the {name}"
        )
    if inspect.isclass(owner) and inspect.isfunction(inspect.getattr_static(owner, name, None)):
        return None
    return found


def _checked_info(info: Any, where: str) -> dict[str, Any]:
    """Refuse an `info` with a key or a value that means nothing."""
    if not isinstance(info, dict):
        raise TargetError(
            f"info in {where} is {type(info).__name__}: write a dict with some of {', '.join(INFO)}"
        )
    unknown = [key for key in info if key not in INFO]
    if unknown:
        raise TargetError(
            f"info in {where} has {quoted(unknown[0])}, which means nothing: its keys are "
            f"{', '.join(INFO)}"
        )
    for key in ("name", "layout", "framework"):
        if not isinstance(info.get(key, ""), str):
            raise TargetError(f"info[{key!r}]={quoted(info[key])} in {where} is not a string")
    name = info.get("name", "target")
    if not name.isprintable() or not 1 <= len(name) <= LONGEST_NAME:
        raise TargetError(
            f"info['name']={quoted(name)} in {where} is not printable, of 1 to {LONGEST_NAME} "
            "characters: choose another"
        )
    if info.get("values", "bits") not in ("bits", "finite"):
        raise TargetError(
            f"info['values']={quoted(info['values'])} in {where} is neither 'bits' nor 'finite'"
        )
    fixed = info.get("fixed") or {}
    if not isinstance(fixed, dict) or not all(
        key in "NTCHW" and isinstance(size, int) and size > 0 for key, size in fixed.items()
    ):
        raise TargetError(
            f"info['fixed']={quoted(fixed)} in {where} must give sizes from 1 up to letters "
            "of NTCHW"
        )
    try:
        dtypes = info.get("dtypes")
        checked = None if dtypes is None else [np.dtype(d) for d in dtypes]
    except TypeError:
        raise TargetError(
            f"info['dtypes']={quoted(info['dtypes'])} in {where} must name dtypes, as in "
            "['float32', 'int64']"
        ) from None
    if checked is not None and not checked:
        raise TargetError(
            f"info['dtypes'] in {where} is empty: name one dtype at least, or leave it out"
        )
    return {**info, "dtypes": checked}
