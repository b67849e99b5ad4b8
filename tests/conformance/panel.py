"""What an implementation can be seen to do, on a panel of cases with every size, spec, dtype and memory layout that a mutant is about."""

import hashlib
from functools import cache

import numpy as np

from stsm_ref.conformance import oracle
from stsm_ref.conformance.cases import Case
from stsm_ref.conformance.mutants import as_target
from stsm_ref.conformance.planted.implementation import Implementation
from stsm_ref.conformance.python_target import BFLOAT16, PythonTarget
from stsm_ref.conformance.target import Declined, TargetError
from stsm_ref.geometry import ShiftSpec

USUAL = ShiftSpec()
SHAPES = (
    *[(1, 1, 16, 2, 3), (1, 3, 35, 3, 2), (2, 2, 16, 3, 3), (2, 8, 35, 7, 5), (1, 3, 17, 5, 1), (3, 2, 16, 1, 4), (9, 2, 16, 2, 2)],
    *[(1, 2, 16, 2, 16), (2, 4, 3, 2, 4), (2, 3, 24, 3, 2), (1, 2, 16, 1, 1), (8, 2, 16, 2, 2), (2, 5, 31, 4, 6), (1, 4, 20, 5, 1)],
    *[(1, 1, 16, 14, 2), (1, 2, 16, 3, 5), (1, 17, 16, 18, 1), (1, 1, 2048, 2, 1)],
)
OTHER_SPECS = ("TH+TW+HW@3/4", "T@1/4,backward-first", "T+H+W@3/8,exact", "T@2/49", "T@7/23", "T+H+W@1", "T+H+W@1/2", "T+H+W+HW@1/2")
OTHER_SPECS += ("W+T@1/2", "T+HW@3/4", "HW@1", "T@2/49,backward-first")
OTHER_SHAPES = ((2, 3, 16, 3, 2), (1, 2, 46, 2, 3), (1, 2, 49, 2, 3), (1, 2, 21, 2, 3))


@cache
def cases() -> tuple[Case, ...]:
    """The panel, with the second half of each pair of equal cases in memory of its own."""
    found = [Case("forward", USUAL, shape) for shape in SHAPES for _ in range(2)]
    usual = SHAPES[1]
    dtypes = ("float32", "float64", "float16", "int64", "uint8", "bool", "complex64")
    found += [Case("forward", USUAL, usual, dtype, values, seed=1) for values in ("bits", "finite") for dtype in dtypes]  # type: ignore[arg-type]
    found += [Case("forward", USUAL, usual, memory=memory, seed=2) for memory in ("F", "strided", "reversed", "channels-last")]  # type: ignore[arg-type]
    found += [Case("forward", USUAL, (1, 4, 16, 3, 2), "float16"), Case("forward", USUAL, (1, 5, 16, 7, 1), "complex64")]
    found += [Case("forward", ShiftSpec.parse(spec), shape, seed=3) for spec in OTHER_SPECS for shape in OTHER_SHAPES]
    for op in ("vjp", "jvp"):
        found += [Case(op, USUAL, shape, seed=4) for shape in SHAPES for _ in range(2)]  # type: ignore[arg-type]
        found += [Case(op, USUAL, usual, dtype, "finite", seed=5) for dtype in ("float16", "float64")]  # type: ignore[arg-type]
        found += [Case(op, USUAL, usual, memory=memory, seed=6) for memory in ("F", "strided")]  # type: ignore[arg-type]
    return tuple(found)


def behaviour(implementation: Implementation) -> str:
    """A digest of everything that is seen of it on the panel; an operation that it lacks counts as right."""
    target, digest = as_target(implementation), hashlib.sha256()
    for case in cases():
        target.use(case.spec)
        x = case.array()
        other = None if case.op == "forward" else case.array(1)
        if any(size != target.fixed.get(axis, size) for axis, size in zip("NTCHW", case.shape, strict=True)):
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
            digest.update(_seen(target, case, x, np.broadcast_to(np.ones((), x.dtype), x.shape)).encode())
    residual = Case("forward", USUAL, (target.fixed.get("N", 2), 3, 16, 3, 2))
    target.use(USUAL)
    try:
        value, back = target.residual(residual.array(), residual.array(1))
        digest.update(value.tobytes() + (oracle.vjp(residual.array(1), USUAL) + residual.array(1) if back is None else back).tobytes())
    except (TargetError, ValueError, RuntimeError) as error:
        digest.update(type(error).__name__.encode())
    digest.update(_around(target).encode())
    return digest.hexdigest()


def _around(target: PythonTarget) -> str:
    """What it does in each mode, whether it draws random numbers, and its gradient where another forward came between."""
    case = Case("forward", USUAL, (target.fixed.get("N", 2), 3, 16, 3, 2), memory="F")
    longer = case.smaller(shape=(case.shape[0], 6, *case.shape[2:]), memory="C").array()
    told = []
    try:
        for mode in target.modes():
            x = case.smaller(dtype="int16").array() if mode == BFLOAT16 else case.array()
            seen = target.run_in(mode, x)
            told += [mode, _told(seen.output), str(seen.kept_layout)]
        told.append(str(target.draws(case.array())))
        if target.modes():
            told.append(_told(target.late_vjp(longer, longer, case.array())))
    except (TargetError, Declined) as error:
        told.append(f"no answer: {str(error)[:24]}")
    return " ".join(told)


def _seen(target: PythonTarget, case: Case, x: np.ndarray, other: np.ndarray | None) -> str:
    """What comes back, what it does to memory, and whether it is still there after the next call."""
    if case.op not in target.ops:
        right = oracle.vjp if case.op == "vjp" else oracle.forward
        return _told(right(case.array(1), case.spec))
    try:
        seen = target.run(case.op, x, other)
        before = _told(seen.output)
        later = []
        for _ in range(3):
            target.run(case.op, -x if x.dtype.kind == "f" else x, None if other is None else 2 * other)
            later.append("" if _told(seen.output) == before else "changed later")
    except (TargetError, Declined) as error:
        return f"no answer: {str(error)[:24]}"
    traits = [*seen.wrote, *(f"shares {name}" for name in seen.shares), "" if seen.kept_layout else "layout lost"]
    return " ".join([before, *filter(None, traits), *later]).strip()


def _one_hot(x: np.ndarray) -> np.ndarray:
    hot = np.zeros_like(x)
    hot[(0,) * x.ndim] = 1
    return hot


def _once_more(target: PythonTarget, case: Case) -> str:
    """Its own output put in again."""
    try:
        return _told(target.run("forward", target.run("forward", case.array()).output.copy()).output)
    except (TargetError, Declined):
        return "no answer"


def _told(array: np.ndarray) -> str:
    return f"{array.dtype} {hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()}"
