"""What an implementation can be seen to do, on a panel of cases with every size, spec, dtype
and memory layout that a mutant is about.
"""

import hashlib
from collections.abc import Callable
from functools import cache, partial
from typing import get_args

import numpy as np

from stsm_ref.bugs.implementation import Implementation
from stsm_ref.checks.any_implementation.repetition import _other_inside
from stsm_ref.conformance.score import as_target
from stsm_ref.evidence import oracle
from stsm_ref.evidence.cases import Case
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import Declined, TargetError
from stsm_ref.implementations.layouts import Memory, has_memory
from stsm_ref.implementations.python import BFLOAT16, PythonTarget
from stsm_ref.strategies import Values

USUAL = ShiftSpec()
SHAPES = (
    *[
        (1, 1, 16, 2, 3),
        (1, 3, 35, 3, 2),
        (2, 2, 16, 3, 3),
        (2, 8, 35, 7, 5),
        (1, 3, 17, 5, 1),
        (3, 2, 16, 1, 4),
        (9, 2, 16, 2, 2),
    ],
    *[
        (1, 2, 16, 2, 16),
        (2, 4, 3, 2, 4),
        (2, 3, 24, 3, 2),
        (1, 2, 16, 1, 1),
        (8, 2, 16, 2, 2),
        (2, 5, 31, 4, 6),
        (1, 4, 20, 5, 1),
    ],
    *[(1, 1, 16, 14, 2), (1, 2, 16, 3, 5), (1, 17, 16, 18, 1), (1, 1, 2048, 2, 1)],
)
OTHER_SPECS = (
    "TH+TW+HW@3/4",
    "T@1/4,backward-first",
    "T+H+W@3/8,exact",
    "T@2/49",
    "T@7/23",
    "T+H+W@1",
    "T+H+W@1/2",
    "T+H+W+HW@1/2",
)
OTHER_SPECS += ("W+T@1/2", "T+HW@3/4", "HW@1", "T@2/49,backward-first")
OTHER_SHAPES = ((2, 3, 16, 3, 2), (1, 2, 46, 2, 3), (1, 2, 49, 2, 3), (1, 2, 21, 2, 3))


USUAL_SHAPE = SHAPES[1]
FEW = 3
"""So many shapes tell most mutants apart."""


def _shapes(op: str, shapes: tuple[tuple[int, ...], ...], seed: int) -> list[Case]:
    """Each shape twice: the second half of a pair of equal cases has memory of its own."""
    return [Case(op, USUAL, shape, seed=seed) for shape in shapes for _ in range(2)]  # type: ignore[arg-type]


@cache
def parts() -> tuple[tuple[Case, ...], ...]:
    """The panel, in parts: what most mutants differ on comes first, so that few of them have to
    be held to all of it.
    """
    shapes = [_shapes("forward", SHAPES[:FEW], 0), _shapes("forward", SHAPES[FEW:], 0)]
    for op in ("vjp", "jvp"):
        shapes[0] += _shapes(op, SHAPES[1:FEW], 4)
        shapes[1] += _shapes(op, (*SHAPES[:1], *SHAPES[FEW:]), 4)
    dtypes = ("float32", "float64", "float16", "int64", "uint8", "bool", "complex64")
    kinds = [
        Case("forward", USUAL, USUAL_SHAPE, dtype, values, seed=1)
        for values in ("bits", "finite")
        for dtype in dtypes
    ]  # type: ignore[arg-type]
    kinds += [
        Case("forward", USUAL, USUAL_SHAPE, memory=memory, seed=2)
        for memory in ("F", "strided", "reversed", "channels-last")
    ]  # type: ignore[arg-type]
    kinds += [
        Case("forward", USUAL, (1, 4, 16, 3, 2), "float16"),
        Case("forward", USUAL, (1, 5, 16, 7, 1), "complex64"),
    ]
    for op in ("vjp", "jvp"):
        kinds += [
            Case(op, USUAL, USUAL_SHAPE, dtype, "finite", seed=5)
            for dtype in ("float16", "float64")
        ]  # type: ignore[arg-type]
        kinds += [
            Case(op, USUAL, USUAL_SHAPE, memory=memory, seed=6) for memory in ("F", "strided")
        ]  # type: ignore[arg-type]
    specs = [
        Case("forward", ShiftSpec.parse(spec), shape, seed=3)
        for spec in OTHER_SPECS
        for shape in OTHER_SHAPES
    ]
    return tuple(tuple(cases) for cases in (shapes[0], specs, kinds, shapes[1]))


def looks() -> tuple[Callable[[Implementation], str], ...]:
    """Each gives a digest of what it sees of an implementation, new-born each time: two that
    differ in one do not do the same.
    """
    return (
        partial(behaviour, cases=parts()[0]),
        behaviour_in_a_network,
        behaviour_where_few_look,
        *(partial(behaviour, cases=cases) for cases in parts()[1:]),
    )


def behaviour(implementation: Implementation, cases: tuple[Case, ...]) -> str:
    """A digest of everything that is seen of it on some cases; an operation that it lacks
    counts as right.
    """
    target, digest = as_target(implementation), hashlib.sha256()
    for case in cases:
        target.use(case.spec)
        x = case.array()
        other = None if case.op == "forward" else case.array(1)
        if any(
            size != target.fixed.get(axis, size)
            for axis, size in zip("NTCHW", case.shape, strict=True)
        ):
            continue
        digest.update(_seen(target, case, x, other).encode())
        if case.seed not in (0, 4):  # the usual spec, dtype and memory
            continue
        if case.op == "forward":
            digest.update(_seen(target, case, np.zeros_like(x), None).encode())
            digest.update(_seen(target, case, _one_hot(x), None).encode())
            digest.update(_once_more(target, case).encode())
        else:
            digest.update(_seen(target, case, np.zeros_like(x), other).encode())
            digest.update(
                _seen(target, case, x, np.broadcast_to(np.ones((), x.dtype), x.shape)).encode()
            )
    return digest.hexdigest()


def behaviour_in_a_network(implementation: Implementation) -> str:
    """A digest of what it does in a residual block, in each mode, and with gradients that come
    late.
    """
    target, digest = as_target(implementation), hashlib.sha256()
    residual = Case("forward", USUAL, (target.fixed.get("N", 2), 3, 16, 3, 2))
    target.use(USUAL)
    try:
        value, back = target.residual(residual.array(), residual.array(1))
        digest.update(
            value.tobytes()
            + (
                oracle.vjp(residual.array(1), USUAL) + residual.array(1) if back is None else back
            ).tobytes()
        )
    except (TargetError, ValueError, RuntimeError) as error:
        digest.update(type(error).__name__.encode())
    digest.update(_around(target).encode())
    return digest.hexdigest()


def behaviour_where_few_look(implementation: Implementation) -> str:
    """A digest of what it does on the cases that only the mutants about them mind."""
    target, digest = as_target(implementation), hashlib.sha256()
    target.use(USUAL)
    for op in [op for op in ("forward", "vjp") if op in target.ops]:
        digest.update(_once(target, _case(op, SMALL)).encode())  # the first of its life
    digest.update(_repeated(target).encode())
    digest.update(_asked_otherwise(target).encode())
    for case in (*UNASKED, *(LARGE if implementation.level == "ci" else ())):
        if (case.op == "forward" or case.op in target.ops) and np.dtype(
            case.dtype
        ) in target.dtypes:
            digest.update(_once(target, case).encode())
    return digest.hexdigest()


def _case(op: str, shape: tuple[int, ...], **how: object) -> Case:
    return Case(op, USUAL, shape, **how)  # type: ignore[arg-type]  # as they are written here


SMALL = (2, 4, 16, 3, 2)
SIZES = (
    (1, 1, 160, 1, 1),
    (1, 1, 72, 1, 7),
    (1, 1, 4096, 1, 1),
    (1, 48, 16, 1, 1),
    (1, 1, 16, 1, 36),
    (1, 130, 16, 1, 1),
)
UNASKED = (
    *(
        _case(op, SMALL, values=kind)
        for op in ("forward", "vjp", "jvp")
        for kind in get_args(Values)
        if kind != "scattered"
    ),
    *(_case(op, SMALL, memory=memory) for op in ("forward", "vjp") for memory in get_args(Memory)),
    *(_case(op, shape) for op in ("forward", "vjp") for shape in (*SIZES, (1, 1, 64, 7, 1))),
    _case("forward", SMALL, dtype="complex128", values="bits"),
    _case("forward", SMALL, dtype="float64", memory="channels-last"),
    _case("vjp", (1, 3, 16, 1, 1), dtype="float64"),
    _case("jvp", (1, 1, 16, 1, 5)),
    _case("forward", (1, 1, 16, 9, 16)),
    _case("forward", (1, 3, 16, 5, 3)),
    *(
        _case(op, shape, dtype="float64")
        for op in ("forward", "vjp")
        for shape in ((1, 1, 96, 1, 1), (1, 1, 16, 1, 9))
    ),
)
"""Kinds of values and of memory, and sizes, that only the mutants about them mind."""

LARGE = (
    *(
        _case("forward", shape, dtype="uint8", values="scattered")
        for shape in ((1, 1, 16, 256, 257), (1, 1, 16, 1024, 1025))
    ),
    *(
        _case(
            "forward",
            tuple(65537 if axis == long else size for axis, size in enumerate((1, 1, 16, 1, 1))),
            dtype="uint8",
            values="scattered",
        )
        for long in range(5)
    ),
    *(_case(op, (2, 1, 16, 512, 513), values="scattered") for op in ("forward", "vjp")),
    *(_case("vjp", (1, 1, 256, 56, 56), values="scattered"), _case("forward", (1, 1, 576, 14, 14))),
    *(
        _case("forward", (1, 1, 16, 1, 33), dtype="float16"),
        _case("vjp", (1, 64, 16, 1, 1), dtype="float64"),
    ),
    _case("forward", SMALL, dtype="bool", values="finite", memory="reversed-T"),
    _case("forward", (1, 1, 16, 1, 29)),
    _case("forward", (1, 2, 384, 14, 14), dtype="float16", values="scattered"),
    _case("forward", (1, 8, 64, 14, 15), memory="slice-C", values="scattered"),
)
"""The same for mutants that only the level ci is to kill."""


def _once(target: PythonTarget, case: Case) -> str:
    if case.memory not in target.memories or not has_memory(target.layout, case.memory):
        return ""
    if any(
        size != target.fixed.get(axis, size) for axis, size in zip("NTCHW", case.shape, strict=True)
    ):
        return ""
    try:
        other = None if case.op == "forward" else case.array(1)
        return _told(target.run(case.op, case.array(), other, memory=case.memory).output)
    except (TargetError, Declined) as error:
        return f"no answer: {str(error)[:24]}"


def _repeated(target: PythonTarget) -> str:
    """Other values of the same looks, in other memory and in the same; two threads at once; no
    clip at all.
    """
    told = []
    for op in [op for op in ("forward", "vjp") if op in target.ops]:
        case = _case(op, (target.fixed.get("N", 2), 4, 35, 9, 11))
        first = [case.array()] if op == "forward" else [case.array(), case.array(1)]
        second = [_other_inside(x) for x in first]
        nothing = [np.zeros((0, 3, 16, 3, 2), np.float32)] * len(first)
        try:
            target.run(op, *first)  # type: ignore[arg-type]  # one of the two
            told.append(_told(target.run(op, *second).output))  # type: ignore[arg-type]
            told.append(_told(target.overwritten(op, first, second)))  # type: ignore[arg-type]
            third = [np.concatenate([x[:1], 2 * x[1:]]) for x in first]
            for x in third:
                x[-1, -1, -1, -1, -1] /= 2
            target.run(op, *first)  # type: ignore[arg-type]
            told.append(_told(target.run(op, *third).output))  # type: ignore[arg-type]  # the same ends and another sum
            answers = target.at_once(op, [first, second], 6)  # type: ignore[arg-type]
            right = oracle.forward if op == "forward" else oracle.vjp
            wanted = (right(first[-1], USUAL), right(second[-1], USUAL))
            same = all(
                np.array_equal(got, want)
                for one, want in zip(answers, wanted, strict=True)
                for got in one
            )
            told.append(f"threads {same}")  # which answer goes wrong is a matter of chance
            told.append(_told(target.at_once(op, [second], 1)[0][0]))  # type: ignore[arg-type]  # alone, in another thread
            if "N" not in target.fixed:
                told.append(_told(target.run(op, *nothing).output))  # type: ignore[arg-type]
        except (TargetError, Declined) as error:
            told.append(f"no answer: {str(error)[:24]}")
    return " ".join(told)


def _around(target: PythonTarget) -> str:
    """What it does in each mode, whether it draws random numbers, and its gradient where
    another forward came between.
    """
    case = Case("forward", USUAL, (target.fixed.get("N", 2), 3, 16, 3, 2), memory="F")
    longer = case.smaller(shape=(case.shape[0], 6, *case.shape[2:]), memory="C").array()
    told = []
    try:
        for mode in target.modes():
            x = (
                case.smaller(dtype="int16", values="bits").array()
                if mode == BFLOAT16
                else case.array()
            )
            seen = target.run_in(mode, x)
            told += [mode, _told(seen.output), str(seen.kept_layout)]
        told.append(str(target.draws(case.array())))
        if target.modes():
            told.append(_told(target.late_vjp(longer, longer, case.array())))
    except (TargetError, Declined) as error:
        told.append(f"no answer: {str(error)[:24]}")
    return " ".join(told)


def _asked_otherwise(target: PythonTarget) -> str:
    """On two threads, and its gradient in every way that its framework has."""
    told = []
    spread = _case("forward", (target.fixed.get("N", 4), 8, 16, 9, 9))
    try:
        told += [
            _told(target.run_in(mode, spread.array()).output)
            for mode in target.modes()
            if "threads" in mode
        ]
        for mode in target.backward_modes() if target.derives("vjp") else ():
            one, two = (
                (
                    spread.smaller(dtype="int16", values="bits") if mode == BFLOAT16 else spread
                ).array(0),
                spread.array(1),
            )
            two = one[..., ::-1].copy() if mode == BFLOAT16 else two
            told += [mode, _told(target.vjp_in(mode, one, two))]
        if target.backward_modes():
            told.append(_of_the_backward(target, spread.array()))
    except (TargetError, Declined) as error:
        told.append(f"no answer: {str(error)[:24]}")
    return " ".join(told)


def _of_the_backward(target: PythonTarget, x: np.ndarray) -> str:
    try:
        return _told(target.vjp_of_vjp(x, 2 * x, 3 * x))
    except Declined:
        return "has none"


def _seen(target: PythonTarget, case: Case, x: np.ndarray, other: np.ndarray | None) -> str:
    """What comes back, what it does to memory, and whether it is still there after the next
    call.
    """
    if case.op not in target.ops:
        right = oracle.vjp if case.op == "vjp" else oracle.forward
        return _told(right(case.array(1), case.spec))
    try:
        seen = target.run(case.op, x, other)
        before = _told(seen.output)
        later = []
        for _ in range(3):
            target.run(
                case.op, -x if x.dtype.kind == "f" else x, None if other is None else 2 * other
            )
            later.append("" if _told(seen.output) == before else "changed later")
    except (TargetError, Declined) as error:
        return f"no answer: {str(error)[:24]}"
    traits = [
        *seen.wrote,
        *(f"shares {name}" for name in seen.shares),
        "" if seen.kept_layout else "layout lost",
    ]
    return " ".join([before, *filter(None, traits), *later]).strip()


def _one_hot(x: np.ndarray) -> np.ndarray:
    hot = np.zeros_like(x)
    hot[(0,) * x.ndim] = 1
    return hot


def _once_more(target: PythonTarget, case: Case) -> str:
    """Its own output put in again."""
    try:
        return _told(
            target.run("forward", target.run("forward", case.array()).output.copy()).output
        )
    except (TargetError, Declined):
        return "no answer"


def _told(array: np.ndarray) -> str:
    return f"{array.dtype} {hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()}"
