"""Theorems about channels: the cut is disjoint, covering and in order, for every number of channels and every alpha."""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from stsm_ref import geometry
from stsm_ref.geometry import ChannelGroup, Displacement, ShiftSpec
from stsm_ref.proofs import broken
from stsm_ref.proofs.broken import plant
from stsm_ref.proofs.symbols import REFUSALS, Term, Whole, WholeFraction, term, z3
from stsm_ref.proofs.theorem import Claim, Theorem, Values

TERM_SETS = ("T", "H", "W", "H+W", "HW", "T+H+W", "T+HW", "T+H+W+HW", "TH+TW+HW", "T+H+W+TH+TW+HW", "THW")
"""Every setting of Tables 2 and 3, and the one term of three axes."""

P, Q, C, CHANNEL = z3.Ints("p q C c")
ALPHA = (Q >= 1, P >= 0, P <= Q)
Directions = Sequence[Sequence[Displacement]]


def cut_claims() -> Iterator[Claim]:
    """One claim for each set of terms; alpha is p/q, in lowest terms or not."""
    for terms in TERM_SETS:
        yield _cut_claim(terms, ShiftSpec(terms).directions)


def _cut_claim(terms: str, directions: Directions) -> Claim:
    weights = [len(directions) * len(term) for term in directions]

    def goal() -> Term:
        groups = geometry.cut_channels(Whole(C), WholeFraction(Whole(P), Whole(Q)), directions)  # type: ignore[arg-type]  # symbols
        return z3.And(_in_order(groups, directions), *_equal_shares(groups, directions, weights), _each_once(groups))

    def replay(values: Values) -> str:
        alpha, channels = Fraction(values["p"], values["q"]), values["C"]
        sizes = [math.floor(alpha * channels / weight) for weight, term in zip(weights, directions, strict=True) for _ in term]
        starts = [sum(sizes[:k]) for k in range(len(sizes) + 1)]
        return _bounds_differ(lambda: geometry.cut_channels(channels, alpha, directions), [*starts, channels], f"{terms}@{alpha}")

    return Claim(f"terms {terms}", {"p": P, "q": Q, "C": C, "c": CHANNEL}, (*ALPHA, C >= 0), goal, replay, reach=24)


def _in_order(groups: Sequence[ChannelGroup], directions: Directions) -> Term:
    """Groups follow each other from 0 to C without gap or overlap, each with the displacement of its direction, X_N last."""
    if [group.displacement for group in groups] != [*(d for each in directions for d in each), Displacement()]:
        return z3.BoolVal(False)
    bounds = [term(bound) for group in groups for bound in group[:2]]
    joints = [bounds[k] == bounds[k + 1] for k in range(1, len(bounds) - 1, 2)]
    return z3.And(bounds[0] == 0, *joints, bounds[-1] == C, *(bounds[k] <= bounds[k + 1] for k in range(0, len(bounds), 2)))


def _equal_shares(groups: Sequence[ChannelGroup], directions: Directions, weights: Sequence[int]) -> Iterator[Term]:
    """The size s of a group is the floor of alpha C / w, said without division: s w q <= p C < (s + 1) w q."""
    each = (weight for weight, directions_of_term in zip(weights, directions, strict=True) for _ in directions_of_term)
    for group, weight in zip(groups, each, strict=False):
        size = term(group.stop) - term(group.start)
        yield z3.And(size * (Q * weight) <= P * C, (size + 1) * (Q * weight) > P * C)


def _each_once(groups: Sequence[ChannelGroup]) -> Term:
    """Every channel lies in one group and in no second one."""
    within = [z3.And(term(group.start) <= CHANNEL, term(group.stop) > CHANNEL) for group in groups]
    return z3.Implies(z3.And(CHANNEL >= 0, CHANNEL < C), z3.Sum([z3.If(holds, 1, 0) for holds in within]) == 1)


def _bounds_differ(cut: Any, want: Sequence[int], what: str) -> str:
    try:
        got = cut()
    except REFUSALS as error:  # valid arguments: whatever is raised is wrong
        return f"Python raises {type(error).__name__}: {error}"
    for k, group in enumerate(got):
        if [group.start, group.stop] != [want[k], want[k + 1]]:
            return f"{what}: group {k} is {group.start}..{group.stop}, should be {want[k]}..{want[k + 1]}"
    return ""


def tsm_claims() -> Iterator[Claim]:
    """Alpha is 2/fold_div, which in lowest terms is 1/q where fold_div = 2 q, and 2/q where fold_div = q is odd."""
    yield _tsm_claim("an even fold_div = 2 q", 1, 2 * Q, (Q >= 1,))
    yield _tsm_claim("an odd fold_div = q", 2, Q, (Q >= 3, Q % 2 == 1))


def _tsm_claim(name: str, numerator: int, fold_div: Term, premises: tuple[Term, ...]) -> Claim:
    spec = ShiftSpec.tsm()

    def goal() -> Term:
        groups = geometry.cut_channels(Whole(C), WholeFraction(numerator, Whole(Q)), spec.directions)  # type: ignore[arg-type]  # symbols
        fold = term(Whole(C) // Whole(fold_div))
        backward, forward, rest = groups
        places = [(backward, 0, fold), (forward, fold, 2 * fold), (rest, 2 * fold, C)]
        moves = [group.displacement.dt for group in groups] == [-1, 1, 0]
        return z3.And(z3.BoolVal(moves), *(z3.And(term(g.start) == a, term(g.stop) == b) for g, a, b in places))

    def replay(values: Values) -> str:
        divisor, channels = 2 * values["q"] if numerator == 1 else values["q"], values["C"]
        fold = channels // divisor
        return _bounds_differ(lambda: ShiftSpec.tsm(divisor).partition(channels), [0, fold, 2 * fold, channels], f"fold_div={divisor}")

    return Claim(name, {"q": Q, "C": C}, (*premises, C >= 0), goal, replay, reach=24)


ROUNDING = plant(geometry, "cut_channels", broken.shares_rounded_up, broken.shares_rounded_to_nearest)
SHARING = plant(geometry, "cut_channels", broken.shares_without_directions, broken.groups_overlap)

THEOREMS = (
    Theorem("channels_are_cut_in_order", cut_claims, (*ROUNDING, *SHARING)),
    Theorem("tsm_is_a_cut_by_fold_div", tsm_claims, (*ROUNDING, *SHARING)),
)
