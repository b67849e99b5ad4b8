"""Arrays of symbolic shape, which the package's own slicing code reads and writes.

Only what basic slicing means is modelled: views that write through, assignment, and
`np.empty_like`, whose content is *anything*, an uninterpreted function of its own, so that a place
that was never written shows. All else raises `SymbolError`.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from stsm_ref.proofs.smt.z3_terms import Term, z3
from stsm_ref.proofs.symbolic.integers import (
    Number,
    SymbolError,
    all_of,
    fresh_name,
    is_certain,
    require_always,
    term,
)

Index = Sequence[Term]
Content = Callable[[Index], Term]


class Memory:
    """What an array and its views share: the content, as a function of the index. What is
    given, an input, may not be written.
    """

    def __init__(self, content: Content, *, writable: bool = False) -> None:
        self.content = content
        self.writable = writable


class SymbolicArray:
    """An array whose sizes are symbols and whose content is a function of the index.

    Parameters
    ----------
    shape : sequence of Whole or int
        Sizes.
    content : callable or Memory
        From the terms of an index to the term of the element; it is asked within the shape only. A
        bare function is read-only: an input that was written would change both sides of an equality
        alike.
    starts : sequence of Whole or int
        Where in the memory the first element stands, for a view.
    """

    dtype = np.dtype(np.float64)  # for the zeros that the code makes: the elements are real numbers

    def __init__(
        self, shape: Sequence[Number], content: Content | Memory, starts: Sequence[Number] = ()
    ) -> None:
        self.shape = tuple(shape)
        self.memory = content if isinstance(content, Memory) else Memory(content)
        self.starts = tuple(starts) or (0,) * len(self.shape)

    @property
    def ndim(self) -> int:
        """Rank."""
        return len(self.shape)

    def read(self, index: Index) -> Term:
        """Return the element at the terms of an index."""
        return self.memory.content(
            [_plus(i, 1, start) for i, start in zip(index, self.starts, strict=True)]
        )

    def __getitem__(self, key: Any) -> "SymbolicArray":
        cuts = [
            _cut(entry, size)
            for entry, size in zip(_entries(key, self.ndim), self.shape, strict=True)
        ]
        starts = [start + offset for start, (offset, _) in zip(self.starts, cuts, strict=True)]
        return SymbolicArray([length for _, length in cuts], self.memory, starts)

    def __setitem__(self, key: Any, value: Any) -> None:
        if not self.memory.writable:
            raise ValueError("assignment destination is read-only")  # in NumPy's words
        place = self[key]
        written, before = _content(value, place.shape), self.memory.content

        def content(index: Index) -> Term:
            if any(map(_is_outside, index, place.starts, place.shape)):
                return before(index)
            inner = [_plus(i, -1, start) for i, start in zip(index, place.starts, strict=True)]
            inside = [
                z3.And(i >= 0, i < term(size)) for i, size in zip(inner, place.shape, strict=True)
            ]
            return z3.If(all_of(*inside), written(inner), before(index))

        self.memory.content = content

    def __array_function__(
        self, function: Any, types: Any, args: Any, kwargs: Any
    ) -> "SymbolicArray":
        """Answer for `np.empty_like`; no other function of NumPy knows what a symbol is."""
        if function is not np.empty_like or len(args) != 1 or kwargs:
            raise SymbolError(f"np.{function.__name__} of a symbolic array cannot be followed")
        return anything(self.shape)


def anything(shape: Sequence[Number], name: str = "") -> SymbolicArray:
    """Return an array of any content at all: an input, if it has a `name`; else memory of its
    own, to be written, as `np.empty` gives.
    """
    sorts = [z3.IntSort()] * len(shape)
    function = z3.Function(name or fresh_name("unwritten"), *sorts, z3.RealSort())
    return SymbolicArray(shape, Memory(lambda index: function(*index), writable=not name))


def _is_outside(index: Term, start: Number, size: Number) -> bool:
    """Whether plain numbers show that a place is outside; it keeps queries short where the
    channels are counted, not symbols.
    """
    if not (
        isinstance(start, int)
        and isinstance(size, int)
        and z3.is_int_value(index := z3.simplify(index))
    ):
        return False
    return not start <= index.as_long() < start + size


def _plus(index: Term, sign: int, start: Number) -> Term:
    """Add or subtract the first place of a view; most start at 0, which is left out for the
    sake of readable queries.
    """
    return (
        index
        if isinstance(start, int) and start == 0
        else index + term(start)
        if sign > 0
        else index - term(start)
    )


def _entries(key: Any, ndim: int) -> list[slice]:
    """One slice for each axis."""
    entries = list(key) if isinstance(key, tuple) else [key]
    dots = [place for place, entry in enumerate(entries) if entry is Ellipsis]
    if dots:
        entries[dots[0] : dots[0] + 1] = [slice(None)] * (ndim - len(entries) + 1)
    entries += [slice(None)] * (ndim - len(entries))
    if len(entries) != ndim or not all(
        isinstance(entry, slice) and entry.step in (None, 1) for entry in entries
    ):
        raise SymbolError(f"index {key!r}: only slices without a step can be followed")
    return entries


def _cut(entry: slice, size: Number) -> tuple[Number, Number]:
    """Offset and length of a slice of an axis, by the rule of Python: negative bounds count
    from the end, bounds outside are cut off.
    """
    if entry.start is None and entry.stop is None:
        return 0, size
    if isinstance(size, int) and all(
        isinstance(value, int | None) for value in (entry.start, entry.stop)
    ):
        first, last, _ = entry.indices(size)
        return first, max(last - first, 0)
    start = _bound(0 if entry.start is None else entry.start, size)
    stop = _bound(size if entry.stop is None else entry.stop, size)
    if is_certain(term(start) <= term(stop)):
        require_always(term(start) <= term(stop))
        return start, stop - start
    return (start, stop - start) if start <= stop else (start, 0)


def _bound(value: Number, size: Number) -> Number:
    """A bound of a slice, brought inside; one that is inside as it stands is noted as such and
    kept short.
    """
    if value is size or (isinstance(value, int) and value == 0):
        return value  # no size is negative
    inside = z3.And(term(value) >= 0, term(value) <= term(size))
    if is_certain(inside):
        require_always(inside)
        return value
    if value < 0:
        value = value + size
        return value if value >= 0 else 0
    return value if value <= size else size


def _content(value: Any, shape: tuple[Number, ...]) -> Content:
    """What is written: an array of the same shape, as it is now, or a number everywhere."""
    if not isinstance(value, SymbolicArray):
        number = z3.RealVal(repr(float(value)))
        return lambda index: number
    if value.ndim != len(shape):
        raise ValueError(f"an array of rank {value.ndim} was written into one of rank {len(shape)}")
    frozen = SymbolicArray(value.shape, value.memory.content, value.starts)
    spread = [_spreads(own, wanted) for own, wanted in zip(value.shape, shape, strict=True)]
    return lambda index: frozen.read(
        [z3.If(one, 0, i) if z3.is_expr(one) else i for i, one in zip(index, spread, strict=True)]
    )


def _spreads(own: Number, wanted: Number) -> Term | None:
    """When one place is written into many along an axis; None if never. Any other two sizes
    must be equal.
    """
    if own is wanted:
        return None
    equal, single = term(own) == term(wanted), term(own) == 1
    if is_certain(equal):
        require_always(equal)
        return None
    require_always(z3.Or(equal, single))
    return single
