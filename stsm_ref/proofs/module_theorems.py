"""Theorems about the whole module, over batch, time, channels, height and width at once, and about two and three of its layers."""

import dataclasses
import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from stsm_ref import composition, definition, geometry, slicing
from stsm_ref.geometry import CHANNEL_AXIS, SUBSETS, UNIT_DISPLACEMENTS, ChannelGroup, Displacement, ShiftSpec
from stsm_ref.proofs.arrays import SymbolicArray
from stsm_ref.proofs.broken import plant
from stsm_ref.proofs.channel_theorems import ALPHA, ROUNDING, SHARING, P, Q
from stsm_ref.proofs.shift_theorems import COPIES, FORWARD_ONLY, WINDOWS
from stsm_ref.proofs.space import Array, differs, rule, space
from stsm_ref.proofs.symbols import Term, Whole, WholeFraction, z3
from stsm_ref.proofs.theorem import Claim, Theorem, Values

CLIPS = space("NTCHW")
C, CHANNEL = CLIPS.sizes[2], CLIPS.index[2]
DIRECTIONS = {"forward": 1, "VJP": -1}


class Share(NamedTuple):
    """The share of channels that moves, numerator and denominator as numbers or as terms."""

    numerator: Any
    denominator: Any


def by_definition(x: SymbolicArray, alpha: Share, spec: ShiftSpec, direction: int) -> tuple[list[Term], Term]:
    """What §3.2 asks of one place: the conditions that define the size of the groups, and the value.

    The size s of a group is the whole number with ``s w q <= p C < (s + 1) w q``: no division, and none of our code, but for the list
    of directions.
    """
    (p, q), terms = alpha, spec.directions
    conditions, value, start = [], x.read(CLIPS.index), z3.IntVal(0)
    for directions in terms:
        weight = len(terms) * len(directions)
        size = z3.Int(f"size_{weight}")
        conditions.append(z3.And(size * (q * weight) <= p * C, p * C < (size + 1) * (q * weight)))
        for d in directions:
            value = z3.If(_within(start, start + size), rule(x, CLIPS.index, _on_clips(d, direction)), value)
            start = start + size
    return conditions, value


def _within(start: Term, stop: Term) -> Term:
    """Whether the channel lies in a group."""
    return z3.And(start <= CHANNEL, stop > CHANNEL)


def _on_clips(d: Displacement, direction: int) -> list[int]:
    """A displacement on the axes N, T, C, H, W."""
    return [0, direction * d.dt, 0, direction * d.dh, direction * d.dw]


def module_claims(spec: ShiftSpec) -> Iterator[Claim]:
    """Forward and VJP of one spec, and of T+H+W with any alpha, for all sizes."""
    for name, direction in DIRECTIONS.items():
        yield _module_claim(f"{name} of {spec}", spec, Share(*spec.alpha.as_integer_ratio()), direction)
    for name, direction in DIRECTIONS.items():
        yield _module_claim(f"{name} of T+H+W, any alpha = p/q", ShiftSpec("T+H+W"), Share(P, Q), direction)


def _module_claim(name: str, spec: ShiftSpec, alpha: Share, direction: int) -> Claim:
    any_alpha = z3.is_expr(alpha.numerator)
    conditions, want = by_definition(CLIPS.array("x"), alpha, spec, direction)

    def goal() -> Term:
        x: Any = CLIPS.array("x")
        runnable: Any = WholeFraction(Whole(P), Whole(Q)) if any_alpha else spec.alpha
        got: Any = slicing.copy_groups(x, geometry.cut_channels(x.shape[CHANNEL_AXIS], runnable, spec.directions), direction=direction)
        return got.read(CLIPS.index) == want

    def replay(values: Values) -> str:
        x = CLIPS.labels(values)
        here = ShiftSpec(spec.terms, Fraction(values["p"], values["q"])) if any_alpha else spec
        ours = slicing.stsm if direction > 0 else slicing.stsm_vjp
        return differs(lambda: (ours(x, here), _counted_out(x, here, direction)), CLIPS.place(values))

    variables = CLIPS.variables | ({"p": P, "q": Q} if any_alpha else {})
    reach = {"C": _channels_that_move(spec), "p": 8, "q": 8}
    premises = (*CLIPS.premises, *(ALPHA if any_alpha else ()), *conditions)
    return Claim(name, variables, premises, goal, replay, reach=3, reaches=reach)


def any_cut_claims(terms: str = "+".join(SUBSETS)) -> Iterator[Claim]:
    """Forward and VJP for a cut into groups of any size, empty ones too: what every alpha and every rounding come to."""
    for name, direction in DIRECTIONS.items():
        yield _any_cut_claim(f"{name} of any cut", terms, direction)


def _any_cut_claim(name: str, terms: str, direction: int) -> Claim:
    moves = [d for directions in ShiftSpec(terms).directions for d in directions]
    stops = z3.Ints(" ".join(f"stop_{k}" for k in range(len(moves))))
    bounds = [z3.IntVal(0), *stops, C]
    ordered = tuple(a <= b for a, b in itertools.pairwise(bounds))

    def want(x: SymbolicArray) -> Term:
        value = x.read(CLIPS.index)
        for (start, stop), d in zip(itertools.pairwise(bounds), moves, strict=False):
            value = z3.If(_within(start, stop), rule(x, CLIPS.index, _on_clips(d, direction)), value)
        return value

    def groups(at: Sequence[Any]) -> list[ChannelGroup]:
        return [ChannelGroup(a, b, d) for (a, b), d in zip(itertools.pairwise(at), [*moves, Displacement()], strict=True)]

    def goal() -> Term:
        x: Any = CLIPS.array("x")
        got: Any = slicing.copy_groups(x, groups([0, *map(Whole, stops), Whole(C)]), direction=direction)
        return got.read(CLIPS.index) == want(x)

    def replay(values: Values) -> str:
        x = CLIPS.labels(values)
        cut = groups([0, *(values[str(stop)] for stop in stops), values["C"]])

        def both() -> tuple[Array, Array]:
            wanted = [definition.shift(x[:, :, a:b], [direction * step for step in d], axes=(1, 3, 4)) for a, b, d in cut]
            return slicing.copy_groups(x, cut, direction=direction), np.concatenate(wanted, axis=2)

        return differs(both, CLIPS.place(values))

    variables = {**CLIPS.variables, **{str(stop): stop for stop in stops}}
    return Claim(name, variables, (*CLIPS.premises, *ordered), goal, replay, reach=7)


def _channels_that_move(spec: ShiftSpec) -> int:
    """Enough channels for every direction to have one, and a few for X_N."""
    widest = max(len(spec.directions) * len(directions) for directions in spec.directions)
    return math.ceil(widest / spec.alpha) + 4 if spec.alpha else 4


def _counted_out(x: Array, spec: ShiftSpec, direction: int) -> Array:
    """STSM in NumPy with every group counted out anew and shifted by the definition."""
    y, start, terms = x.copy(), 0, spec.directions
    for directions in terms:
        share = math.floor(spec.alpha * x.shape[CHANNEL_AXIS] / (len(terms) * len(directions)))
        for d in directions:
            group = (slice(None), slice(None), slice(start, start + share))
            y[group] = definition.shift(x[group], [direction * distance for distance in d], axes=(1, 3, 4))
            start += share
    return y


LAYERS = space("THW")
ROUTED = 16


def layer_claims() -> Iterator[Claim]:
    """For each of the 26 displacements, the layers that `route_through_layers` builds, on 16 channels of T+H+W@3/8."""
    for d in UNIT_DISPLACEMENTS:
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
        source = SymbolicArray(LAYERS.shape, lambda index: inputs(index[0], route.source, *index[1:]))
        return x.read((t, z3.IntVal(route.target), h, w)) == rule(source, LAYERS.index, d)

    def replay(values: Values) -> str:
        t, h, w = LAYERS.place(values)
        shape = (values["T"], ROUTED, values["H"], values["W"])
        x = np.arange(1, np.prod(shape) + 1).reshape(shape)

        def both() -> tuple[Array, Array]:
            route = composition.route_through_layers(d, channels=ROUTED, spec=spec)
            got = composition.apply_layers(x, route.weights, spec)
            return got[:, route.target], definition.shift(x[:, route.source], d, axes=(0, 1, 2))

        return differs(both, (t, h, w))

    return Claim(f"displacement {tuple(d)}", LAYERS.variables, LAYERS.premises, goal, replay)


def _mixed(y: SymbolicArray, weights: Array, index: Sequence[Term]) -> Term:
    """One channel of a 1x1 convolution: every channel times its weight, of which the zeros are left out."""
    t, channel, h, w = index
    row = weights[z3.simplify(channel).as_long()]
    return sum((int(weight) * y.read((t, z3.IntVal(c), h, w)) for c, weight in enumerate(row) if weight), start=z3.RealVal(0))


def routed_to_the_first(displacement: Displacement, *, channels: int, spec: ShiftSpec = ShiftSpec()) -> composition.Route:
    """Each layer reads the channel before the one that it should."""
    route = _route(displacement, channels=channels, spec=spec)
    return route._replace(weights=tuple(np.roll(weights, -1, axis=1) for weights in route.weights))


def routed_backwards(displacement: Displacement, *, channels: int, spec: ShiftSpec = ShiftSpec()) -> composition.Route:
    """The layers of the opposite displacement."""
    return _route(-displacement, channels=channels, spec=spec)


_route = composition.route_through_layers


def theorems(spec: ShiftSpec) -> tuple[Theorem, ...]:
    """The theorems of this file; the first is about `spec`."""
    spec = ShiftSpec(spec.terms, spec.alpha, spec.order)  # rounding="exact" only refuses: where it does not, nothing is rounded
    claims: Callable[[], Iterator[Claim]] = functools.partial(module_claims, spec)
    short = functools.partial(any_cut_claims, "T+HW")  # fewer groups make counterexamples that can be read
    wrong_moves = tuple(dataclasses.replace(variant, claims=short) for variant in (*WINDOWS[:1], *COPIES))
    wrong_routes = plant(composition, "route_through_layers", routed_to_the_first, routed_backwards)
    return (
        Theorem("the_module_is_its_definition", claims, (*ROUNDING[:1], SHARING[0], *FORWARD_ONLY)),
        Theorem("any_cut_is_moved_group_by_group", any_cut_claims, wrong_moves),
        Theorem("layers_compose_steps", layer_claims, (*wrong_routes, *WINDOWS[:1])),
    )
