"""Correlation engines: sizes, dtypes, dense kernels, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from stsm_ref import ENGINES, ArrayError, ShiftSpec, SpecError, correlate, one_hot_kernel, stsm
from stsm_ref.correlate import correlate_stsm


def kernel(weights: object, *padding: tuple[int, int]) -> SimpleNamespace:
    """A kernel of any weights."""
    return SimpleNamespace(weights=np.array(weights), padding=padding)


@pytest.mark.parametrize("engine", ENGINES)
def test_valid_and_full_sizes(engine: str) -> None:
    """Size is that of x, plus padding, less taps, plus one."""
    x = np.array([1, 2, 3])
    np.testing.assert_array_equal(correlate(x, kernel([1, 10], (0, 0)), axes=0, engine=engine), [21, 32])
    np.testing.assert_array_equal(correlate(x, kernel([1, 10], (1, 1)), axes=0, engine=engine), [10, 21, 32, 3])
    assert correlate(x, kernel([1, 1, 1, 1], (0, 0)), axes=0, engine=engine).dtype == x.dtype
    assert correlate(x, kernel([1, 1, 1, 1], (0, 0)), axes=0, engine=engine).size == 0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("char", "?bBhHiIlLefdFD")
def test_every_dtype_is_kept(engine: str, char: str) -> None:
    """Also those that SciPy does not have, and the other byte order."""
    for dtype in (np.dtype(char), np.dtype(char).newbyteorder()):
        x = np.array([[1, 0, 1, 1]] * 2).astype(dtype)
        y = correlate(x, one_hot_kernel((0, 1)), axes=(0, 1), engine=engine)
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, [[0, 1, 0, 1]] * 2)


@pytest.mark.parametrize("engine", ENGINES)
def test_no_axis_at_all(engine: str) -> None:
    """A kernel along no axis is one weight."""
    np.testing.assert_array_equal(correlate([1, 2], kernel(3), axes=(), engine=engine), [3, 6])


@pytest.mark.parametrize("engine", ENGINES)
def test_complex_weights_are_not_conjugated(engine: str) -> None:
    """Deep learning's cross-correlation conjugates nothing, SciPy's does."""
    x = np.array([1 + 2j, 3 - 1j, 2j])
    np.testing.assert_array_equal(correlate(x, kernel([1j, 2], (0, 0)), axes=0, engine=engine), [4 - 1j, 1 + 7j])


@pytest.mark.parametrize("engine", ENGINES)
def test_axes_may_stand_in_any_order(engine: str) -> None:
    """The first axis of the weights acts along the first axis that is named."""
    x = np.arange(12).reshape(3, 4)
    dense = kernel([[1, 2, 3], [4, 5, 6]], (0, 1), (1, 1))
    swapped = kernel([[1, 4], [2, 5], [3, 6]], (1, 1), (0, 1))
    np.testing.assert_array_equal(correlate(x, dense, axes=(1, 0), engine=engine), correlate(x, swapped, axes=(0, 1), engine=engine))


def test_engines_leave_the_input_alone() -> None:
    """Correlation does not write its input."""
    x = np.arange(4.0)
    x.flags.writeable = False
    for engine in ENGINES:
        correlate(x, one_hot_kernel(1), axes=0, engine=engine)
    np.testing.assert_array_equal(x, [0, 1, 2, 3])


@pytest.mark.parametrize("engine", ENGINES)
def test_stsm_by_correlation(engine: str) -> None:
    """The whole module as convolutions, empty groups included."""
    x = np.arange(2 * 20 * 3 * 4).reshape(2, 20, 3, 4)
    for spec in (ShiftSpec(), ShiftSpec("THW+T", "1/8")):
        np.testing.assert_array_equal(correlate_stsm(x, spec, engine=engine), stsm(x, spec))


def test_stsm_by_correlation_uses_the_engine() -> None:
    """The engine that is asked for does the work: only `ndimage` has no NaN beside an infinity."""
    x = np.full((2, 16, 2, 2), np.inf)
    assert np.isnan(correlate_stsm(x, engine="direct")).any()
    assert np.isnan(correlate_stsm(x, engine="signal")).any()
    assert not np.isnan(correlate_stsm(x, engine="ndimage")).any()


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1])
def test_ndimage_refuses_what_it_would_round(value: int) -> None:
    """It sums in float64: larger integers and long doubles are refused, not rounded in silence."""
    with pytest.raises(ArrayError, match=r"^x holds integers beyond 2\*\*53, which engine='ndimage' rounds.*use engine='direct'"):
        correlate([value, 0], one_hot_kernel(1), axes=0, engine="ndimage")
    np.testing.assert_array_equal(
        correlate([value - np.sign(value), 0], one_hot_kernel(1), axes=0, engine="ndimage"), [0, value - np.sign(value)]
    )
    with pytest.raises(ArrayError, match=r"which engine='ndimage' rounds to float64"):
        correlate(np.ones(2, np.longdouble), one_hot_kernel(1), axes=0, engine="ndimage")
    with pytest.raises(ArrayError, match=r"^x has dtype complex256, which engine='ndimage' rounds to float64"):
        correlate(np.ones(2, np.clongdouble), one_hot_kernel(1), axes=0, engine="ndimage")


def test_direct_and_signal_are_exact_on_large_integers() -> None:
    """The other two sum in the dtype of the data."""
    for engine in ("direct", "signal"):
        assert correlate(np.array([2**63 - 1, 0]), one_hot_kernel(1), axes=0, engine=engine)[1] == 2**63 - 1


@pytest.mark.parametrize(
    ("kind", "x", "chosen", "options", "message"),
    [
        (SpecError, [1], kernel([1], (0, 0)), {"axes": 0, "engine": "fft"}, r"engine='fft' is not one of 'direct', 'signal', 'ndimage'"),
        (SpecError, [1], kernel([1], (0, 0)), {"axes": (0, 1)}, r"has 1 entries for axes=\(0, 1\)"),
        (ArrayError, [1], kernel([1], (0, 0)), {"axes": 1}, r"axis 1 is outside an array of rank 1"),
        (SpecError, [1], kernel([1], (0, 0), (0, 0)), {"axes": 0}, r"kernel.padding=.* has 2 entries for 1 axes"),
        (
            ArrayError,
            [1],
            kernel([0.5], (0, 0)),
            {"axes": 0},
            r"x has dtype int64, which cannot hold the kernel's weights: convert x first",
        ),
        (ArrayError, [1], kernel([np.nan], (0, 0)), {"axes": 0}, r"x has dtype int64, which cannot hold the kernel's weights"),
        (ArrayError, [1.0], kernel([1j], (0, 0)), {"axes": 0}, r"x has dtype float64, which cannot hold the kernel's weights"),
        (
            SpecError,
            [1],
            kernel([1], (0, -1)),
            {"axes": 0},
            r"padding=\(\(0, -1\),\) is no padding: give \(before, after\)",
        ),
        (SpecError, [1], kernel([1], (0, 0.5)), {"axes": 0}, r"is no padding"),
        (SpecError, [1], kernel([1], 3), {"axes": 0}, r"is no padding"),
        (SpecError, [1], SimpleNamespace(weights=np.ones(1)), {"axes": 0}, r"has no weights and padding"),
        (ArrayError, [1], kernel(["a"], (0, 0)), {"axes": 0}, r"^kernel.weights has dtype <U1"),
        (SpecError, [1], None, {"axes": 0}, r"kernel=None has no weights and padding: build one with one_hot_kernel"),
        (SpecError, [1], kernel([1], (0, 0)), {"axes": 0, "engine": ["direct"]}, r"engine=\['direct'\] is not one of"),
        (SpecError, [1], kernel([1, 1, 1], (0, 0)), {"axes": 0}, r"weights with shape \(3,\) is larger than x with shape \(1,\)"),
        (ArrayError, np.zeros(1, "f4,u1"), kernel([1], (0, 0)), {"axes": 0}, r"which cannot be multiplied"),
        (ArrayError, [[1], [1, 2]], kernel([1], (0, 0)), {"axes": 0}, r"x is ragged"),
    ],
)
def test_bad_input_is_refused(kind: type[ValueError], x: object, chosen: SimpleNamespace, options: dict[str, object], message: str) -> None:
    """Engine, axes, padding, weights and dtype, each by name."""
    with pytest.raises(kind, match=message):
        correlate(x, chosen, **options)  # type: ignore[arg-type]


def test_stsm_by_correlation_refuses_bad_clips() -> None:
    """Rank and spec, as the shift does."""
    with pytest.raises(ArrayError, match=r"^x has shape \(16, 2, 2\), rank 3: a clip is"):
        correlate_stsm(np.ones((16, 2, 2)))
    with pytest.raises(SpecError, match=r"spec=None is no ShiftSpec"):
        correlate_stsm(np.ones((2, 16, 2, 2)), None)  # type: ignore[arg-type]
