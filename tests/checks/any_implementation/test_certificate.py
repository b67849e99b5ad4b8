"""Every basis vector of a shape, forward and back."""

import numpy as np
import pytest

from stsm_ref import stsm, stsm_vjp
from stsm_ref.conformance import check
from stsm_ref.errors import ArrayError
from stsm_ref.geometry import ShiftSpec
from stsm_ref.proofs.certificate import certify
from tests.implementations.examples import rolled

pytestmark = pytest.mark.requirement("SHIFT-6", "GRAD-1")
SHAPE = (4, 12, 4, 4)
SPEC = ShiftSpec("T+H+W", "1/2")


@pytest.mark.parametrize("batch", [4096, 100])
def test_the_right_map_is_certified(batch):
    """All 768 vectors forward and 768 back, in one batch or in many."""
    found = certify(lambda x: stsm(x, SPEC), SHAPE, SPEC, lambda g: stsm_vjp(g, SPEC), batch=batch)
    assert (found.ok, found.failure, found.vectors) == (True, "", 2 * 768)
    assert any("linear" in assumption for assumption in found.assumptions)


@pytest.mark.parametrize("batch", [4096, 100])
def test_one_wrong_place_is_named(batch):
    """A single value that is lost is found, and the basis vector and the place are told."""

    def forward(x):
        y = stsm(x, SPEC)
        y[:, 3, 11, 2, 1] = 0
        return y

    found = certify(forward, SHAPE, SPEC, batch=batch)
    assert not found.ok
    assert (
        found.failure
        == "forward: the basis vector at (3, 11, 2, 1) gives out[3, 11, 2, 1] = 0.0, should be 1.0"
    )
    assert (found.operation, found.place) == ("forward", (3, 11, 2, 1))
    assert (found.got, found.expected) == ("0.0", "1.0")


def test_a_wrong_backward_is_found():
    """The forward in place of its transpose."""
    found = certify(lambda x: stsm(x, SPEC), SHAPE, SPEC, lambda g: stsm(g, SPEC))
    assert not found.ok
    assert found.failure.startswith("vjp: the basis vector at")
    assert found.operation == "vjp"


def test_a_changed_shape_is_no_map():
    """It raises, since nothing can be compared."""
    with pytest.raises(ArrayError, match="a shift keeps the shape"):
        certify(lambda x: x[:, 1:], SHAPE, SPEC)


def test_what_a_certificate_assumes_is_tested_apart():
    """A map that is wrong on large values only has a certificate, and the suite still catches
    it.
    """

    def forward(x, spec=SPEC):
        large = np.abs(x.astype(np.complex128)).max(initial=0) > 300
        return rolled(x, spec) if large else stsm(x, spec)

    assert certify(forward, SHAPE, SPEC).ok
    broken = {violation.rule for violation in check(forward, spec=SPEC, level="smoke").violations}
    assert "forward_is_linear" in broken
    assert "every_basis_vector_moves_right" not in broken
