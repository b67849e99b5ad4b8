"""The paper's claims as data, sentence by sentence and cell by cell, and how each is settled.

Published figures stand in `stsm_ref.paper.tables` and are never mixed with ours. Importing this
imports neither torch nor Matplotlib.
"""

from stsm_ref.paper.catalogue import CLAIMS, NOT_CLAIMS, claim
from stsm_ref.paper.claim import MEANINGS, Claim, Status
from stsm_ref.paper.tables import TABLES, Row

__all__ = ["CLAIMS", "MEANINGS", "NOT_CLAIMS", "TABLES", "Claim", "Row", "Status", "claim"]
