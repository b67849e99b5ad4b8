"""The shift as a function: its values, its gradients, and every way torch has of calling it."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from torch.fx.experimental.proxy_tensor import make_fx

import stsm_ref
from stsm_ref import ArrayError, ShiftSpec, SpecError, definition, strategies
from stsm_ref.nn import STSM, SparseConvSTSM, stsm
from stsm_ref.nn.padding import stsm_by_padding

from .support import (
    LAYOUTS,
    SPECS,
    adjoint,
    fold,
    from_numpy,
    labels,
    laid_out,
    reference,
    same_bits,
)

# torch's own forward-mode formulas and its compiler still import torch.jit
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")

MOVED_BY_TORCH = (
    torch.bool,
    torch.uint8,
    torch.int8,
    torch.int16,
    torch.int32,
    torch.int64,
    torch.uint16,
    torch.uint32,
    torch.uint64,
)
MOVED_BY_TORCH += (
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex64,
    torch.complex128,
    torch.float8_e5m2,
)


@pytest.mark.requirement(
    "SHIFT-1", "SHIFT-2", "SHIFT-3", "SHIFT-4", "SHIFT-5", "SHIFT-6", "NUM-1", "NUM-2", "BATCH-1"
)
@settings(deadline=None)
@given(strategies.clip_cases(batch_axes=(1,)))
def test_equals_numpy_bit_for_bit(case):
    """Drawn specs, shapes, dtypes, strides and bit patterns: the same bits as the sliced NumPy
    shift, in the same dtype.
    """
    same_bits(
        stsm(from_numpy(fold(case.x)), case.spec, case.x.shape[1]),
        fold(stsm_ref.stsm(case.x, case.spec)),
    )


@pytest.mark.requirement("SHIFT-6", "GEO-4", "BATCH-1")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_every_small_shape(spec, layout):
    """All sizes from nothing to 3, in every memory layout, forward and adjoint: equal to the scalar
    definition, layout kept.
    """
    for n, time, c, h, w in itertools.product((0, 1, 2), (1, 2, 3), (12, 16), (0, 1, 2, 3), (1, 3)):
        clips = labels((n, time, c, h, w))
        x = laid_out(torch.from_numpy(fold(clips)), layout).requires_grad_()
        y = stsm(x, spec, time)
        same_bits(y, fold(reference(clips, spec)))
        assert y.stride() == torch.empty_like(x).stride()
        (grad,) = torch.autograd.grad(y, x, laid_out(torch.from_numpy(fold(clips)), layout))
        same_bits(grad, fold(adjoint(clips, spec)))


def test_equals_the_scalar_definition():
    """Hand-checked against the definition too, so that not only one NumPy implementation is
    trusted.
    """
    clips = labels((2, 3, 48, 3, 2))
    for spec in SPECS:
        same_bits(stsm(torch.from_numpy(fold(clips)), spec, 3), fold(definition.stsm(clips, spec)))


@pytest.mark.requirement("NUM-2", "SHIFT-6")
@pytest.mark.parametrize(
    "shape", [(1, 4, 1, 2), (1, 4, 1, 1), (1, 16, 3, 1), (3, 4, 1, 1), (1, 4, 2, 2)]
)
@pytest.mark.parametrize("odd", [1, 3, 1000])
def test_the_stride_of_a_single_place_may_be_anything(shape, odd):
    """An axis of size 1 has whatever stride its maker left; channels-last memory is still read as
    what it is.
    """
    clips = labels((shape[0] // (3 if shape[0] == 3 else 1), 3 if shape[0] == 3 else 1, *shape[1:]))
    dense = torch.from_numpy(fold(clips)).contiguous(memory_format=torch.channels_last)
    strides = [
        odd if size == 1 else stride for size, stride in zip(shape, dense.stride(), strict=True)
    ]
    x = dense.as_strided(shape, strides)
    same_bits(
        stsm(x, ShiftSpec("T+W", 1), clips.shape[1]), fold(reference(clips, ShiftSpec("T+W", 1)))
    )


@pytest.mark.requirement("NUM-2")
@pytest.mark.parametrize("dtype", MOVED_BY_TORCH, ids=str)
@pytest.mark.parametrize("layout", ["contiguous", "channels_last", "strided"])
def test_every_dtype(dtype, layout):
    """Any dtype that torch copies is moved and kept: the bytes are those of the shifted bytes."""
    raw = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (6, 16, 3, 2), np.uint8))
    x = laid_out(raw.to(dtype), layout)
    y = stsm(x, ShiftSpec("T+H+W+THW", 1), 3)
    assert y.dtype == dtype
    same_bits(y.to(torch.complex128).real.to(torch.uint8), stsm(raw, ShiftSpec("T+H+W+THW", 1), 3))


@pytest.mark.requirement("NUM-1")
@pytest.mark.parametrize(
    "dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str
)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_moves_bits(dtype, layout):
    """NaN payloads, infinities and -0.0 arrive as they left, forward and backward, on each path
    through the code.
    """
    integers = {
        torch.float16: torch.int16,
        torch.bfloat16: torch.int16,
        torch.float32: torch.int32,
        torch.float64: torch.int64,
    }[dtype]
    raw = torch.randint(
        -(2**15), 2**15, (6, 32, 3, 2), generator=torch.Generator().manual_seed(0)
    ).to(integers)
    raw[0, :, 0] = torch.tensor(-0.0, dtype=dtype).view(integers)
    raw[1, :, 1] = torch.tensor(float("nan"), dtype=dtype).view(integers)
    bits = laid_out(raw, layout)
    x = laid_out(raw.view(dtype), layout).requires_grad_()
    y = stsm(x, ShiftSpec(alpha="3/4"), 3)
    same_bits(y.detach().contiguous().view(integers), stsm(bits, ShiftSpec(alpha="3/4"), 3))
    for call in (stsm, stsm_by_padding):
        (grad,) = torch.autograd.grad(
            call(x, ShiftSpec("T+HW", 1), 3), x, laid_out(raw.view(dtype), layout)
        )
        opposite = ShiftSpec("T+HW", 1, "backward-first")  # the same groups, each the other way
        same_bits(grad.contiguous().view(integers), stsm(bits, opposite, 3))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pending_conjugation_and_sign_are_resolved(layout):
    """A lazily conjugated or negated tensor is shifted by value, not by its bits in waiting."""
    x = laid_out(
        torch.view_as_complex(torch.from_numpy(labels((4, 16, 2, 3, 2)).astype(np.float32))), layout
    )
    assert torch.equal(
        stsm(x.conj(), ShiftSpec(alpha="3/4"), 2),
        stsm(x.conj().resolve_conj(), ShiftSpec(alpha="3/4"), 2),
    )
    negated = torch._neg_view(x.real)
    assert negated.is_neg()
    assert torch.equal(
        stsm(negated, ShiftSpec(alpha=1), 2), stsm(negated.resolve_neg(), ShiftSpec(alpha=1), 2)
    )


def test_memory_that_is_not_aligned():
    """Frames that begin anywhere in memory, as a view or as someone's buffer, are moved as well."""
    spec, wide = (
        ShiftSpec(alpha="3/8"),
        laid_out(torch.from_numpy(fold(labels((1, 4, 64, 2, 3)))).float(), "channels_last"),
    )
    assert torch.equal(stsm(wide, spec, 4), stsm(wide.contiguous(), spec, 4))
    for first in (1, 2, 3):
        buffer = np.zeros(wide.numel() + first, np.float32)
        buffer[first:] = wide.permute(0, 2, 3, 1).numpy().ravel()
        for memory in (torch.from_numpy(buffer[first:]), torch.from_numpy(buffer)[first:]):
            x = memory.view(4, 2, 3, 64).permute(0, 3, 1, 2)
            assert torch.equal(stsm(x, spec, 4), stsm(wide, spec, 4))


@pytest.mark.requirement("PURE-1", "PURE-2", "PURE-3")
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("spec", [ShiftSpec(), ShiftSpec(alpha=0), ShiftSpec("T", 1)], ids=str)
def test_neither_input_nor_gradient_is_written(spec, layout):
    """Input and incoming gradient stay as they were, and neither result shares memory with
    anything.
    """
    x = laid_out(torch.from_numpy(fold(labels((2, 3, 16, 2, 3)))), layout).requires_grad_()
    grad = laid_out(torch.from_numpy(fold(labels((2, 3, 16, 2, 3), seed=1))), layout)
    x_before, grad_before = x.detach().clone(), grad.clone()
    y = stsm(x, spec, 3)
    (back,) = torch.autograd.grad(y, x, grad)
    with torch.no_grad():
        outside = stsm(x, spec, 3)
    assert torch.equal(x, x_before)
    assert torch.equal(grad, grad_before)
    storages = [t.untyped_storage().data_ptr() for t in (x, y, grad, back, outside)]
    assert len(set(storages)) == len(storages)


@pytest.mark.requirement("BATCH-1")
def test_clips_do_not_mix():
    """Each clip of a batch comes out as it does alone."""
    x = torch.from_numpy(fold(labels((3, 4, 16, 2, 3))))
    together = stsm(x, ShiftSpec(alpha=1), 4)
    for clip, alone in zip(together.split(4), x.split(4), strict=True):
        assert torch.equal(clip, stsm(alone, ShiftSpec(alpha=1), 4))


def test_planned_blocks_touch_every_place():
    """The write-once path starts from memory that nobody cleared; filled with NaN beforehand, none
    is left.
    """
    torch.use_deterministic_algorithms(True)  # fills new memory with NaN
    try:
        for spec, layout in itertools.product(SPECS, ("contiguous", "channels_last")):
            y = stsm(laid_out(torch.ones(6, 64, 3, 2), layout), spec, 3)
            assert not y.isnan().any()
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.requirement("GRAD-1", "GRAD-2", "CONV-2")
@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_gradients_on_labels(spec):
    """VJP and JVP on unique labels are exactly the NumPy adjoint and the shift, and those of the
    sparse-convolution twin.
    """
    x, grad, tangent = (
        torch.from_numpy(fold(labels((2, 3, 24, 3, 2), seed=i)).astype(np.float64))
        for i in range(3)
    )
    twin = SparseConvSTSM(24, 3, spec)
    want_back, want_forward = (
        fold(adjoint(labels((2, 3, 24, 3, 2), seed=1), spec)),
        fold(reference(labels((2, 3, 24, 3, 2), seed=2), spec)),
    )
    for f in (lambda v: stsm(v, spec, 3), twin, lambda v: stsm_by_padding(v, spec, 3)):
        y, vjp = torch.func.vjp(f, x)
        assert torch.equal(y, stsm(x, spec, 3))
        np.testing.assert_array_equal(vjp(grad)[0], want_back)
        np.testing.assert_array_equal(torch.func.jvp(f, (x,), (tangent,))[1], want_forward)
        _, dual = torch.autograd.functional.jvp(f, x, tangent)  # by double backward
        np.testing.assert_array_equal(dual, want_forward)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_forward_mode_without_functorch(layout):
    """A dual tensor carries its tangent through, also when gradients are off."""
    spec = ShiftSpec(alpha="3/4")
    x, tangent = (
        laid_out(torch.from_numpy(fold(labels((2, 3, 32, 2, 2), seed=i))), layout) for i in range(2)
    )
    with torch.autograd.forward_ad.dual_level(), torch.no_grad():
        y = stsm(torch.autograd.forward_ad.make_dual(x, tangent), spec, 3)
        assert torch.equal(torch.autograd.forward_ad.unpack_dual(y).tangent, stsm(tangent, spec, 3))


@pytest.mark.requirement("GRAD-1", "GRAD-2", "GRAD-3")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradcheck(layout):
    """Slow gradcheck and gradgradcheck in float64, with batched and forward-mode gradients; fast
    mode accepts wrong ones.
    """
    x = laid_out(
        torch.randn(4, 8, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)),
        layout,
    ).requires_grad_()
    for spec in (ShiftSpec(alpha=1), ShiftSpec("T+HW", "3/4", "backward-first")):
        options = {"fast_mode": False, "check_forward_ad": True, "check_batched_grad": True}
        assert torch.autograd.gradcheck(lambda v: stsm(v, spec, 2), x, **options)  # noqa: B023  # used at once
        squared = lambda v, spec=spec: stsm(v, spec, 2) ** 2  # noqa: E731  # used at once
        assert torch.autograd.gradgradcheck(squared, x, fast_mode=False, check_batched_grad=True)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_batched_gradients(layout):
    """Jacobians by loops, by the old vmap, by functorch forward and backward are one matrix."""
    x = laid_out(torch.randn(4, 8, 2, 1, dtype=torch.float64), layout)
    looped, batched = (
        torch.autograd.functional.jacobian(lambda v: stsm(v, ShiftSpec(alpha=1), 2), x, vectorize=v)
        for v in (False, True)
    )
    for jacobian in (
        batched,
        *(
            j(lambda v: stsm(v, ShiftSpec(alpha=1), 2))(x)
            for j in (torch.func.jacrev, torch.func.jacfwd)
        ),
    ):
        assert torch.equal(jacobian, looped)


@pytest.mark.requirement("GRAD-3")
def test_second_derivative_is_zero():
    """The gradient does not depend on the input, so there is nothing to differentiate twice;
    through a square it is exact.
    """
    x = torch.from_numpy(fold(labels((1, 3, 16, 2, 2))).astype(np.float64)).requires_grad_()
    grad = torch.ones_like(x, requires_grad=True)
    (back,) = torch.autograd.grad(stsm(x, ShiftSpec(), 3), x, grad, create_graph=True)
    assert torch.autograd.grad(back.sum(), x, allow_unused=True) == (None,)
    hessian = torch.func.hessian(lambda v: (stsm(v, ShiftSpec(alpha=1), 3) ** 2).sum())(x.detach())
    arrived = stsm(torch.ones_like(x), ShiftSpec(alpha=1, order="backward-first"), 3).detach()
    assert torch.equal(hessian.reshape(x.numel(), -1), torch.diag(2 * arrived.flatten()))


@pytest.mark.requirement("GRAD-4", "CONV-2")
@pytest.mark.parametrize(
    "spec",
    [ShiftSpec(), ShiftSpec("THW", 1), ShiftSpec("TH+TW+HW", "3/4", "backward-first")],
    ids=str,
)
def test_gradients_through_a_convolution(spec):
    """Shift -> conv and sparse-conv -> conv have equal outputs and equal gradients for weights and
    input, on small integers exactly.
    """
    rng = np.random.default_rng(0)
    x0, w0, g = (
        torch.from_numpy(rng.integers(-9, 10, s).astype(np.float64))
        for s in ((6, 24, 3, 4), (5, 24, 3, 3), (6, 5, 3, 4))
    )
    results = []
    for f in (lambda v: stsm(v, spec, 3), SparseConvSTSM(24, 3, spec)):
        x, w = x0.clone().requires_grad_(), w0.clone().requires_grad_()
        y = torch.nn.functional.conv2d(f(x), w, padding=1)
        results.append((y.detach(), *torch.autograd.grad(y, (x, w), g)))
    for ours, twin in zip(*results, strict=True):
        assert torch.equal(ours, twin)


@pytest.mark.parametrize("layout", ["contiguous", "channels_last"])
@pytest.mark.parametrize("in_dim", [0, 2, 4])
def test_vmap(in_dim, layout):
    """Batched along any axis it is the shift of each, also of a gradient, and when one vmap is
    inside another.
    """
    x = torch.from_numpy(labels((2, 3, 6, 24, 2, 3)))  # two batch axes, frames, C, H, W
    x = laid_out(x.flatten(0, 2), layout).view(x.shape)
    spec = ShiftSpec(alpha=1)
    each = torch.stack([stsm(v, spec, 3) for v in x.flatten(0, 1)]).view(x.shape)
    batched = torch.func.vmap(lambda v: stsm(v, spec, 3), in_dims=in_dim)(x[0].movedim(0, in_dim))
    assert torch.equal(batched, each[0])
    assert torch.equal(torch.func.vmap(torch.func.vmap(lambda v: stsm(v, spec, 3)))(x), each)
    per_sample = torch.func.vmap(torch.func.grad(lambda v: (stsm(v, spec, 3) ** 2).sum() / 2))(x[0])
    back = [
        torch.autograd.functional.vjp(lambda u: stsm(u, spec, 3), v, stsm(v, spec, 3))[1]
        for v in x[0]
    ]
    assert torch.equal(per_sample, torch.stack(back))


def test_compile():
    """Compiled in full, with gradients and in both layouts, the results and their layouts are those
    of eager code, at other sizes too.
    """
    compiled = torch.compile(stsm, fullgraph=True)
    for shape, layout in (
        ((6, 16, 3, 5), "contiguous"),
        ((3, 16, 4, 2), "contiguous"),
        ((6, 16, 3, 5), "channels_last"),
    ):
        x = laid_out(torch.randn(shape), layout).requires_grad_()
        grad = laid_out(torch.randn(shape), layout)
        y, want = compiled(x, ShiftSpec("T+HW", 1), 3), stsm(x, ShiftSpec("T+HW", 1), 3)
        assert torch.equal(y, want)
        assert y.stride() == want.stride()
        assert torch.equal(*(torch.autograd.grad(out, x, grad)[0] for out in (y, want)))


@pytest.mark.parametrize("sample", LAYOUTS)
@pytest.mark.parametrize("spec", [ShiftSpec(), ShiftSpec("T+HW+THW", 1, "backward-first")], ids=str)
def test_trace(spec, sample):
    """Traced on one sample, with gradients or without, it serves other N, H, W, layouts and places
    in memory, and keeps clips whole.
    """
    for differentiate in (False, True):
        first = laid_out(torch.randn(8, 32, 5, 6), sample).detach().requires_grad_(differentiate)
        traced = torch.jit.trace(lambda v: stsm(v, spec, 4), first)
        for shape in ((8, 32, 5, 6), (4, 32, 5, 6), (12, 32, 1, 7), (4, 32, 1, 1), (0, 32, 3, 3)):
            for layout in LAYOUTS:
                x = laid_out(torch.randn(shape), layout)
                assert torch.equal(traced(x), stsm(x, spec, 4))
            wide = torch.randn(shape[0] + 8, *shape[1:])
            assert torch.equal(traced(wide[8:]), stsm(wide[8:], spec, 4))
            x = torch.randn(shape, requires_grad=True)
            grad = torch.randn(shape)
            assert torch.equal(
                *(
                    torch.autograd.grad(f(x), x, grad)[0]
                    for f in (traced, lambda v: stsm(v, spec, 4))
                )
            )
        with pytest.raises(RuntimeError, match="invalid for input"):
            traced(torch.randn(7, 32, 5, 6))


def test_make_fx():
    """Recorded operation by operation, it serves other layouts and places in memory too."""
    graph = make_fx(lambda v: stsm(v, ShiftSpec(), 4))(torch.randn(8, 16, 5, 6))
    for layout in LAYOUTS:
        x = laid_out(torch.randn(8, 16, 5, 6), layout)
        assert torch.equal(graph(x), stsm(x, ShiftSpec(), 4))
    wide = torch.randn(24, 16, 5, 6)
    assert torch.equal(graph(wide[8:16]), stsm(wide[8:16], ShiftSpec(), 4))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_autocast_changes_nothing(dtype):
    """Under autocast the shift keeps the dtype of its input, and its gradient too."""
    x = torch.randn(6, 16, 3, 3).to(dtype).requires_grad_()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = stsm(x, ShiftSpec(), 3)
    assert y.dtype == dtype
    assert torch.equal(y, stsm(x, ShiftSpec(), 3))
    y.sum().backward()
    assert x.grad.dtype == dtype


def test_tensor_subclass_and_fake_tensor():
    """A subclass keeps its type, and a tensor without memory its shape."""

    class Mine(torch.Tensor):
        pass

    x = torch.randn(6, 16, 3, 2)
    assert type(stsm(x.as_subclass(Mine), ShiftSpec(), 3)) is Mine
    assert stsm(x.to("meta"), ShiftSpec(), 3).shape == x.shape


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_cuda(layout):
    """On a GPU: values, gradients and layout as on the CPU."""
    clips = labels((2, 3, 16, 3, 2))
    x = laid_out(torch.from_numpy(fold(clips)).cuda(), layout).requires_grad_()
    for spec in SPECS:
        y = stsm(x, spec, 3)
        assert y.device == x.device
        assert y.stride() == torch.empty_like(x).stride()
        same_bits(y.cpu(), fold(reference(clips, spec)))
        same_bits(torch.autograd.grad(y, x, x.detach())[0].cpu(), fold(adjoint(clips, spec)))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            (torch.zeros(30, 8, 2, 2), ShiftSpec(), 8),
            ArrayError,
            "num_segments=8 does not divide the leading axis 30: frames must arrive as "
            "N*num_segments",
        ),
        (
            (torch.zeros(8, 8, 2), ShiftSpec(), 8),
            ArrayError,
            "x has shape (8, 8, 2), rank 3: frames must arrive as (N*num_segments, C, H, W), rank 4",
        ),
        (
            (torch.zeros(1, 8, 8, 2, 2), ShiftSpec(), 8),
            ArrayError,
            "x has shape (1, 8, 8, 2, 2), rank 5: frames must arrive as (N*num_segments, C, H, W)",
        ),
        (
            (np.zeros((8, 8, 2, 2)), ShiftSpec(), 8),
            ArrayError,
            "x has type ndarray, which is not a tensor: use torch.as_tensor(x)",
        ),
        (
            (torch.zeros(8, 8, 2, 2), "T+H+W", 8),
            SpecError,
            "spec='T+H+W' is not a ShiftSpec: write ShiftSpec.parse('T+H+W@3/8')",
        ),
        (
            (torch.zeros(8, 8, 2, 2), ShiftSpec(), 0),
            SpecError,
            "num_segments=0 is less than 1: a clip has 1 frame or more",
        ),
        ((torch.zeros(8, 8, 2, 2), ShiftSpec(), -8), SpecError, "num_segments=-8 is less than 1"),
        (
            (torch.zeros(8, 8, 2, 2), ShiftSpec(), 8.0),
            SpecError,
            "num_segments=8.0 is not an integer: give an int",
        ),
        (
            (torch.zeros(8, 20, 2, 2), ShiftSpec(rounding="exact"), 8),
            SpecError,
            "channels=20 with alpha=3/8 and terms='T+H+W' gives 5/4 channels a direction",
        ),
    ],
)
def test_bad_input(arguments, error, message):
    """Each bad argument is refused by name, with its value, the rule and the way out."""
    with pytest.raises(error) as raised:
        stsm(*arguments)
    assert message in str(raised.value)


FRAMES = torch.zeros(8, 8, 2, 2)


@pytest.mark.filterwarnings(
    "ignore:The PyTorch API of nested tensors:UserWarning", "ignore:.*quantize:Warning"
)
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            FRAMES.to_sparse,
            "x is of layout torch.sparse_coo: frames must be a dense tensor, x.to_dense()",
        ),
        (
            FRAMES.to_mkldnn,
            "x is of layout torch._mkldnn: frames must be a dense tensor, x.to_dense()",
        ),
        (
            lambda: torch.quantize_per_tensor(FRAMES, 0.5, 0, torch.quint8),
            "x is quantized, of dtype torch.quint8: frames must be a dense tensor, x.dequantize() "
            "or x.int_repr()",
        ),
        (
            lambda: torch.nested.nested_tensor([FRAMES[0], FRAMES[1, :, :1]]),
            "x is nested: frames must be a dense tensor, x.to_padded_tensor(0.0)",
        ),
    ],
    ids=["sparse", "mkldnn", "quantized", "nested"],
)
def test_tensors_without_strided_memory(make, message):
    """What does not lie in memory as numbers under strides is refused by name, by function, module
    and twin.
    """
    x = make()
    for shift in (lambda v: stsm(v, ShiftSpec(), 8), STSM(8), SparseConvSTSM(8, 8)):
        with pytest.raises(ArrayError) as raised:
            shift(x)
        assert str(raised.value) == message
