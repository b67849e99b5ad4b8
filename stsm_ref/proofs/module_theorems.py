"""Theorems about the whole module, over batch, time, channels, height and width at once, and about two and three of its layers."""

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from stsm_ref import composition, definition, geometry, slicing
from stsm_ref.geometry import CHANNEL_AXIS, UNIT_DISPLACEMENTS, Displacement, ShiftSpec
from stsm_ref.proofs import broken
from stsm_ref.proofs.arrays import SymbolicArray
from stsm_ref.proofs.broken import plant
from stsm_ref.proofs.channel_theorems import ALPHA, ROUNDING, SHARING, P, Q
from stsm_ref.proofs.shift_theorems import COPIES, FORWARD_ONLY, WINDOWS
from stsm_ref.proofs.space import Array, differs, rule, space
from stsm_ref.proofs.symbols import Term, Whole, WholeFraction, z3
from stsm_ref.proofs.theorem import Claim, Theorem, Values

CLIPS = space("NTCHW")
C, CHANNEL = CLIPS.sizes[2], CLIPS.index[2]
Alpha = Fraction | WholeFraction


def by_definition(x: SymbolicArray, index: Sequence[Term], alpha: tuple[Term, Term], spec: ShiftSpec, direction: int) -> tuple[list[Term], Term]:
    """What §3.2 asks of one place: the conditions that define the share of each term, and the value.

    The share s of a term is the whole number with ``s w q <= p C < (s + 1) w q``: no division, and none of our code, but for the list
    of directions.
    """
    (p, q), terms = alpha, spec.directions
    conditions, value, start = [], x.read(index), z3.IntVal(0)
    for k, directions in enumerate(terms):
        share, weight = z3.Int(f"share_{k}"), len(terms) * len(directions)
        conditions.append(z3.And(share * (q * weight) <= p * C, p * C < (share + 1) * (q * weight)))
        for dt, dh, dw in directions:
            moved = rule(x, index, [0, direction * dt, 0, direction * dh, direction * dw])
            value = z3.If(z3.And(CHANNEL >= start, CHANNEL < start + share), moved, value)
            start = start + share
    return conditions, value


def module_claims(spec: ShiftSpec) -> Iterator[Claim]:
    """Forward and VJP of one spec, for all sizes, and for all alpha besides."""
    for name, direction in (("forward", 1), ("VJP", -1)):
        yield _module_claim(f"{name} of {spec}", spec, direction, whole_alpha=False)
        yield _module_claim(f"{name} of {spec.terms} in the order {spec.order}, any alpha", spec, direction, whole_alpha=True)


def _module_claim(name: str, spec: ShiftSpec, direction: int, *, whole_alpha: bool) -> Claim:
    alpha: Any = WholeFraction(Whole(P), Whole(Q)) if whole_alpha else spec.alpha
    fraction = (P, Q) if whole_alpha else (z3.IntVal(spec.alpha.numerator), z3.IntVal(spec.alpha.denominator))
    conditions, want = by_definition(CLIPS.array("x"), CLIPS.index, fraction, spec, direction)

    def goal() -> Term:
        x: Any = CLIPS.array("x")
        groups = geometry.cut_channels(x.shape[CHANNEL_AXIS], alpha, spec.directions)
        got: Any = slicing.copy_groups(x, groups, direction=direction)
        return got.read(CLIPS.index) == want

    def replay(values: Values) -> str:
        x = CLIPS.labels(values)
        here = ShiftSpec(spec.terms, Fraction(values["p"], values["q"]), spec.order) if whole_alpha else spec
        ours = slicing.stsm if direction > 0 else slicing.stsm_vjp
        return differs(lambda: (ours(x, here), _counted_out(x, here, direction)), CLIPS.place(values))

    variables = {**CLIPS.variables, **({"p": P, "q": Q} if whole_alpha else {})}
    premises = (*CLIPS.premises, *(ALPHA if whole_alpha else ()), *conditions)
    return Claim(name, variables, premises, goal, replay, reach=12)


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
    row = weights[channel.as_long()]
    return z3.Sum([int(weight) * y.read((t, z3.IntVal(c), h, w)) for c, weight in enumerate(row) if weight])


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
        Theorem("the_module_is_its_definition", claims, (*WINDOWS[:3], *FORWARD_ONLY, *COPIES[:2], *ROUNDING[:1], *SHARING)),
        Theorem("layers_compose_steps", layer_claims, (*wrong_routes, *WINDOWS[:1])),
    )
