"""Tables 2 and 3: every setting as it cuts 192 channels."""

import pytest

from stsm_ref import ShiftSpec

pytestmark = pytest.mark.requirement("GEO-2", "GEO-4")

# setting, alpha, size of the groups in channel order, from X_T^f to X_N
SETTINGS = [
    ("T", "1/4", [24, 24, 144]),
    ("H", "1/4", [24, 24, 144]),
    ("W", "1/4", [24, 24, 144]),
    ("H+W", "1/4", [12, 12, 12, 12, 144]),
    ("HW", "1/4", [12, 12, 12, 12, 144]),
    ("T+H+W", "3/8", [12] * 6 + [120]),
    ("T+HW", "3/8", [18, 18, 9, 9, 9, 9, 120]),
    ("T+H+W+HW", "3/8", [9] * 6 + [4] * 4 + [122]),
    ("TH+TW+HW", "3/8", [6] * 12 + [120]),
    ("T+H+W+TH+TW+HW", "3/8", [6] * 6 + [3] * 12 + [120]),
]


@pytest.mark.parametrize(("terms", "alpha", "sizes"), SETTINGS)
def test_each_setting_cuts_the_channels(terms: str, alpha: str, sizes: list[int]) -> None:
    """An equal share a term, split over its directions; T+H+W+HW rounds 4.5 down and leaves two
    channels more.
    """
    groups = ShiftSpec(terms, alpha).partition(192)
    assert [g.stop - g.start for g in groups] == sizes
    assert sum(sizes) == 192


def test_a_setting_without_whole_shares_at_64_channels() -> None:
    """T+H+W+HW at α = 3/8 would move 24 of 64 channels; HW has 1½ to a direction, so 22 move."""
    groups = ShiftSpec("T+H+W+HW", "3/8").partition(64)
    assert [g.stop - g.start for g in groups] == [3] * 6 + [1] * 4 + [42]
    assert groups[-1].start == 22


@pytest.mark.parametrize(
    ("terms", "axes"),
    [("TH+TW+HW", [("dt", "dh"), ("dt", "dw"), ("dh", "dw")]), ("THW", [("dt", "dh", "dw")])],
)
def test_terms_move_their_axes(terms: str, axes: list[tuple[str, ...]]) -> None:
    """“TH represents the two-dimensional space formed by the time dimension and the height
    dimension”, and so on.
    """
    for term, names in zip(ShiftSpec(terms).directions, axes, strict=True):
        assert {
            tuple(name for name, d in direction._asdict().items() if d) for direction in term
        } == {names}
