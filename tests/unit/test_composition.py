"""Routes through layers: what is built, and what cannot be."""

import numpy as np
import pytest

from stsm_ref import Displacement, ShiftSpec, SpecError
from stsm_ref.composition import apply_layers, route_through_layers


def test_weights_only_route() -> None:
    """Each layer has a single 1, and one axis moves in each."""
    route = route_through_layers(Displacement(1, -1, 1), channels=16)
    assert [int(w.sum()) for w in route.weights] == [1, 1, 1]
    assert {w.dtype for w in route.weights} == {np.dtype(np.int64)}
    assert (route.source, route.target) == (0, 0)


def test_layers_act_on_any_leading_axes() -> None:
    """A batch of clips goes through as one clip does."""
    x = np.arange(2 * 3 * 16 * 4).reshape(2, 3, 16, 2, 2)
    route = route_through_layers(Displacement(dt=1, dh=1), channels=16)
    both = apply_layers(x, route.weights)
    np.testing.assert_array_equal(both[1], apply_layers(x[1], route.weights))


@pytest.mark.parametrize(
    "displacement", [Displacement(2, 0, 0), Displacement(), Displacement(1, -2, 0)]
)
def test_other_steps_are_refused(displacement: Displacement) -> None:
    """One step along at least one axis."""
    with pytest.raises(
        SpecError, match=r"is not a unit step: give -1, 0 or \+1 for each axis, one of them not 0"
    ):
        route_through_layers(displacement, channels=16)


@pytest.mark.parametrize(("spec", "channels"), [(ShiftSpec("T"), 16), (ShiftSpec(), 15)])
def test_a_step_without_channels_is_refused(spec: ShiftSpec, channels: int) -> None:
    """A spec that does not move that way, or too few channels."""
    with pytest.raises(
        SpecError,
        match=r"has no channel that moves by \(0, 1, 0\) with channels=1\d: use T\+H\+W and more "
        r"channels",
    ):
        route_through_layers(Displacement(dh=1), channels=channels, spec=spec)
