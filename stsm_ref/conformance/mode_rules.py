"""What a framework does around a function: its modes, its 16-bit floats, and calls between a forward and its backward."""

from collections.abc import Sequence

import numpy as np

from stsm_ref.conformance import oracle
from stsm_ref.conformance.cases import Case
from stsm_ref.conformance.judge import require_same
from stsm_ref.conformance.python_target import BFLOAT16, PythonTarget
from stsm_ref.conformance.rule import rule
from stsm_ref.conformance.target import Op
from stsm_ref.conformance.trial import Trial

FINITE = 0x3FFF
"""Bits of a bfloat16 that is below 2 and not negative."""


def mode_cases(trial: Trial, op: Op = "forward") -> Sequence[Case]:
    """Two clips, one of them channels-last in memory, and a longer one."""
    shapes = [((2, 3, 2, 3), "C"), ((2, 3, 2, 3), "F"), ((1, 4, 3, 3), "C")]
    return list(dict.fromkeys(trial.case(op, n, t, trial.full, h, w, memory=memory) for (n, t, h, w), memory in shapes))


def _has_modes(trial: Trial) -> str:
    return "" if isinstance(trial.target, PythonTarget) and trial.target.modes() else "only torch has modes"


@rule("PURE-4", "NUM-1", each=mode_cases, applies=_has_modes)
def modes_make_no_difference(trial: Trial, case: Case) -> None:
    """Under no_grad, in inference mode, with a gradient to come, in training or evaluation: the same values."""
    target = trial.target
    assert isinstance(target, PythonTarget)
    for mode in target.modes():
        if mode == BFLOAT16:
            continue
        require_same(target.run_in(mode, case.array(), case=case.id).output, trial.right(case), case, what=mode)


def _has_bfloat16(trial: Trial) -> str:
    return _has_modes(trial) or ("" if np.dtype("f2") in trial.target.dtypes else "it takes no 16-bit floats")


def bfloat16_cases(trial: Trial) -> Sequence[Case]:
    """The same clips, told as the 16-bit integers that their bits make."""
    return [case.smaller(dtype="int16") for case in mode_cases(trial)]


@rule("NUM-2", each=bfloat16_cases, applies=_has_bfloat16)
def bfloat16_is_moved(trial: Trial, case: Case) -> None:
    """In bfloat16, which NumPy does not have, every value arrives as it left; the places are told as 16-bit integers."""
    target, x = trial.target, case.array() & FINITE
    assert isinstance(target, PythonTarget)
    require_same(target.run_in(BFLOAT16, x, case=case.id).output, oracle.forward(x, case.spec), case, what=BFLOAT16)


def _derives(trial: Trial) -> str:
    return _has_modes(trial) or trial.lacks("vjp")


@rule("GRAD-1", "PURE-4", each=lambda trial: mode_cases(trial, "vjp"), applies=_derives)
def a_backward_belongs_to_its_forward(trial: Trial, case: Case) -> None:
    """Where other clips went through between a forward and its backward, the gradient is the same: nothing is kept from the last call."""
    target = trial.target
    assert isinstance(target, PythonTarget)
    n, t, c, h, w = case.shape
    for shape in (trial.shape(n + 1, t + 1, c, w, h + 1), trial.shape(n, 2 * t, c, h, w), trial.shape(n, 1, c, h, w)):
        got = target.late_vjp(case.array(), case.array(1), case.smaller(shape=shape).array(), case=case.id)
        require_same(got, trial.right(case), case, what=f"after a forward of {'x'.join(map(str, shape))}")
