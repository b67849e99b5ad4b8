"""Five axes in five layouts, there and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stsm_ref.definition import stsm, stsm_vjp
from stsm_ref.errors import ArrayError, SpecError
from stsm_ref.evidence import oracle
from stsm_ref.implementations.layouts import (
    LAYOUTS,
    checked_layout,
    from_own,
    memory_of,
    own_shape,
    to_own,
)
from stsm_ref.strategies import clip_cases, make_array

SHAPES = st.tuples(*[st.integers(1, 4)] * 5)


@given(SHAPES, st.sampled_from(LAYOUTS))
def test_there_and_back(shape, layout):
    """An array comes back as it was, and its shape in between is the layout's."""
    shape = (1, *shape[1:]) if layout == "TCHW" else shape
    x = make_array(shape, np.dtype("f4"), seed=0, values="labels")
    own = to_own(x, layout)
    assert own.shape == own_shape(shape, layout)
    np.testing.assert_array_equal(from_own(own, layout, shape), x)


def test_layouts_mean_what_they_say():
    """One value of a known place stands where each layout's letters say."""
    x = np.arange(2 * 3 * 4 * 5 * 6).reshape(2, 3, 4, 5, 6)
    value = x[1, 2, 3, 4, 5]
    assert to_own(x, "NTCHW")[1, 2, 3, 4, 5] == value
    assert to_own(x, "NCTHW")[1, 3, 2, 4, 5] == value
    assert to_own(x, "NTHWC")[1, 2, 4, 5, 3] == value
    assert to_own(x, "(NT)CHW")[1 * 3 + 2, 3, 4, 5] == value
    assert to_own(x[1:], "TCHW")[2, 3, 4, 5] == value


def test_two_clips_do_not_fit_without_a_batch():
    """TCHW refuses N = 2, and a misspelt layout is told the five."""
    with pytest.raises(ArrayError, match="holds one clip, not 2"):
        own_shape((2, 3, 4, 5, 6), "TCHW")
    with pytest.raises(
        SpecError, match=r"layout='NCHW' is not one of TCHW, NTCHW, NCTHW, NTHWC, \(NT\)CHW"
    ):
        checked_layout("NCHW")


@pytest.mark.parametrize("memory", ["C", "F", "strided", "reversed"])
def test_memory_is_told_apart(memory):
    """Each memory layout of the strategies is recognised."""
    assert memory_of(make_array((2, 3, 4, 2, 3), np.dtype("f4"), seed=0, layout=memory)) == memory


@given(clip_cases(batch_axes=(1,)))
def test_the_oracle_is_the_definition(case):
    """What targets are judged by equals the definition, bit for bit, forward and back."""
    for ours, definition in ((oracle.forward, stsm), (oracle.vjp, stsm_vjp)):
        got, want = ours(case.x, case.spec), definition(case.x, case.spec)
        assert (got.dtype, got.tobytes()) == (want.dtype, want.tobytes())
