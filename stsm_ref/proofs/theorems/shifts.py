"""Theorems about the shift by slices: it is the rule, it separates, its VJP is the opposite
shift, it is linear, it loses its edge.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from stsm_ref import definition, slicing
from stsm_ref.proofs.smt.z3_terms import Term, z3
from stsm_ref.proofs.symbolic.arrays import SymbolicArray, anything
from stsm_ref.proofs.symbolic.integers import SymInt, all_of
from stsm_ref.proofs.symbolic.skip_validation import arguments_unchecked
from stsm_ref.proofs.theorems import wrong_code
from stsm_ref.proofs.theorems.directions import STEPS
from stsm_ref.proofs.theorems.index_space import ZERO, Array, Space, differs, rule, space
from stsm_ref.proofs.theorems.theorem import Claim, Theorem, Values, Variant
from stsm_ref.proofs.theorems.wrong_code import plant

CLIP = space("THW")
ROW = space("N")
D = z3.Int("d")
NEVER = -1.0  # stands in the output before the code writes it, and nowhere else


def sliced(x: Any, displacement: Sequence[Any], axes: Sequence[int] | None = None) -> Any:
    """Run the code of `slicing` on symbols or on NumPy; what it does not write stays anything,
    or -1.
    """
    y: Any = anything(x.shape) if isinstance(x, SymbolicArray) else np.full_like(x, NEVER)
    slicing.copy_shifted(x, y, list(zip(axes or range(x.ndim), displacement, strict=True)))
    return y


def _always(displacement: Sequence[int]) -> Callable[[Values], Sequence[int]]:
    return lambda values: displacement


def _any_steps(values: Values) -> tuple[int, ...]:
    return (values["d"],)


def rule_claims() -> Iterator[Claim]:
    """The slices follow the rule: the 26 steps in three dimensions, and any distance along one
    axis.
    """
    for d in STEPS:
        yield _rule_claim(f"displacement {tuple(d)}", CLIP, d, _always(d))
    yield _rule_claim("any whole displacement along one axis", ROW, (D,), _any_steps)


def _rule_claim(name: str, where: Space, displacement: Sequence[Any], steps: Any) -> Claim:
    def goal() -> Term:
        x: Any = where.array("x")
        with arguments_unchecked():
            got: Any = slicing.shift(x, _runnable(displacement), axes=range(x.ndim))
        return got.read(where.index) == rule(x, where.index, displacement)

    def replay(values: Values) -> str:
        x, d = where.labels(values), steps(values)
        axes = range(x.ndim)
        want = definition.shift(x, d, axes=axes)
        # the slices alone first: what they do not write may hold the right value by chance in
        # memory of NumPy's own
        return differs(lambda: (sliced(x, d), want), where.place(values)) or differs(
            lambda: (slicing.shift(x, d, axes=axes), want), where.place(values)
        )

    return Claim(name, _with_distances(where, displacement), where.premises, goal, replay)


def _runnable(displacement: Sequence[Any]) -> list[Any]:
    """Numbers as they are, terms as symbols that code can run on."""
    return [SymInt(d) if z3.is_expr(d) else d for d in displacement]


def _with_distances(where: Space, displacement: Sequence[Any]) -> dict[str, Term]:
    return {**where.variables, **{str(d): d for d in displacement if z3.is_expr(d)}}


def separation_claims() -> Iterator[Claim]:
    """A step along several axes equals its steps along one axis, one after the other, in every
    order.
    """
    for d in STEPS:
        moved = [axis for axis, distance in enumerate(d) if distance]
        if len(moved) > 1:
            yield _separation_claim(d, list(itertools.permutations(moved)))
    yield _any_separation()


def _separation_claim(d: Sequence[int], orders: Sequence[Sequence[int]]) -> Claim:
    def in_turn(x: Any, order: Sequence[int]) -> Any:
        for axis in order:
            x = sliced(x, (d[axis],), axes=(axis,))
        return x

    def both(x: Any, order: Sequence[int]) -> tuple[Any, Any]:
        return in_turn(x, order), sliced(x, d)

    def goal() -> Term:
        x = CLIP.array("x")
        whole = sliced(x, d).read(CLIP.index)
        return all_of(*(in_turn(x, order).read(CLIP.index) == whole for order in orders))

    def replay(values: Values) -> str:
        x = CLIP.labels(values)
        found = (differs(functools.partial(both, x, order), CLIP.place(values)) for order in orders)
        return next(filter(None, found), "")

    return Claim(
        f"displacement {tuple(d)}, {len(orders)} orders",
        CLIP.variables,
        CLIP.premises,
        goal,
        replay,
    )


def _by_rule(x: SymbolicArray, displacement: Sequence[Any]) -> SymbolicArray:
    return SymbolicArray(x.shape, lambda index: rule(x, index, displacement))


def _any_separation() -> Claim:
    """Any whole distances: here each step is the rule, which the slices were proved to follow."""
    distances = z3.Ints("dt dh dw")

    def in_turn(order: Sequence[int]) -> Term:
        x = CLIP.array("x")
        for axis in order:
            alone = [distances[axis] if k == axis else z3.IntVal(0) for k in range(3)]
            x = _by_rule(x, alone)
        return x.read(CLIP.index)

    def goal() -> Term:
        whole = rule(CLIP.array("x"), CLIP.index, distances)
        return all_of(*(in_turn(order) == whole for order in itertools.permutations(range(3))))

    def replay(values: Values) -> str:
        x, d = CLIP.labels(values), [values[str(distance)] for distance in distances]
        step = x
        for axis in range(3):
            step = sliced(step, d[axis : axis + 1], axes=(axis,))
        return differs(lambda: (step, sliced(x, d)), CLIP.place(values))

    return Claim(
        "any whole displacement, by the rule, all six orders",
        _with_distances(CLIP, distances),
        CLIP.premises,
        goal,
        replay,
    )


def adjoint_claims() -> Iterator[Claim]:
    """A value goes from i to j if and only if the opposite shift sends it from j to i; no two
    values go to one place.
    """
    for d in STEPS:
        yield _adjoint_claim(f"displacement {tuple(d)}", CLIP, d, _always(d))
    yield _adjoint_claim("any whole displacement along one axis", ROW, (D,), _any_steps)


def _adjoint_claim(name: str, where: Space, displacement: Sequence[Any], steps: Any) -> Claim:
    # the slices move values and do not look at them, so they move the coordinates of places too
    j = tuple(z3.Int(f"{letter}_out") for letter in where.letters.lower())
    k = tuple(z3.Int(f"{letter}_other") for letter in where.letters.lower())
    premises = (
        *where.premises,
        *(
            z3.And(a >= 0, a < n)
            for place in (j, k)
            for a, n in zip(place, where.sizes, strict=True)
        ),
    )
    variables = {**_with_distances(where, displacement), **{str(a): a for a in (*j, *k)}}

    def moved(distances: Sequence[Any]) -> list[Any]:
        """The coordinates of every place, one array each, counted from 1, so that 0 is the zero
        that enters.
        """
        return [sliced(coordinate(axis), distances) for axis in range(len(j))]

    def coordinate(axis: int) -> SymbolicArray:
        return SymbolicArray(where.shape, lambda index: z3.ToReal(index[axis] + 1))

    def came_from(arrays: Sequence[Any], place: Sequence[Term], origin: Sequence[Term]) -> Term:
        return all_of(
            *(
                array.read(place) == z3.ToReal(a + 1)
                for array, a in zip(arrays, origin, strict=True)
            )
        )

    def goal() -> Term:
        i, distances = where.index, _runnable(displacement)
        ahead, back = moved(distances), moved([-distance for distance in distances])
        arrives = came_from(ahead, j, i)
        same = all_of(*(a == b for a, b in zip(j, k, strict=True)))
        return z3.And(
            arrives == came_from(back, i, j),
            z3.Implies(z3.And(arrives, came_from(ahead, k, i)), same),
        )

    def replay(values: Values) -> str:
        i, d = where.place(values), steps(values)
        x = np.zeros_like(where.labels(values))
        x[i] = 1  # a basis vector: its image under the forward is a row of the VJP
        basis = np.zeros_like(x)
        basis[tuple(values[str(a)] for a in j)] = 1
        back = [-distance for distance in d]

        def products() -> tuple[Any, Any]:
            return np.sum(x * sliced(basis, back)), np.sum(sliced(x, d) * basis)

        def images() -> tuple[Any, Any]:
            return np.count_nonzero(sliced(x, d)), np.count_nonzero(
                definition.shift(x, d, axes=range(x.ndim))
            )

        return differs(products, what="<vjp(e_j), e_i>") or differs(
            images, what="the places that e_i arrives at"
        )

    return Claim(name, variables, premises, goal, replay)


def linearity_claims() -> Iterator[Claim]:
    """Shifting a sum is summing shifts, and multiples too: so the JVP is the shift itself, and
    second differences are zero.
    """
    for d in STEPS:
        yield _linearity_claim(d)


def _linearity_claim(d: Sequence[int]) -> Claim:
    factor = z3.Real("factor")

    def goal() -> Term:
        x, u, v = (CLIP.array(name) for name in "xuv")
        total = SymbolicArray(x.shape, lambda index: x.read(index) + u.read(index) + v.read(index))
        scaled = SymbolicArray(x.shape, lambda index: factor * x.read(index))
        s, sx, su, sv, st = (
            sliced(array, d).read(CLIP.index) for array in (scaled, x, u, v, total)
        )
        return z3.And(st == sx + su + sv, s == factor * sx)

    def replay(values: Values) -> str:
        x = CLIP.labels(values)
        return differs(lambda: (sliced(2 * x, d), 2 * sliced(x, d)), CLIP.place(values))

    return Claim(f"displacement {tuple(d)}", CLIP.variables, CLIP.premises, goal, replay)


def nilpotency_claims() -> Iterator[Claim]:
    """After no step all is there, after k steps one way k places further; one step more, k + 1;
    after n of them, nothing is left.
    """
    k = z3.Int("k")

    def start() -> Term:
        x = ROW.array("x")
        return after(x, 0).read(ROW.index) == x.read(ROW.index)

    def after(x: SymbolicArray, steps: Any) -> SymbolicArray:
        return _by_rule(x, (steps,))

    def step(sign: int) -> Claim:
        def goal() -> Term:
            x = ROW.array("x")
            return sliced(after(x, sign * k), (sign,)).read(ROW.index) == after(
                x, sign * (k + 1)
            ).read(ROW.index)

        def replay(values: Values) -> str:
            x = ROW.labels(values)
            many, more = (
                definition.shift(x, sign * (values["k"] + extra), axes=0) for extra in (0, 1)
            )
            return differs(lambda: (sliced(many, (sign,)), more), ROW.place(values))

        return Claim(
            f"from k to k + 1 steps of {sign:+d}",
            {**ROW.variables, "k": k},
            (*ROW.premises, k >= 0),
            goal,
            replay,
        )

    def end(sign: int) -> Claim:
        def goal() -> Term:
            return after(ROW.array("x"), sign * ROW.sizes[0]).read(ROW.index) == ZERO

        return Claim(
            f"nothing after n steps of {sign:+d}",
            ROW.variables,
            ROW.premises,
            goal,
            lambda values: "",
        )

    yield Claim("no step", ROW.variables, ROW.premises, start, lambda values: "")
    for sign in (1, -1):
        yield step(sign)
        yield end(sign)


def there_and_back(x: Any, sign: int) -> Any:
    """One step one way along the first axis, and one step back."""
    return sliced(sliced(x, (sign,)), (-sign,))


def edge_claims() -> Iterator[Claim]:
    """There and back keeps every place but the last on that side, which is zero whatever stood
    there: so the shift has no inverse.
    """
    for sign in (1, -1):

        def goal(sign: int = sign) -> Term:
            x, (n,), (i,) = ROW.array("x"), ROW.sizes, ROW.index
            edge = n - 1 if sign > 0 else z3.IntVal(0)
            return there_and_back(x, sign).read((i,)) == z3.If(i == edge, ZERO, x.read((i,)))

        def replay(values: Values, sign: int = sign) -> str:
            x = ROW.labels(values)
            want: Array = x.copy()
            want[-1 if sign > 0 else 0] = 0
            return differs(lambda: (there_and_back(x, sign), want), ROW.place(values))

        yield Claim(f"{sign:+d} and back", ROW.variables, ROW.premises, goal, replay)


def inverse_claims() -> Iterator[Claim]:
    """The false claim that there and back is the identity."""

    def goal() -> Term:
        x = ROW.array("x")
        return there_and_back(x, 1).read(ROW.index) == x.read(ROW.index)

    def replay(values: Values) -> str:
        x = ROW.labels(values)
        return differs(lambda: (there_and_back(x, 1), x), ROW.place(values))

    yield Claim("S- S+ is the identity", ROW.variables, ROW.premises, goal, replay)


def _any_rule() -> Iterator[Claim]:
    yield _rule_claim("any whole displacement along one axis", ROW, (D,), _any_steps)


WINDOWS = plant(
    slicing,
    slicing.windows,
    wrong_code.reversed_windows,
    wrong_code.windows_one_short,
    wrong_code.windows_one_off,
    wrong_code.windows_without_zero,
)
COPIES = plant(
    slicing,
    slicing.copy_shifted,
    wrong_code.copy_rolled,
    wrong_code.copy_with_edge,
    wrong_code.copy_swapped,
)
FORWARD_ONLY = plant(slicing, slicing.windows, wrong_code.backward_windows_forward)
ONES = plant(slicing, slicing.copy_shifted, wrong_code.copy_with_ones)
BEYOND = dataclasses.replace(
    *plant(slicing, slicing.windows, wrong_code.windows_without_limit), claims=_any_rule
)
INVERSE = Variant("there and back is the identity", claims=inverse_claims)

THEOREMS = (
    Theorem("slices_follow_the_rule", rule_claims, (*WINDOWS, *COPIES, *FORWARD_ONLY, BEYOND)),
    Theorem("steps_separate_in_any_order", separation_claims, COPIES[1:]),
    Theorem("the_vjp_is_the_opposite_shift", adjoint_claims, (*FORWARD_ONLY, COPIES[1])),
    Theorem("the_shift_is_linear", linearity_claims, ONES),
    Theorem("steps_die_out", nilpotency_claims, (*COPIES[:2], *ONES)),
    Theorem("there_and_back_loses_the_edge", edge_claims, (*COPIES[:2], INVERSE)),
)
