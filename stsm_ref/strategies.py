"""Hypothesis strategies for shifts: specs, displacements, arrays and clips. Public: use them in
your own suite.

A shift can only get positions, groups, dtypes and memory wrong, so these vary the shape, the spec,
the dtype and the strides by drawing, and fill the array from one drawn seed: an array drawn element
by element would cost a hundred times more and find no more.

.. code-block:: python

    from hypothesis import given
    from stsm_ref import stsm, strategies

    @given(strategies.clip_cases())
    def test_mine(case):
        np.testing.assert_array_equal(mine(case.x, case.spec), stsm(case.x, case.spec))
"""

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple, get_args

import numpy as np

from stsm_ref.errors import MissingExtraError
from stsm_ref.geometry import (
    SUBSETS,
    UNIT_DISPLACEMENTS,
    Array,
    Displacement,
    Order,
    Rounding,
    ShiftSpec,
)
from stsm_ref.values import DTYPES as DTYPES  # noqa: PLC0414 # public here, too
from stsm_ref.values import Layout as Layout  # noqa: PLC0414 # public here, too
from stsm_ref.values import Values as Values  # noqa: PLC0414 # public here, too
from stsm_ref.values import has_values as has_values  # noqa: PLC0414 # public here, too
from stsm_ref.values import labels as labels  # noqa: PLC0414 # public here, too
from stsm_ref.values import make_array as make_array  # noqa: PLC0414 # public here, too

try:
    from hypothesis import strategies as st
except ModuleNotFoundError:
    raise MissingExtraError("stsm_ref.strategies", "hypothesis", "verify") from None

SIZES = (1, 2, 3, 5)
"""A reversed axis cannot be seen at size 1, a wrong edge hides at size 2, and H swapped with W
hides where they are equal.
"""

TABLE_TERMS = (
    "T",
    "H",
    "W",
    "H+W",
    "HW",
    "T+H+W",
    "T+HW",
    "T+H+W+HW",
    "TH+TW+HW",
    "T+H+W+TH+TW+HW",
)
"""Every setting of Tables 2 and 3."""

TABLE_ALPHAS = tuple(Fraction(a) for a in ("0", "1/8", "1/4", "3/8", "1/2", "3/4", "1"))
"""Every setting of Table 1."""


class ClipCase(NamedTuple):
    """A clip ``(..., T, C, H, W)`` and a spec for it."""

    x: Array
    spec: ShiftSpec

    def __repr__(self) -> str:
        return f"{_describe(self.x)}, spec {str(self.spec)!r}"


class ArrayCase(NamedTuple):
    """An array, a displacement, and the axes along which it acts."""

    x: Array
    displacement: tuple[int, ...]
    axes: tuple[int, ...]

    def __repr__(self) -> str:
        return (
            f"{_describe(self.x)}, displacement {tuple(self.displacement)} along axes {self.axes}"
        )


def sizes() -> st.SearchStrategy[int]:
    """Sizes of one axis: 1, 2, 3 or 5."""
    return st.sampled_from(SIZES)


def terms() -> st.SearchStrategy[str]:
    """Those of Tables 2 and 3, `THW`, and any other sequence of distinct sets of axes."""
    others = st.lists(st.sampled_from(SUBSETS), min_size=1, max_size=len(SUBSETS), unique=True).map(
        "+".join
    )
    return st.sampled_from((*TABLE_TERMS, "THW")) | others


def alphas() -> st.SearchStrategy[Fraction]:
    """Those of Table 1, and any other fraction in [0, 1] of denominator 64 or less; 1 often, since
    it fills most groups.
    """
    return (
        st.just(Fraction(1))
        | st.sampled_from(TABLE_ALPHAS)
        | st.fractions(0, 1, max_denominator=64)
    )


def shift_specs(*, rounding: Rounding = "floor") -> st.SearchStrategy[ShiftSpec]:
    """Specs of any terms, alpha and order."""
    return st.builds(
        ShiftSpec, terms(), alphas(), st.sampled_from(get_args(Order)), st.just(rounding)
    )


def unit_displacements() -> st.SearchStrategy[Displacement]:
    """The 26 one-step displacements of (T, H, W)."""
    return st.sampled_from(UNIT_DISPLACEMENTS)


def displacements(axes: int = 3, *, reach: int = 6) -> st.SearchStrategy[tuple[int, ...]]:
    """Any whole displacement of that many axes, no entry farther than `reach`; zero entries and
    overshoots included.
    """
    return st.tuples(*[st.integers(-reach, reach)] * axes)


def channel_counts(spec: ShiftSpec, *, most: int = 64) -> st.SearchStrategy[int]:
    """Counts that fill every group of `spec` once or twice, miss that by one, or leave groups
    empty; `most` at the most.
    """
    fill = min(spec.min_channels or 3, most)
    return st.sampled_from(
        sorted({1, 2, 3, 5, fill - 1, fill, fill + 1, min(2 * fill, most)} - {0})
    )


@st.composite
def arrays(
    draw: st.DrawFn,
    shape: Sequence[int] | st.SearchStrategy[tuple[int, ...]],
    *,
    dtypes: Sequence[np.dtype[Any]] = DTYPES,
    values: Values = "bits",
    layouts: Sequence[Layout] = get_args(Layout),
) -> Array:
    """Arrays of a given or drawn shape.

    `values`: ``"labels"`` are unique, permuted and beyond half precision where the dtype can hold
    that; ``"finite"`` are any finite values; ``"bits"`` are any bit patterns, with NaN payloads,
    signalling NaNs, infinities and -0.0 among them; ``"scattered"`` are finite, nearly all
    different from their neighbours, and cheap in any number. The others are the same everywhere in
    one respect: all ``"zero"``, all but a ``"single"`` one, one ``"constant"``, all frames equal
    (``"static"``), all ``"negative"``, near the ends of the dtype (``"huge"``), about 1e-8
    (``"tiny"``), ``"subnormal"``, all ``"nan"``, all ``"infinite"``. `has_values` says which of
    them a dtype has.

    Parameters
    ----------
    shape : sequence of int or strategy
        Fixed or drawn.
    dtypes : sequence of dtype
        Of the array.
    values : Values
        What it is filled with, see above.
    layouts : sequence of str
        How it may lie in memory.
    """
    concrete = draw(shape) if isinstance(shape, st.SearchStrategy) else tuple(shape)
    dtype = draw(st.sampled_from(list(dtypes)))
    seed = draw(st.integers(0, 2**32 - 1))
    return make_array(
        concrete, dtype, seed=seed, values=values, layout=draw(st.sampled_from(list(layouts)))
    )


@st.composite
def clip_cases(
    draw: st.DrawFn,
    *,
    specs: st.SearchStrategy[ShiftSpec] | None = None,
    batch_axes: Sequence[int] = (0, 1, 2),
    dtypes: Sequence[np.dtype[Any]] = DTYPES,
    values: Values = "bits",
    layouts: Sequence[Layout] = get_args(Layout),
) -> ClipCase:
    """A spec and a clip whose channels suit it; ``rounding="exact"`` among them where the shares
    are whole.

    Parameters
    ----------
    specs : strategy, optional
        Of the spec; by default any.
    batch_axes : sequence of int
        How many axes there may be in front of T.
    dtypes : sequence of dtype
        Of the clip.
    values : Values
        What it is filled with, see `arrays`.
    layouts : sequence of str
        How it may lie in memory.
    """
    spec = draw(shift_specs() if specs is None else specs)
    channels = draw(channel_counts(spec))
    if draw(st.booleans()) and channels % spec.channel_multiple == 0:
        spec = ShiftSpec(spec.terms, spec.alpha, spec.order, "exact")
    time, height, width = draw(st.tuples(sizes(), sizes(), sizes()))
    batch = draw(
        st.sampled_from(list(batch_axes)).flatmap(
            lambda n: st.tuples(*[st.sampled_from((1, 2, 3))] * n)
        )
    )
    shape = (*batch, time, channels, height, width)
    return ClipCase(draw(arrays(shape, dtypes=dtypes, values=values, layouts=layouts)), spec)


@st.composite
def array_cases(
    draw: st.DrawFn,
    *,
    most_axes: int = 4,
    reach: int = 6,
    dtypes: Sequence[np.dtype[Any]] = DTYPES,
    values: Values = "bits",
) -> ArrayCase:
    """An array of one axis or more, and a displacement along some of its axes, in any order and
    counted from either end.

    Parameters
    ----------
    most_axes : int
        The largest rank.
    reach : int
        The largest distance along an axis.
    dtypes : sequence of dtype
        Of the array.
    values : Values
        What it is filled with, see `arrays`.
    """
    ndim = draw(st.integers(1, most_axes))
    shape = tuple(draw(sizes()) for _ in range(ndim))
    chosen = draw(st.lists(st.integers(0, ndim - 1), unique=True, max_size=ndim))
    axes = tuple(axis - ndim * draw(st.booleans()) for axis in chosen)
    return ArrayCase(
        draw(arrays(shape, dtypes=dtypes, values=values)),
        draw(displacements(len(axes), reach=reach)),
        axes,
    )


def _describe(x: Array) -> str:
    contiguous = "" if x.flags.c_contiguous else f", strides {x.strides}"
    return f"x of shape {x.shape}, {x.dtype}{contiguous}"


def all_term_sets() -> tuple[str, ...]:
    """All 127 non-empty sets of terms, each in the order of `SUBSETS`."""
    chosen = itertools.chain.from_iterable(
        itertools.combinations(SUBSETS, n) for n in range(1, len(SUBSETS) + 1)
    )
    return tuple("+".join(c) for c in chosen)
