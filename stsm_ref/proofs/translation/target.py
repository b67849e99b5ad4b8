"""Find somebody's module by ``py:FILE_OR_MODULE:NAME``. Their file is run in this process: it
is code, and not only data.
"""

from typing import NamedTuple

from stsm_ref import _loading
from stsm_ref.errors import MissingExtraError, TargetError
from stsm_ref.geometry import ShiftSpec

try:
    from torch import nn
except ModuleNotFoundError:
    raise MissingExtraError("stsm-ref prove TARGET", "torch", "torch") from None


class Target(NamedTuple):
    """A module and the file that it was made in."""

    module: nn.Module
    path: str | None


def load(target: str, spec: ShiftSpec) -> Target:
    """Import the file or module and call the name in it with `spec`; an `nn.Module` that stands
    under the name is taken as it is.

    Raises
    ------
    TargetError
        If `target` is misspelt, the file or the name is absent, the import or the call raises, or
        what it returns is no `nn.Module`.
    """
    scheme, _, rest = target.partition(":")
    if scheme != "py" or ":" not in rest:
        raise TargetError(
            f"target={target!r} is no torch module: write py:FILE.py:make_module or "
            "py:package.module:make_module"
        )
    try:
        make, _, found = _loading.load(rest)
    except TargetError as error:
        raise TargetError(f"target={target!r}: {error}") from None
    name = rest.rpartition(":")[2]
    if isinstance(make, nn.Module):
        return Target(make, found.__file__)
    if not callable(make):
        raise TargetError(
            f"target={target!r}: {name} is {type(make).__name__}: name an nn.Module, or a "
            f"function {name}(spec) that returns one"
        )
    try:
        module = make(spec)
    except Exception as error:  # whatever the user's code raises
        raise TargetError(
            f"target={target!r}: {name}(spec) raises {type(error).__name__}: {_first_line(error)}"
        ) from error
    if not isinstance(module, nn.Module):
        raise TargetError(
            f"target={target!r}: {name}(spec) returns {type(module).__name__}: return a "
            "torch.nn.Module"
        )
    return Target(module, found.__file__)


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]
