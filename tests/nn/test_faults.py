"""The checks can fail: shifts and insertions with the bugs of published code, each caught by
the check that is named beside it.
"""

import pytest
import torch
from torch import nn
from torch._dynamo.exc import UserError

from stsm_ref import ShiftSpec, StsmError
from stsm_ref.nn import STSM, insert_shift, stsm
from stsm_ref.nn.padding import stsm_by_padding
from stsm_ref.nn.strided_copy import strided_copy

from .networks import Bottleneck
from .support import adjoint, fold, labels, laid_out, reference, same_bits

SPEC = ShiftSpec(alpha="3/4")
SHAPE = (2, 3, 24, 3, 2)  # N, T, C, H, W; 3 channels a direction


def values(f, layout="contiguous"):
    """The shift of unique labels is NumPy's."""
    same_bits(
        f(laid_out(torch.from_numpy(fold(labels(SHAPE))), layout), SPEC, 3),
        fold(reference(labels(SHAPE), SPEC)),
    )


def gradients(f):
    """The gradient of unique labels is NumPy's adjoint."""
    x = torch.from_numpy(fold(labels(SHAPE))).requires_grad_()
    same_bits(
        torch.autograd.grad(f(x, SPEC, 3), x, torch.from_numpy(fold(labels(SHAPE, 1))))[0],
        fold(adjoint(labels(SHAPE, 1), SPEC)),
    )


def special_values(f):
    """Infinities and -0.0 arrive, and nothing else becomes NaN."""
    x = torch.full((3, 24, 3, 2), float("inf"))
    x[:, ::2] = -0.0
    y = f(x, SPEC, 3)
    assert not y.isnan().any()
    assert torch.equal(y.signbit(), stsm(x.signbit(), SPEC, 3))


def layouts(f):
    """Strided and channels-last input give the same values, and channels-last stays so."""
    values(f, "strided")
    values(f, "channels_last")
    x = laid_out(torch.zeros(3, 24, 3, 2), "channels_last")
    assert f(x, SPEC, 3).stride() == x.stride()


def dtypes(f):
    """Integers beyond single precision, and bool, come through in their own dtype."""
    for x in (
        torch.arange(3 * 24 * 6).view(3, 24, 3, 2) + 2**53,
        torch.ones(3, 24, 3, 2, dtype=torch.bool),
        torch.ones(3, 24, 3, 2),
    ):
        y = f(x, SPEC, 3)
        assert y.dtype == x.dtype
        same_bits(y, fold(reference(x.numpy()[None], SPEC)))


def input_unharmed(f):
    """The input is as it was, and shares no memory with the output."""
    x = torch.from_numpy(fold(labels(SHAPE)))
    before = x.clone()
    y = f(x, SPEC, 3)
    assert torch.equal(x, before)
    assert y.untyped_storage().data_ptr() != x.untyped_storage().data_ptr()


def gradient_unharmed(f):
    """The incoming gradient is as it was."""
    x = torch.from_numpy(fold(labels(SHAPE))).requires_grad_()
    grad = torch.ones_like(x)
    torch.autograd.grad(f(x, SPEC, 3), x, grad)
    assert torch.equal(grad, torch.ones_like(x))


def any_size(f):
    """Exported with one size, it serves others."""

    class Module(nn.Module):
        def forward(self, x):  # the check says it
            return f(x, SPEC, 3)

    sizes = {
        "x": {0: 3 * torch.export.Dim("n"), 2: torch.export.Dim("h"), 3: torch.export.Dim("w")}
    }
    program = torch.export.export(Module(), (torch.randn(6, 24, 4, 5),), dynamic_shapes=sizes)
    for shape in ((3, 24, 2, 7), (9, 24, 1, 1)):
        x = torch.randn(shape)
        assert torch.equal(program.module()(x), stsm(x, SPEC, 3))


def clips_apart(f):
    """What is in one clip does not show in another."""
    x = torch.from_numpy(fold(labels(SHAPE)))
    assert torch.equal(f(x, SPEC, 3)[:3], f(torch.cat([x[:3], 0 * x[3:]]), SPEC, 3)[:3])


CHECKS = (
    values,
    gradients,
    special_values,
    layouts,
    dtypes,
    input_unharmed,
    gradient_unharmed,
    any_size,
    clips_apart,
)


def with_groups(x, spec, num_segments, move):
    """Rebuild the shift, with `move(part, distance, axis)` for each step along an axis of ``(N,
    T, C, H, W)``.
    """
    clips = x.reshape(-1, num_segments, *x.shape[1:])
    parts = []
    for start, stop, displacement in spec.partition(x.shape[1]):
        part = clips[:, :, start:stop]
        for axis, distance in zip((1, 3, 4), displacement, strict=True):
            part = move(part, distance, axis) if distance else part
        parts.append(part)
    return torch.cat(parts, dim=2).reshape(x.shape)


def edge(part, distance, axis):
    return part.narrow(axis, 0 if distance > 0 else part.shape[axis] - 1, 1)


def body(part, distance, axis):
    return part.narrow(axis, 0 if distance > 0 else 1, part.shape[axis] - 1)


def joined(border, rest, distance, axis):
    return torch.cat([border, rest] if distance > 0 else [rest, border], dim=axis)


def zero_shift(part, distance, axis):
    return joined(
        torch.zeros_like(edge(part, distance, axis)), body(part, distance, axis), distance, axis
    )


def in_place(x, spec, num_segments):
    return x.copy_(stsm_by_padding(x.clone(), spec, num_segments))


def overlapping(x, spec, num_segments):
    def move(part, distance, axis):
        part = part.clone()
        for i in range(
            1, part.shape[axis]
        ):  # what is copied has been overwritten already, in one of the directions
            part.select(axis, i).copy_(part.select(axis, i - 1)) if distance > 0 else part.select(
                axis, i - 1
            ).copy_(part.select(axis, i))
        edge(part, distance, axis).zero_()
        return part

    return with_groups(x, spec, num_segments, move)


class _BackwardInPlace(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, spec, num_segments):
        ctx.rest = spec, num_segments
        return strided_copy(x, spec, num_segments)

    @staticmethod
    def backward(ctx, grad):
        return grad.copy_(strided_copy(grad, *ctx.rest, direction=-1)), None, None


class _BackwardIsForward(_BackwardInPlace):
    @staticmethod
    def backward(ctx, grad):
        return strided_copy(grad, *ctx.rest), None, None


def kept_edge(part, distance, axis):
    return joined(edge(part, distance, axis), body(part, distance, axis), distance, axis)


def zeros_by_subtraction(part, distance, axis):
    border = edge(part, distance, axis)
    return joined(border - border, body(part, distance, axis), distance, axis)


def other_axes(x, spec, num_segments):
    return stsm(x.transpose(2, 3), spec, num_segments).transpose(2, 3)


def as_one_clip(x, spec, num_segments):
    return stsm(x, spec, x.shape[0])


def by_view(x, spec, num_segments):
    frames, channels, height, width = x.shape
    merged = x.view(frames // num_segments, num_segments * channels, height, width)
    return with_groups(merged.view(x.shape), spec, num_segments, zero_shift)


def baked_sizes(x, spec, num_segments):
    frames, channels, height, width = (int(n) for n in x.shape)
    return stsm(x.reshape(frames, channels, height, width), spec, num_segments)


def with_mask(x, spec, num_segments):
    mask = stsm_by_padding(torch.ones_like(x), spec, num_segments)
    return mask * with_groups(
        x, spec, num_segments, lambda part, distance, axis: part.roll(distance, axis)
    )


FAULTS = {
    "1 direction swapped": (
        lambda x, s, t: stsm(x, ShiftSpec(s.terms, s.alpha, "backward-first"), t),
        values,
    ),
    "2 one axis reversed": (
        lambda x, s, t: with_groups(x, s, t, lambda p, d, a: zero_shift(p, -d if a == 3 else d, a)),
        values,
    ),
    "4 in place": (in_place, input_unharmed),
    "5 backward in place": (_BackwardInPlace.apply, gradient_unharmed),
    "6 overlapping copy": (overlapping, values),
    "7 edge kept": (lambda x, s, t: with_groups(x, s, t, kept_edge), values),
    "8 roll": (lambda x, s, t: with_groups(x, s, t, lambda p, d, a: p.roll(d, a)), values),
    "9 zeros as x - x": (
        lambda x, s, t: with_groups(x, s, t, zeros_by_subtraction),
        special_values,
    ),
    "15 H and W swapped": (other_axes, values),
    "16 wrong num_segments": (
        lambda x, s, t: stsm(x, s, 2 * t) if x.shape[0] % (2 * t) == 0 else stsm(x, s, t),
        values,
    ),
    "17 clips mixed": (as_one_clip, clips_apart),
    "18 wrong fold": (
        lambda x, s, t: stsm(x.view(t, -1, *x.shape[1:]).transpose(0, 1).reshape(x.shape), s, t),
        values,
    ),
    "19 view of what cannot be viewed": (by_view, layouts),
    "19 layout lost": (lambda x, s, t: stsm(x.contiguous(), s, t), layouts),
    "20 lower precision": (lambda x, s, t: stsm(x.half(), s, t).to(x.dtype), values),
    "21 dtype hard-coded": (lambda x, s, t: torch.zeros(x.shape).copy_(stsm(x, s, t)), dtypes),
    "25 sizes baked in": (baked_sizes, any_size),
    "27 backward is forward": (_BackwardIsForward.apply, gradients),
    "28 wrong at T = 3": (lambda x, s, t: stsm(x, s, t) if t != 3 else x.clone(), values),
    "29 a view": (lambda x, s, t: x.view(x.shape), input_unharmed),
    "30 channels permuted": (lambda x, s, t: stsm(x, s, t).flip(1), values),
    "32 promoted": (lambda x, s, t: stsm(x, s, t) * 1.0, dtypes),
    "33 arithmetic": (with_mask, special_values),
}

CRASHES = {"19 view of what cannot be viewed": RuntimeError, "25 sizes baked in": UserError}
"""Faults that do not give a wrong answer but none; all others are caught by comparing."""


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("ours", [stsm, stsm_by_padding], ids=lambda f: f.__name__)
def test_ours_pass(ours, check):
    """Both of our own forms pass every check that the faults are held against."""
    check(ours)


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_caught(name):
    """The check that is named beside a planted fault fails on it."""
    fault, check = FAULTS[name]
    with pytest.raises(CRASHES.get(name, AssertionError)):
        check(fault)


class WholeBlock(nn.Module):
    """Fault 22: the shift before the block, so that the shortcut carries shifted features."""

    def __init__(self, block):
        super().__init__()
        self.shift, self.block = STSM(3), block

    def forward(self, x):  # noqa: D102  # the class says it
        return self.block(self.shift(x))


class Net(nn.Sequential):
    """Fault 24: the convolution wrapped, its name in the checkpoint becoming another."""

    def __init__(self, conv):
        super().__init__()
        self.shift, self.net = STSM(3), conv


def shortcut_is_whole(insert):
    """With a branch of zeros the block gives back its own input."""
    block = Bottleneck(24, 6).eval()
    nn.init.zeros_(block.bn3.weight)
    x = torch.rand(3, 24, 3, 2)
    assert torch.equal(insert(block)(x), x)


def keys_are_kept(insert):
    """The state dict has the keys that it had."""
    block = Bottleneck(24, 6)
    keys = list(block.state_dict())
    assert list(insert(block).state_dict()) == keys


def refused_where_nothing_matches(insert):
    """A model without a site is an error."""
    with pytest.raises(StsmError):
        insert(nn.Linear(3, 3))


def refused_twice(insert):
    """A second insertion is an error."""
    block = insert(Bottleneck(24, 6))
    with pytest.raises(StsmError):
        insert(block)


def ours_inserted(model):
    insert_shift(model, 3, quiet=True)
    return model


def wrapped(model):
    for name, child in list(model.named_children()):
        if name == "conv1":
            model.conv1 = Net(child)
    return model


INSERTION_CHECKS = (shortcut_is_whole, keys_are_kept, refused_where_nothing_matches, refused_twice)
INSERTION_FAULTS = {
    "22 whole block": (WholeBlock, shortcut_is_whole),
    "23 silent where nothing matches": (wrapped, refused_where_nothing_matches),
    "23 wrapped twice": (wrapped, refused_twice),
    "24 keys renamed": (wrapped, keys_are_kept),
}


@pytest.mark.parametrize("check", INSERTION_CHECKS, ids=lambda check: check.__name__)
def test_our_insertion_passes(check):
    """`insert_shift` passes every check that the faulty insertions are held against."""
    check(ours_inserted)


@pytest.mark.parametrize("name", INSERTION_FAULTS)
def test_insertion_fault_is_caught(name):
    """The check that is named beside a planted fault fails on it."""
    fault, check = INSERTION_FAULTS[name]
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(fault)
