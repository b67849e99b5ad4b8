"""Translation validation (L5): whether somebody's torch module is STSM, for all sizes."""

from stsm_ref.errors import TargetError
from stsm_ref.proofs.translation.validation import validate_target
from stsm_ref.proofs.translation.verdict import Direction, Verdict

__all__ = ["Direction", "TargetError", "Verdict", "validate_target"]
