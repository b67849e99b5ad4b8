"""§5.1.1: the example of 72 channels, the best alpha, and TSM's."""

import numpy as np
import pytest

from stsm_ref import ShiftSpec, stsm

pytestmark = pytest.mark.requirement("GEO-3", "GEO-4", "TSM-1")


def test_72_channels() -> None:
    """“when α = 1/4 … 72, the shift operation is performed on the 1st to 18th channels, and the
    remaining 19th to 72th … unchanged”.
    """
    spec = ShiftSpec("T+H+W", "1/4")
    assert [(g.start, g.stop) for g in spec.partition(72)] == [
        (0, 3),
        (3, 6),
        (6, 9),
        (9, 12),
        (12, 15),
        (15, 18),
        (18, 72),
    ]
    x = np.ones((2, 72, 2, 2), np.float32)
    moved = [bool(np.any(stsm(x, spec)[:, channel - 1] == 0)) for channel in range(1, 73)]
    assert moved == [True] * 18 + [False] * 54


@pytest.mark.parametrize(
    ("terms", "moved"), [("T+H+W", 18), ("H+W", 16), ("T+HW", 16), ("TH+TW+HW", 12), ("THW", 16)]
)
def test_where_the_example_of_72_channels_ends(terms: str, moved: int) -> None:
    """At α = 1/4 of 72 channels the first 18 move under T+H+W; other terms have no whole share, and
    fewer move.
    """
    assert ShiftSpec(terms, "1/4").partition(72)[-1].start == moved


def test_the_best_alpha_moves_an_eighth_in_time() -> None:
    """“In the best α = 3/8 … we only perform shift operations along the time dimension on the first
    1/8 of the channel”.
    """
    in_time = [g for g in ShiftSpec("T+H+W", "3/8").partition(256) if g.displacement.dt]
    assert (in_time[0].start, in_time[-1].stop) == (0, 256 // 8)


def test_tsms_quarter_is_our_three_quarters() -> None:
    """“The α = 1/4 in TSM is equivalent to setting α = 3/4 in our STSM”: the same channels move in
    time.
    """
    ours = [
        g for g in ShiftSpec("T+H+W", "3/4", "backward-first").partition(256) if g.displacement.dt
    ]
    tsm = [g for g in ShiftSpec.tsm(8).partition(256) if g.displacement.dt]
    assert ours == tsm


@pytest.mark.parametrize(
    ("alpha", "moved"),
    [("0", 0), ("1/8", 6), ("1/4", 12), ("3/8", 18), ("1/2", 24), ("3/4", 36), ("1", 48)],
)
def test_table_1_has_whole_numbers_at_48_channels(alpha: str, moved: int) -> None:
    """Every alpha of Table 1 divides 48 channels exactly."""
    assert ShiftSpec("T+H+W", alpha, rounding="exact").partition(48)[-1].start == moved
