"""Record a module with torch.export, watch what its Python code does meanwhile, and read the
graph as an index map.
"""

from stsm_ref.proofs.export.graph import interpret
from stsm_ref.proofs.export.recording import Exported, ExportFailedError, export
from stsm_ref.proofs.export.watch import Watch

__all__ = ["ExportFailedError", "Exported", "Watch", "export", "interpret"]
