"""What a certificate cannot see: maps that agree with the shift on every basis vector and are
no shift.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from stsm_ref import ShiftSpec, stsm, stsm_vjp
from stsm_ref.errors import ArrayError
from stsm_ref.proofs import certify, find_nonlinearity
from tests import ROOT

SHAPE = (4, 12, 4, 4)
SPEC = ShiftSpec("T+H+W", "1/2")


def right(x: Any) -> Any:
    """The shift."""
    return stsm(x, SPEC)


def written(x: Any) -> Any:
    """The right result, and a ruined input."""
    y = stsm(x, SPEC)
    x[...] = 0
    return y


def touched(x: Any) -> Any:
    """The first clip is lost where it has a neighbour that is not made of zeros and ones."""
    y = stsm(x, SPEC)
    if len(x) > 1 and not set(x.flat) <= {0, 1}:
        y[0] = 0
    return y


WRONG: dict[str, tuple[Callable[[Any], Any], str]] = {
    "rectified": (lambda x: np.maximum(right(x), 0), "not linear"),
    "squared": (lambda x: right(x) ** 2, "not linear"),
    "cubed": (lambda x: right(x) ** 3, "not linear"),
    "without its sign": (lambda x: abs(right(x)), "not linear"),
    "clamped": (lambda x: np.clip(right(x), -300, 300), "not linear"),
    "rounded": (lambda x: np.rint(right(x)), "not linear"),
    "by way of bfloat16": (
        lambda x: (right(x).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32),
        "not linear",
    ),
    "written": (written, "not pure: the input was written"),
    "touched": (touched, "not clip by clip"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_certificate_lets_through_is_found(name: str) -> None:
    """Each is certified, which is why linearity is looked at apart, and each is found there."""
    wrong, why = WRONG[name]
    assert certify(wrong, SHAPE, SPEC).ok
    assert find_nonlinearity(wrong, SHAPE).startswith(why)


def test_a_memory_is_found() -> None:
    """A map that adds what it saw before gives another result the second time."""
    seen = []

    def forward(x: Any) -> Any:
        seen.append(x)
        return right(x) + (len(seen) > 4) * x

    assert find_nonlinearity(forward, SHAPE).startswith("not pure: a second run")


@pytest.mark.parametrize("run", [right, lambda g: stsm_vjp(g, SPEC)])
@pytest.mark.parametrize("dtype", ["int8", "int64", "float16", "float32", "float64", "complex64"])
def test_the_shift_is_linear(run: Callable[[Any], Any], dtype: str) -> None:
    """Nothing is found in ours, forward and back, whatever the dtype: the sums themselves are
    exact.
    """
    assert find_nonlinearity(run, SHAPE, dtype=dtype, samples=20) == ""


def test_a_shift_of_zero_must_be_zero() -> None:
    """A constant that is added cancels in no sum unless a + b = 1, and shows at zero too."""
    assert (
        find_nonlinearity(lambda x: right(x) + 1, SHAPE, samples=0) == "not linear: f(0) is not 0"
    )


@pytest.mark.parametrize("dtype", ["bool", "uint8"])
def test_a_dtype_without_signed_sums_is_refused(dtype: str) -> None:
    """There is nothing to add up."""
    with pytest.raises(
        ArrayError, match=f"dtype='{dtype}' has no sums of both signs to try: use a signed integer"
    ):
        find_nonlinearity(right, SHAPE, dtype=dtype)


def test_another_shape_or_dtype_is_no_map() -> None:
    """A shift keeps both."""
    with pytest.raises(ArrayError, match="a shift keeps shape and dtype"):
        find_nonlinearity(lambda x: right(x).astype(np.float64), SHAPE)


def test_the_page_is_right() -> None:
    """The code of the how-to runs."""
    page = (ROOT / "docs" / "howto" / "certify-a-black-box.md").read_text()
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(compile(block, "certify-a-black-box.md", "exec"), {})
