"""L0: the frozen inputs and outputs of the spec."""

from collections.abc import Sequence

import numpy as np

from stsm_ref.errors import SpecError
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import check
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.suite_context import AXES, SuiteContext
from stsm_ref.vectors import VectorCase, cases_for, find


def golden_cases(context: SuiteContext) -> Sequence[VectorCase]:
    """Those of the spec that the target can be asked: its operations, its dtypes, its sizes."""
    return [case for case in cases_for(context.spec) if _can_be_asked(context, case)]


def _can_be_asked(context: SuiteContext, case: VectorCase) -> bool:
    target = context.target
    sizes = all(
        size == target.fixed.get(axis, size) for axis, size in zip(AXES, case.shape, strict=True)
    )
    # special values and 64-bit labels are for those who move bits
    bits = target.moves_bits or (
        case.dtype == context.dtype.name and np.isfinite(case.arrays().x).all()
    )
    return (
        case.kind in target.ops
        and not context.missing(case.kind)
        and np.dtype(case.dtype) in target.dtypes
        and sizes
        and bool(bits)
    )


def _has_vectors(context: SuiteContext) -> str:
    return "" if golden_cases(context) else "no vectors for this spec, in its dtypes and sizes"


def _named(identifier: str) -> VectorCase:
    vector = find(identifier)
    if vector is None or vector.kind not in ("forward", "vjp", "jvp") or vector.result != "valid":
        raise SpecError(
            f"case={identifier!r} is not a golden vector that a target can be asked: "
            "see stsm-ref vectors list"
        )
    return vector


@check(
    *(
        "SHIFT-1",
        "SHIFT-2",
        "SHIFT-3",
        "SHIFT-4",
        "SHIFT-5",
        "SHIFT-6",
        "GEO-1",
        "GEO-4",
        "GEO-5",
        "GRAD-1",
        "GRAD-2",
    ),
    rung="L0",
    each=golden_cases,
    applies=_has_vectors,
    parse=_named,
)
def golden_vectors_are_met(context: SuiteContext, vector: VectorCase) -> None:
    """Each golden vector of the spec comes out as it was frozen: the forward to the last bit,
    gradients and tangents in value.
    """
    arrays = vector.arrays()
    got = context.target.run(vector.kind, arrays.x, arrays.other, case=vector.id).output  # type: ignore[arg-type]  # one of the three
    # autograd adds a gradient to zeros on its way, and 0.0 + -0.0 is 0.0: only the forward is held
    # to bits
    case = Case(vector.kind, vector.shift_spec, vector.shape, vector.dtype)  # type: ignore[arg-type]  # one of the three
    require_same(
        got, arrays.expected, case, bits=vector.kind == "forward" and context.target.moves_bits
    )
