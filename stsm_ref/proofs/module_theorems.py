"""Theorems about the whole module, over batch, time, channels, height and width at once, and about two and three of its layers."""

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from stsm_ref import composition, definition, geometry, slicing
from stsm_ref.geometry import CHANNEL_AXIS, UNIT_DISPLACEMENTS, ChannelGroup, Displacement, ShiftSpec
from stsm_ref.proofs import broken
from stsm_ref.proofs.arrays import SymbolicArray
from stsm_ref.proofs.broken import plant
from stsm_ref.proofs.channel_theorems import ROUNDING, SHARING
from stsm_ref.proofs.shift_theorems import COPIES, FORWARD_ONLY, WINDOWS
from stsm_ref.proofs.space import Array, differs, rule, space
from stsm_ref.proofs.symbols import Term, Whole, z3
from stsm_ref.proofs.theorem import Claim, Theorem, Values

CLIPS = space("NTCHW")
C, CHANNEL = CLIPS.sizes[2], CLIPS.index[2]
DIRECTIONS = {"forward": 1, "VJP": -1}


def by_definition(x: SymbolicArray, index: Sequence[Term], spec: ShiftSpec, direction: int) -> tuple[list[Term], Term]:
    """What §3.2 asks of one place: the conditions that define the share of each term, and the value.

    The share s of a term is the whole number with ``s w q <= p C < (s + 1) w q``: no division, and none of our code, but for the list
    of directions.
    """
    (p, q), terms = spec.alpha.as_integer_ratio(), spec.directions
    conditions, value, start = [], x.read(index), z3.IntVal(0)
    for directions in terms:
        weight = len(terms) * len(directions)
        share = z3.Int(f"share_{weight}")
        conditions.append(z3.And(share * (q * weight) <= p * C, p * C < (share + 1) * (q * weight)))
        for dt, dh, dw in directions:
            moved = rule(x, index, [0, direction * dt, 0, direction * dh, direction * dw])
            value = z3.If(z3.And(CHANNEL >= start, CHANNEL < start + share), moved, value)
            start = start + share
    return conditions, value


def module_claims(spec: ShiftSpec) -> Iterator[Claim]:
    """Forward and VJP of one spec, for all sizes."""
    for name, direction in DIRECTIONS.items():
        yield _module_claim(f"{name} of {spec}", spec, direction)


def _module_claim(name: str, spec: ShiftSpec, direction: int) -> Claim:
    conditions, want = by_definition(CLIPS.array("x"), CLIPS.index, spec, direction)

    def goal() -> Term:
        x: Any = CLIPS.array("x")
        groups = geometry.cut_channels(x.shape[CHANNEL_AXIS], spec.alpha, spec.directions)
        got: Any = slicing.copy_groups(x, groups, direction=direction)
        return got.read(CLIPS.index) == want

    def replay(values: Values) -> str:
        x = CLIPS.labels(values)
        ours = slicing.stsm if direction > 0 else slicing.stsm_vjp
        return differs(lambda: (ours(x, spec), _counted_out(x, spec, direction)), CLIPS.place(values))

    premises = (*CLIPS.premises, *conditions)
    return Claim(name, CLIPS.variables, premises, goal, replay, reach=3, reaches={"C": _channels_that_move(spec)})


def any_cut_claims() -> Iterator[Claim]:
    """Forward and VJP for a cut into one group of any size for each single-axis step, and X_N: what every alpha comes to."""
    for name, direction in DIRECTIONS.items():
        yield _any_cut_claim(f"{name} of any cut into the groups of T+H+W", direction)


def _any_cut_claim(name: str, direction: int) -> Claim:
    moves = [d for directions in ShiftSpec("T+H+W").directions for d in directions]
    stops = z3.Ints(" ".join(f"stop_{k}" for k in range(len(moves))))
    bounds = [z3.IntVal(0), *stops, C]
    ordered = tuple(a <= b for a, b in itertools.pairwise(bounds))

    def want(x: SymbolicArray) -> Term:
        value = x.read(CLIPS.index)
        for (start, stop), (dt, dh, dw) in zip(itertools.pairwise(bounds), moves, strict=False):
            moved = rule(x, CLIPS.index, [0, direction * dt, 0, direction * dh, direction * dw])
            value = z3.If(z3.And(CHANNEL >= start, CHANNEL < stop), moved, value)
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
    claims: Callable[[], Iterator[Claim]] = functools.partial(module_claims, spec)
    wrong_routes = plant(composition, "route_through_layers", routed_to_the_first, routed_backwards)
    return (
        Theorem("the_module_is_its_definition", claims, (*ROUNDING[:1], SHARING[0], *FORWARD_ONLY)),
        Theorem("the_module_is_its_definition_for_any_cut", any_cut_claims, (*WINDOWS[:1], *COPIES)),
        Theorem("layers_compose_steps", layer_claims, (*wrong_routes, *WINDOWS[:1])),
    )
