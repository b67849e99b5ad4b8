"""A case's identifier is the case."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stsm_ref import strategies
from stsm_ref.errors import SpecError
from stsm_ref.evidence.cases import Case

SIZES = st.tuples(*[st.integers(1, 5)] * 5)
CASES = st.builds(
    Case,
    st.sampled_from(("forward", "vjp", "jvp")),
    strategies.shift_specs(),
    SIZES,
    seed=st.integers(0, 9),
)


@given(CASES)
def test_an_identifier_reads_back(case):
    """`Case.parse` of an identifier is the case, and makes the same bits."""
    again = Case.parse(case.id)
    assert again == case
    assert np.array_equal(again.array(), case.array())
    assert case.array().shape == case.shape


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("PAD-1", "'PAD-1' is not a case, such as"),
        (
            "backward:T+H+W@3/8:1x3x16x2x5:float32:labels:C:7",
            "operation 'backward' is none of forward, vjp, jvp",
        ),
        ("forward:T+H+W@3/8:1x3x16x2:float32:labels:C:7", "the shape must be NxTxCxHxW"),
        ("forward:T+H+W@3/8:1x3x16x2x5:float31:labels:C:7", "is not a case"),
        ("forward:T+H+W@3/8:1x3x16x2x5:float32:labels:C:-7", "seed an integer"),
        ("forward:T+H+W@3/8:1x3x16x2x5:int8:nan:C:7", "int8 has no values 'nan'"),
        ("forward:H+H@3/8:1x3x16x2x5:float32:labels:C:7", "H"),
    ],
)
def test_what_is_no_case_is_refused(text, complaint):
    """The message shows the right form, or the choices."""
    with pytest.raises(SpecError, match=complaint.replace("+", r"\+").replace("?", r"\?")):
        Case.parse(text)
