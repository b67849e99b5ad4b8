"""Hold one graph against STSM over one box of sizes: the questions for the solvers, and what
they answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from stsm_ref.geometry import Displacement
from stsm_ref.proofs.export.graph import interpret
from stsm_ref.proofs.export.recording import Exported
from stsm_ref.proofs.index_maps.exact import exact, is_minus_zero
from stsm_ref.proofs.index_maps.formula import (
    FALSE,
    Logical,
    negation,
    required_constraints,
    script,
)
from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    Range,
    UndeterminedError,
    polynomial,
)
from stsm_ref.proofs.index_maps.maps import (
    Cast,
    Ite,
    Load,
    Sum,
    SymbolicTensor,
    UnsupportedError,
    Value,
    input_tensor,
    parts,
)
from stsm_ref.proofs.translation.cover import Box, assumptions_on, describe
from stsm_ref.proofs.translation.guards import region
from stsm_ref.proofs.translation.layout import Layout, wanted
from stsm_ref.proofs.translation.solvers import decide

MAX_CASES = 200
FLOAT = "float32"
"""The dtype of the input, and of what STSM makes of it."""
SMALL_SIZES = (2, 3, 5, 9, 17, 65, 257)
"""A counterexample is looked for among sizes up to these first."""


@dataclass(frozen=True)
class Map:
    """What is proved: a map of tensors, by name, the last of which STSM moves, by one
    displacement for each channel.
    """

    tensors: tuple[str, ...]
    displacements: tuple[Displacement, ...]


class Difference(NamedTuple):
    """Sizes and a position where a graph and STSM differ, by the word of a solver; without a
    position, it is the shape that differs.
    """

    sizes: dict[str, int]
    position: dict[str, int]


@dataclass
class Findings:
    """What was asked about one map, and answered."""

    cases: int = 0
    inhabited: int = 0
    """Cases in which there are sizes and a position."""
    questions: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    written: dict[str, dict[str, int]] = field(default_factory=dict)
    """Inputs that are overwritten, and sizes at which."""
    arithmetic: bool = False
    rounding: bool = False
    undecided: list[str] = field(default_factory=list)


class Case(NamedTuple):
    """Sizes that are looked at together: their ranges and what else is known of them."""

    box: Box
    facts: tuple[Constraint, ...]


def compare(
    exported: Exported,
    layout: Layout,
    box: Box,
    goal: Map,
    found: Findings,
    *,
    whole: bool,
    path: str | None,
) -> None:
    """Ask for a place in the box where the graph differs from STSM, and note what comes back.

    Where a shape hangs on the sizes, the box is cut in two by that condition, as often as it takes.
    """
    waiting, inhabited = [Case(box, ())], found.inhabited
    while waiting:
        case = waiting.pop()
        found.cases += 1
        if found.cases > MAX_CASES:
            found.undecided.append(
                f"more than {MAX_CASES} cases, which the shapes inside the module depend on"
            )
            return
        try:
            _compare_case(exported, layout, case, goal, found, whole=whole, path=path)
        except UndeterminedError as error:
            found.cases -= 1
            if not error.value.variables <= set(layout.free):
                # a quotient's name means something in one run only: no case can be made of it
                found.undecided.append(
                    f"a shape inside the module hangs on {error}, a quotient that was not resolved"
                )
                return
            waiting += [
                replace_facts(case, Constraint(error.value)),
                replace_facts(case, Constraint(-error.value - 1)),
            ]
        except UnsupportedError as error:
            found.undecided.append(str(error))
            return
        if found.differences:
            return
    if whole and found.inhabited == inhabited and not found.undecided:
        found.undecided.append(
            "what is assumed of the sizes rules all of them out: a proof from that would say "
            "nothing"
        )


def replace_facts(case: Case, fact: Constraint) -> Case:
    """The case with one fact more."""
    return Case(case.box, (*case.facts, fact))


def _compare_case(
    exported: Exported,
    layout: Layout,
    case: Case,
    goal: Map,
    found: Findings,
    *,
    whole: bool,
    path: str | None,
) -> None:
    box = case.box
    _, first_assumptions = assumptions_on(layout, box)
    demands: list[Logical] = list(case.facts)
    if not whole:
        demands.append(region(exported, layout, assumptions_on(layout, box)[0], first_assumptions))
    facts = [constraint for demand in demands for constraint in required_constraints(demand)]
    tightened = _tightened(layout, box, facts)
    if tightened is None:
        return  # no sizes are left in this case
    sizes, assumptions = assumptions_on(layout, tightened)
    at = {
        letter: low
        for letter, (low, high) in zip(layout.free, tightened, strict=True)
        if low == high
    }
    facts = [Constraint(constraint.value.substitute(at), constraint.equal) for constraint in facts]
    if any(assumptions.holds(constraint) is False for constraint in facts):
        return
    demands = (
        list(case.facts) if whole else [*case.facts, region(exported, layout, sizes, assumptions)]
    )
    demands = [_at(demand, at) for demand in demands]
    assumptions = assumptions.assuming(
        [constraint for constraint in facts if assumptions.holds(constraint) is None]
    )
    shape = layout.shape(sizes)
    result = interpret(exported, _inputs(exported, goal, shape), assumptions, path=path)
    for name in result.written:
        found.written.setdefault(name, dict(exported.sample))
    free = list(assumptions.ranges)
    if result.value.dtype != FLOAT:
        known = _search(assumptions, demands, None, free, at, found)
        found.differences += [Difference(known, {})] if known else []
        return
    if not _same_shape(result.value, shape, assumptions, demands, at, free, found):
        return
    _compare_values(result.value, layout, sizes, assumptions, goal, demands, at, found)


def _at(demand: Logical, at: Mapping[str, int]) -> Logical:
    if isinstance(demand, Constraint):
        return Constraint(demand.value.substitute(at), demand.equal)
    return replace(demand, parts=tuple(_at(each, at) for each in demand.parts))


def _inputs(
    exported: Exported, goal: Map, shape: tuple[Polynomial, ...]
) -> dict[str, SymbolicTensor]:
    """The tensors of the map, by the graph's own names for them."""
    return {
        name: input_tensor(tensor, shape)
        for name, tensor in zip(exported.inputs, goal.tensors, strict=True)
    }


def _tightened(layout: Layout, box: Box, facts: Sequence[Constraint]) -> Box | None:
    """The box, narrowed by facts that bound a single size; None if nothing is left of it."""
    bounds = {letter: list(ends) for letter, ends in zip(layout.free, box, strict=True)}
    for constraint in facts:
        for value in (
            (constraint.value, -constraint.value) if constraint.equal else (constraint.value,)
        ):
            if len(value.variables) != 1 or any(len(monomial) > 1 for monomial in value.terms):
                continue
            (name,) = value.variables
            if name not in bounds:
                continue
            factor, rest = value.terms[name,], value.terms.get((), 0)
            if factor > 0:
                bounds[name][0] = max(bounds[name][0] or 0, -(rest // factor))
            else:
                most = rest // -factor
                bounds[name][1] = (
                    most if bounds[name][1] is None else min(bounds[name][1] or 0, most)
                )
    if any(high is not None and (low or 0) > high for low, high in bounds.values()):
        return None
    return tuple((low or 0, high) for low, high in bounds.values())


def _same_shape(
    result: SymbolicTensor,
    shape: tuple[Polynomial, ...],
    assumptions: Assumptions,
    demands: Sequence[Logical],
    at: Mapping[str, int],
    free: Sequence[str],
    found: Findings,
) -> bool:
    """Whether the result has the shape of the input for all sizes of the case; if not, the
    difference is noted.
    """
    if result.rank != len(shape):
        known = _search(assumptions, list(demands), None, free, at, found)
        found.differences += [Difference(known, {})] if known else []
        return False
    for one, other in zip(result.shape, shape, strict=True):
        if one == other:
            continue
        for apart in (Constraint(one - other - 1), Constraint(other - one - 1)):
            known = _search(assumptions, [*demands, apart], None, free, at, found)
            if known:
                found.differences.append(Difference(known, {}))
                return False
    return not found.undecided


def _compare_values(
    result: SymbolicTensor,
    layout: Layout,
    sizes: Mapping[str, Polynomial],
    assumptions: Assumptions,
    goal: Map,
    demands: Sequence[Logical],
    at: Mapping[str, int],
    found: Findings,
) -> None:
    """Ask about one channel of each kind: channels are of one kind if their entries come from
    themselves in the same way.
    """
    position = {}
    for letter in layout.axes if "NT" not in layout.axes else ("N", "T", "C", "H", "W"):
        if letter == "C":
            continue
        size = sizes[letter]
        name = letter.lower()
        assumptions.ranges[name] = Range(polynomial(0), size - 1)
        position[letter] = Polynomial.variable(name)
    asked = set()
    for channel, displacement in enumerate(goal.displacements):
        here = {**position, "C": polynomial(channel)}
        value = result.read(layout.place(here, sizes), assumptions)
        target = wanted(layout, goal.tensors[-1], displacement, here, sizes, assumptions)
        for part in parts(value):
            found.arithmetic |= isinstance(part, Sum)
            found.rounding |= isinstance(part, Cast)
        kind = (_of_channel(value, layout, channel), _of_channel(target, layout, channel))
        if kind in asked:
            continue
        asked.add(kind)
        known = _search(
            assumptions,
            demands,
            (value, target),
            [*free_sizes(assumptions, layout), *(name.lower() for name in position)],
            at,
            found,
        )
        if known:
            place = {letter: known.get(letter.lower(), 0) for letter in position} | {"C": channel}
            found.differences.append(
                Difference({letter: known[letter] for letter in layout.free}, place)
            )
            return
        if not _is_exact(value, layout, assumptions, demands, at, found):
            return
    found.inhabited += (
        decide(script(assumptions.ranges, assumptions, demands, None)).status == "found"
    )


DOUBTS: tuple[tuple[Callable[[Value], Logical], str], ...] = (
    (
        lambda value: negation(exact(value)),
        "equal over the real numbers, but the arithmetic on the way may round at {}: numbers that "
        "are not 0 meet in a sum, or one is "
        "multiplied by something else than 0, 1 or -1",
    ),
    (is_minus_zero, "the zero at {} is -0.0, where STSM has +0.0"),
)


def _is_exact(
    value: Value,
    layout: Layout,
    assumptions: Assumptions,
    demands: Sequence[Logical],
    at: Mapping[str, int],
    found: Findings,
) -> bool:
    """Whether what is equal over the real numbers is equal in the machine: nothing rounds on
    the way, and no zero is written as -0.0.
    """
    for doubt, said in DOUBTS:
        condition = doubt(value)
        if condition == FALSE:
            continue
        known = _search(
            assumptions, [*demands, condition], None, free_sizes(assumptions, layout), at, found
        )
        if known:
            found.undecided.append(
                said.format(describe({letter: known[letter] for letter in layout.free}))
            )
        if known or found.undecided:
            return False
    return True


def free_sizes(assumptions: Assumptions, layout: Layout) -> list[str]:
    """The sizes that are variables."""
    return [letter for letter in layout.free if letter in assumptions.ranges]


def _of_channel(value: Value, layout: Layout, channel: int) -> Value:
    """The value with its own channel called by one name for all channels."""
    axis = layout.axes.index("C")

    def renamed(each: Value) -> Value:
        match each:
            case Load(name, index) if (
                len(index) == len(layout.axes) and index[axis].constant == channel
            ):
                return Load(name, (*index[:axis], Polynomial.variable("own"), *index[axis + 1 :]))
            case Sum(terms):
                return Sum(tuple((factor, renamed(inner)) for factor, inner in terms))
            case Cast(dtype, inner):
                return Cast(dtype, renamed(inner))
            case Ite(condition, then, otherwise):
                return Ite(condition, renamed(then), renamed(otherwise))
        return each

    return renamed(value)


def _search(
    assumptions: Assumptions,
    demands: Sequence[Logical],
    values: tuple[Value, Value] | None,
    shown: Sequence[str],
    at: Mapping[str, int],
    found: Findings,
) -> dict[str, int] | None:
    """Numbers for sizes and positions where all demands hold and the values differ, small sizes
    first; None if there are none.
    """
    text = script(assumptions.ranges, assumptions, demands, values)
    found.questions.append(text)
    first = decide(text, shown)
    if first.status == "none":
        return None
    if first.status == "unknown":
        found.undecided.append(f"the solvers did not decide a question: {first.why}")
        return None
    small: Callable[[int], list[Constraint]] = lambda most: [  # noqa: E731  # a family of bounds
        Constraint(polynomial(most) - Polynomial.variable(name)) for name in shown if name.isupper()
    ]
    for most in SMALL_SIZES:
        smaller = decide(
            script(assumptions.ranges, assumptions, [*demands, *small(most)], values),
            shown,
            confirm=False,
        )
        if smaller.status == "found":
            return {**at, **smaller.values}
    return {**at, **first.values}
