"""§3.1, §5.1.2: the steps that one residual block makes with TSM, with STSM and without a shift,
and layers with 1x1 convolutions alone.
"""

import numpy as np
import pytest

from stsm_ref import Displacement, ShiftSpec
from stsm_ref.geometry import UNIT_DISPLACEMENTS
from stsm_ref.paper import claim
from stsm_ref.paper.computations import COMPUTATIONS
from stsm_ref.paper.computations.capability import block, block_makes, steps_within

pytestmark = pytest.mark.requirement("CAP-1", "TSM-1")


def test_a_block_of_tsm_makes_every_step() -> None:
    """26 of 26 for TSM as for STSM, and the 8 steps within a frame without a shift: a 3x3
    convolution moves in space by itself.
    """
    made = {
        name: [d for d in UNIT_DISPLACEMENTS if block_makes(spec, d)]
        for name, spec in (("tsm", ShiftSpec.tsm()), ("stsm", ShiftSpec()))
    }
    assert made["tsm"] == made["stsm"] == list(UNIT_DISPLACEMENTS)
    assert len(UNIT_DISPLACEMENTS) == 26
    without = [d for d in UNIT_DISPLACEMENTS if block_makes(ShiftSpec(alpha=0), d)]
    assert without == [d for d in UNIT_DISPLACEMENTS if d.dt == 0]
    assert len(without) == 8


def test_layers_with_1x1_convolutions_tell_them_apart() -> None:
    """STSM reaches 6, 18 and 26 steps in one, two and three layers; TSM the two in time, in any
    number.
    """
    assert [steps_within(ShiftSpec(), layers) for layers in (1, 2, 3)] == [6, 18, 26]
    assert [steps_within(ShiftSpec.tsm(), layers) for layers in (1, 2, 3)] == [2, 2, 2]


def test_a_block_by_hand() -> None:
    """Earlier and to the right: frame 1's 5, below its 7, stands in frame 0, one to the right."""
    x = np.zeros((2, 16, 2, 3), np.int64)
    x[1, 0] = [[7, 0, 0], [5, -4, 0]]  # channel 0 of TSM comes from the next frame
    first = np.zeros((2, 16), np.int64)
    first[:, 0] = 1, -1
    second = np.zeros((2, 3, 3), np.int64)
    second[:, 1, 0] = 1, -1  # cross-correlation: the tap on the left brings what is left
    np.testing.assert_array_equal(
        block(x, ShiftSpec.tsm(), first, second), [[[0, 7, 0], [0, 5, -4]], [[0, 0, 0], [0, 0, 0]]]
    )
    # without the channel of the other sign ReLU would lose what is negative
    np.testing.assert_array_equal(block(x, ShiftSpec.tsm(), first[:1], second[:1])[0, 1], [0, 5, 0])


def test_a_shift_that_moves_nothing_in_time_is_noticed() -> None:
    """A spec of space alone makes no step in time, whatever stands behind it."""
    assert not block_makes(ShiftSpec("H+W"), Displacement(dt=1))
    assert block_makes(ShiftSpec("H+W"), Displacement(dh=1, dw=-1))


@pytest.mark.parametrize(
    "identifier", ["higher-dimensions", "learns-2d-and-3d", "convolution-selects", "2d-from-1d"]
)
def test_the_claims_say_so(identifier: str) -> None:
    """The theorem stays, and beside it that it favours nobody: 26 of 26 in one block of TSM,
    computed.
    """
    entry = claim(identifier)
    assert entry.status == "proved"
    assert "layers_compose_steps" in entry.evidence
    assert "no advantage of STSM over TSM" in entry.finding
    assert "STSM 26, TSM 26, no shift 8" in COMPUTATIONS[identifier].run().figures
