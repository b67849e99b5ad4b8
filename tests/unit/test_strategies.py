"""The public strategies draw what they say they draw."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from stsm_ref import ShiftSpec, SpecError, strategies

# found is enough: shrinking what was found would take most of the time
QUICK = settings(max_examples=2000, derandomize=True, database=None, phases=[Phase.generate])


@pytest.mark.parametrize(
    ("strategy", "wanted"),
    [
        (strategies.sizes(), lambda n: n == 5),
        (strategies.terms(), lambda t: t == "T+H+W+TH+TW+HW"),
        (strategies.terms(), lambda t: t.startswith("THW+")),
        (strategies.alphas(), lambda a: a == 0),
        (strategies.alphas(), lambda a: a.denominator > 50),
        (strategies.shift_specs(), lambda s: s.order == "backward-first"),
        (strategies.displacements(), lambda d: 6 in d and -6 in d),
        (strategies.clip_cases(), lambda c: c.spec.rounding == "exact"),
        (strategies.clip_cases(), lambda c: c.x.ndim == 6),
        (strategies.clip_cases(), lambda c: c.x.ndim == 4 and c.x.shape[0] == 1),
        (
            strategies.clip_cases(),
            lambda c: c.x.shape[-2] != c.x.shape[-1] and not c.x.flags.c_contiguous,
        ),
        (
            strategies.clip_cases(),
            lambda c: c.spec.partition(c.x.shape[-3])[-1].start == c.x.shape[-3],
        ),
        (
            strategies.clip_cases(dtypes=[np.dtype("f4")]),
            lambda c: bool(np.isnan(c.x).any() and np.isinf(c.x).any()),
        ),
        (
            strategies.clip_cases(dtypes=[np.dtype("f8")]),
            lambda c: bool((np.signbit(c.x) & (c.x == 0)).any()),
        ),
        (strategies.array_cases(), lambda c: len(c.axes) == 3 and min(c.axes) < 0),
        (strategies.array_cases(), lambda c: c.axes == ()),
        (
            strategies.array_cases(),
            lambda c: bool(c.axes) and abs(c.displacement[0]) > c.x.shape[c.axes[0]],
        ),
    ],
)
def test_strategies_reach(strategy: st.SearchStrategy[Any], wanted: Callable[[Any], bool]) -> None:
    """Every corner that a bug was seen to hide in is drawn."""
    find(strategy, wanted, settings=QUICK)


@pytest.mark.parametrize("dtype", strategies.DTYPES)
def test_every_dtype_is_drawn(dtype: np.dtype[Any]) -> None:
    """Each dtype of the list, as itself."""
    find(strategies.clip_cases(), lambda case: case.x.dtype == dtype, settings=QUICK)


def test_strategies_stay_within() -> None:
    """What is not promised is not drawn."""
    with pytest.raises(NoSuchExample):
        find(
            strategies.arrays((3, 3), values="finite"),
            lambda x: not np.isfinite(x).all(),
            settings=QUICK,
        )
    with pytest.raises(NoSuchExample):
        find(
            strategies.clip_cases(),
            lambda c: not 4 <= c.x.ndim <= 6 or max(c.x.shape[-2:]) > 5,
            settings=QUICK,
        )


@given(
    strategies.arrays(
        st.tuples(strategies.sizes(), strategies.sizes()),
        values="labels",
        dtypes=[np.dtype("f4"), np.dtype("i8"), np.dtype("i1")],
    )
)
def test_labels_are_unique(x: np.ndarray[Any, Any]) -> None:
    """No two places hold the same label, and none holds 0."""
    assert len(np.unique(x)) == x.size
    assert 0 not in x


def test_labels_are_beyond_half_precision() -> None:
    """A pass through float16 or bfloat16 changes every label."""
    x = strategies.labels((4, 64, 5, 7), np.dtype(np.float32), np.random.default_rng(0))
    with np.errstate(over="ignore"):
        assert not np.any(x.astype(np.float16).astype(np.float32) == x)


@pytest.mark.parametrize("char", ["e", "f", "d", "F", "D"])
def test_bits_hold_signalling_nans(char: str) -> None:
    """One number in ten or so is a NaN whose quiet bit is not set, and not all of one sign or
    payload.
    """
    x = strategies.make_array((4, 16, 5, 7), np.dtype(char), seed=0)
    real = x.real.dtype
    whole = np.dtype(f"u{real.itemsize}")
    parts, quiet = x.view(real), whole.type(1 << (np.finfo(real).nmant - 1))
    signalling = np.isnan(parts) & (parts.view(whole) & quiet == 0)
    assert 0.05 < signalling.mean() < 0.2
    assert len(np.unique(parts.view(whole)[signalling])) > 50


def test_channels_last_memory_is() -> None:
    """The channels lie side by side, the values are those of the plain array."""
    plain, last = (
        strategies.make_array((2, 3, 4, 5), np.dtype("f4"), seed=0, layout=layout)
        for layout in ("C", "channels-last")
    )
    assert last.strides[1] == last.itemsize
    np.testing.assert_array_equal(
        last.view("u4") if last.flags.c_contiguous else np.ascontiguousarray(last).view("u4"),
        plain.view("u4"),
    )


@pytest.mark.parametrize(("char", "count"), [("?", 2), ("b", 128), ("e", 2049)])
def test_labels_that_do_not_fit_are_refused(char: str, count: int) -> None:
    """A dtype with fewer values than places has no labels."""
    with pytest.raises(
        SpecError,
        match=rf"has no {count} different labels: use a wider dtype or a smaller shape than "
        rf"\({count},\)",
    ):
        strategies.labels((count,), np.dtype(char), np.random.default_rng(0))
    assert (
        len(np.unique(strategies.labels((count - 1,), np.dtype(char), np.random.default_rng(0))))
        == count - 1
    )


def test_cases_describe_themselves() -> None:
    """A failing example prints its shape, dtype, strides and spec, not its values."""
    x = np.zeros((2, 8, 3, 3), np.float32)
    assert (
        repr(strategies.ClipCase(x, ShiftSpec()))
        == "x of shape (2, 8, 3, 3), float32, spec 'T+H+W@3/8,forward-first,floor'"
    )
    strided = strategies.ArrayCase(x[0, 0].T, (1,), (0,))
    assert (
        repr(strided)
        == "x of shape (3, 3), float32, strides (4, 12), displacement (1,) along axes (0,)"
    )


def test_all_term_sets_are_all() -> None:
    """2^7 - 1 sets of terms, each a valid spec."""
    assert len({ShiftSpec(terms).terms for terms in strategies.all_term_sets()}) == 127
