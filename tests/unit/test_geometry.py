"""Specs, displacements and partitions: good input, and every kind of bad input with its message."""

import copy
import dataclasses
import pickle
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch

from stsm_ref.errors import ArrayError, SpecError, StsmError
from stsm_ref.geometry import (
    UNIT_DISPLACEMENTS,
    ChannelGroup,
    Displacement,
    ShiftSpec,
    as_array,
    checked_spec,
    resolve_moves,
    whole_numbers,
)


def test_defaults_are_the_papers() -> None:
    """T+H+W, 3/8, forward-first, floor."""
    assert ShiftSpec() == ShiftSpec("T+H+W", "3/8", "forward-first", "floor")
    assert str(ShiftSpec()) == "T+H+W@3/8,forward-first,floor"


@pytest.mark.parametrize(
    ("literal", "exact"),
    [
        (0.3, Fraction(3, 10)),
        ("3/8", Fraction(3, 8)),
        ("0.375", Fraction(3, 8)),
        (0, Fraction(0)),
        (1, Fraction(1)),
        (Fraction(1, 3), Fraction(1, 3)),
        (Decimal("0.1"), Fraction(1, 10)),
        (np.float64(0.7), Fraction(7, 10)),
        (np.float32(0.7), Fraction(7, 10)),
        (np.int64(1), Fraction(1)),
    ],
)
def test_alpha_is_read_exactly(literal: object, exact: Fraction) -> None:
    """Strings, ints, fractions, decimals and floats, each as its literal says."""
    assert ShiftSpec("T", literal).alpha == exact  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "alpha",
    [
        float("nan"),
        float("inf"),
        "1e-401",
        "1/" + "9" * 399,
        "0.1e",
        "x",
        "",
        None,
        "1/0",
        True,
        np.True_,
        1j,
        [0.5],
    ],
)
def test_alpha_that_is_no_number_is_refused(alpha: object) -> None:
    """What is not a rational number is refused by value, with the way to write one."""
    with pytest.raises(
        SpecError,
        match=r"alpha=.* is not a rational number: write it as '3/8', 0.375 or Fraction\(3, 8\)",
    ):
        ShiftSpec("T", alpha)  # type: ignore[arg-type]


@pytest.mark.parametrize("alpha", ["1e-400", "1E-400", "1/" + "9" * 398, 5e-324])
def test_alpha_may_have_four_hundred_digits(alpha: object) -> None:
    """More than any float has."""
    assert 0 < ShiftSpec("T", alpha).alpha < 1e-300  # type: ignore[arg-type]


@pytest.mark.parametrize("alpha", [-0.1, "9/8", 2, "-1/1000000"])
def test_alpha_outside_the_unit_interval_is_refused(alpha: object) -> None:
    """A share is between 0 and 1."""
    with pytest.raises(
        SpecError, match=r"alpha=.* is outside \[0, 1\]: it is the share of the channels that moves"
    ):
        ShiftSpec("T", alpha)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ("HT", r"'HT' must have its letters once each, in the order T, H, W: write 'TH'"),
        ("T+WTH", r"'WTH' must have its letters once each, in the order T, H, W: write 'THW'"),
        ("TT", r"write 'T'"),
        ("t+h", r"'t' must have .* write 'T'"),
        ("T+H+T", r"terms='T\+H\+T' repeats a term: write 'T\+H'"),
        ("T+Q", r"'Q' is not a set of axes: use T, H, W, TH, TW, HW, THW, joined by '\+'"),
        ("", r"'' is not a set of axes"),
        ("T+", r"'' is not a set of axes"),
        ("T H", r"'T H' is not a set of axes"),
        (("T", "H"), r"terms=\('T', 'H'\) is not a string: write the axes as in 'T\+H\+W'"),
    ],
)
def test_misspelt_terms_are_refused(terms: object, message: str) -> None:
    """The message names the term and says the right spelling where there is one."""
    with pytest.raises(SpecError, match=message):
        ShiftSpec(terms)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"order": "forward first"},
            r"order='forward first' is not one of 'forward-first', 'backward-first': did you mean "
            r"'forward-first'\?",
        ),
        ({"order": "tsm"}, r"order='tsm' is not one of 'forward-first', 'backward-first'$"),
        ({"order": None}, r"order=None is not one of"),
        (
            {"rounding": "flor"},
            r"rounding='flor' is not one of 'floor', 'exact': did you mean 'floor'\?",
        ),
    ],
)
def test_misspelt_options_are_refused(fields: dict[str, object], message: str) -> None:
    """A misspelt order or rounding is answered with the near one."""
    with pytest.raises(SpecError, match=message):
        ShiftSpec(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("T", ShiftSpec("T")),
        (" T+H+W @ 3/8 , exact ", ShiftSpec(rounding="exact")),
        ("T+H+W@3/8,backward-first,exact", ShiftSpec("T+H+W", "3/8", "backward-first", "exact")),
        ("T@1/4,floor,backward-first", ShiftSpec.tsm()),
    ],
)
def test_parse_reads_every_part(text: str, spec: ShiftSpec) -> None:
    """Parts that are left out take their default, options come in any order."""
    assert ShiftSpec.parse(text) == spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("T@", r"alpha='' is not a rational number"),
        (
            "T@1/4,backwards-first",
            r"option='backwards-first' is not one of .*: did you mean 'backward-first'\?",
        ),
        ("T,floor,exact", r"gives rounding twice: keep one of 'floor' and 'exact'"),
        ("T,forward-first,forward-first", r"gives order twice"),
        (3, r"text=3 is not a string: write a spec as 'T\+H\+W@3/8,forward-first,floor'"),
    ],
)
def test_parse_refuses_nonsense(text: object, message: str) -> None:
    """The message says which part is wrong."""
    with pytest.raises(SpecError, match=message):
        ShiftSpec.parse(text)  # type: ignore[arg-type]


def test_a_spec_is_a_value() -> None:
    """Frozen, hashable, and equal after copy, pickle and replace."""
    spec = ShiftSpec("T+HW", "1/2", "backward-first", "exact")
    with pytest.raises(dataclasses.FrozenInstanceError):
        spec.alpha = Fraction(1)  # type: ignore[misc]
    assert {spec: 1}[copy.deepcopy(spec)] == 1
    assert pickle.loads(pickle.dumps(spec)) == spec
    assert dataclasses.replace(spec, alpha="1/4") == ShiftSpec(
        "T+HW", "1/4", "backward-first", "exact"
    )


def test_tsm_moves_a_fold_each_way() -> None:
    """TSM moves C // fold_div channels backward, then as many forward."""
    groups = ShiftSpec.tsm(fold_div=8).partition(20)
    assert groups == (
        ChannelGroup(0, 2, Displacement(-1)),
        ChannelGroup(2, 4, Displacement(1)),
        ChannelGroup(4, 20, Displacement()),
    )


@pytest.mark.parametrize(
    ("fold_div", "message"),
    [
        (1, r"fold_div=1 would move more than all channels"),
        (2.0, r"fold_div=2.0 is not an integer"),
    ],
)
def test_tsm_refuses_other_divisors(fold_div: object, message: str) -> None:
    """fold_div is a whole number, 2 or more."""
    with pytest.raises(SpecError, match=message):
        ShiftSpec.tsm(fold_div)  # type: ignore[arg-type]


def test_partition_lists_empty_groups() -> None:
    """The number of groups depends on the spec alone, and the identity group is last even when
    empty.
    """
    assert len(ShiftSpec().partition(0)) == len(ShiftSpec().partition(5)) == 7
    assert ShiftSpec("T", 1).partition(4)[-1] == ChannelGroup(4, 4, Displacement())


def test_exact_rounding_says_what_would_do() -> None:
    """24 channels at 3/8 give 1.5 a direction: refused, with the count, and 16 is a multiple that
    works.
    """
    spec = ShiftSpec(rounding="exact")
    with pytest.raises(
        SpecError,
        match=r"channels=24 .*gives 3/2 channels a direction.*rounding='floor'.*a multiple of 16 "
        r"channels",
    ):
        spec.partition(24)
    assert spec.partition(16) == ShiftSpec().partition(16)
    with pytest.raises(SpecError, match=r"a multiple of 16 channels"):
        ShiftSpec("T+HW", "1/2", rounding="exact").partition(8)
    assert ShiftSpec("T+HW", "1/2", rounding="exact").partition(16)[-1].start == 8


@pytest.mark.parametrize(
    ("channels", "message"),
    [(-1, r"channels=-1 is negative"), (16.0, r"channels=16.0 is not an integer: give an int")],
)
def test_partition_refuses_odd_counts(channels: object, message: str) -> None:
    """A channel count is a whole number, 0 or more."""
    with pytest.raises(SpecError, match=message):
        ShiftSpec().partition(channels)  # type: ignore[arg-type]


def test_unit_displacements_are_the_26() -> None:
    """All one-step displacements, each once, without the identity."""
    assert len(set(UNIT_DISPLACEMENTS)) == 26
    assert Displacement() not in UNIT_DISPLACEMENTS
    assert UNIT_DISPLACEMENTS[0] == (1, 1, 1)


def test_the_opposite_displacement() -> None:
    """Every entry changes its sign."""
    assert -Displacement(1, -2, 3) == Displacement(-1, 2, -3)


@pytest.mark.parametrize(
    ("ndim", "displacement", "axes", "moves"),
    [
        (3, 1, -1, ((2, 1),)),
        (4, (1, -2), (3, 0), ((3, 1), (0, -2))),
        (2, (), (), ()),
        (1, np.int8(3), np.int64(0), ((0, 3),)),
    ],
)
def test_moves_pair_axes_with_distances(
    ndim: int, displacement: object, axes: object, moves: object
) -> None:
    """Ints, sequences and NumPy integers; axes from either end."""
    assert resolve_moves(ndim, displacement, axes) == moves  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "displacement", "axes", "message"),
    [
        (
            SpecError,
            (1, 1),
            (0,),
            r"displacement=\(1, 1\) has 2 entries for axes=\(0,\): give one for each axis",
        ),
        (SpecError, (1.0,), (0,), r"displacement=1.0 is not an integer"),
        (SpecError, "1", (0,), r"displacement='1' is not an integer"),
        (SpecError, (1,), (0.5,), r"axes=0.5 is not an integer"),
        (SpecError, {1, 0}, (0, 1), r"displacement=\{0, 1\} is not an integer"),
        (SpecError, True, 0, r"displacement=True is not an integer"),
        (ArrayError, (1,), (3,), r"axis 3 is outside an array of rank 3: use -3..2"),
        (ArrayError, (1,), (-4,), r"axis -4 is outside"),
        (ArrayError, (1, 1), (0, -3), r"axes=\(0, -3\) names an axis twice in an array of rank 3"),
    ],
)
def test_wrong_moves_are_refused(
    kind: type[StsmError], displacement: object, axes: object, message: str
) -> None:
    """Length, type, range and repetition of axes and distances."""
    with pytest.raises(kind, match=message):
        resolve_moves(3, displacement, axes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([[1, 2], [3]], r"x is ragged or no array .*: give rows of equal length"),
        (
            [object()],
            r"x has dtype object, whose vacated places have no zero to hold: use bool, int, float "
            r"or complex",
        ),
        (["a"], r"x has dtype <U1"),
        (np.array(["2020-01-01"], "M8[D]"), r"x has dtype datetime64"),
        (np.array([1], "m8[D]"), r"x has dtype timedelta64"),
        ([b"a"], r"x has dtype \|S1"),
        (
            np.zeros(1, [("v", "f4"), ("when", "M8[D]")]),
            r"x has dtype .*when.*, whose vacated places have no zero to hold",
        ),
        (np.zeros(1, [("v", "O")]), r"x has dtype .*, whose vacated places have no zero to hold"),
        (np.array(["a"], np.dtypes.StringDType()), r"x has dtype StringDType"),
        (
            np.ma.masked_array([1]),
            r"x is masked, and its mask would not move with it: fill it first, x.filled\(0\)",
        ),
        (
            torch.zeros(1, requires_grad=True),
            r"x is a torch.Tensor that NumPy cannot read \(Can't call numpy\(\) on Tensor that "
            r"requires grad.*\): give a NumPy array, "
            r"as by \.detach\(\)\.cpu\(\)\.numpy\(\), or use stsm_ref\.nn",
        ),
        (
            torch.zeros(1, dtype=torch.bfloat16),
            r"x is a torch.Tensor that NumPy cannot read \(Got unsupported ScalarType BFloat16\)",
        ),
        (
            [torch.zeros(1, dtype=torch.bfloat16)],
            r"x is made of torch.Tensors that NumPy cannot read \(.*\): give numbers, or use "
            r"stsm_ref.nn on torch.stack of them",
        ),
        (
            np.zeros(1, "m8[s]"),
            r"x has dtype timedelta64\[s\], and durations are not moved: see them as numbers, "
            r"x\.view\('int64'\)",
        ),
        ([1, 2], r"x has shape \(2,\), rank 1: a clip is \(..., T, C, H, W\), rank 4 or more"),
    ],
)
def test_arrays_that_mean_nothing_are_refused(value: object, message: str) -> None:
    """Ragged, object, text and date arrays, and too few axes."""
    with pytest.raises(ArrayError, match=message):
        as_array("x", value, min_ndim=4 if "rank" in message else 0)  # type: ignore[arg-type]


def test_a_string_is_no_spec() -> None:
    """What is not a ShiftSpec is refused, with the way to make one."""
    with pytest.raises(
        SpecError, match=r"spec='T' is not a ShiftSpec: write ShiftSpec.parse\('T\+H\+W@3/8'\)"
    ):
        checked_spec("T")  # type: ignore[arg-type]


def test_whole_numbers_take_one_or_many() -> None:
    """One int is a tuple of one."""
    assert whole_numbers("n", 3) == (3,)
    assert whole_numbers("n", np.array([1, 2])) == (1, 2)


def test_errors_are_value_errors() -> None:
    """A caller who knows only ValueError catches them all."""
    assert issubclass(StsmError, ValueError)


@pytest.mark.parametrize(
    "text",
    [
        "T",
        "T+H+W",
        "T+HW@1/2",
        "TH+TW+HW@3/4,backward-first",
        "THW@1",
        "T@1/4,backward-first",
        "T@1/64",
    ],
)
def test_the_smallest_count_that_fills_every_direction(text: str) -> None:
    """At `min_channels` every direction has a channel; at one less, one of them has none."""
    spec = ShiftSpec.parse(text)
    enough, too_few = (
        spec.partition(count)[:-1] for count in (spec.min_channels, spec.min_channels - 1)
    )
    assert all(group.start < group.stop for group in enough)
    assert any(group.start == group.stop for group in too_few)


def test_nothing_fills_the_directions_of_a_spec_that_moves_nothing() -> None:
    """Alpha 0 gives no direction a channel, and every number of channels divides."""
    spec = ShiftSpec("T", 0)
    assert (spec.min_channels, spec.channel_multiple) == (0, 1)


@pytest.mark.parametrize("text", ["T", "T+H+W", "T+HW@1/3", "TH+T@3/8", "T@2/7,backward-first"])
def test_exact_takes_the_multiples_and_nothing_else(text: str) -> None:
    """A spec with exact rounding takes a number of channels if `channel_multiple` divides it, and
    only then.
    """
    spec = ShiftSpec.parse(f"{text},exact")
    for channels in range(3 * spec.channel_multiple + 1):
        if channels % spec.channel_multiple:
            with pytest.raises(
                SpecError, match=f"or a multiple of {spec.channel_multiple} channels"
            ):
                spec.partition(channels)
        else:
            spec.partition(channels)
