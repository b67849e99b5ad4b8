r"""Meanings of convolutions with constant weights, forward and with respect to their input.

.. math:: y_{n,o,i} = b_o + \sum_{c,k} w_{o,c,k}\, x_{n,\,g(o)+c,\,s i + d k - p}

with :math:`x` zero outside, stride :math:`s`, dilation :math:`d`, padding :math:`p` and
:math:`g(o)` the first channel of the group of `o`.
"""

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    Range,
    polynomial,
)
from stsm_ref.proofs.index_maps.maps import (
    ZERO,
    Constant,
    Index,
    Sum,
    SymbolicTensor,
    UnsupportedError,
    Value,
    choose,
    inside,
    is_unknown,
    parts,
    weighted,
)
from stsm_ref.proofs.operators.shape import select, unsqueeze
from stsm_ref.proofs.operators.table import as_int, meaning, tuple_of


class Correlation(NamedTuple):
    """What a convolution does to its input."""

    weights: dict[tuple[int, ...], Fraction]
    """The weights that are not zero, by output channel, input channel within the group, and
    place in the kernel.
    """
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int


@meaning("aten.convolution.default")
def convolution(
    assumptions: Assumptions,
    x: SymbolicTensor,
    weight: SymbolicTensor,
    bias: SymbolicTensor | None,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
) -> SymbolicTensor:
    """Cross-correlation, of one axis or more."""
    if transposed:
        raise UnsupportedError("a transposed convolution")
    axes = weight.rank - 2
    if x.rank == axes + 1:
        batched = convolution(
            assumptions,
            unsqueeze(assumptions, x, 0),
            weight,
            bias,
            stride,
            padding,
            dilation,
            transposed,
            output_padding,
            groups,
        )
        return select(assumptions, batched, 0, 0)
    map_ = Correlation(
        *_numbers(weight),
        tuple_of(stride, axes),
        tuple_of(padding, axes),
        tuple_of(dilation, axes),
        as_int(groups),
    )
    if as_int(x.shape[1]) != map_.shape[1] * map_.groups:
        raise UnsupportedError(
            f"{x.shape[1]} channels for a convolution of {map_.shape[1] * map_.groups}"
        )
    _require_floats(x, weight)
    zeros_count = not _is_finite(x, assumptions)
    sizes = []
    for size, k, s, p, d in zip(
        x.shape[2:], map_.shape[2:], map_.stride, map_.padding, map_.dilation, strict=True
    ):
        if not assumptions.decide(size + (2 * p - d * (k - 1) - 1)):
            raise UnsupportedError("a kernel that is larger than what it is laid on")
        sizes.append(assumptions.divide(size + (2 * p - d * (k - 1) - 1), polynomial(s))[0] + 1)

    def read(index: Index, known: Assumptions) -> Value:
        channel = as_int(index[1])
        group_size = map_.shape[1]
        first = channel // (map_.shape[0] // map_.groups) * group_size
        terms: list[tuple[Fraction, Value]] = []
        for kernel_channel, *place in itertools.product(*(range(each) for each in map_.shape[1:])):
            factor = map_.weights.get((channel, kernel_channel, *place), Fraction(0))
            if factor or zeros_count:
                at = [
                    i * s + (d * k - p)
                    for i, k, s, p, d in zip(
                        index[2:], place, map_.stride, map_.padding, map_.dilation, strict=True
                    )
                ]
                terms.append(
                    (factor, _or_zero(x, (index[0], polynomial(first + kernel_channel)), at, known))
                )
        if bias is not None:
            terms.append((Fraction(1), bias.read((index[1],), known)))
        return weighted(terms)

    return SymbolicTensor((x.shape[0], polynomial(map_.shape[0]), *sizes), read, x.dtype)


def _require_floats(x: SymbolicTensor, weight: SymbolicTensor) -> None:
    if x.dtype != weight.dtype or not x.dtype.startswith("float"):
        raise UnsupportedError(f"a convolution of {x.dtype} with weights of {weight.dtype}")


def _is_finite(x: SymbolicTensor, assumptions: Assumptions) -> bool:
    """Whether every entry is finite if those of the input are, so that a weight of 0 makes 0 of
    it.
    """
    apart = Assumptions(dict(assumptions.ranges), assumptions.facts, dict(assumptions.definitions))
    index = []
    for axis, size in enumerate(x.shape):
        apart.ranges[f"any{axis}"] = Range(polynomial(0), size - 1)
        index.append(Polynomial.variable(f"any{axis}"))
    for channel in range(as_int(x.shape[1])):
        value = x.read((index[0], polynomial(channel), *index[2:]), apart)
        if any(is_unknown(part) or isinstance(part, Sum) for part in parts(value)):
            return False
    return True


def _or_zero(
    x: SymbolicTensor, front: Index, at: Sequence[Polynomial], assumptions: Assumptions
) -> Value:
    """The entry at a place, or zero outside."""
    condition = [
        constraint
        for position, size in zip(at, x.shape[2:], strict=True)
        for constraint in inside(position, size)
    ]
    return choose(
        condition, lambda known: x.read((*front, *at), known), lambda _: ZERO, assumptions
    )


def _numbers(weight: SymbolicTensor) -> tuple[dict[tuple[int, ...], Fraction], tuple[int, ...]]:
    """Weights and their shape, which must be known numbers."""
    shape = tuple(as_int(size) for size in weight.shape)
    found = {}
    for place in itertools.product(*(range(size) for size in shape)):
        value = weight.read(tuple(polynomial(each) for each in place), Assumptions({}))
        if not isinstance(value, Constant):
            raise UnsupportedError("a convolution whose weights are not fixed numbers")
        if value.value:
            found[place] = value.value
    return found, shape


@meaning("aten.conv1d.default", "aten.conv2d.default", "aten.conv3d.default")
def conv(
    assumptions: Assumptions,
    x: SymbolicTensor,
    weight: SymbolicTensor,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: int,
) -> SymbolicTensor:
    """Cross-correlation."""
    return convolution(assumptions, x, weight, bias, stride, padding, dilation, False, [0], groups)


@meaning("aten.conv1d.padding", "aten.conv2d.padding", "aten.conv3d.padding")
def conv_padding(
    assumptions: Assumptions,
    x: SymbolicTensor,
    weight: SymbolicTensor,
    bias: Any,
    stride: Any,
    padding: str,
    dilation: Any,
    groups: int,
) -> SymbolicTensor:
    """Cross-correlation with padding by name; where ``same`` needs an odd number of zeros,
    torch puts the odd one at the end.
    """
    axes = weight.rank - 2
    if padding == "valid":
        return conv(assumptions, x, weight, bias, stride, [0], dilation, groups)
    from stsm_ref.proofs.operators.data import pad

    needed = [
        d * (as_int(k) - 1) for k, d in zip(weight.shape[2:], tuple_of(dilation, axes), strict=True)
    ]
    around = [width for each in reversed(needed) for width in (each // 2, each - each // 2)]
    return conv(
        assumptions,
        pad(assumptions, x, around, "constant", 0),
        weight,
        bias,
        stride,
        [0],
        dilation,
        groups,
    )


@meaning("aten.convolution_backward.default")
def convolution_backward(
    assumptions: Assumptions,
    grad: SymbolicTensor,
    x: SymbolicTensor,
    weight: SymbolicTensor,
    bias_sizes: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    output_mask: Sequence[bool],
) -> tuple[SymbolicTensor | None, None, None]:
    r"""The gradient of the input: :math:`\sum_{o,k} w_{o,c,k}\, g_{n,o,(i+p-dk)/s}` where that
    is a whole place inside.
    """
    axes = weight.rank - 2
    if transposed or output_mask[1] or output_mask[2]:
        raise UnsupportedError("the gradient of weights, or of a transposed convolution")
    map_ = Correlation(
        *_numbers(weight),
        tuple_of(stride, axes),
        tuple_of(padding, axes),
        tuple_of(dilation, axes),
        as_int(groups),
    )
    per_group = map_.shape[0] // map_.groups
    _require_floats(grad, weight)
    zeros_count = not _is_finite(grad, assumptions)

    def read(index: Index, known: Assumptions) -> Value:
        group, kernel_channel = divmod(as_int(index[1]), map_.shape[1])
        terms = []
        for out, *place in itertools.product(
            range(group * per_group, (group + 1) * per_group), *(range(k) for k in map_.shape[2:])
        ):
            factor = map_.weights.get((out, kernel_channel, *place), Fraction(0))
            if factor or zeros_count:
                back = [
                    i + (p - d * k)
                    for i, k, p, d in zip(
                        index[2:], place, map_.padding, map_.dilation, strict=True
                    )
                ]
                terms.append(
                    (
                        factor,
                        _at_stride(grad, (index[0], polynomial(out)), back, map_.stride, known),
                    )
                )
        return weighted(terms)

    return SymbolicTensor(x.shape, read, grad.dtype), None, None


def _at_stride(
    grad: SymbolicTensor,
    front: Index,
    back: Sequence[Polynomial],
    stride: Sequence[int],
    assumptions: Assumptions,
) -> Value:
    """The gradient of the output at ``back / stride``, or zero where that is no place."""
    at, condition = [], []
    for position, step in zip(back, stride, strict=True):
        quotient, rest = assumptions.divide(position, polynomial(step))
        at.append(quotient)
        condition += [] if step == 1 else [Constraint(rest, equal=True)]
    return choose(
        condition, lambda known: _or_zero(grad, front, at, known), lambda _: ZERO, assumptions
    )
