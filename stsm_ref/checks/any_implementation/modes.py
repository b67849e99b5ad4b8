"""What a framework does around a function: its modes, its 16-bit floats, and calls between a
forward and its backward.
"""

from collections.abc import Sequence

import numpy as np

from stsm_ref.evidence import oracle
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import check
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.failure import Failure, Violation
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.geometry import Array
from stsm_ref.implementations.base import Declined, Op
from stsm_ref.implementations.python import AUTOCAST, BFLOAT16, PythonTarget

GRAIN = 32768
"""Numbers from which on torch spreads most of its loops over threads."""
FINITE = 0xBFFF
"""Bits that a bfloat16 below 2 has."""


def mode_cases(context: SuiteContext, op: Op = "forward") -> Sequence[Case]:
    """Two clips, one of them channels-last in memory, a longer one, and one that torch spreads over
    its threads.
    """
    shapes = [
        ((2, 3, 2, 3), "C"),
        ((2, 3, 2, 3), "F"),
        ((1, 4, 3, 3), "C"),
        ((4, 8, *_spread(context)), "C"),
    ]
    return list(
        dict.fromkeys(
            context.case(op, n, t, context.min_full_channels, h, w, memory=memory)
            for (n, t, h, w), memory in shapes
        )
    )


def _spread(context: SuiteContext) -> tuple[int, int]:
    """Height and width at which 32 frames have more than `GRAIN` numbers."""
    return (9, -(-GRAIN // (32 * 9 * context.min_full_channels)) + 1)


def _has_modes(context: SuiteContext) -> str:
    return (
        ""
        if isinstance(context.target, PythonTarget) and context.target.modes()
        else "only torch has modes"
    )


@check("PURE-4", "NUM-1", each=mode_cases, applies=_has_modes)
def modes_make_no_difference(context: SuiteContext, case: Case) -> None:
    """Under no_grad, in inference mode, under autocast, on two threads, with a gradient to come, in
    training or evaluation: the same.
    """
    target = context.target
    assert isinstance(target, PythonTarget)
    for mode in target.modes():
        # a convolution is meant to be cast
        if mode == BFLOAT16 or (mode == AUTOCAST and not target.moves_bits):
            continue
        require_same(
            target.run_in(mode, case.array(), case=case.id).output,
            context.expected(case),
            case,
            what=mode,
        )


def _has_bfloat16(context: SuiteContext) -> str:
    return _has_modes(context) or (
        "" if np.dtype("f2") in context.target.dtypes else "it takes no 16-bit floats"
    )


def bfloat16_cases(context: SuiteContext) -> Sequence[Case]:
    """The same clips of any 16 bits, told as integers."""
    return [case.smaller(dtype="int16", values="bits") for case in mode_cases(context)]


def _masked(context: SuiteContext, array: Array) -> Array:
    """The bits, of finite numbers where the target is held to those only."""
    return (
        array if context.target.moves_bits else array & np.int16(np.uint16(FINITE).view(np.int16))
    )


def _numbers(bits: Array) -> Array:
    """What they are in bfloat16: the upper halves of float32."""
    return (bits.astype(np.uint16).astype(np.uint32) << 16).view(np.float32)


@check("NUM-2", each=bfloat16_cases, applies=_has_bfloat16)
def bfloat16_is_moved(context: SuiteContext, case: Case) -> None:
    """In bfloat16, which NumPy does not have, every value arrives as it left, NaN and negative ones
    too; told as 16-bit integers.
    """
    target, x = context.target, _masked(context, case.array())
    assert isinstance(target, PythonTarget)
    got, want = target.run_in(BFLOAT16, x, case=case.id).output, oracle.forward(x, case.spec)
    if not target.moves_bits and got.dtype == want.dtype:
        got, want = _numbers(got), _numbers(want)
    require_same(got, want, case, what=BFLOAT16)


def _derives(context: SuiteContext) -> str:
    return _has_modes(context) or context.missing("vjp")


@check("GRAD-1", "PURE-4", each=lambda context: mode_cases(context, "vjp"), applies=_derives)
def a_backward_belongs_to_its_forward(context: SuiteContext, case: Case) -> None:
    """Where other clips went through between a forward and its backward, the gradient is the same:
    nothing is kept from the last call.
    """
    target = context.target
    assert isinstance(target, PythonTarget)
    n, t, c, h, w = case.shape
    for shape in (
        context.shape(n + 1, t + 1, c, w, h + 1),
        context.shape(n, 2 * t, c, h, w),
        context.shape(n, 1, c, h, w),
    ):
        got = target.late_vjp(
            case.array(), case.array(1), case.smaller(shape=shape).array(), case=case.id
        )
        require_same(
            got,
            context.expected(case),
            case,
            what=f"after a forward of {'x'.join(map(str, shape))}",
        )


def _derives_vjp(context: SuiteContext) -> str:
    reason = _derives(context)
    if (
        not reason
        and isinstance(context.target, PythonTarget)
        and not context.target.derives("vjp")
    ):
        return "its vjp is a function of its own"
    return reason


@check("GRAD-1", "PURE-4", each=lambda context: mode_cases(context, "vjp"), applies=_derives_vjp)
def ways_to_ask_for_a_gradient_make_no_difference(context: SuiteContext, case: Case) -> None:
    """A second time through the same graph, added up in .grad, while it is recorded, after
    autocast, on two threads: the same gradient.
    """
    target = context.target
    assert isinstance(target, PythonTarget)
    for mode in target.backward_modes():
        if mode == BFLOAT16 or ("autocast" in mode and not target.moves_bits):
            continue
        require_same(
            target.vjp_in(mode, case.array(), case.array(1), case=case.id),
            context.expected(case),
            case,
            what=mode,
        )


@check("GRAD-3", each=lambda context: mode_cases(context, "vjp"), applies=_derives_vjp)
def a_backward_can_be_differentiated(context: SuiteContext, case: Case) -> None:
    """The derivative of the backward with respect to its gradient is the forward, or an error says
    that there is none.
    """
    target, other = context.target, case.array(2)
    assert isinstance(target, PythonTarget)
    try:
        got = target.vjp_of_vjp(case.array(), case.array(1), other, case=case.id)
    except Declined:
        return
    if other.any() and not got.any():
        raise Violation(
            "the backward is cut off the graph: "
            "what is computed from its result has no gradient, and no error says so"
        )
    require_same(
        got,
        oracle.forward(other, case.spec),
        case,
        what="the gradient of <v, vjp(g)> with respect to g",
    )


def _has_bfloat16_gradient(context: SuiteContext) -> str:
    return _has_bfloat16(context) or _derives_vjp(context)


@check(
    *("NUM-2", "GRAD-1"),
    each=lambda context: [case.smaller(op="vjp") for case in bfloat16_cases(context)],
    applies=_has_bfloat16_gradient,
)
def bfloat16_gradients_come_back(context: SuiteContext, case: Case) -> None:
    """A gradient in bfloat16 comes back, negative ones, infinities and NaN too; the places are told
    as 16-bit integers.
    """
    target = context.target
    assert isinstance(target, PythonTarget)
    x, grad = (_masked(context, case.array(which)) for which in (0, 1))
    got = target.vjp_in(BFLOAT16, x, grad, case=case.id)
    if got.dtype != grad.dtype:
        raise Violation(Failure(f"{BFLOAT16}: the gradient is of another dtype", "dtype"))
    # in value: autograd adds a gradient to zeros on its way
    require_same(_numbers(got), _numbers(oracle.vjp(grad, case.spec)), case, what=BFLOAT16)
