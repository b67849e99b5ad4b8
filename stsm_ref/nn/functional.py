r"""The shift as a torch function on frames ``(N*T, C, H, W)``, with its gradient beside it."""

import warnings
from typing import Any, NoReturn

import torch
from torch import Tensor
from torch.autograd import forward_ad

from stsm_ref._validation import at_least
from stsm_ref.errors import ArrayError, ModelError
from stsm_ref.geometry import ShiftSpec, checked_spec
from stsm_ref.nn.padding import stsm_by_padding
from stsm_ref.nn.strided_copy import strided_copy


def stsm(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    r"""Spatio-Temporal Shift Module on frames folded into the batch (§3.2, Fig. 2).

    .. math:: \hat X = [\hat X_T, \hat X_H, \hat X_W, X_N] \quad\text{along channels, in every clip of } T \text{ frames}

    Parameters
    ----------
    x : Tensor
        Frames ``(N*T, C, H, W)``: bool, integer, float or complex; any device, any strides, N = 0
        included. Not written.
    spec : ShiftSpec
        Which channels move where.
    num_segments : int
        Frames in a clip, T. Clips do not mix (BATCH-1).

    Returns
    -------
    Tensor
        Same shape, dtype, device and memory layout, memory of its own. Values are moved as bits.

    Raises
    ------
    ArrayError
        If `x` is not a tensor of rank 4 in strided memory (sparse, MKL-DNN, quantized, nested), or
        its leading axis is not N*num_segments.
    SpecError
        If `spec` is not a `ShiftSpec`, `num_segments` is not an integer from 1 up, or `spec` is
        ``rounding="exact"`` and does not divide C.

    Notes
    -----
    Linear: the VJP is the shift by the opposite displacements, the JVP the shift itself, the second
    derivative zero (GRAD-1 to GRAD-3). Works under autograd in both directions, `torch.func`,
    `torch.compile`, `torch.export`, `torch.jit.trace` and autocast. What is traced serves other N,
    H and W, in any layout, and puts its result in the layout of the sample. For
    `torch.fx.symbolic_trace` use the module `STSM`, which becomes one call in the graph.
    `torch.jit.script` reads too little of Python, and is refused with a word of the others.

    >>> clip = torch.arange(1, 4).view(3, 1, 1, 1)               # T=3, one channel, one pixel
    >>> stsm(clip.repeat(1, 2, 1, 1), ShiftSpec("T", 1), 3)[..., 0, 0].T
    tensor([[0, 1, 2],
            [2, 3, 0]])
    """
    if not torch.compiler.is_compiling() and torch.jit.is_tracing():  # type: ignore[attr-defined,no-untyped-call]  # torch's
        return _traced(x, spec, num_segments)
    segments = checked_frames(x, spec, num_segments)
    if torch.compiler.is_compiling():
        return stsm_by_padding(x, spec, segments)
    if _is_only_evaluated(x):
        return _shift(x, spec, segments, 1)
    return _apply(x, spec, segments, 1)


def refuse_scripting(what: str = "stsm") -> NoReturn:
    """Say what to do instead of `torch.jit.script`, which knows neither rational shares of channels
    nor checks of them.

    Raises
    ------
    ModelError
        Always.
    """
    raise ModelError(
        f"torch.jit.script cannot compile {what}: use torch.jit.trace, whose graph serves every "
        "N, H and W, or torch.export"
    )


stsm.__prepare_scriptable__ = refuse_scripting  # type: ignore[attr-defined]  # torch.jit.script asks functions for it, too


def _traced(x: Tensor, spec: ShiftSpec, num_segments: int) -> Tensor:
    """Shift by operations that `torch.jit.trace` records for every size, layout and place in
    memory; blocks are for one only.
    """
    with warnings.catch_warnings():
        # that the checks and the channels, which the network fixes, stay those of the sample
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]  # torch's
        return stsm_by_padding(x, spec, checked_frames(x, spec, num_segments))


def checked_frames(x: Tensor, spec: ShiftSpec, num_segments: int) -> int:
    """Return `num_segments` if all three arguments fit each other.

    Parameters
    ----------
    x : Tensor
        What was given as frames ``(N*T, C, H, W)``.
    spec : ShiftSpec
        Which channels move where.
    num_segments : int
        Frames in a clip, T.

    Raises
    ------
    ArrayError
        If `x` is not such a tensor, or its frames are not whole clips.
    SpecError
        If `spec` is not a `ShiftSpec`, or `num_segments` is below 1.
    """
    checked_spec(spec)
    segments = checked_segments(num_segments)
    if not isinstance(x, Tensor):
        raise ArrayError(
            f"x has type {type(x).__name__}, which is not a tensor: use torch.as_tensor(x), or "
            "stsm_ref.stsm for NumPy arrays"
        )
    if x.layout is not torch.strided or x.is_nested or x.is_quantized:
        raise ArrayError(f"x is {_kind(x)}: frames must be a dense tensor, {_way_out(x)}")
    if x.dim() != 4:
        raise ArrayError(
            f"x has shape {tuple(x.shape)}, rank {x.dim()}: frames must arrive as "
            "(N*num_segments, C, H, W), rank 4"
        )
    if x.shape[0] % segments:
        raise ArrayError(
            f"num_segments={segments} does not divide the leading axis {x.shape[0]}: frames must "
            "arrive as N*num_segments"
        )
    return segments


def _kind(x: Tensor) -> str:
    """What a tensor is that does not simply lie in strided memory."""
    return (
        "nested"
        if x.is_nested
        else f"quantized, of dtype {x.dtype}"
        if x.is_quantized
        else f"of layout {x.layout}"
    )


def _way_out(x: Tensor) -> str:
    """How to make it one that does."""
    return (
        "x.to_padded_tensor(0.0)"
        if x.is_nested
        else "x.dequantize() or x.int_repr()"
        if x.is_quantized
        else "x.to_dense()"
    )


def checked_segments(num_segments: int) -> int:
    """Return `num_segments` if it is an integer from 1 up."""
    return at_least("num_segments", num_segments, 1, "a clip has 1 frame or more")


def _is_only_evaluated(x: Tensor) -> bool:
    """Whether nothing differentiates or batches this call; then 20 microseconds of `Function.apply`
    would be for nothing.
    """
    return (
        not (x.requires_grad and torch.is_grad_enabled())
        # what Function.apply itself asks; there is no public way
        and not torch._C._are_functorch_transforms_active()
        and forward_ad.unpack_dual(x).tangent is None  # type: ignore[no-untyped-call]  # torch's
    )


def _shift(x: Tensor, spec: ShiftSpec, num_segments: int, direction: int) -> Tensor:
    """Write the shifted frames into new memory, laid out like `x`."""
    x = x.resolve_conj().resolve_neg()  # a pending sign is not in the bits yet
    # `jacobian(vectorize=True)` and batched gradients bring tensors here that only stand for a
    # batch; a dispatch mode, such as that of `make_fx`, may record what is done, and blocks are for
    # one layout and place in memory
    if (
        (type(x) is Tensor or type(x) is torch.nn.Parameter)
        and not torch._C._functorch.is_legacy_batchedtensor(x)
        and not torch._C._len_torch_dispatch_stack()
    ):
        shifted = strided_copy(x, spec, num_segments, direction=direction)
        if shifted is not None:
            return shifted
    return torch.empty_like(x).copy_(stsm_by_padding(x, spec, num_segments, direction=direction))


class _Shift(torch.autograd.Function):
    """The shift and, side by side, what differentiation and batching make of it: always the shift
    again.
    """

    @staticmethod
    def forward(x: Tensor, spec: ShiftSpec, num_segments: int, direction: int) -> Tensor:
        return _shift(x, spec, num_segments, direction)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        _, ctx.spec, ctx.num_segments, ctx.direction = inputs

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None, None]:
        return _apply(grad, ctx.spec, ctx.num_segments, -ctx.direction), None, None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> Tensor:
        return _apply(tangent, ctx.spec, ctx.num_segments, ctx.direction)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], x: Tensor, *rest: Any
    ) -> tuple[Tensor, int]:
        batched = x.movedim(in_dims[0] or 0, 0)  # (B, N*T, C, H, W): only more clips
        return _apply(batched.flatten(0, 1), *rest).reshape(batched.shape), 0


def _apply(x: Tensor, spec: ShiftSpec, num_segments: int, direction: int) -> Tensor:
    shifted: Tensor = _Shift.apply(x, spec, num_segments, direction)  # type: ignore[no-untyped-call]  # torch's
    return shifted
