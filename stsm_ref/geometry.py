r"""Which channels move where: the one source of truth that every other module reads.

Axes are T, C, H, W in that order, batch axes in front; ``+1`` is forward in time, down, right
(GEO-1). A displacement :math:`d` moves content towards larger indices: :math:`y_i = x_{i-d}` where
:math:`i-d` is inside, else 0. Nothing here touches an array's values. Two implementations that are
held against each other share this module and no other.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple, SupportsIndex, get_args

import numpy as np
import numpy.typing as npt

from stsm_ref._validation import one_of, whole_number, whole_numbers
from stsm_ref.errors import ArrayError, SpecError, unmoved, unreadable

AXIS_LETTERS = "THW"
CLIP_AXES = {"T": -4, "H": -2, "W": -1}
CHANNEL_AXIS = -3
SUBSETS = ("T", "H", "W", "TH", "TW", "HW", "THW")
MAX_DIGITS = 400  # and exponent of an alpha: more than any float has

Order = Literal["forward-first", "backward-first"]
Rounding = Literal["floor", "exact"]
AlphaLike = str | int | float | Fraction | Decimal
Array = npt.NDArray[Any]


class Displacement(NamedTuple):
    """How many positions the content moves along time, height and width, towards larger indices.

    >>> -Displacement(dt=1, dw=-1)
    Displacement(dt=-1, dh=0, dw=1)
    """

    dt: int = 0
    dh: int = 0
    dw: int = 0

    def __neg__(self) -> "Displacement":
        return Displacement(-self.dt, -self.dh, -self.dw)


class ChannelGroup(NamedTuple):
    """The channels ``start <= c < stop`` and the displacement that they share."""

    start: int
    stop: int
    displacement: Displacement


UNIT_DISPLACEMENTS = tuple(
    Displacement(*d) for d in itertools.product((1, 0, -1), repeat=3) if any(d)
)
"""The 26 one-step displacements of 3-space, +1 before 0 before -1 on every axis."""


@dataclass(frozen=True, init=False)
class ShiftSpec:
    r"""What an STSM does to the channels: which axes, what share of them, in which order (§3.2,
    §5.1.1).

    Channels are cut from 0 upwards, terms in order. A term of :math:`k` axes has :math:`2^k`
    directions, and each direction gets
    :math:`\lfloor \alpha C / (n_{terms}\, 2^k) \rfloor` channels; the rest, at the end, is the paper's :math:`X_N` and stays.

    Parameters
    ----------
    terms : str
        Non-empty subsets of ``THW``, letters in that order, joined by ``+``, none twice:
        ``"T+H+W"``, ``"TH+TW+HW"`` (Tables 2, 3).
    alpha : str, int, float, Fraction or Decimal
        The share of the channels that moves, in [0, 1], kept as an exact fraction. A float means
        its decimal literal: 0.3 is 3/10.
    order : {"forward-first", "backward-first"}
        Whether +1 comes before -1 (Eq. (3), §3.2) or after it (TSM). The two differ by a
        permutation of channels.
    rounding : {"floor", "exact"}
        What to do when a direction's share is not an integer: round down, or refuse.

    Raises
    ------
    SpecError
        If a field means nothing; the message gives the right spelling where there is one.

    Examples
    --------
    >>> spec = ShiftSpec()
    >>> str(spec)
    'T+H+W@3/8,forward-first,floor'
    >>> ShiftSpec.parse("T@0.25,backward-first") == ShiftSpec.tsm(fold_div=8)
    True
    >>> spec.partition(16)[0]
    ChannelGroup(start=0, stop=1, displacement=Displacement(dt=1, dh=0, dw=0))
    """

    terms: str
    alpha: Fraction
    order: Order
    rounding: Rounding

    def __init__(
        self,
        terms: str = "T+H+W",
        alpha: AlphaLike = "3/8",
        order: Order = "forward-first",
        rounding: Rounding = "floor",
    ) -> None:
        object.__setattr__(self, "terms", _checked_terms(terms))
        object.__setattr__(self, "alpha", _exact_alpha(alpha))
        object.__setattr__(self, "order", one_of("order", order, get_args(Order)))
        object.__setattr__(self, "rounding", one_of("rounding", rounding, get_args(Rounding)))

    def __str__(self) -> str:
        return f"{self.terms}@{self.alpha},{self.order},{self.rounding}"

    @classmethod
    def parse(cls, text: str) -> "ShiftSpec":
        """Read ``TERMS[@ALPHA][,ORDER][,ROUNDING]``; what is left out takes its default.

        >>> ShiftSpec.parse("T+HW")
        ShiftSpec(terms='T+HW', alpha=Fraction(3, 8), order='forward-first', rounding='floor')
        """
        if not isinstance(text, str):
            raise SpecError(
                f"text={text!r} is not a string: write a spec as 'T+H+W@3/8,forward-first,floor'"
            )
        head, *options = (part.strip() for part in text.split(","))
        terms, at, alpha = head.partition("@")
        fields: dict[str, Any] = {"terms": terms.strip()} | ({"alpha": alpha} if at else {})
        for option in options:
            known = get_args(Order) + get_args(Rounding)
            field = "order" if one_of("option", option, known) in get_args(Order) else "rounding"
            if field in fields:
                raise SpecError(
                    f"text={text!r} gives {field} twice: keep one of {fields[field]!r} and "
                    f"{option!r}"
                )
            fields[field] = option
        return cls(**fields)

    @classmethod
    def tsm(cls, fold_div: int = 8) -> "ShiftSpec":
        """The spec that equals TSM (TSM-1): ``C // fold_div`` channels backward in time, then as
        many forward.

        >>> str(ShiftSpec.tsm(fold_div=8))
        'T@1/4,backward-first,floor'
        """
        divisor = whole_number("fold_div", fold_div)
        if divisor < 2:
            raise SpecError(
                f"fold_div={divisor} would move more than all channels: TSM moves 2/fold_div of "
                "them, so fold_div >= 2"
            )
        return cls(terms="T", alpha=Fraction(2, divisor), order="backward-first")

    @property
    def directions(self) -> tuple[tuple[Displacement, ...], ...]:
        """For each term, the displacements of its directions, in channel order.

        >>> [tuple(d) for d in ShiftSpec("HW").directions[0]]
        [(0, 1, 1), (0, 1, -1), (0, -1, 1), (0, -1, -1)]
        """
        signs = (1, -1) if self.order == "forward-first" else (-1, 1)
        return tuple(
            tuple(
                Displacement(
                    **{
                        f"d{letter.lower()}": sign
                        for letter, sign in zip(term, choice, strict=True)
                    }
                )
                for choice in itertools.product(signs, repeat=len(term))
            )
            for term in self.terms.split("+")
        )

    @property
    def min_channels(self) -> int:
        """The smallest number of channels at which every direction gets one; 0 if alpha is 0, since
        then none ever does.

        >>> ShiftSpec().min_channels, ShiftSpec("T+HW", "1/2").min_channels
        (16, 16)
        """
        widest = max(len(term) for term in self.directions) * len(self.directions)
        return math.ceil(widest / self.alpha) if self.alpha else 0

    @property
    def channel_multiple(self) -> int:
        """The multiples of this are the numbers of channels at which every share is an integer, so
        that nothing is rounded.

        >>> ShiftSpec().channel_multiple, ShiftSpec.tsm(fold_div=8).channel_multiple
        (16, 8)
        """
        return math.lcm(
            *(
                (self.alpha / (len(self.directions) * len(term))).denominator
                for term in self.directions
            )
        )

    def partition(self, channels: int) -> tuple[ChannelGroup, ...]:
        r"""Cut ``0..channels`` into one group a direction and the identity group :math:`X_N` last
        (GEO-4, §3.2 step 1).

        Groups cover the channels without gap or overlap; empty ones are listed too, so that their
        number depends on the spec alone.

        Raises
        ------
        SpecError
            If `channels` is negative or not an integer, or if a share is not an integer and
            ``rounding="exact"``.
        """
        if (count := whole_number("channels", channels)) < 0:
            raise SpecError(f"channels={count} is negative: a tensor has 0 channels or more")
        if self.rounding == "exact":
            shares = [
                self.alpha * count / (len(self.directions) * len(term)) for term in self.directions
            ]
            if fractions := [share for share in shares if share.denominator > 1]:
                raise SpecError(
                    f"channels={count} with alpha={self.alpha} and terms={self.terms!r} gives "
                    f"{fractions[0]} channels "
                    "a direction, and rounding='exact' takes whole ones only: use "
                    "rounding='floor', another alpha, "
                    f"or a multiple of {self.channel_multiple} channels"
                )
        return cut_channels(count, self.alpha, self.directions)


def cut_channels(
    channels: int, alpha: Fraction, directions: Sequence[Sequence[Displacement]]
) -> tuple[ChannelGroup, ...]:
    """Cut ``0..channels``, rounding down (GEO-4): integers only and no branch, so it runs on
    symbols and is proved for all of them.

    Parameters
    ----------
    channels : int
        How many there are.
    alpha : Fraction
        The share that moves.
    directions : sequence
        The displacements of each term, as `ShiftSpec.directions` has them.
    """
    groups, start = [], 0
    for term in directions:
        size = alpha.numerator * channels // (alpha.denominator * len(directions) * len(term))
        for displacement in term:
            groups.append(ChannelGroup(start, start + size, displacement))
            start += size
    return (*groups, ChannelGroup(start, channels, Displacement()))


def _checked_terms(terms: str) -> str:
    """Return `terms` if it is well formed; otherwise say the right spelling."""
    if not isinstance(terms, str):
        raise SpecError(
            f"terms={terms!r} is not a string: write the axes as in 'T+H+W' or 'TH+TW+HW'"
        )
    parts = terms.split("+")
    for part in parts:
        if part in SUBSETS:
            continue
        letters = {letter for letter in part.upper() if letter in AXIS_LETTERS}
        if part and letters == set(part.upper()):
            right = "".join(letter for letter in AXIS_LETTERS if letter in letters)
            raise SpecError(
                f"terms={terms!r}: {part!r} must have its letters once each, in the order T, H, "
                f"W: write {right!r}"
            )
        raise SpecError(
            f"terms={terms!r}: {part!r} is not a set of axes: use {', '.join(SUBSETS)}, joined "
            "by '+'"
        )
    if len(set(parts)) < len(parts):
        raise SpecError(f"terms={terms!r} repeats a term: write {'+'.join(dict.fromkeys(parts))!r}")
    return terms


def _exact_alpha(alpha: AlphaLike) -> Fraction:
    """Read `alpha` as the exact fraction that its literal says (GEO-3)."""
    try:
        if isinstance(alpha, bool | np.bool_):
            raise TypeError
        # str() of a float is its shortest decimal literal, so 0.3 becomes 3/10 and not the binary
        # fraction beside it
        _, _, exponent = (text := str(alpha)).lower().partition("e")
        if len(text) > MAX_DIGITS or abs(int(exponent or 0)) > MAX_DIGITS:
            raise ValueError  # such a fraction would take minutes to build
        value = Fraction(text)
    except (TypeError, ValueError, ZeroDivisionError):
        raise SpecError(
            f"alpha={alpha!r} is not a rational number: write it as '3/8', 0.375 or Fraction(3, 8)"
        ) from None
    if not 0 <= value <= 1:
        raise SpecError(
            f"alpha={alpha!r} is outside [0, 1]: it is the share of the channels that moves"
        )
    return value


def resolve_moves(
    ndim: int,
    displacement: SupportsIndex | Sequence[SupportsIndex],
    axes: SupportsIndex | Sequence[SupportsIndex],
) -> tuple[tuple[int, int], ...]:
    """Pair each non-negative axis with its displacement, or say which of the two is wrong.

    Parameters
    ----------
    ndim : int
        Rank of the array.
    displacement : int or sequence of int
        Positions along each axis.
    axes : int or sequence of int
        One axis for each entry, counted from either end, none twice.

    Raises
    ------
    SpecError
        If the two differ in length, or an entry is not an integer.
    ArrayError
        If an axis is outside the array, or is named twice.

    >>> resolve_moves(4, Displacement(1, 0, -1), axes=(-4, -2, -1))
    ((0, 1), (2, 0), (3, -1))
    """
    distances, places = whole_numbers("displacement", displacement), whole_numbers("axes", axes)
    if len(distances) != len(places):
        raise SpecError(
            f"displacement={distances} has {len(distances)} entries for axes={places}: give one "
            "for each axis"
        )
    outside = [axis for axis in places if not -ndim <= axis < ndim]
    if outside:
        raise ArrayError(
            f"axes={places}: axis {outside[0]} is outside an array of rank {ndim}: use "
            f"{-ndim}..{ndim - 1}"
        )
    positive = [axis % ndim for axis in places]
    if len(set(positive)) < len(positive):
        raise ArrayError(
            f"axes={places} names an axis twice in an array of rank {ndim}: add its displacements "
            "up instead"
        )
    return tuple(zip(positive, distances, strict=True))


def as_array(name: str, value: npt.ArrayLike, *, min_ndim: int = 0) -> Array:
    """Return `value` as an array of at least `min_ndim` axes whose dtype has a zero (not objects,
    text or dates).

    Parameters
    ----------
    name : str
        Of the argument, for the message.
    value : array_like
        What was given for it.
    min_ndim : int
        The fewest axes that will do.

    Raises
    ------
    ArrayError
        If it is not an array, is masked, has no zero or has too few axes.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise ArrayError(
            f"{name} is masked, and its mask would not move with it: fill it first, "
            f"{name}.filled(0)"
        )
    try:
        array = np.asarray(value)
    except (
        ValueError,
        TypeError,
        RuntimeError,
    ) as error:  # other libraries' tensors raise what they like
        raise ArrayError(f"{name} is {unreadable(value, error)}") from None
    if not _has_zero(array.dtype):
        raise ArrayError(f"{name} has dtype {array.dtype}, {unmoved(name, array.dtype.kind)}")
    if array.ndim < min_ndim:
        raise ArrayError(
            f"{name} has shape {array.shape}, rank {array.ndim}: a clip is (..., T, C, H, W), "
            f"rank {min_ndim} or more"
        )
    return array


def _has_zero(dtype: np.dtype[Any]) -> bool:
    """Whether zero bytes are the zero of the dtype, in every field."""
    return (
        dtype.base.kind in "biufcV"
        and not dtype.hasobject
        and all(_has_zero(field[0]) for field in (dtype.fields or {}).values())
    )


def checked_spec(spec: ShiftSpec) -> ShiftSpec:
    """Return `spec` if it is a `ShiftSpec`, or refuse it.

    Raises
    ------
    SpecError
        If it is not one.
    """
    if not isinstance(spec, ShiftSpec):
        raise SpecError(f"spec={spec!r} is not a ShiftSpec: write ShiftSpec.parse('T+H+W@3/8')")
    return spec
