"""z3, typed as anything since it carries no types of its own; its absence is told by name."""

from typing import Any, TypeAlias

from stsm_ref.errors import MissingExtraError

try:
    import z3 as _z3
except ModuleNotFoundError:
    raise MissingExtraError("stsm-ref prove", "z3-solver", "proofs") from None

z3: Any = _z3
Term: TypeAlias = Any
