"""Proofs: for one shape by every basis vector (`certify`), for all sizes by running our own code on
symbols (`theorems`).

Importing this package needs nothing more than the mathematics does; its modules that ask a solver
say which extra is missing.
"""

from stsm_ref.proofs.certificate import Certificate, certify
from stsm_ref.proofs.linearity import find_nonlinearity

__all__ = ["Certificate", "certify", "find_nonlinearity"]
