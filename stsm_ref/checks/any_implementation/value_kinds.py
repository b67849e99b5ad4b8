"""Every kind of value and every way to lie in memory, under every spec: what only a dtype, a sign
or a stride sets off.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from stsm_ref.checks.any_implementation.certificate import require_moved
from stsm_ref.evidence.cases import PLAIN, Case
from stsm_ref.evidence.check import check
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.implementations.base import Op
from stsm_ref.implementations.layouts import Memory
from stsm_ref.implementations.python import PythonTarget
from stsm_ref.values import Values, has_values

KINDS: tuple[Values, ...] = tuple(
    kind for kind in get_args(Values) if kind not in ("labels", "finite", "scattered")
)
COMPUTABLE: tuple[Values, ...] = ("zero", "single", "constant", "static", "negative", "tiny")
"""What a target that computes is held to: no sum of it overflows, and none is rounded."""
BROAD = {"smoke": 2, "ci": 99, "night": 99}
"""In how many dtypes each kind is asked, the main one first; the others take turns."""


MULTIPLIED: tuple[Values, ...] = ("infinite", "bits")
"""A framework that derives gradients multiplies complex ones on its way: infinity becomes NaN,
which is not the target's doing.
"""


def _derives(context: SuiteContext, op: Op) -> bool:
    return isinstance(context.target, PythonTarget) and context.target.derives(op)


def kind_cases(context: SuiteContext, op: Op = "forward") -> Sequence[Case]:
    """Each kind of value in each dtype that has it, on two clips and, from the level ci on, on a
    larger one.
    """
    full = context.min_full_channels
    kinds = KINDS if context.target.moves_bits else COMPUTABLE
    shapes = [(2, 4, full, 3, 2), (1, 9, full, 8, 9)][: 1 if context.level == "smoke" else 2]
    main = context.dtype if op == "forward" else context.float
    every = [d for d in context.target.dtypes if op == "forward" or d.kind in "fc"]
    found = []
    for turn, (kind, shape) in enumerate(itertools.product(kinds, shapes)):
        has = [
            d
            for d in every
            if has_values(d, kind)
            and not (d.kind == "c" and kind in MULTIPLIED and _derives(context, op))
        ]
        others = [d for d in has if d != main]
        turned = others[turn % max(len(others), 1) :] + others[: turn % max(len(others), 1)]
        asked = [*(d for d in has if d == main), *turned][: BROAD[context.level]]
        found += [
            context.case(op, *shape, dtype=d.name, values=kind, seed=context.seed + turn)
            for d in asked
        ]
    return list(dict.fromkeys(found))


@check("NUM-1", each=kind_cases)
def every_kind_of_value_is_moved(context: SuiteContext, case: Case) -> None:
    """Clips of zeros, of one number, of equal frames, all negative, huge, tiny, subnormal, NaN or
    infinite move as any other.
    """
    require_same(
        context.run(case).output, context.expected(case), case, bits=context.target.moves_bits
    )


def _has_kinds(op: Op) -> Any:
    return lambda context: (
        context.missing(op) or ("" if kind_cases(context, op) else "no floating dtype")
    )


@check(
    "GRAD-1", "NUM-1", each=lambda context: kind_cases(context, "vjp"), applies=_has_kinds("vjp")
)
def gradients_of_every_kind_come_back(context: SuiteContext, case: Case) -> None:
    """A gradient that is zero, constant, negative, huge, tiny as a scaled loss leaves it, NaN or
    infinite comes back as any other.
    """
    require_same(context.run(case).output, context.expected(case), case)


@check(
    "GRAD-2", "NUM-1", each=lambda context: kind_cases(context, "jvp"), applies=_has_kinds("jvp")
)
def tangents_of_every_kind_move(context: SuiteContext, case: Case) -> None:
    """So does a tangent."""
    require_same(context.run(case).output, context.expected(case), case)


LARGE: tuple[Memory, ...] = ("channels-last", "slice-C", "step3-T", "expanded-HW")
"""What networks have, and are asked at the size of one."""


def memory_kind_cases(context: SuiteContext, op: Op = "forward") -> Iterator[Case]:
    """The main dtype in each way to lie in memory, on a small clip and a longer one; from the level
    ci on every dtype.
    """
    full = context.min_full_channels
    main = context.dtype if op == "forward" else context.float
    every = [d for d in context.target.dtypes if op == "forward" or d.kind in "fc"]
    plain: tuple[Memory, ...] = PLAIN[1:] if context.target.sees_memory else ()
    for turn, memory in enumerate((*context.memories, *plain)):
        small, longer = (2, 3, full, 3, 2), (2, 9, full, 2, 17)
        yield context.case(op, *longer, dtype=main.name, memory=memory, seed=context.seed + turn)
        if context.level != "smoke" and context.target.sees_memory:
            channels = next(count for count in itertools.count(64) if context.divides(count))
            yield context.case(
                op, 1, 8, channels, 14, 15, dtype=main.name, memory=memory, values="scattered"
            )
            for d in every if memory == "channels-last" else ():
                yield context.case(
                    op, 1, 2, channels, 14, 15, dtype=d.name, memory=memory, values="scattered"
                )
            if memory in LARGE:
                yield context.case(
                    op, 1, 8, channels, 56, 56, dtype=main.name, memory=memory, values="scattered"
                )
        asked = [main] if context.level == "smoke" else every
        for d in (
            asked if memory not in PLAIN or (op == "vjp" and context.level != "smoke") else ()
        ):  # forward, strides_make_no_difference has
            yield context.case(op, *small, dtype=d.name, memory=memory, seed=context.seed + turn)


def _read_right(context: SuiteContext, case: Case, what: str) -> None:
    got = context.run(case).output
    if case.values == "scattered":
        require_moved(got, case.array(0 if case.op == "forward" else 1), case)
    else:
        require_same(got, context.expected(case), case, what=what)


def _has_memories(context: SuiteContext) -> str:
    return (
        ""
        if any(True for _ in memory_kind_cases(context))
        else "how an array lies in memory cannot be told to another process"
    )


@check(
    "NUM-1",
    "GEO-1",
    each=lambda context: list(dict.fromkeys(memory_kind_cases(context))),
    applies=_has_memories,
)
def views_of_any_kind_are_read_right(context: SuiteContext, case: Case) -> None:
    """Input that runs backward along any axis, skips, is a slice, begins late, is read-only or seen
    many times gives the same output.
    """
    _read_right(context, case, f"input in {case.memory} memory")


def gradient_memory_cases(context: SuiteContext) -> Sequence[Case]:
    """The same of gradients."""
    return list(dict.fromkeys(memory_kind_cases(context, "vjp")))


@check(
    "GRAD-1",
    each=gradient_memory_cases,
    applies=lambda context: context.missing("vjp") or _has_memories(context),
)
def gradients_of_any_strides_come_back(context: SuiteContext, case: Case) -> None:
    """A gradient seen many times along some axes, as a mean or a sum over them sends it back, comes
    back as any other; so do views.
    """
    _read_right(context, case, f"gradient in {case.memory} memory")
