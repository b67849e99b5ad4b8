"""The strongest that a run can say: labels at the size of a network, and every basis vector of one
shape.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from stsm_ref.evidence import oracle
from stsm_ref.evidence.cases import Case
from stsm_ref.evidence.check import check
from stsm_ref.evidence.comparison import require_same
from stsm_ref.evidence.failure import Failure, Violation
from stsm_ref.evidence.suite_context import SuiteContext
from stsm_ref.geometry import Array, ChannelGroup
from stsm_ref.proofs.certificate import certify

STAGES = ((1, 8, 256, 56, 56), (1, 8, 512, 28, 28), (1, 8, 1024, 14, 14), (1, 8, 2048, 7, 7))
"""One clip behind each stage of ResNet-50."""
MAX_VECTORS = {"smoke": 2048, "ci": 4096, "night": 16384}
SCATTER = 0x9E3779B1
IN_A_LINE = 2**19
"""Bytes in one call to a target in another process; its answers come as one line of text each."""


def certified_cases(context: SuiteContext) -> Sequence[Case]:
    """The largest of a few shapes whose basis the level pays for, with all groups filled."""
    sizes = [(4, 4, 4), (3, 4, 3), (3, 3, 3), (3, 3, 2), (2, 3, 2), (2, 2, 2), (2, 1, 2), (1, 1, 1)]
    shapes = [context.shape(1, t, context.min_full_channels, h, w) for t, h, w in sizes]
    first = {"smoke": 3, "ci": 0, "night": 0}[context.level]
    fits = [shape for shape in shapes[first:] if np.prod(shape) <= MAX_VECTORS[context.level]]
    # nothing of float32 can be lost on 0 and 1
    return [context.case("forward", *shape, dtype=context.float.name) for shape in fits[:1]]


def _certifiable(context: SuiteContext) -> str:
    return (
        ""
        if certified_cases(context)
        else f"its clips have more than {MAX_VECTORS[context.level]:,} values at the level "
        f"{context.level}"
    )


@check(
    "SHIFT-6",
    "SHIFT-1",
    "SHIFT-2",
    "SHIFT-3",
    "SHIFT-4",
    "SHIFT-5",
    "GRAD-1",
    rung="L3",
    each=certified_cases,
    applies=_certifiable,
)
def every_basis_vector_moves_right(context: SuiteContext, case: Case) -> None:
    """Every basis vector of this shape goes where it must, forward and back; with linearity that
    decides the shape.
    """
    target, clips = context.target, context.target.fixed.get("N")
    size = int(np.prod(case.shape[1:])) * np.dtype(case.dtype).itemsize
    batch = clips or (4096 if target.sees_memory else max(1, IN_A_LINE // size))

    def forward(x: Array) -> Array:
        return _in_batches(context, case, x, None, clips)

    def vjp(grad: Array) -> Array:
        return _in_batches(context, case, np.zeros_like(grad), grad, clips)

    back = None if context.missing("vjp") else vjp
    certificate = certify(forward, case.shape[1:], case.spec, back, dtype=case.dtype, batch=batch)
    if not certificate.ok:
        raise Violation(
            Failure(
                certificate.failure,
                "values",
                certificate.operation,
                compared="basis vectors",
                index=(0, *certificate.place),
                shape=(1, *case.shape[1:]),
                got=certificate.got,
                expected=certificate.expected,
            )
        )


def _in_batches(
    context: SuiteContext, case: Case, x: Array, grad: Array | None, clips: int | None
) -> Array:
    """Run clips; where the target takes a certain number of them only, the last batch is filled up
    with zeros.
    """
    short = 0 if clips is None else -len(x) % clips
    filled = [
        np.concatenate([a, np.zeros((short, *a.shape[1:]), a.dtype)]) if short else a
        for a in (x, grad)
        if a is not None
    ]
    return context.target.run("forward" if grad is None else "vjp", *filled, case=case.id).output[
        : len(x)
    ]


def network_cases(context: SuiteContext) -> Sequence[Case]:
    """One clip as it stands behind each stage of a ResNet, from the level ci on."""
    whole = 1 if context.spec.rounding == "floor" else context.spec.channel_multiple
    return list(
        dict.fromkeys(
            context.case("forward", n, t, -(-c // whole) * whole, h, w) for n, t, c, h, w in STAGES
        )
    )


def _network(context: SuiteContext) -> str:
    if context.level == "smoke":
        return "the level smoke stays small"
    if context.dtype not in (np.float32, np.int32):
        return "no float32 and no int32: fewer different labels than places"
    return "" if context.target.sees_memory else "25 MB a call are not sent to another process"


@check(
    "SHIFT-1",
    "SHIFT-2",
    "SHIFT-3",
    "SHIFT-4",
    "SHIFT-5",
    "SHIFT-6",
    rung="L2",
    each=network_cases,
    applies=_network,
)
def labels_at_the_size_of_a_network(context: SuiteContext, case: Case) -> None:
    """At the sizes of a network, T x C x H x W from 8 x 256 x 56 x 56 to 8 x 2048 x 7 x 7, every
    label arrives where it must.
    """
    labels = unique_labels(case.shape, case.dtype)
    require_moved(context.run(case, labels).output, labels, case)


@lru_cache(maxsize=1)
def unique_labels(shape: tuple[int, ...], dtype: str) -> Array:
    """Unique 32-bit labels in a scattered order, none 0, none that half precision holds: one
    multiplication each, where a permutation would cost many times more than the shift that is
    judged.
    """
    count = int(np.prod(shape))
    if count > 2**23:
        raise ValueError(f"{count:,} places and {2**23:,} labels")
    # an odd factor permutes the numbers below 2**23; block by block, so that they stay near the
    # processor
    block = np.arange(min(count, 2**15), dtype=np.uint32) * np.uint32(SCATTER)
    bits = np.empty(count, np.uint32)
    for start in range(0, count, len(block)):
        part = bits[start : start + len(block)]
        np.add(block[: len(part)], np.uint32(start * SCATTER % 2**32), out=part)
        part &= np.uint32(2**23 - 1)
        part |= np.uint32(0x4B000000)  # as float32: the whole numbers from 2**23 to 2**24
    labels = bits.view(dtype).reshape(shape)
    labels.flags.writeable = False
    return labels


def require_moved(got: Array, x: Array, case: Case) -> None:
    """Compare each channel group with the input where it came from, and with zero where nothing
    did: one pass over memory.

    For a vjp `x` is the incoming gradient, and each group is to be where the opposite displacement
    brings it.

    Parameters
    ----------
    got : array
        The answer.
    x : array
        The input or the incoming gradient.
    case : Case
        What was asked.

    Raises
    ------
    Violation
        Where a value is not in its place.
    """
    sign = -1 if case.op == "vjp" else 1
    if got.dtype == x.dtype:
        whole = np.dtype(f"u{min(x.itemsize, 8)}")
        seen, given = (
            np.ascontiguousarray(array).reshape(*x.shape, 1).view(whole) for array in (got, x)
        )
        if all(
            _group_is_right(seen, given, group, sign) for group in case.spec.partition(x.shape[2])
        ):
            return
    require_same(got, oracle.forward(x, case.spec) if sign > 0 else oracle.vjp(x, case.spec), case)
    if case.op == "forward":
        raise Violation("two ways of comparing do not agree: a bug of the suite, not of the target")


def _group_is_right(got: Array, x: Array, group: ChannelGroup, sign: int) -> bool:
    """Whether a group is where it must be; both arrays have an axis more, of the parts of a number,
    and are contiguous.
    """
    target, source = [slice(None)] * 6, [slice(None)] * 6
    target[2] = source[2] = slice(group.start, group.stop)
    for axis, displacement in zip((1, 3, 4), group.displacement, strict=True):
        size, step = x.shape[axis], sign * displacement
        if abs(step) >= size:
            return not got[:, :, group.start : group.stop].any()
        entered = list(target)
        entered[axis] = slice(0, step) if step > 0 else slice(size + step, size)
        if step and got[tuple(entered)].any():
            return False
        target[axis], source[axis] = (
            slice(max(step, 0), size + min(step, 0)),
            slice(max(-step, 0), size + min(-step, 0)),
        )
    # rows stay whole: as many numbers at once as make up eight bytes are faster
    if not group.displacement.dw:
        got, x = _by_eight_bytes(got), _by_eight_bytes(x)
        target[4] = source[4] = slice(None)
    return np.array_equal(got[tuple(target)], x[tuple(source)])


def _by_eight_bytes(x: Array) -> Array:
    rows = x.reshape(*x.shape[:4], -1)
    return (rows.view(np.uint64) if rows.shape[-1] * rows.itemsize % 8 == 0 else rows)[..., None]
