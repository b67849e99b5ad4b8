"""Theorems about channels: the cut is disjoint, covering and in order, for every number of
channels and every alpha.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

from stsm_ref import geometry
from stsm_ref.geometry import ChannelGroup, Displacement, ShiftSpec
from stsm_ref.proofs.smt.z3_terms import Term, z3
from stsm_ref.proofs.symbolic.integers import SymFraction, SymInt, all_of, term
from stsm_ref.proofs.symbolic.skip_validation import arguments_unchecked, with_alpha
from stsm_ref.proofs.theorems import wrong_code
from stsm_ref.proofs.theorems.directions import Steps, steps_of
from stsm_ref.proofs.theorems.theorem import Claim, Theorem, Values
from stsm_ref.proofs.theorems.wrong_code import plant

TERM_SETS = (
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
    "THW",
)
"""Every setting of Tables 2 and 3, and the one term of three axes."""

P, Q, C, CHANNEL = z3.Ints("p q C c")
ALPHA = (Q >= 1, P >= 0, P <= Q)
Directions = Sequence[Steps]


def cut_claims() -> Iterator[Claim]:
    """One claim for each set of terms, in both orders; alpha is p/q, in lowest terms or not."""
    for terms in TERM_SETS:
        yield _cut_claim(terms)


def _cut_claim(terms: str) -> Claim:
    specs = [ShiftSpec(terms, order="forward-first"), ShiftSpec(terms, order="backward-first")]

    def cut(spec: ShiftSpec) -> Term:
        directions = steps_of(spec)
        with arguments_unchecked():
            groups = with_alpha(spec, P, Q).partition(SymInt(C))  # type: ignore[arg-type]  # a symbol
        return z3.And(
            _in_order(groups, directions), *_equal_shares(groups, directions), _each_once(groups)
        )

    def replay(values: Values) -> str:
        alpha, channels = Fraction(values["p"], values["q"]), values["C"]
        found = (cut_differs(ShiftSpec(spec.terms, alpha, spec.order), channels) for spec in specs)
        return next(filter(None, found), "")

    return Claim(
        f"terms {terms}",
        {"p": P, "q": Q, "C": C, "c": CHANNEL},
        (*ALPHA, C >= 0),
        lambda: all_of(*map(cut, specs)),
        replay,
        bound=24,
    )


def counted_out(spec: ShiftSpec, channels: int) -> list[ChannelGroup]:
    """The cut, counted in fractions, with the displacements that are written out in
    `directions`.
    """
    listed = steps_of(spec)
    sizes = [
        math.floor(spec.alpha * channels / (len(listed) * len(steps)))
        for steps in listed
        for _ in steps
    ]
    bounds = [*itertools.accumulate(sizes, initial=0), channels]
    moves = [Displacement(*step) for steps in listed for step in steps]
    return [
        ChannelGroup(a, b, d)
        for (a, b), d in zip(itertools.pairwise(bounds), [*moves, Displacement()], strict=True)
    ]


def cut_differs(spec: ShiftSpec, channels: int) -> str:
    """The first group that Python cuts otherwise, or ""."""
    return groups_differ(lambda: spec.partition(channels), counted_out(spec, channels), str(spec))


def _in_order(groups: Sequence[ChannelGroup], directions: Directions) -> Term:
    """Groups follow each other from 0 to C without gap or overlap, each with the displacement
    of its direction, X_N last.
    """
    if [tuple(group.displacement) for group in groups] != [
        *(d for each in directions for d in each),
        (0, 0, 0),
    ]:
        return z3.BoolVal(False)
    bounds = [term(bound) for group in groups for bound in group[:2]]
    joints = [bounds[k] == bounds[k + 1] for k in range(1, len(bounds) - 1, 2)]
    return z3.And(
        bounds[0] == 0,
        *joints,
        bounds[-1] == C,
        *(bounds[k] <= bounds[k + 1] for k in range(0, len(bounds), 2)),
    )


def _equal_shares(groups: Sequence[ChannelGroup], directions: Directions) -> Iterator[Term]:
    """The size s of a group is the floor of alpha C / w, said without division: s w q <= p C <
    (s + 1) w q.
    """
    each = (len(directions) * len(steps) for steps in directions for _ in steps)
    for group, weight in zip(groups, each, strict=False):
        size = term(group.stop) - term(group.start)
        yield z3.And(size * (Q * weight) <= P * C, (size + 1) * (Q * weight) > P * C)


def _each_once(groups: Sequence[ChannelGroup]) -> Term:
    """Every channel lies in one group and in no second one."""
    within = [z3.And(term(group.start) <= CHANNEL, term(group.stop) > CHANNEL) for group in groups]
    return z3.Implies(
        z3.And(CHANNEL >= 0, CHANNEL < C), z3.Sum([z3.If(holds, 1, 0) for holds in within]) == 1
    )


def groups_differ(
    cut: Callable[[], Sequence[ChannelGroup]], wanted: Sequence[ChannelGroup], what: str
) -> str:
    """The first group that is not what is wanted, or ""."""
    got = cut()
    for k, (group, want) in enumerate(zip(got, wanted, strict=False)):
        if group[:2] != want[:2]:
            return (
                f"{what}: group {k} is {group.start}..{group.stop}, should be "
                f"{want.start}..{want.stop}"
            )
        if group != want:
            return (
                f"{what}: group {k} moves by {tuple(group.displacement)}, should move by "
                f"{tuple(want.displacement)}"
            )
    return "" if len(got) == len(wanted) else f"{what}: {len(got)} groups, should be {len(wanted)}"


def tsm_claims() -> Iterator[Claim]:
    """Alpha is 2/fold_div, which in lowest terms is 1/q where fold_div = 2 q, and 2/q where
    fold_div = q is odd.
    """
    yield _tsm_claim("an even fold_div = 2 q", 1, 2 * Q, (Q >= 1,))
    yield _tsm_claim("an odd fold_div = q", 2, Q, (Q >= 3, Q % 2 == 1))


def _tsm_claim(name: str, numerator: int, fold_div: Term, premises: tuple[Term, ...]) -> Claim:
    def in_lowest_terms(above: Any, below: Any) -> SymFraction:
        """What `Fraction` makes of 2/fold_div; of any other fraction only its value is known,
        which is enough to refute it.
        """
        is_asked = above == 2 and term(below).eq(fold_div)
        return SymFraction(numerator, SymInt(Q)) if is_asked else SymFraction(above, below)

    def goal() -> Term:
        with arguments_unchecked(in_lowest_terms):
            backward, forward, rest = ShiftSpec.tsm(SymInt(fold_div)).partition(SymInt(C))  # type: ignore[arg-type]  # symbols
        fold = term(SymInt(C) // SymInt(fold_div))
        places = [(backward, 0, fold), (forward, fold, 2 * fold), (rest, 2 * fold, C)]
        moves = [tuple(group.displacement) for group in (backward, forward, rest)] == [
            (-1, 0, 0),
            (1, 0, 0),
            (0, 0, 0),
        ]
        return z3.And(
            z3.BoolVal(moves),
            *(z3.And(term(g.start) == a, term(g.stop) == b) for g, a, b in places),
        )

    def replay(values: Values) -> str:
        divisor, channels = 2 * values["q"] if numerator == 1 else values["q"], values["C"]
        fold = channels // divisor
        bounds, moves = (
            itertools.pairwise([0, fold, 2 * fold, channels]),
            [Displacement(-1), Displacement(1), Displacement()],
        )
        wanted = [
            ChannelGroup(start, stop, move)
            for (start, stop), move in zip(bounds, moves, strict=True)
        ]
        return groups_differ(
            lambda: ShiftSpec.tsm(divisor).partition(channels), wanted, f"fold_div={divisor}"
        )

    return Claim(name, {"q": Q, "C": C}, (*premises, C >= 0), goal, replay, bound=24)


ROUNDING = plant(
    geometry,
    geometry.cut_channels,
    wrong_code.shares_rounded_up,
    wrong_code.shares_rounded_to_nearest,
)
SHARING = plant(
    geometry, geometry.cut_channels, wrong_code.shares_without_directions, wrong_code.groups_overlap
)

THEOREMS = (
    Theorem("channels_are_cut_in_order", cut_claims, (*ROUNDING, *SHARING)),
    Theorem("tsm_is_a_cut_by_fold_div", tsm_claims, (*ROUNDING, *SHARING)),
)
