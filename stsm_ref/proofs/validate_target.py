"""Find somebody's module by ``py:FILE_OR_MODULE:NAME``. Their file is run in this process: it is code, and not only data."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from stsm_ref.errors import MissingExtraError, StsmError
from stsm_ref.geometry import ShiftSpec

try:
    from torch import nn
except ModuleNotFoundError:
    raise MissingExtraError("stsm-ref prove TARGET", "torch", "torch") from None


class TargetError(StsmError):
    """A target that cannot be found, or gives no module."""


class Target(NamedTuple):
    """A module and the file that it was made in."""

    module: nn.Module
    path: str | None


def load(target: str, spec: ShiftSpec) -> Target:
    """Import the file or module and call the name in it with `spec`.

    Raises
    ------
    TargetError
        If `target` is misspelt, the file or the name is absent, the import or the call raises, or what it returns is no `nn.Module`.
    """
    scheme, _, rest = target.partition(":")
    where, _, name = rest.rpartition(":")
    if scheme != "py" or not where or not name:
        raise TargetError(f"target={target!r} is no torch module: write py:FILE.py:make_module or py:package.module:make_module")
    found = _imported(where, target)
    make = getattr(found, name, None)
    if not callable(make):
        raise TargetError(f"target={target!r}: {where} has no function {name!r}: define {name}(spec) there, which returns an nn.Module")
    try:
        module = make(spec)
    except Exception as error:  # whatever the user's code raises
        raise TargetError(f"target={target!r}: {name}(spec) raises {type(error).__name__}: {_first_line(error)}") from error
    if not isinstance(module, nn.Module):
        raise TargetError(f"target={target!r}: {name}(spec) returns {type(module).__name__}: return a torch.nn.Module")
    return Target(module, found.__file__)


def _imported(where: str, target: str) -> ModuleType:
    path = Path(where)
    try:
        if path.suffix == ".py":
            if not path.is_file():
                raise TargetError(f"target={target!r}: there is no file {where!r}")
            name = f"stsm_ref_target_{path.stem}"
            specification = importlib.util.spec_from_file_location(name, path.resolve())
            if specification is None or specification.loader is None:
                raise TargetError(f"target={target!r}: {where!r} is no Python file")
            module = importlib.util.module_from_spec(specification)
            sys.modules[name] = module
            specification.loader.exec_module(module)
            return module
        return importlib.import_module(where)
    except TargetError:
        raise
    except (Exception, SystemExit) as error:  # whatever the user's code raises
        raise TargetError(f"target={target!r}: importing {where!r} raises {type(error).__name__}: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]
