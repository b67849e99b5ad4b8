r"""Meanings of the operators that look entries up at places of an index, and of those that write or
add at such places.

What is added at a place of the result comes from wherever the index names that place,

.. math:: y_p = b_p + \sum_k [\,i_k = p\,]\, v_k

and over an axis of any size such a sum can be written down only where the condition leaves one
:math:`k`: it is solved for it.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    Range,
    polynomial,
)
from stsm_ref.proofs.index_maps.maps import (
    UNINITIALISED,
    ZERO,
    Index,
    Ite,
    Load,
    Shape,
    Sum,
    SymbolicTensor,
    UnsupportedError,
    Value,
    as_index,
    choose,
    filled,
    inside,
    is_unknown,
    parts,
    substituted,
    weighted,
)
from stsm_ref.proofs.index_maps.maps import map_leaves_knowing as under
from stsm_ref.proofs.operators.dtypes import converted, torch_dtype
from stsm_ref.proofs.operators.shape import broadcast, common_shape, replaced, same_shape, select
from stsm_ref.proofs.operators.table import as_int, as_size, meaning

INDEX_DTYPES = ("int64", "int32")
"""What torch takes for places. An index of uint8 is a mask, as one of bool is."""


def _require_index(index: SymbolicTensor) -> None:
    if index.dtype not in INDEX_DTYPES:
        raise UnsupportedError(
            f"an index of {index.dtype}, where integers that name places were expected"
        )


def _looked_up(
    index: Value,
    size: Polynomial,
    place: Index,
    assumptions: Assumptions,
    use: Callable[[Polynomial, Assumptions], Value],
    *,
    wraps: bool = True,
) -> Value:
    """Use a position that an index names, counted from the end if it is negative; where the
    axis has none, nothing is known.
    """

    def leaf(value: Value, known: Assumptions) -> Value:
        position = as_index(value)

        def entry(at: Polynomial) -> Callable[[Assumptions], Value]:
            # torch raises outside: say nothing of the entry, and let the module itself show what
            # happens
            return lambda more: choose(
                inside(at, size), lambda s: use(at, s), lambda _: Load(UNINITIALISED, place), more
            )

        return choose(
            [Constraint(position)],
            entry(position),
            entry(position + size if wraps else position),
            known,
        )

    return under(index, assumptions, leaf)


@meaning("aten.index_select.default")
def index_select(
    assumptions: Assumptions, x: SymbolicTensor, dim: int, index: SymbolicTensor
) -> SymbolicTensor:
    """The positions of an axis that the index names."""
    if index.rank != 1:
        raise UnsupportedError(f"an index of rank {index.rank}")
    _require_index(index)
    axis = x.axis(dim)

    def read(place: Index, known: Assumptions) -> Value:
        position = index.read((place[axis],), known)
        return _looked_up(
            position,
            x.shape[axis],
            place,
            known,
            lambda at, s: x.read(replaced(place, axis, at), s),
            wraps=False,
        )

    return SymbolicTensor(replaced(x.shape, axis, index.shape[0]), read, x.dtype)


@meaning("aten.gather.default")
def gather(
    assumptions: Assumptions,
    x: SymbolicTensor,
    dim: int,
    index: SymbolicTensor,
    _sparse: bool = False,
) -> SymbolicTensor:
    """``y[i] = x[i]`` with the position of one axis looked up in the index, which has the shape
    of the result.
    """
    _require_index(index)
    if x.rank != index.rank or not x.rank:
        raise UnsupportedError(f"an index of rank {index.rank} for a tensor of rank {x.rank}")
    axis = x.axis(dim)
    for other in range(x.rank):
        if other != axis and not assumptions.decide(x.shape[other] - index.shape[other]):
            raise UnsupportedError(
                f"an index of shape {index.shape} for a tensor of shape {x.shape}"
            )

    def read(place: Index, known: Assumptions) -> Value:
        position = index.read(place, known)
        return _looked_up(
            position,
            x.shape[axis],
            place,
            known,
            lambda at, s: x.read(replaced(place, axis, at), s),
            wraps=False,
        )

    return SymbolicTensor(index.shape, read, x.dtype)


class Places(NamedTuple):
    """Indices of several axes, broadcast together, and where their axes stand in what is looked
    up.
    """

    axes: tuple[int, ...]
    indices: tuple[SymbolicTensor, ...]
    shape: Shape
    first: int


def _places(
    assumptions: Assumptions, x: SymbolicTensor, indices: Sequence[SymbolicTensor | None]
) -> Places:
    given = [(axis, index) for axis, index in enumerate(indices) if index is not None]
    if not given or len(indices) > x.rank:
        raise UnsupportedError("an index without tensors, or of more of them than axes")
    for _, index in given:
        _require_index(index)
    axes = tuple(axis for axis, _ in given)
    shape = common_shape(assumptions, *(index.shape for _, index in given))
    # where the indexed axes do not follow one another, torch puts those of the index in front
    first = axes[0] if axes == tuple(range(axes[0], axes[-1] + 1)) else 0
    return Places(
        axes, tuple(broadcast(assumptions, index, shape) for _, index in given), shape, first
    )


def _shape_looked_up(x: SymbolicTensor, places: Places) -> Shape:
    rest = [size for axis, size in enumerate(x.shape) if axis not in places.axes]
    return (*rest[: places.first], *places.shape, *rest[places.first :])


@meaning("aten.index.Tensor", "aten._unsafe_index.Tensor")
def index_tensor(
    assumptions: Assumptions, x: SymbolicTensor, indices: Sequence[SymbolicTensor | None]
) -> SymbolicTensor:
    """The positions of one or several axes that indices name."""
    places = _places(assumptions, x, indices)
    rank = len(places.shape)

    def read(place: Index, known: Assumptions) -> Value:
        inner = place[places.first : places.first + rank]
        rest = [*place[: places.first], *place[places.first + rank :]]
        full: list[Polynomial | None] = [
            None if axis in places.axes else rest.pop(0) for axis in range(x.rank)
        ]

        def look(number: int, done: list[Polynomial | None], more: Assumptions) -> Value:
            if number == len(places.axes):
                return x.read(tuple(each for each in done if each is not None), more)
            axis = places.axes[number]
            position = places.indices[number].read(inner, more)
            return _looked_up(
                position,
                x.shape[axis],
                place,
                more,
                lambda at, s: look(number + 1, [*done[:axis], at, *done[axis + 1 :]], s),
            )

        return look(0, full, known)

    return SymbolicTensor(_shape_looked_up(x, places), read, x.dtype)


class Path(NamedTuple):
    """A way through the choices of a value to a leaf that is not 0: conditions, each with
    whether it holds, and a weight of 1 or -1.
    """

    turns: tuple[tuple[tuple[Constraint, ...], bool], ...]
    weight: Fraction
    leaf: Value


def _paths(
    value: Value,
    turns: tuple[tuple[tuple[Constraint, ...], bool], ...] = (),
    weight: Fraction = Fraction(1),
) -> Iterator[Path]:
    if isinstance(value, Ite):
        yield from _paths(value.then, (*turns, (value.condition, True)), weight)
        yield from _paths(value.otherwise, (*turns, (value.condition, False)), weight)
    elif isinstance(value, Sum) and all(abs(factor) == 1 for factor, _ in value.terms):
        for factor, each in value.terms:
            yield from _paths(each, turns, weight * factor)
    elif value != ZERO:
        yield Path(turns, weight, value)


def sum_over(
    size: Polynomial, term: Callable[[Polynomial, Assumptions], Value], assumptions: Assumptions
) -> Value:
    """The sum of the terms of all places of an axis, if it is fixed, or if each way to a term
    that is not 0 leaves one place.
    """
    return weighted(
        [
            (path.weight, _under_turns(path, assumptions))
            for path in terms_over(size, term, assumptions)
        ]
    )


def _under_turns(path: Path, assumptions: Assumptions) -> Value:
    def walk(turns: Sequence[tuple[tuple[Constraint, ...], bool]], known: Assumptions) -> Value:
        if not turns:
            return path.leaf
        (condition, holds), *rest = turns
        inner: Callable[[Assumptions], Value] = lambda more: walk(rest, more)  # noqa: E731  # the same on either side
        nothing: Callable[[Assumptions], Value] = lambda _: ZERO  # noqa: E731  # the same on either side
        return (
            choose(condition, inner, nothing, known)
            if holds
            else choose(condition, nothing, inner, known)
        )

    return walk(path.turns, assumptions)


def terms_over(
    size: Polynomial, term: Callable[[Polynomial, Assumptions], Value], assumptions: Assumptions
) -> list[Path]:
    """Each way to a term that is not 0, with the place of the axis in it solved for."""
    if size.constant is not None:
        return [
            path
            for number in range(size.constant)
            for path in _paths(term(polynomial(number), assumptions))
        ]
    name = f"k{len(assumptions.ranges)}"
    assumptions.ranges[name] = Range(polynomial(0), size - 1)
    known = len(assumptions.definitions)
    try:
        value = term(Polynomial.variable(name), assumptions)
    finally:
        # an axis may be empty: a name that has to lie on it would rule such sizes out
        del assumptions.ranges[name]
    if any(
        name in each.variables for pair in list(assumptions.definitions)[known:] for each in pair
    ):
        raise UnsupportedError("a sum over an axis of any size, with a quotient of its places")
    if any(is_unknown(part) for part in parts(value)):
        raise UnsupportedError("a sum over an axis of any size, of what may not be finite")
    found = []
    for path in _paths(value):
        place = _only_place(name, path.turns, size)
        if place is None:
            raise UnsupportedError(
                "a sum over an axis of any size, in which more than one place may count"
            )
        at = {name: place}
        turns = [
            (tuple(Constraint(a.value.substitute(at), a.equal) for a in condition), holds)
            for condition, holds in path.turns
        ]
        leaf = substituted(path.leaf, at)
        found.append(Path(((inside(place, size), True), *turns), path.weight, leaf))
    return found


def _only_place(
    name: str, turns: Sequence[tuple[tuple[Constraint, ...], bool]], size: Polynomial
) -> Polynomial | None:
    """The one value of a variable that conditions leave, or None if they leave more."""
    lows, highs = [polynomial(0)], [size - 1]
    for condition, holds in turns:
        if not holds and (len(condition) != 1 or condition[0].equal):
            continue
        for constraint in condition:
            value = constraint.value if holds else -constraint.value - 1
            parted = value.split(name)
            factor = None if parted is None else parted[0].constant
            if parted is None or factor is None or abs(factor) != 1:
                continue
            end = parted[1] * -factor
            if factor == 1 or constraint.equal:
                lows.append(end)
            if factor == -1 or constraint.equal:
                highs.append(end)
    return next((low for low in lows if low in highs), None)


def _adding(
    base: SymbolicTensor, terms: Callable[[Index, Assumptions], Value], name: str
) -> SymbolicTensor:
    one = Fraction(1)
    return SymbolicTensor(
        base.shape,
        lambda place, known: weighted([(one, base.read(place, known)), (one, terms(place, known))]),
        name,
    )


def _require_floats(x: SymbolicTensor) -> None:
    if not x.dtype.startswith("float"):
        raise UnsupportedError(f"a sum of {x.dtype} at places that are looked up")


def _same_place(
    position: Value,
    place: Polynomial,
    size: Polynomial,
    assumptions: Assumptions,
    use: Callable[[Assumptions], Value],
    *,
    wraps: bool,
) -> Value:
    """What is used where a position that an index names is this place, else 0."""

    def leaf(value: Value, known: Assumptions) -> Value:
        at = as_index(value)
        if known.is_nonnegative(size - 1 - at) is not True or known.is_nonnegative(at) is not True:
            if (
                not wraps
                or known.is_nonnegative(-at - 1) is not True
                or known.is_nonnegative(at + size) is not True
            ):
                raise UnsupportedError(f"a place {at} that is not shown to be on an axis of {size}")
            at = at + size
        return choose([Constraint(at - place, equal=True)], use, lambda _: ZERO, known)

    return under(position, assumptions, leaf)


@meaning("aten.scatter_add.default")
def scatter_add(
    assumptions: Assumptions,
    x: SymbolicTensor,
    dim: int,
    index: SymbolicTensor,
    source: SymbolicTensor,
) -> SymbolicTensor:
    """`x`, and each entry of the source added at the place that the index names on one axis."""
    _require_index(index)
    _require_floats(x)
    axis = x.axis(dim)
    fitting = x.rank == index.rank == source.rank and all(
        assumptions.decide(source.shape[k] - index.shape[k])
        and (k == axis or assumptions.decide(x.shape[k] - index.shape[k]))
        for k in range(x.rank)
    )
    if not fitting or source.dtype != x.dtype:
        raise UnsupportedError(
            f"an index of shape {index.shape} for a source of {source.shape} and a tensor of "
            f"{x.shape}"
        )

    def terms(place: Index, known: Assumptions) -> Value:
        def one(k: Polynomial, more: Assumptions) -> Value:
            at = replaced(place, axis, k)
            return _same_place(
                index.read(at, more),
                place[axis],
                x.shape[axis],
                more,
                lambda s: source.read(at, s),
                wraps=False,
            )

        others = [
            constraint
            for k in range(x.rank)
            if k != axis
            for constraint in inside(place[k], index.shape[k])
        ]
        return choose(others, lambda s: sum_over(index.shape[axis], one, s), lambda _: ZERO, known)

    return _adding(x, terms, x.dtype)


@meaning("aten.index_add.default")
def index_add(
    assumptions: Assumptions,
    x: SymbolicTensor,
    dim: int,
    index: SymbolicTensor,
    source: SymbolicTensor,
    alpha: Any,
) -> SymbolicTensor:
    """`x`, and each position of the source added at the position that the index names."""
    _require_index(index)
    _require_floats(x)
    axis = x.axis(dim)
    if alpha != 1 or index.rank != 1 or source.dtype != x.dtype:
        raise UnsupportedError(f"alpha={alpha}, or an index of rank {index.rank}")
    if not same_shape(assumptions, source.shape, replaced(x.shape, axis, index.shape[0])):
        raise UnsupportedError(f"a source of shape {source.shape} for a tensor of shape {x.shape}")

    def terms(place: Index, known: Assumptions) -> Value:
        def one(k: Polynomial, more: Assumptions) -> Value:
            position = index.read((k,), more)

            def read(case: Assumptions) -> Value:  # the same on either side
                return source.read(replaced(place, axis, k), case)

            return _same_place(position, place[axis], x.shape[axis], more, read, wraps=False)

        return sum_over(index.shape[0], one, known)

    return _adding(x, terms, x.dtype)


@meaning("aten.index_copy.default")
def index_copy(
    assumptions: Assumptions,
    x: SymbolicTensor,
    dim: int,
    index: SymbolicTensor,
    source: SymbolicTensor,
) -> SymbolicTensor:
    """`x` with the positions that the index names replaced by those of the source."""
    axis = x.axis(dim)
    if index.rank != 1 or source.dtype != x.dtype:
        raise UnsupportedError(f"an index of rank {index.rank}, or a source of {source.dtype}")
    if not same_shape(assumptions, source.shape, replaced(x.shape, axis, index.shape[0])):
        raise UnsupportedError(f"a source of shape {source.shape} for a tensor of shape {x.shape}")
    return index_put(assumptions, x, [None] * axis + [index], source, wraps=False)


@meaning("aten.index_fill.int_Scalar")
def index_fill(
    assumptions: Assumptions, x: SymbolicTensor, dim: int, index: SymbolicTensor, value: Any
) -> SymbolicTensor:
    """`x` with a number at the positions that the index names."""
    from stsm_ref.proofs.operators.numbers import operand

    return index_put(assumptions, x, [None] * x.axis(dim) + [index], operand(value, x.dtype))


@meaning("aten.index_put.default", "aten._unsafe_index_put.default")
def index_put(
    assumptions: Assumptions,
    x: SymbolicTensor,
    indices: Sequence[SymbolicTensor | None],
    values: SymbolicTensor,
    accumulate: bool = False,
    *,
    wraps: bool = True,
) -> SymbolicTensor:
    """`x` with values written, or added, at the places that indices name."""
    places = _places(assumptions, x, indices)
    source = broadcast(
        assumptions, converted(values, torch_dtype(x.dtype)), _shape_looked_up(x, places)
    )
    if accumulate:
        _require_floats(x)

    def term(place: Index, inner: Index, known: Assumptions) -> Value:
        rest = [each for axis, each in enumerate(place) if axis not in places.axes]
        at = (*rest[: places.first], *inner, *rest[places.first :])

        def match(number: int, more: Assumptions) -> Value:
            if number == len(places.axes):
                return source.read(at, more) if accumulate else Load(WRITTEN, at)
            axis = places.axes[number]
            position = places.indices[number].read(inner, more)
            return _same_place(
                position,
                place[axis],
                x.shape[axis],
                more,
                lambda s: match(number + 1, s),
                wraps=wraps,
            )

        return match(0, known)

    def over(place: Index, done: Index, known: Assumptions) -> Value:
        if len(done) == len(places.shape):
            return term(place, done, known)
        return sum_over(
            places.shape[len(done)], lambda k, more: over(place, (*done, k), more), known
        )

    def read(place: Index, known: Assumptions) -> Value:
        found = over(place, (), known)
        if accumulate:
            return weighted([(Fraction(1), x.read(place, known)), (Fraction(1), found)])
        ways = list(_paths(found))
        _require_one_way(ways)
        return _written(ways, lambda more: x.read(place, more), source, known)

    return SymbolicTensor(x.shape, read, x.dtype)


WRITTEN = "written"
"""Stands for the entry that is written, until it is known that only one is."""


def _require_one_way(ways: Sequence[Path]) -> None:
    """Two ways to one place would leave open which of them is written."""
    for number, one in enumerate(ways):
        for other in ways[:number]:
            if not _apart(one, other):
                raise UnsupportedError(
                    "a write at places of which two may be one: torch does not say which is "
                    "written last"
                )


def _apart(one: Path, other: Path) -> bool:
    """Whether two ways demand things of which both cannot hold."""
    demanded = [
        [constraint for condition, holds in way.turns if holds for constraint in condition]
        for way in (one, other)
    ]
    denied = [[condition for condition, holds in way.turns if not holds] for way in (one, other)]
    if any(set(condition) <= set(demanded[1 - k]) for k in (0, 1) for condition in denied[k]):
        return True
    for a in demanded[0]:
        for b in demanded[1]:
            gaps = ((a.value - b.value).constant, (a.value + b.value).constant)
            if a.equal and b.equal and any(gap is not None and gap for gap in gaps):
                return True
            if gaps[1] is not None and gaps[1] < 0:
                return True
    return False


def _written(
    ways: Sequence[Path],
    otherwise: Callable[[Assumptions], Value],
    source: SymbolicTensor,
    assumptions: Assumptions,
) -> Value:
    if not ways:
        return otherwise(assumptions)
    (turns, _, leaf), *rest = ways
    assert isinstance(leaf, Load)

    def walk(left: Sequence[tuple[tuple[Constraint, ...], bool]], known: Assumptions) -> Value:
        if not left:
            return source.read(leaf.index, known)
        (condition, holds), *more = left
        go: Callable[[Assumptions], Value] = lambda s: walk(more, s)  # noqa: E731  # the same on either side
        stop: Callable[[Assumptions], Value] = lambda s: _written(rest, otherwise, source, s)  # noqa: E731  # the same on either side
        return choose(condition, go, stop, known) if holds else choose(condition, stop, go, known)

    return walk(turns, assumptions)


@meaning("aten.unfold.default")
def unfold(
    assumptions: Assumptions, x: SymbolicTensor, dim: int, size: int, step: int
) -> SymbolicTensor:
    """``y[..., i, ..., j] = x[..., step*i + j, ...]``: windows of an axis, in a new axis at the
    end.
    """
    axis, width, stride = x.axis(dim), as_int(size), as_int(step)
    if not x.rank or stride < 1 or not assumptions.decide(x.shape[axis] - width):
        raise UnsupportedError(f"windows of {width} on an axis of {x.shape}")
    count = assumptions.divide(x.shape[axis] - width, polynomial(stride))[0] + 1

    def read(index: Index, known: Assumptions) -> Value:
        *place, within = index
        return x.read(replaced(tuple(place), axis, index[axis] * stride + within), known)

    return SymbolicTensor((*replaced(x.shape, axis, count), polynomial(width)), read, x.dtype)


@meaning("aten.unfold_backward.default")
def unfold_backward(
    assumptions: Assumptions,
    grad: SymbolicTensor,
    sizes: Sequence[Any],
    dim: int,
    size: int,
    step: int,
) -> SymbolicTensor:
    """The gradient of windows: each position gets those of all windows that it lies in."""
    shape = tuple(as_size(each) for each in sizes)
    width, stride = as_int(size), as_int(step)
    axis = filled(shape, ZERO).axis(dim)
    windows = select(assumptions, grad, -1, 0).shape[axis]

    def read(index: Index, known: Assumptions) -> Value:
        def part(within: int, more: Assumptions) -> Value:
            number, rest = more.divide(index[axis] - within, polynomial(stride))
            condition = [
                *inside(number, windows),
                *([] if stride == 1 else [Constraint(rest, equal=True)]),
            ]
            return choose(
                condition,
                lambda s: grad.read((*replaced(index, axis, number), polynomial(within)), s),
                lambda _: ZERO,
                more,
            )

        return weighted([(Fraction(1), part(within, known)) for within in range(width)])

    return SymbolicTensor(shape, read, grad.dtype)
