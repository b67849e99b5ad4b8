"""What the suite asks: from its cases, for a page; and from the calls that a target sees, for
whoever looks for the next hole.

`page` lists the cases without asking anybody. `Recorder` stands in front of a target's functions
and notes what arrives there: what a level never met is what it could never find wrong.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, get_args

import numpy as np

from stsm_ref.conformance.suite import RULES
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import Check
from stsm_ref.evidence.executor import draw_cases
from stsm_ref.evidence.suite_context import AXES, Level, SuiteContext
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.base import Op
from stsm_ref.implementations.frameworks import Function
from stsm_ref.implementations.python import PythonTarget
from stsm_ref.values import DTYPES

LEVELS: tuple[Level, ...] = get_args(Level)
OPS: tuple[Op, ...] = get_args(Op)
SIZES = (
    (0, 0),
    (1, 1),
    (2, 2),
    (3, 3),
    (4, 7),
    (8, 15),
    (16, 31),
    (32, 63),
    (64, 127),
    (128, 255),
    (256, 1023),
    (1024, 65535),
)
"""Buckets of an axis; what is beyond the last is the last bucket."""
NUMBERS = (
    ("up to 2**16 numbers", 2**16),
    ("up to 2**20 numbers", 2**20),
    ("up to 2**23 numbers", 2**23),
    ("up to 2**24 numbers", 2**24),
)


def cases_of(rule: Check, context: SuiteContext) -> list[Any]:
    """The cases of a rule, listed or drawn, without asking them."""
    if rule.each:
        return list(rule.each(context))
    assert rule.draw is not None
    return list(draw_cases(rule.draw(context), rule, context))


def page(targets: Iterable[PythonTarget], spec: ShiftSpec = ShiftSpec()) -> str:
    """``docs/what-is-asked.md``: for each target, a function with a backward, what each level asks
    of it.
    """
    lines = [
        "# What is asked",
        "",
        "Written from the rules by `tools/what_is_asked.py`; a test holds it equal to them. "
        "It lists what a function with a backward and a",
        f"tangent is asked under the spec `{spec}`; other specs are asked the same at the channel "
        "counts that show",
        "their groups.",
        "What a target says that it cannot do (dtypes, sizes, values) is left out for it. "
        "Some rules ask each case more than",
        "once: in every mode of its framework, with other values, from two threads.",
    ]
    for target in targets:
        contexts = {level: SuiteContext(target, spec, level=level) for level in LEVELS}
        rules = [rule for rule in RULES.values() if not rule.skip_reason(contexts["night"])]
        found = {
            level: {rule.name: _cases(rule, context) for rule in rules}
            for level, context in contexts.items()
        }
        lines += [
            "",
            f"## A function in {target.kind}, layout {target.layout}",
            "",
            "| rule | smoke | ci | night |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{rule.name}` | "
            + " | ".join(f"{len(found[level][rule.name]):,}" for level in LEVELS)
            + " |"
            for rule in rules
        ]
        for level in LEVELS:
            every = [
                case for cases in found[level].values() for case in cases if isinstance(case, Case)
            ]
            lines += ["", f"### {level}", "", "| what | asked |", "|---|---|", *_rows(every)]
        modes = [*target.modes(), *(f"gradients {way}" for way in target.backward_modes())]
        if modes:
            lines += ["", f"Modes at every level: {', '.join(modes)}."]
    return "\n".join(lines) + "\n"


def _cases(rule: Check, context: SuiteContext) -> list[Any]:
    return [] if rule.skip_reason(context) else cases_of(rule, context)


def _rows(cases: list[Case]) -> Iterator[str]:
    for place, axis in enumerate(AXES):
        yield f"| sizes of {axis} | {_ranges({case.shape[place] for case in cases})} |"
    yield f"| numbers in a clip, at most | {max(int(np.prod(case.shape)) for case in cases):,} |"
    for op in OPS:
        mine = [case for case in cases if case.op == op]
        count = Counter(case.dtype for case in mine)
        yield f"| {op}: cases by dtype | {_counted(count)} |"
        for what in ("values", "memory"):
            kinds = Counter(getattr(case, what) for case in mine)
            yield f"| {op}: {what} | {_counted(kinds)} |"


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{kind} {number:,}" for kind, number in kinds.items())


def _ranges(sizes: Iterable[int]) -> str:
    """The sizes, neighbours drawn together.

    >>> _ranges([1, 2, 3, 5, 9, 8])
    '1-3, 5, 8, 9'
    """
    runs: list[list[int]] = []
    for size in sorted(set(sizes)):
        if runs and runs[-1][-1] == size - 1:
            runs[-1].append(size)
        else:
            runs.append([size])
    return ", ".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs
    )


class Recorder:
    """Stands before the functions of a target in the layout NTCHW, and notes what each call was
    given.
    """

    def __init__(self) -> None:
        self.met: set[str] = set()
        self._main = threading.get_ident()

    def before(self, op: Op, function: Function) -> Function:
        """The function, with a look at its arguments."""

        def call(x: Any, *others: Any, **keywords: Any) -> Any:
            given = [np.asarray(array) for array in (x, *others) if hasattr(array, "shape")]
            self.note(op, given[-1])  # of a vjp the incoming gradient, of a jvp the tangent
            return function(x, *others, **keywords)

        return call

    def note(self, op: Op, x: Array) -> None:
        """Note one array."""
        self.met |= {f"{op}: {what}" for what in (*_of_shape(x), *_of_memory(x), *_of_values(x))}
        if threading.get_ident() != self._main:
            self.met.add(f"{op}: from another thread")

    def never(self, ops: Iterable[Op]) -> tuple[str, ...]:
        """What a level could have asked of these operations and did not."""
        return tuple(
            name for op in ops for what in known(op) if (name := f"{op}: {what}") not in self.met
        )


def known(op: Op) -> Iterator[str]:
    """Everything that is told apart, of one operation."""
    dtypes = [d for d in DTYPES if op == "forward" or d.kind in "fc"]
    for axis in AXES:
        yield from (f"{axis} {_bucket(low)}" for low, _ in SIZES if low or axis == "N")
        yield f"{axis} {_bucket(65536)}"
    yield from (name for name, _ in NUMBERS)
    yield "more than 2**24 numbers"
    for dtype in dtypes:
        yield from (f"{dtype}, {axis} beyond 8" for axis in "TCHW")
        yield f"{dtype}, C beyond 33"
        yield from (
            f"{dtype}, {name}" for name in MEMORY if name != "not aligned" or dtype.itemsize > 1
        )
        yield from (
            f"{dtype}, {name}" for name, (kinds, _) in _VALUES.items() if dtype.kind in kinds
        )
    yield "from another thread"


def _bucket(size: int) -> str:
    low, high = next(((low, high) for low, high in SIZES if low <= size <= high), (65536, 0))
    if not high and low:
        return "beyond 65535"
    return f"= {low}" if low == high else f"from {low} to {high}"


def _of_shape(x: Array) -> Iterator[str]:
    yield from (f"{axis} {_bucket(size)}" for axis, size in zip(AXES, x.shape, strict=True))
    yield next((name for name, most in NUMBERS if x.size <= most), "more than 2**24 numbers")
    yield from (f"{x.dtype}, {axis} beyond 8" for axis in "TCHW" if x.shape[AXES.index(axis)] > 8)
    if x.shape[2] > 33:
        yield f"{x.dtype}, C beyond 33"


def _strides(x: Array) -> list[int]:
    """In bytes, along axes that are longer than one; 1 byte along the others."""
    return [stride if size > 1 else 1 for stride, size in zip(x.strides, x.shape, strict=True)]


def _plain(x: Array) -> list[int]:
    return [x.itemsize * int(np.prod(x.shape[axis + 1 :])) for axis in range(x.ndim)]


def _seen_once_along(x: Array) -> set[str]:
    return {axis for axis, stride in zip(AXES, _strides(x), strict=True) if stride == 0}


def _memory(x: Array) -> Iterator[str]:
    """How it lies in memory, by the names in `MEMORY`."""
    strides, plain, contiguous = _strides(x), _plain(x), bool(x.flags.c_contiguous)
    for axis, stride, usual in zip(AXES, strides, plain, strict=True):
        if stride < 0:
            yield f"{axis} runs backward"
        if stride == 3 * usual:
            yield f"every third {axis}"
    if (seen := "".join(axis for axis in AXES if axis in _seen_once_along(x))) in EXPANDED:
        yield f"seen many times along {seen}"
    holds = {
        "C order": contiguous,
        "a part of a larger buffer": contiguous and x.base is not None,
        "channels fastest": not contiguous and np.moveaxis(x, 2, -1).flags.c_contiguous,
        "Fortran order": not contiguous and x.flags.f_contiguous,
        "not aligned": not x.flags.aligned,
        "read-only": not x.flags.writeable,
    }
    yield from (name for name, is_so in holds.items() if is_so)


EXPANDED = ("N", "T", "NT", "C", "H", "W", "HW", "NTCHW")
MEMORY = (
    *(f"{axis} runs backward" for axis in AXES),
    *(f"every third {axis}" for axis in AXES),
    *(f"seen many times along {axes}" for axes in EXPANDED),
    *(
        "C order",
        "a part of a larger buffer",
        "channels fastest",
        "Fortran order",
        "not aligned",
        "read-only",
    ),
)


def _of_memory(x: Array) -> Iterator[str]:
    return (f"{x.dtype}, {name}" for name in _memory(x)) if x.size else iter(())


def _size_of(x: Array) -> Array:
    return np.abs(x.astype(np.complex128)) if x.dtype.kind == "c" else np.abs(x.astype(np.float64))


def _limits(x: Array) -> Any:
    return np.finfo(x.dtype) if x.dtype.kind in "fc" else np.iinfo(x.dtype)


_VALUES: dict[str, tuple[str, Callable[[Array], Any]]] = {
    "all zero": ("biufc", lambda x: not x.any()),
    "one number everywhere": ("biufc", lambda x: x.any() and (x == x.flat[0]).all()),
    "all frames equal": (
        "biufc",
        lambda x: x.shape[1] > 1 and (x == x[:, :1]).all() and not (x == x.flat[0]).all(),
    ),
    "all negative": ("ifc", lambda x: (x.real < 0).all()),
    "all huge": ("iufc", lambda x: (_size_of(x) >= float(_limits(x).max) / 2).all()),
    "all tiny": (
        "fc",
        lambda x: (
            (_size_of(x) < 1e-3).all() and x.all() and (np.abs(x.real) >= _limits(x).tiny).all()
        ),
    ),
    "all subnormal": ("fc", lambda x: (np.abs(x.real) < _limits(x).tiny).all() and x.all()),
    "all NaN": ("fc", lambda x: np.isnan(x).all()),
    "some NaN": ("fc", lambda x: 0 < np.isnan(x).sum() < x.size),
    "all infinite": ("fc", lambda x: np.isinf(x).all() and not np.isnan(x).any()),
    "some infinite": ("fc", lambda x: 0 < np.isinf(x).sum() < x.size),
    "some -0.0": ("fc", lambda x: (np.signbit(x.real) & (x.real == 0)).any()),
}


def _of_values(x: Array) -> Iterator[str]:
    if 1 < x.size <= 2**14:
        with np.errstate(all="ignore"):
            return iter(
                [
                    f"{x.dtype}, {name}"
                    for name, (kinds, holds) in _VALUES.items()
                    if x.dtype.kind in kinds and holds(x)
                ]
            )
    return iter(())


EXPLAINED: dict[str, str] = {}
"""What the level ci never meets of the forward and the backward, and why that is right: nothing."""
