"""Find somebody's code by ``FILE.py:NAME`` or ``package.module:NAME``. It is run in this process:
it is code, and not only data.

The one way in for all commands, so that what one of them can import the others can: the folder of
the file and the working directory are on the path, as ``python FILE`` and ``python -m`` have them.
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
from stsm_ref.errors import StsmError, visible

PACKAGE = Path(__file__).parent
MOST_SOURCE = 16 * MIB
"""Bytes of a Python file."""

MOST_TOLD = 1000
"""Letters of somebody's error message."""


class LoadError(StsmError):
    """There is no such file, module or name, or importing it raises."""


class Loaded(NamedTuple):
    """What was named, the class or module in which it stands, and the module."""

    found: Any
    owner: Any
    module: ModuleType


def load(text: str, *, ours: Path = PACKAGE) -> Loaded:
    """Import ``FILE.py:NAME`` or ``package.module:NAME``; NAME may have dots, as in
    ``Class.method``.

    Frames of an error that lie in the folder `ours` are not told.

    Raises
    ------
    LoadError
        If it is misspelt, absent, or its import raises.
    """
    where, _, name = text.rpartition(":")
    if not where or not all(part.isidentifier() for part in name.split(".")):
        raise LoadError(
            f"target='py:{text}' names nothing: write py:FILE.py:NAME or py:package.module:NAME"
        )
    with contextlib.redirect_stdout(sys.stderr):  # standard output is for results
        module = _imported(where, ours)
    owner, found, walked = module, module, where
    for part in name.split("."):
        if not hasattr(found, part):
            near = (
                [
                    key
                    for key, value in vars(found).items()
                    if callable(value) and not key.startswith("_")
                ]
                if hasattr(found, "__dict__")
                else []
            )
            raise LoadError(
                f"{walked} has no {part!r}: it has "
                f"{', '.join(near[:12]) or 'nothing that can be called'}"
            )
        owner, found, walked = (
            found,
            getattr(found, part),
            f"{walked}:{part}" if found is module else f"{walked}.{part}",
        )
    return Loaded(found, owner, module)


def _imported(text: str, ours: Path) -> ModuleType:
    """Import a file, by its path, or a module, by its name."""
    try:
        if not text.endswith(".py"):
            if Path(text).is_file():
                raise LoadError(
                    f"{text!r} is no .py file: a program is named as cmd:, a graph as onnx:"
                )
            _put_on_path(Path.cwd())
            return importlib.import_module(text)
        path = Path(text).resolve()
        if not path.exists():
            raise LoadError(f"there is no file {text!r}")
        require_file(path, most=MOST_SOURCE, what="the source", error=LoadError)
        _put_on_path(Path.cwd())
        _put_on_path(path.parent)
        spec = importlib.util.spec_from_file_location(f"_target_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
    except LoadError:
        raise
    except (Exception, SystemExit) as error:  # whatever somebody's code raises
        raise LoadError(f"{text} cannot be imported: {told(error)}{frames(error, ours)}") from None


def _put_on_path(folder: Path) -> None:
    """First, so that what lies there is found before what is installed under the same name."""
    place = str(folder)
    if place in sys.path:
        sys.path.remove(place)
    sys.path.insert(0, place)


def told(error: BaseException) -> str:
    """Type and message, as far as it can be printed and is worth reading."""
    try:
        text = str(error).strip()
    except BaseException:  # the error's own method
        text = "(its message cannot be told)"
    text = visible(text if len(text) <= MOST_TOLD else text[:MOST_TOLD] + " ...")
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
