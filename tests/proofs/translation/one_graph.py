"""What the validator makes of one graph, recorded once at typical sizes and held against STSM for
all sizes of 3 and more.

A proof looks at a dozen of graphs in each direction; the meanings of operators are the same in all
of them.
"""

import torch

from stsm_ref.geometry import ShiftSpec
from stsm_ref.proofs.export.recording import Backward, export
from stsm_ref.proofs.translation.comparison import Findings, Map, compare
from stsm_ref.proofs.translation.layout import TYPICAL_SIZES, Layout, displacements

SPEC = ShiftSpec.parse("T@1/4,backward-first")
CHANNELS = 8


def findings(module: torch.nn.Module, *, backward: bool = False) -> Findings:
    """What is found of a module of the layout TCHW, forward or backward."""
    layout = Layout.of("TCHW", CHANNELS, 8)
    sizes = {letter: TYPICAL_SIZES[letter] for letter in layout.free}
    goal = Map(("x", "g") if backward else ("x",), displacements(SPEC, CHANNELS, backward=backward))
    samples = [torch.zeros(layout.concrete_shape(sizes)) for _ in goal.tensors]
    exported = export(Backward(module) if backward else module, samples, [0, 2, 3])
    if backward:  # the values come first, then the gradient
        exported = exported.of_result(1, exported.inputs)
    found = Findings()
    compare(exported, layout, ((3, None),) * 3, goal, found, whole=False, path=None)
    return found


def decided(found: Findings) -> str:
    """``bits``, ``value``, ``undecided`` or ``different``."""
    if found.differences or found.undecided:
        return "different" if found.differences else "undecided"
    return "value" if found.arithmetic or found.rounding else "bits"
