"""Sizes that networks have, in every dtype, forward and back; and sizes beyond what fits into 8, 16
or 24 bits.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from stsm_ref.checks.any_implementation.certificate import IN_A_LINE, require_moved
from stsm_ref.checks.any_implementation.shift import STEPS
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import check
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.implementations.base import Op

CHANNELS = (
    *(
        16,
        24,
        32,
        40,
        48,
        64,
        72,
        80,
        96,
        112,
        128,
        144,
        160,
        192,
        240,
        256,
        320,
        384,
        480,
        512,
        576,
        640,
        672,
        728,
        768,
        960,
    ),
    *(1024, 1152, 1280, 1536, 2048, 2304, 4096),
)
"""Channel counts of ResNet, MobileNetV2, EfficientNet, Xception and DenseNet, and two that are
larger.
"""

STAGES = (
    *(
        (24, 56),
        (32, 28),
        (64, 14),
        (96, 14),
        (160, 7),
        (320, 7),
        (192, 28),
        (384, 14),
        (576, 14),
        (960, 7),
        (1280, 7),
    ),
    *((64, 56), (128, 28), (256, 14), (512, 7)),
)
"""Channels and side of a frame: the layers of MobileNetV2, then those of ResNet-18."""

LARGE = (
    *(
        (1, 2, 0, 256, 257),
        (1, 65537, 0, 1, 1),
        (1, 1, 0, 65537, 1),
        (1, 1, 0, 1, 65537),
        (65537, 2, 0, 1, 1),
        (1, 2, 65537, 1, 2),
    ),
    *((2, 8, 256, 56, 56), (1, 8, 512, 64, 65)),
)
"""Frames of more than 65,535 pixels; each axis beyond 16 bits; two clips at the size of a network;
more than 2**24 numbers.

A 0 stands for as many channels as show every group.
"""
MAX_NUMBERS = 2**25
"""Numbers of a large clip: a spec that needs very many channels to show its groups is asked with
fewer of them.
"""
MAX_SMALL = 2**18


def _sized(
    context: SuiteContext,
    op: Op,
    shapes: Iterable[tuple[int, ...]],
    dtype: np.dtype[Any],
    most: int,
) -> list[Case]:
    """Cases of those shapes, with a channel count that the spec takes, none larger than `most`, nor
    than what goes to another process.
    """
    whole = 1 if context.spec.rounding == "floor" else context.spec.channel_multiple
    if not context.target.sees_memory:
        most = min(most, IN_A_LINE // dtype.itemsize)
    cases = []
    for n, t, channels, h, w in shapes:
        count = min(channels or context.min_full_channels, max(most // (n * t * h * w), 1))
        c = max(-(-count // whole) * whole, whole)
        case = context.case(op, n, t, c, h, w, dtype=dtype.name, values=_values(context, dtype))
        if np.prod(case.shape) <= most:
            cases.append(case)
    return list(dict.fromkeys(cases))


def _values(context: SuiteContext, dtype: np.dtype[Any]) -> str:
    return (
        "scattered"
        if context.target.moves_bits or dtype.kind in "fcb" or dtype.itemsize < 8
        else "finite"
    )


def _main(context: SuiteContext, op: Op) -> np.dtype[Any]:
    return context.dtype if op == "forward" else context.float


def _moved(context: SuiteContext, case: Case) -> None:
    """Ask, and compare with where each group came from."""
    given = case.array(0 if case.op == "forward" else 1)
    asked = (given, None) if case.op == "forward" else (case.array(), given)
    require_moved(context.run(case, *asked).output, given, case)


def network_cases(context: SuiteContext, op: Op = "forward") -> Sequence[Case]:
    """Every channel count of a network on frames of 7 x 7; from the level ci on also on those of
    its layer, 8 frames each.
    """
    shapes = [(1, 3, channels, 7, 7) for channels in CHANNELS]
    if context.level != "smoke" and context.target.sees_memory:
        shapes += [(1, 8, channels, side, side) for channels, side in STAGES] + [
            (2, 16, 64, 14, 14)
        ]
        shapes += [
            (2, 8, 64, 7, 7),
            (2, 8, 64, 14, 14),
            (1, 17, context.wide_channels, 5, 6),
            (1, 3, 128, 5, 1),
            (1, 3, 128, 1, 5),
        ]
    return _sized(context, op, shapes, _main(context, op), 2**21)


@check(*STEPS, each=network_cases)
def widths_of_networks_are_right(context: SuiteContext, case: Case) -> None:
    """At the channel counts of networks, 16 to 4096, every value arrives where it must."""
    _moved(context, case)


def network_cases_back(context: SuiteContext) -> Sequence[Case]:
    """The same for gradients, and from the level ci on the four stages of ResNet-50."""
    cases = list(network_cases(context, "vjp"))
    if context.level != "smoke" and context.target.sees_memory:
        stages = (
            (1, 8, 256, 56, 56),
            (1, 8, 512, 28, 28),
            (1, 8, 1024, 14, 14),
            (1, 8, 2048, 7, 7),
        )
        cases += _sized(context, "vjp", stages, context.float, MAX_NUMBERS)
    return list(dict.fromkeys(cases))


@check("GRAD-1", each=network_cases_back, applies=lambda context: context.missing("vjp"))
def gradients_of_networks_are_right(context: SuiteContext, case: Case) -> None:
    """At the channel counts of networks every gradient comes back to where its value came from."""
    _moved(context, case)


LONG = (16, 17, 31, 33, 36, 64, 65)
ROWS = tuple(range(9, 34))
"""Every rest that a vector loop over rows of up to 16 numbers can have."""


def longer_cases(context: SuiteContext, op: Op = "forward") -> Sequence[Case]:
    """Each dtype on a clip whose axes are all longer than a vector register; from the level ci on
    along each axis apart.
    """
    wide = max(72, context.wide_channels)
    wide = wide if wide * 9 * 9 * 11 <= MAX_SMALL else context.min_full_channels
    shapes = [(1, 9, wide, 9, 11)]
    if context.level != "smoke":
        shapes += [shape for n in LONG for shape in ((1, n, 0, 2, 3), (1, 2, 0, n, 3))]
        shapes += [(1, 2, 0, 3, n) for n in (*ROWS, *LONG)]
        shapes += [(1, 2, channels, 3, 2) for channels in (33, 64, 96, 129, 512, 2048)]
        shapes += [(1, 2, 384, 14, 14), (3, 8, 64, 5, 4)]
    dtypes = [d for d in context.target.dtypes if op == "forward" or d.kind in "fc"]
    return [case for d in dtypes for case in _sized(context, op, shapes, d, MAX_SMALL)]


@check("NUM-2", *STEPS, each=longer_cases)
def every_dtype_is_right_on_long_axes(context: SuiteContext, case: Case) -> None:
    """In every dtype the values are right where all axes are longer than 8, and each alone
    is long.
    """
    _moved(context, case)


def _has_floats(context: SuiteContext) -> str:
    return context.missing("vjp") or ("" if longer_cases(context, "vjp") else "no floating dtype")


@check("NUM-2", "GRAD-1", each=lambda context: longer_cases(context, "vjp"), applies=_has_floats)
def gradients_of_every_dtype_are_right_on_long_axes(context: SuiteContext, case: Case) -> None:
    """In every floating dtype gradients are right where all axes are longer than 8, and each alone
    is long.
    """
    _moved(context, case)


def large_cases(context: SuiteContext, op: Op = "forward") -> Sequence[Case]:
    """`LARGE` in the smallest dtype, and two clips at the size of a network in the main one."""
    if context.level == "smoke" or not context.target.sees_memory:
        return []
    dtypes = [
        d for d in context.target.dtypes if d.kind != "b" and (op == "forward" or d.kind in "fc")
    ] or [_main(context, op)]
    smallest = min(dtypes, key=lambda d: d.itemsize)
    cases = _sized(context, op, LARGE, smallest, MAX_NUMBERS)
    if op == "forward":
        cases += _sized(context, op, [(2, 8, 256, 56, 56)], context.dtype, MAX_NUMBERS)
    return list(dict.fromkeys(cases))


def _large(op: Op) -> Any:
    def applies(context: SuiteContext) -> str:
        if context.level == "smoke":
            return "the level smoke stays small"
        return context.missing(op) or (
            ""
            if context.target.sees_memory
            else "millions of numbers are not sent to another process"
        )

    return applies


@check(*STEPS, each=large_cases, applies=_large("forward"))
def large_clips_are_right(context: SuiteContext, case: Case) -> None:
    """Clips of millions of numbers, frames of more than 65,535 pixels and axes beyond 16 bits move
    as small ones do.
    """
    _moved(context, case)


@check("GRAD-1", each=lambda context: large_cases(context, "vjp"), applies=_large("vjp"))
def large_gradients_come_back(context: SuiteContext, case: Case) -> None:
    """So do gradients of that size."""
    _moved(context, case)
