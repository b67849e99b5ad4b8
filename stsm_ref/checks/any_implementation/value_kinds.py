"""Every kind of value and every way to lie in memory, under every spec: what only a dtype, a
sign or a stride sets off.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from stsm_ref.checks.any_implementation.certificate import require_moved
from stsm_ref.evidence.cases import PLAIN, Case
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.rule import rule
from stsm_ref.evidence.suite_context import Trial
from stsm_ref.implementations.base import Op
from stsm_ref.implementations.layouts import Memory
from stsm_ref.implementations.python import PythonTarget
from stsm_ref.strategies import Values, has_values

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


def _derives(trial: Trial, op: Op) -> bool:
    return isinstance(trial.target, PythonTarget) and trial.target.derives(op)


def kind_cases(trial: Trial, op: Op = "forward") -> Sequence[Case]:
    """Each kind of value in each dtype that has it, on two clips and, from the level ci on, on
    a larger one.
    """
    kinds = KINDS if trial.target.moves_bits else COMPUTABLE
    shapes = [(2, 4, trial.full, 3, 2), (1, 9, trial.full, 8, 9)][
        : 1 if trial.level == "smoke" else 2
    ]
    main = trial.dtype if op == "forward" else trial.float
    every = [d for d in trial.target.dtypes if op == "forward" or d.kind in "fc"]
    found = []
    for turn, (kind, shape) in enumerate(itertools.product(kinds, shapes)):
        has = [
            d
            for d in every
            if has_values(d, kind)
            and not (d.kind == "c" and kind in MULTIPLIED and _derives(trial, op))
        ]
        others = [d for d in has if d != main]
        turned = others[turn % max(len(others), 1) :] + others[: turn % max(len(others), 1)]
        asked = [*(d for d in has if d == main), *turned][: BROAD[trial.level]]
        found += [
            trial.case(op, *shape, dtype=d.name, values=kind, seed=trial.seed + turn) for d in asked
        ]
    return list(dict.fromkeys(found))


@rule("NUM-1", each=kind_cases)
def every_kind_of_value_is_moved(trial: Trial, case: Case) -> None:
    """Clips of zeros, of one number, of equal frames, all negative, huge, tiny, subnormal, NaN
    or infinite move as any other.
    """
    require_same(trial.ask(case).output, trial.right(case), case, bits=trial.target.moves_bits)


def _has_kinds(op: Op) -> Any:
    return lambda trial: trial.lacks(op) or ("" if kind_cases(trial, op) else "no floating dtype")


@rule("GRAD-1", "NUM-1", each=lambda trial: kind_cases(trial, "vjp"), applies=_has_kinds("vjp"))
def gradients_of_every_kind_come_back(trial: Trial, case: Case) -> None:
    """A gradient that is zero, constant, negative, huge, tiny as a scaled loss leaves it, NaN
    or infinite comes back as any other.
    """
    require_same(trial.ask(case).output, trial.right(case), case)


@rule("GRAD-2", "NUM-1", each=lambda trial: kind_cases(trial, "jvp"), applies=_has_kinds("jvp"))
def tangents_of_every_kind_move(trial: Trial, case: Case) -> None:
    """So does a tangent."""
    require_same(trial.ask(case).output, trial.right(case), case)


LARGE: tuple[Memory, ...] = ("channels-last", "slice-C", "step3-T", "expanded-HW")
"""What networks have, and are asked at the size of one."""


def memory_kind_cases(trial: Trial, op: Op = "forward") -> Iterator[Case]:
    """The main dtype in each way to lie in memory, on a small clip and a longer one; from the
    level ci on every dtype.
    """
    main = trial.dtype if op == "forward" else trial.float
    every = [d for d in trial.target.dtypes if op == "forward" or d.kind in "fc"]
    plain: tuple[Memory, ...] = PLAIN[1:] if trial.target.sees_memory else ()
    for turn, memory in enumerate((*trial.memories, *plain)):
        small, longer = (2, 3, trial.full, 3, 2), (2, 9, trial.full, 2, 17)
        yield trial.case(op, *longer, dtype=main.name, memory=memory, seed=trial.seed + turn)
        if trial.level != "smoke" and trial.target.sees_memory:
            channels = next(count for count in itertools.count(64) if trial.divides(count))
            yield trial.case(
                op, 1, 8, channels, 14, 15, dtype=main.name, memory=memory, values="scattered"
            )
            for d in every if memory == "channels-last" else ():
                yield trial.case(
                    op, 1, 2, channels, 14, 15, dtype=d.name, memory=memory, values="scattered"
                )
            if memory in LARGE:
                yield trial.case(
                    op, 1, 8, channels, 56, 56, dtype=main.name, memory=memory, values="scattered"
                )
        asked = [main] if trial.level == "smoke" else every
        for d in (
            asked if memory not in PLAIN or (op == "vjp" and trial.level != "smoke") else ()
        ):  # forward, strides_make_no_difference has
            yield trial.case(op, *small, dtype=d.name, memory=memory, seed=trial.seed + turn)


def _read_right(trial: Trial, case: Case, what: str) -> None:
    got = trial.ask(case).output
    if case.values == "scattered":
        require_moved(got, case.array(0 if case.op == "forward" else 1), case)
    else:
        require_same(got, trial.right(case), case, what=what)


def _has_memories(trial: Trial) -> str:
    return (
        ""
        if any(True for _ in memory_kind_cases(trial))
        else "how an array lies in memory cannot be told to another process"
    )


@rule(
    "NUM-1",
    "GEO-1",
    each=lambda trial: list(dict.fromkeys(memory_kind_cases(trial))),
    applies=_has_memories,
)
def views_of_any_kind_are_read_right(trial: Trial, case: Case) -> None:
    """Input that runs backward along any axis, skips, is a slice, begins late, is read-only or
    seen many times gives the same output.
    """
    _read_right(trial, case, f"input in {case.memory} memory")


def gradient_memory_cases(trial: Trial) -> Sequence[Case]:
    """The same of gradients."""
    return list(dict.fromkeys(memory_kind_cases(trial, "vjp")))


@rule(
    "GRAD-1",
    each=gradient_memory_cases,
    applies=lambda trial: trial.lacks("vjp") or _has_memories(trial),
)
def gradients_of_any_strides_come_back(trial: Trial, case: Case) -> None:
    """A gradient seen many times along some axes, as a mean or a sum over them sends it back,
    comes back as any other; so do views.
    """
    _read_right(trial, case, f"gradient in {case.memory} memory")
