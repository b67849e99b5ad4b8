"""Theorems about the whole module, over batch, time, channels, height and width at once, and
about two and three of its layers.
"""

import dataclasses
import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from stsm_ref import composition, definition, slicing
from stsm_ref.geometry import ChannelGroup, Displacement, ShiftSpec
from stsm_ref.proofs.smt.z3_terms import Term, z3
from stsm_ref.proofs.symbolic.arrays import SymbolicArray
from stsm_ref.proofs.symbolic.integers import SymInt, all_of, assume_lemma, term
from stsm_ref.proofs.symbolic.skip_validation import arguments_unchecked, with_alpha
from stsm_ref.proofs.theorems.channels import (
    ALPHA,
    ROUNDING,
    SHARING,
    P,
    Q,
    counted_out,
    cut_differs,
)
from stsm_ref.proofs.theorems.directions import FORWARD_FIRST, STEPS, steps_of
from stsm_ref.proofs.theorems.index_space import Array, differs, read_only_labels, rule, space
from stsm_ref.proofs.theorems.shifts import COPIES, FORWARD_ONLY, WINDOWS
from stsm_ref.proofs.theorems.theorem import Claim, Theorem, Values
from stsm_ref.proofs.theorems.wrong_code import plant

Step = tuple[int, int, int]
CLIPS = space("NTCHW")
C, CHANNEL = CLIPS.sizes[2], CLIPS.index[2]
DIRECTIONS = {"forward": 1, "VJP": -1}


class Share(NamedTuple):
    """The share of channels that moves, numerator and denominator as numbers or as terms."""

    numerator: Any
    denominator: Any


def by_definition(alpha: Share, spec: ShiftSpec) -> tuple[list[Term], list[Term]]:
    """The cut that §3.2 asks for: the conditions that define the sizes of the groups, and where
    each starts; the last start is that of X_N.

    The size s of a group is the whole number with ``s w q <= p C < (s + 1) w q``: no division, and
    none of our code.
    """
    (p, q), terms = alpha, steps_of(spec)
    conditions, starts = [], [z3.IntVal(0)]
    for directions in terms:
        weight = len(terms) * len(directions)
        size = z3.Int(f"size_{weight}")
        conditions.append(z3.And(size * (q * weight) <= p * C, p * C < (size + 1) * (q * weight)))
        for _ in directions:
            starts.append(starts[-1] + size)
    return conditions, starts


def moved_by_definition(
    x: SymbolicArray, bounds: Sequence[Term], moves: Iterable[Step], direction: int
) -> Term:
    """What §3.2 asks of one place: the rule of the group that its channel lies in, or x as it
    was.
    """
    value = x.read(CLIPS.index)
    for (start, stop), d in zip(itertools.pairwise(bounds), moves, strict=False):
        value = z3.If(_within(start, stop), rule(x, CLIPS.index, _on_clips(d, direction)), value)
    return value


def _within(start: Term, stop: Term) -> Term:
    """Whether the channel lies in a group."""
    return z3.And(start <= CHANNEL, stop > CHANNEL)


def _on_clips(d: Step, direction: int) -> list[int]:
    """A displacement on the axes N, T, C, H, W."""
    dt, dh, dw = (direction * distance for distance in d)
    return [0, dt, 0, dh, dw]


def _moves(spec: ShiftSpec) -> list[Step]:
    """The displacement of each group but X_N, in channel order."""
    return [step for steps in steps_of(spec) for step in steps]


def module_claims(spec: ShiftSpec) -> Iterator[Claim]:
    """The cut, forward and VJP of one spec, and of T+H+W with any alpha, for all sizes."""
    of_all = ShiftSpec("T+H+W"), Share(P, Q), "T+H+W, any alpha = p/q"
    for chosen, alpha, name in ((spec, Share(*spec.alpha.as_integer_ratio()), str(spec)), of_all):
        yield _module_claim(f"the cut of {name}", chosen, alpha, direction=0)
        for way, direction in DIRECTIONS.items():
            yield _module_claim(f"{way} of {name}", chosen, alpha, direction)


def _module_claim(name: str, spec: ShiftSpec, alpha: Share, direction: int) -> Claim:
    """That the code's cut is the definition's (direction 0), or with that taken as proved, that
    every place holds what it should.
    """
    any_alpha = z3.is_expr(alpha.numerator)
    conditions, starts = by_definition(alpha, spec)
    moves = _moves(spec)

    def goal() -> Term:
        with arguments_unchecked():
            return as_asked(CLIPS.array("x"), with_alpha(spec, P, Q) if any_alpha else spec)

    def as_asked(x: Any, chosen: ShiftSpec) -> Term:
        groups = chosen.partition(SymInt(C))  # type: ignore[arg-type]  # a symbol
        if [tuple(group.displacement) for group in groups] != [*moves, (0, 0, 0)]:
            return z3.BoolVal(False)
        bounds = itertools.pairwise([*starts, C])
        cut = all_of(
            *(
                z3.And(term(g.start) == a, term(g.stop) == b, a <= b)
                for g, (a, b) in zip(groups, bounds, strict=True)
            )
        )
        if direction == 0:
            return cut
        assume_lemma(cut)
        got: Any = (slicing.stsm if direction > 0 else slicing.stsm_vjp)(x, chosen)
        return got.read(CLIPS.index) == moved_by_definition(x, starts, moves, direction)

    def replay(values: Values) -> str:
        x = CLIPS.labels(values)
        here = (
            ShiftSpec(spec.terms, Fraction(values["p"], values["q"]), spec.order)
            if any_alpha
            else spec
        )
        if direction == 0:
            return cut_differs(here, values["C"])
        ours = slicing.stsm if direction > 0 else slicing.stsm_vjp
        return differs(
            lambda: (ours(x, here), _counted_out(x, here, direction)), CLIPS.place(values)
        )

    variables = CLIPS.variables | ({"p": P, "q": Q} if any_alpha else {})
    bound = {"C": _channels_that_move(spec), "p": 8, "q": 8}
    premises = (*CLIPS.premises, *(ALPHA if any_alpha else ()), *conditions)
    return Claim(name, variables, premises, goal, replay, bound=3, bounds=bound)


def any_cut_claims(terms: str = "+".join(FORWARD_FIRST)) -> Iterator[Claim]:
    """Forward and VJP for a cut into groups of any size, empty ones too: what every alpha and
    every rounding come to.
    """
    for name, direction in DIRECTIONS.items():
        yield _any_cut_claim(f"{name} of any cut", terms, direction)


def _any_cut_claim(name: str, terms: str, direction: int) -> Claim:
    moves = [Displacement(*step) for step in _moves(ShiftSpec(terms))]
    stops = z3.Ints(" ".join(f"stop_{k}" for k in range(len(moves))))
    bounds = [z3.IntVal(0), *stops, C]
    ordered = tuple(a <= b for a, b in itertools.pairwise(bounds))

    def groups(at: Sequence[Any]) -> list[ChannelGroup]:
        return [
            ChannelGroup(a, b, d)
            for (a, b), d in zip(itertools.pairwise(at), [*moves, Displacement()], strict=True)
        ]

    def goal() -> Term:
        x: Any = CLIPS.array("x")
        got: Any = slicing.copy_groups(
            x, groups([0, *map(SymInt, stops), SymInt(C)]), direction=direction
        )
        return got.read(CLIPS.index) == moved_by_definition(x, bounds, moves, direction)

    def replay(values: Values) -> str:
        x = CLIPS.labels(values)
        cut = groups([0, *(values[str(stop)] for stop in stops), values["C"]])

        def both() -> tuple[Array, Array]:
            wanted = [
                definition.shift(x[:, :, a:b], [direction * step for step in d], axes=(1, 3, 4))
                for a, b, d in cut
            ]
            return slicing.copy_groups(x, cut, direction=direction), np.concatenate(wanted, axis=2)

        return differs(both, CLIPS.place(values))

    variables = {**CLIPS.variables, **{str(stop): stop for stop in stops}}
    return Claim(name, variables, (*CLIPS.premises, *ordered), goal, replay, bound=7)


def _channels_that_move(spec: ShiftSpec) -> int:
    """Enough channels for every direction to have one, and a few for X_N."""
    widest = max(len(steps_of(spec)) * len(steps) for steps in steps_of(spec))
    return math.ceil(widest / spec.alpha) + 4 if spec.alpha else 4


def _counted_out(x: Array, spec: ShiftSpec, direction: int) -> Array:
    """STSM in NumPy with every group counted out anew and shifted by the definition."""
    y = x.copy()
    for start, stop, d in counted_out(spec, x.shape[2]):
        y[:, :, start:stop] = definition.shift(
            x[:, :, start:stop], [direction * distance for distance in d], axes=(1, 3, 4)
        )
    return y


LAYERS = space("THW")
ROUTED = 16


def layer_claims() -> Iterator[Claim]:
    """For each of the 26 displacements, the layers that `route_through_layers` builds, on 16
    channels of T+H+W@3/8.
    """
    for d in STEPS:
        yield _layer_claim(d, ShiftSpec())


def _layer_claim(d: Displacement, spec: ShiftSpec) -> Claim:
    def goal() -> Term:
        route = composition.route_through_layers(d, channels=ROUTED, spec=spec)
        inputs = z3.Function("x", *[z3.IntSort()] * 4, z3.RealSort())
        t, h, w = LAYERS.shape
        x = SymbolicArray((t, ROUTED, h, w), lambda index: inputs(*index))
        for weights in route.weights:
            y: Any = slicing.copy_groups(x, spec.partition(ROUTED), direction=1)  # type: ignore[arg-type]  # symbols
            x = SymbolicArray(x.shape, functools.partial(_mixed, y, weights))
        t, h, w = LAYERS.index
        source = SymbolicArray(
            LAYERS.shape, lambda index: inputs(index[0], route.source, *index[1:])
        )
        as_many = len(route.weights) == sum(map(abs, d))
        return z3.And(
            z3.BoolVal(as_many),
            x.read((t, z3.IntVal(route.target), h, w)) == rule(source, LAYERS.index, d),
        )

    def replay(values: Values) -> str:
        t, h, w = LAYERS.place(values)
        shape = (values["T"], ROUTED, values["H"], values["W"])
        x = read_only_labels(shape)
        route = composition.route_through_layers(d, channels=ROUTED, spec=spec)
        if len(route.weights) != sum(map(abs, d)):
            return f"Python gives {len(route.weights)} layers for {tuple(d)}"

        def both() -> tuple[Array, Array]:
            got = composition.apply_layers(x, route.weights, spec)
            return got[:, route.target], definition.shift(x[:, route.source], d, axes=(0, 1, 2))

        return differs(both, (t, h, w))

    return Claim(f"displacement {tuple(d)}", LAYERS.variables, LAYERS.premises, goal, replay)


def _mixed(y: SymbolicArray, weights: Array, index: Sequence[Term]) -> Term:
    """One channel of a 1x1 convolution: every channel times its weight, of which the zeros are
    left out.
    """
    t, channel, h, w = index
    row = weights[z3.simplify(channel).as_long()]
    return sum(
        (
            operator.index(weight) * y.read((t, z3.IntVal(c), h, w))
            for c, weight in enumerate(row)
            if weight
        ),
        start=z3.RealVal(0),
    )


def routed_to_the_first(
    displacement: Displacement, *, channels: int, spec: ShiftSpec = ShiftSpec()
) -> composition.Route:
    """Each layer reads the channel before the one that it should."""
    route = _route(displacement, channels=channels, spec=spec)
    return route._replace(weights=tuple(np.roll(weights, -1, axis=1) for weights in route.weights))


def routed_backwards(
    displacement: Displacement, *, channels: int, spec: ShiftSpec = ShiftSpec()
) -> composition.Route:
    """The layers of the opposite displacement."""
    return _route(-displacement, channels=channels, spec=spec)


_route = composition.route_through_layers


def theorems(spec: ShiftSpec) -> tuple[Theorem, ...]:
    """The theorems of this file; the first is about `spec`."""
    spec = ShiftSpec(
        spec.terms, spec.alpha, spec.order
    )  # rounding="exact" only refuses: where it does not, nothing is rounded
    claims: Callable[[], Iterator[Claim]] = functools.partial(module_claims, spec)
    short = functools.partial(
        any_cut_claims, "T+HW"
    )  # fewer groups make counterexamples that can be read
    wrong_moves = tuple(
        dataclasses.replace(variant, claims=short) for variant in (*WINDOWS[:1], *COPIES)
    )
    wrong_routes = plant(composition, _route, routed_to_the_first, routed_backwards)
    return (
        Theorem("the_module_is_its_definition", claims, (*ROUNDING[:1], SHARING[0], *FORWARD_ONLY)),
        Theorem("any_cut_is_moved_group_by_group", any_cut_claims, wrong_moves),
        Theorem("layers_compose_steps", layer_claims, (*wrong_routes, *WINDOWS[:1])),
    )
