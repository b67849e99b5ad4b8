"""A crash at some sizes is a wrong answer there, and is told as one; a target that answers nowhere
is broken.
"""

from typing import Any

from stsm_ref.evidence.failure import Failure, Violation
from stsm_ref.evidence.standing import as_case
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.implementations.base import CrashError, Declined, TargetError


def as_violation(context: SuiteContext, case: Any, crash: CrashError) -> Violation | None:
    """The crash as a violation, where the same dtype, values and memory are answered at an ordinary
    size; else None.

    Parameters
    ----------
    context : SuiteContext
        The target that crashed.
    case : Case or VectorCase
        The case on which it did.
    crash : CrashError
        What it raised.
    """
    plain = as_case(case)
    usual = context.ordinary_case(plain)
    if plain.shape == usual.shape:
        return None
    try:
        context.run(usual)
    except (TargetError, Declined):
        return None
    sizes, usual_sizes = ("x".join(map(str, one.shape)) for one in (plain, usual))
    what = f"{crash.what}: at N x T x C x H x W = {sizes}, though at {usual_sizes} it answers"
    return Violation(Failure(str(TargetError(what, trace=crash.trace)), "crash"))


def explain_crash(context: SuiteContext, case: Any, crash: TargetError) -> str:
    """Why a target is broken; where it does not take a dtype, with the way to say so.

    Parameters
    ----------
    context : SuiteContext
        The target that gave no answer.
    case : Case or VectorCase
        The case on which it gave none.
    crash : TargetError
        Why it gave none.
    """
    plain = as_case(case)
    usual = context.ordinary_case(plain).smaller(dtype=context.case(plain.op, 1, 1, 1, 1, 1).dtype)
    if isinstance(crash, CrashError) and usual.dtype != plain.dtype:
        try:
            context.run(usual)
        except (TargetError, Declined):
            return str(crash)
        say = f"info = {{'dtypes': ['{usual.dtype}', ...]}} beside it, or dtypes= of check"
        return f"{crash}\nif it does not take {plain.dtype}, say what it takes: {say}"
    return str(crash)


def crashed(error: Exception | None) -> bool:
    """Whether a violation is a crash."""
    return isinstance(error, Violation) and error.failure.aspect == "crash"
