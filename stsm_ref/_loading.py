"""Find somebody's code by ``FILE.py:NAME`` or ``package.module:NAME``. It is run in this process:
it is code, and not only data.

The one way in for all commands, so that what one of them can import the others can: the folder of
the file and the working directory are on the path, as ``python FILE`` and ``python -m`` have
them.
"""

import contextlib
import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from stsm_ref._files import MIB, require_file
from stsm_ref.errors import TargetError, visible

PACKAGE = Path(__file__).parent
MAX_SOURCE = 16 * MIB
"""Bytes of a Python file."""

MAX_MESSAGE = 1000
"""Letters of somebody's error message."""


class Loaded(NamedTuple):
    """What was named, the class or module in which it stands, and the module."""

    value: Any
    owner: Any
    module: ModuleType


def load(text: str, *, ours: Path = PACKAGE) -> Loaded:
    """Import ``FILE.py:NAME`` or ``package.module:NAME``; NAME may have dots, as in
    ``Class.method``.

    Frames of an error that lie in the folder `ours` are left out.

    Raises
    ------
    TargetError
        If it is misspelt, absent, or its import raises.
    """
    where, _, name = text.rpartition(":")
    if not where or not all(part.isidentifier() for part in name.split(".")):
        raise TargetError(
            f"target='py:{text}' does not name a target: write py:FILE.py:NAME or "
            "py:package.module:NAME"
        )
    with contextlib.redirect_stdout(sys.stderr):  # standard output is for results
        module = _imported(where, ours)
    owner, value, walked = module, module, where
    for part in name.split("."):
        if not hasattr(value, part):
            names = vars(value) if hasattr(value, "__dict__") else {}
            near = [
                key for key, value in names.items() if callable(value) and not key.startswith("_")
            ]
            raise TargetError(
                f"{walked} has no {part!r}: it has "
                f"{', '.join(near[:12]) or 'nothing that can be called'}"
            )
        owner, value, walked = (
            value,
            getattr(value, part),
            f"{walked}:{part}" if value is module else f"{walked}.{part}",
        )
    return Loaded(value, owner, module)


def _imported(text: str, ours: Path) -> ModuleType:
    """Import a file, by its path, or a module, by its name."""
    try:
        if not text.endswith(".py"):
            if Path(text).is_file():
                raise TargetError(
                    f"{text!r} is not a .py file: a program is named as cmd:, a graph as onnx:"
                )
            _put_on_path(Path.cwd())
            return importlib.import_module(text)
        path = Path(text).resolve()
        if not path.exists():
            raise TargetError(f"there is no file {text!r}")
        require_file(path, most=MAX_SOURCE, what="the source", error=TargetError)
        _put_on_path(Path.cwd())
        _put_on_path(path.parent)
        spec = importlib.util.spec_from_file_location(f"_target_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
    except TargetError:
        raise
    except (Exception, SystemExit) as error:  # whatever somebody's code raises
        raise TargetError(
            f"{text} cannot be imported: {error_text(error)}{frames(error, ours)}"
        ) from None


def _put_on_path(folder: Path) -> None:
    """First, so that what lies there is found before what is installed under the same name."""
    place = str(folder)
    if place in sys.path:
        sys.path.remove(place)
    sys.path.insert(0, place)


def error_text(error: BaseException) -> str:
    """Type and message, as far as it can be printed and is worth reading."""
    try:
        text = str(error).strip()
    except BaseException:  # the error's own method
        text = "(its message cannot be read)"
    text = visible(text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + " ...")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def frames(error: BaseException, ours: Path = PACKAGE) -> str:
    """The last places in somebody's own files, for their author; those in the folder `ours` are
    of no use there.
    """
    every = traceback.extract_tb(error.__traceback__)
    theirs = [
        frame for frame in every if frame.line and not Path(frame.filename).is_relative_to(ours)
    ]
    return "".join(
        f"\n  {frame.filename}:{frame.lineno} in {frame.name}: {frame.line}"
        for frame in theirs[-4:]
    )
