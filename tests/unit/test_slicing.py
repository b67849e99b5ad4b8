"""The sliced shift on literals, odd shapes and bad input."""

import numpy as np
import pytest

from stsm_ref import ShiftSpec, SpecError, definition, shift, stsm, stsm_vjp
from stsm_ref.errors import ArrayError
from stsm_ref.slicing import windows


@pytest.mark.parametrize(
    ("distance", "moved"),
    [
        (0, [1, 2, 3, 4]),
        (1, [0, 1, 2, 3]),
        (-1, [2, 3, 4, 0]),
        (3, [0, 0, 0, 1]),
        (4, [0] * 4),
        (-4, [0] * 4),
        (9, [0] * 4),
        (-9, [0] * 4),
    ],
)
def test_shift_on_a_strip(distance: int, moved: list[int]) -> None:
    """1234 by any distance, overshoots included."""
    np.testing.assert_array_equal(shift([1, 2, 3, 4], distance, axes=0), moved)


@pytest.mark.parametrize("size", [0, 1, 2, 5])
@pytest.mark.parametrize("distance", [-7, -5, -1, 0, 1, 4, 5, 7])
def test_windows_tile_the_axis(size: int, distance: int) -> None:
    """Target and vacant places cover the axis once each, and source is as long as target."""
    cut = windows(size, distance)
    places = list(range(size))
    assert sorted(places[cut.target] + places[cut.vacant]) == places
    assert [p + distance for p in places[cut.source]] == places[cut.target]


def test_vjp_moves_back() -> None:
    """Each direction of a strip along W: what the forward sends right, the gradient brings left,
    and zeros enter there.
    """
    clip = np.array([1, 2, 3, 4]).reshape(1, 1, 1, 4).repeat(3, axis=1)
    spec = ShiftSpec("W", "2/3")
    np.testing.assert_array_equal(
        stsm(clip, spec)[0, :, 0], [[0, 1, 2, 3], [2, 3, 4, 0], [1, 2, 3, 4]]
    )
    np.testing.assert_array_equal(
        stsm_vjp(clip, spec)[0, :, 0], [[2, 3, 4, 0], [0, 1, 2, 3], [1, 2, 3, 4]]
    )


def test_shift_takes_any_rank() -> None:
    """Rank 0, no axes at all, and a diagonal of a matrix."""
    assert shift(5, (), axes=()) == 5
    np.testing.assert_array_equal(shift([[1, 2], [3, 4]], (-1, 1), axes=(0, 1)), [[0, 3], [0, 0]])


@pytest.mark.parametrize("shape", [(0, 16, 3, 3), (2, 0, 3, 3), (2, 16, 0, 3), (0, 2, 16, 3, 3)])
def test_empty_clips_stay_empty(shape: tuple[int, ...]) -> None:
    """An axis of size 0 is no error, as in NumPy."""
    assert stsm(np.ones(shape)).shape == stsm_vjp(np.ones(shape)).shape == shape


def test_subclasses_come_out_plain() -> None:
    """A memory map, say, comes out as an array."""

    class Special(np.ndarray):
        pass

    assert type(stsm(np.ones((2, 16, 2, 2)).view(Special))) is np.ndarray


def test_strides_are_kept() -> None:
    """A channels-last clip comes out channels-last."""
    clip = np.ones((2, 3, 5, 16)).transpose(0, 3, 1, 2)
    assert stsm(clip).strides == clip.strides


@pytest.mark.parametrize("function", [stsm, stsm_vjp, definition.stsm, definition.stsm_vjp])
def test_bad_clips_are_refused(function: object) -> None:
    """Rank, dtype and spec, each by name."""
    name = "grad" if "vjp" in function.__name__ else "x"  # type: ignore[attr-defined]
    with pytest.raises(
        ArrayError,
        match=rf"{name} has shape \(16, 2, 2\), rank 3: a clip is \(..., T, C, H, W\), rank 4 "
        r"or more",
    ):
        function(np.ones((16, 2, 2)))  # type: ignore[operator]
    with pytest.raises(ArrayError, match=rf"{name} has dtype object"):
        function(np.full((1, 1, 1, 1), None))  # type: ignore[operator]
    with pytest.raises(SpecError, match=r"spec='T' is not a ShiftSpec"):
        function(np.ones((2, 16, 2, 2)), "T")  # type: ignore[operator]
    with pytest.raises(SpecError, match=r"rounding='exact' takes whole ones only"):
        function(np.ones((2, 24, 2, 2)), ShiftSpec(rounding="exact"))  # type: ignore[operator]


@pytest.mark.parametrize("function", [shift, definition.shift])
def test_bad_shifts_are_refused(function: object) -> None:
    """Lengths that differ and axes that are not there."""
    with pytest.raises(SpecError, match=r"displacement=\(1, 1\) has 2 entries for axes=\(0,\)"):
        function([1, 2], (1, 1), axes=0)  # type: ignore[operator]
    with pytest.raises(ArrayError, match=r"axis 1 is outside an array of rank 1"):
        function([1, 2], 1, axes=1)  # type: ignore[operator]
    with pytest.raises(ArrayError, match=r"x is ragged"):
        function([[1], [1, 2]], 1, axes=0)  # type: ignore[operator]
