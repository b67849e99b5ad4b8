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
    np.testing.assert_array_equal(
        correlate(x, kernel([1, 10], (0, 0)), axes=0, engine=engine), [21, 32]
    )
    np.testing.assert_array_equal(
        correlate(x, kernel([1, 10], (1, 1)), axes=0, engine=engine), [10, 21, 32, 3]
    )
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
    np.testing.assert_array_equal(
        correlate(x, kernel([1j, 2], (0, 0)), axes=0, engine=engine), [4 - 1j, 1 + 7j]
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_axes_may_stand_in_any_order(engine: str) -> None:
    """The first axis of the weights acts along the first axis that is named."""
    x = np.arange(12).reshape(3, 4)
    dense = kernel([[1, 2, 3], [4, 5, 6]], (0, 1), (1, 1))
    swapped = kernel([[1, 4], [2, 5], [3, 6]], (1, 1), (0, 1))
    np.testing.assert_array_equal(
        correlate(x, dense, axes=(1, 0), engine=engine),
        correlate(x, swapped, axes=(0, 1), engine=engine),
    )


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
    with pytest.raises(
        ArrayError,
        match=r"^x holds integers beyond 2\*\*53, which engine='ndimage' rounds.*use "
        r"engine='direct'",
    ):
        correlate([value, 0], one_hot_kernel(1), axes=0, engine="ndimage")
    np.testing.assert_array_equal(
        correlate([value - np.sign(value), 0], one_hot_kernel(1), axes=0, engine="ndimage"),
        [0, value - np.sign(value)],
    )
    with pytest.raises(ArrayError, match=r"which engine='ndimage' rounds to float64"):
        correlate(np.ones(2, np.longdouble), one_hot_kernel(1), axes=0, engine="ndimage")
    with pytest.raises(
        ArrayError, match=r"^x has dtype complex256, which engine='ndimage' rounds to float64"
    ):
        correlate(np.ones(2, np.clongdouble), one_hot_kernel(1), axes=0, engine="ndimage")


def in_python(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The sum in Python's integers, and then as the dtype wraps them."""
    taps, bits = len(weights), 8 * x.dtype.itemsize
    sums = [
        sum(int(x[i + k]) * int(weights[k]) for k in range(taps)) for i in range(len(x) - taps + 1)
    ]
    return np.array([total % 2**bits for total in sums], f"u{bits // 8}").astype(x.dtype)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("char", "bBhHiIlL")
def test_integer_sums_wrap_or_are_refused(engine: str, char: str) -> None:
    """Under general weights an engine gives the sum of integers as the dtype wraps it, or says that
    it would round it; none saturates.
    """
    info = np.iinfo(char)
    generator = np.random.default_rng(0)
    refused = 0
    for top in (3, 100, 2**26, 2**53, info.max):
        low, high = max(-top, info.min), min(top, info.max)
        for _ in range(6):
            x, weights = (
                generator.integers(low, high, size, np.dtype(char), endpoint=True)
                for size in (5, 3)
            )
            x[0] = high
            if engine == "ndimage" and high * sum(abs(int(weight)) for weight in weights) > 2**53:
                refused += 1
                with pytest.raises(
                    ArrayError, match=r"where engine='ndimage' rounds|which engine='ndimage' rounds"
                ):
                    correlate(x, kernel(weights, (0, 0)), axes=0, engine=engine)
                continue
            got = correlate(x, kernel(weights, (0, 0)), axes=0, engine=engine)
            np.testing.assert_array_equal(got, in_python(x, weights), strict=True)
    assert (refused > 0) == (engine == "ndimage" and info.bits > 16)


def test_ndimage_refuses_sums_that_it_would_round() -> None:
    """What each value could bear, the sum may not: 2**53 and 1 are refused together, and pass under
    a kernel that picks one.
    """
    x = np.array([2**53, 1, 1])
    with pytest.raises(
        ArrayError,
        match=r"^x holds integers up to 9007199254740992, whose sums under kernel.weights can "
        r"pass 2\*\*53, where engine=",
    ):
        correlate(x, kernel([1, 1], (0, 0)), axes=0, engine="ndimage")
    np.testing.assert_array_equal(
        correlate(x, kernel([1, 0], (0, 0)), axes=0, engine="ndimage"), [2**53, 1]
    )


ANY_RANK = [
    # shape of x, shape of the weights, axes
    ((), (), ()),
    ((3,), (), ()),
    ((2,) + (1,) * 33, (2,), (0,)),
    ((1,) * 33 + (2,), (2, 1), (33, 5)),
    ((1,) * 63 + (3,), (2,), (-1,)),
    ((2, 1, 3), (2, 2), (2, 0)),
    ((1,) * 31, (1,) * 31, tuple(range(31))),
    ((3, 0), (2,), (1,)),
    ((0, 3), (2,), (1,)),
]


@pytest.mark.parametrize(("shape", "taps", "axes"), ANY_RANK)
def test_engines_agree_at_any_rank(
    shape: tuple[int, ...], taps: tuple[int, ...], axes: tuple[int, ...]
) -> None:
    """From a number to 64 axes, and with nothing along an axis, the engines give one result, of the
    size that the rule says.
    """
    zeros = (1, 1) if len(taps) < 31 else (0, 0)
    x = np.arange(np.prod(shape, dtype=int)).reshape(shape) + 1
    chosen = kernel(np.arange(np.prod(taps, dtype=int)).reshape(taps) + 2, *[zeros] * len(taps))
    first, *others = [correlate(x, chosen, axes=axes, engine=engine) for engine in ENGINES]
    size = list(shape)
    for axis, count in zip(axes, taps, strict=True):
        size[axis] += sum(zeros) - count + 1
    assert (first.shape, first.flags.c_contiguous) == (tuple(size), True)
    for other in others:
        np.testing.assert_array_equal(other, first, strict=True)


@pytest.mark.parametrize("engine", ENGINES)
def test_what_numpy_is_asked_to_raise_changes_nothing(engine: str) -> None:
    """Overflow on the way or on the cast is infinite in every engine, quietly, and a weight that
    does not fit is refused as ever.
    """
    for dtype, large in ((np.float16, 60000), (np.float32, 3e38), (np.float64, 1e308)):
        with np.errstate(all="raise"):
            got = correlate(
                np.array([large] * 3, dtype), kernel([1, 1], (0, 0)), axes=0, engine=engine
            )
            np.testing.assert_array_equal(got, np.array([np.inf, np.inf], dtype), strict=True)
            assert (
                correlate([1e-300] * 2, kernel([1e-300, 1], (0, 0)), axes=0, engine=engine)[0]
                == 1e-300
            )
    for x, weight in (
        (np.float16([1]), 1e30),
        (np.int8([1]), np.nan),
        (np.int8([1]), 300),
        (np.float32([1]), 1e300),
    ):
        with (
            np.errstate(all="raise"),
            pytest.raises(ArrayError, match=r"cannot hold the kernel's weights: convert x first"),
        ):
            correlate(x, kernel([weight], (0, 0)), axes=0, engine=engine)


@pytest.mark.parametrize(
    ("x", "weight"),
    [
        (np.float64([1]), 2**53 + 1),
        (np.float32([1]), 2**24 + 1),
        (np.int64([1]), np.uint64(2**63)),
        (np.uint8([1]), -1),
        (np.complex64([1]), 1 + 1e-9),
    ],
)
def test_weights_that_would_be_rounded_or_wrapped_are_refused(
    x: np.ndarray, weight: object
) -> None:
    """A weight that differs in its last bit, or comes back only by wrapping, is none that the dtype
    holds; a NaN in floats is one.
    """
    with pytest.raises(ArrayError, match=r"cannot hold the kernel's weights: convert x first"):
        correlate(x, kernel([weight], (0, 0)), axes=0)
    assert np.isnan(correlate([1.0], kernel([np.nan], (0, 0)), axes=0))


def test_direct_and_signal_are_exact_on_large_integers() -> None:
    """The other two sum in the dtype of the data."""
    for engine in ("direct", "signal"):
        assert (
            correlate(np.array([2**63 - 1, 0]), one_hot_kernel(1), axes=0, engine=engine)[1]
            == 2**63 - 1
        )


@pytest.mark.parametrize(
    ("kind", "x", "chosen", "options", "message"),
    [
        (
            SpecError,
            [1],
            kernel([1], (0, 0)),
            {"axes": 0, "engine": "fft"},
            r"engine='fft' is not one of 'direct', 'signal', 'ndimage'",
        ),
        (SpecError, [1], kernel([1], (0, 0)), {"axes": (0, 1)}, r"has 1 entries for axes=\(0, 1\)"),
        (
            ArrayError,
            [1],
            kernel([1], (0, 0)),
            {"axes": 1},
            r"axis 1 is outside an array of rank 1",
        ),
        (
            SpecError,
            [1],
            kernel([1], (0, 0), (0, 0)),
            {"axes": 0},
            r"kernel.padding=.* has 2 entries for 1 axes",
        ),
        (
            ArrayError,
            [1],
            kernel([0.5], (0, 0)),
            {"axes": 0},
            r"x has dtype int64, which cannot hold the kernel's weights: convert x first",
        ),
        (
            ArrayError,
            [1],
            kernel([np.nan], (0, 0)),
            {"axes": 0},
            r"x has dtype int64, which cannot hold the kernel's weights",
        ),
        (
            ArrayError,
            [1.0],
            kernel([1j], (0, 0)),
            {"axes": 0},
            r"x has dtype float64, which cannot hold the kernel's weights",
        ),
        (
            SpecError,
            [1],
            kernel([1], (0, -1)),
            {"axes": 0},
            r"padding=\(\(0, -1\),\) is not a padding: give \(before, after\)",
        ),
        (SpecError, [1], kernel([1], (0, 0.5)), {"axes": 0}, r"is not a padding"),
        (SpecError, [1], kernel([1], 3), {"axes": 0}, r"is not a padding"),
        (
            SpecError,
            [1],
            SimpleNamespace(weights=np.ones(1)),
            {"axes": 0},
            r"has no weights and padding",
        ),
        (ArrayError, [1], kernel(["a"], (0, 0)), {"axes": 0}, r"^kernel.weights has dtype <U1"),
        (
            SpecError,
            [1],
            None,
            {"axes": 0},
            r"kernel=None has no weights and padding: build one with one_hot_kernel",
        ),
        (
            SpecError,
            [1],
            kernel([1], (0, 0)),
            {"axes": 0, "engine": ["direct"]},
            r"engine=\['direct'\] is not one of",
        ),
        (
            SpecError,
            [1],
            kernel([1, 1, 1], (0, 0)),
            {"axes": 0},
            r"weights with shape \(3,\) is larger than x with shape \(1,\)",
        ),
        (
            SpecError,
            [1],
            kernel(np.zeros(0), (0, 0)),
            {"axes": 0},
            r"^kernel.weights has shape \(0,\): give one tap or more along each axis",
        ),
        (
            SpecError,
            np.ones((1,) * 40),
            kernel(np.ones((1,) * 40), *[(0, 0)] * 40),
            {"axes": range(40)},
            r"give .*, and 31 axes or fewer$",
        ),
        (
            ArrayError,
            [1],
            kernel(np.zeros(1, "f4,u1"), (0, 0)),
            {"axes": 0},
            r"^kernel.weights has dtype .*, by which nothing can be mult",
        ),
        (
            ArrayError,
            [1],
            kernel([1], (2**62, 0)),
            {"axes": 0},
            r"^kernel.padding=.* makes x larger than memory: give fewer zeros$",
        ),
        (
            ArrayError,
            np.zeros(1, "f4,u1"),
            kernel([1], (0, 0)),
            {"axes": 0},
            r"which cannot be multiplied",
        ),
        (ArrayError, [[1], [1, 2]], kernel([1], (0, 0)), {"axes": 0}, r"x is ragged"),
    ],
)
def test_bad_input_is_refused(
    kind: type[ValueError],
    x: object,
    chosen: SimpleNamespace,
    options: dict[str, object],
    message: str,
) -> None:
    """Engine, axes, padding, weights and dtype, each by name."""
    with pytest.raises(kind, match=message):
        correlate(x, chosen, **options)  # type: ignore[arg-type]


def test_stsm_by_correlation_refuses_bad_clips() -> None:
    """Rank and spec, as the shift does."""
    with pytest.raises(ArrayError, match=r"^x has shape \(16, 2, 2\), rank 3: a clip is"):
        correlate_stsm(np.ones((16, 2, 2)))
    with pytest.raises(SpecError, match=r"spec=None is not a ShiftSpec"):
        correlate_stsm(np.ones((2, 16, 2, 2)), None)  # type: ignore[arg-type]
