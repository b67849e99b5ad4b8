"""The shift as modules: `STSM`, which moves memory, and `SparseConvSTSM`, the same map by the
convolutions of §3.2.
"""

from contextlib import nullcontext
from typing import Any, NoReturn, cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F  # noqa: N812  # its name everywhere

from stsm_ref._validation import whole_number
from stsm_ref.errors import ArrayError, ModelError
from stsm_ref.geometry import ChannelGroup, ShiftSpec, checked_spec
from stsm_ref.kernels import Padding, one_hot_kernel
from stsm_ref.nn.functional import checked_frames, checked_segments, refuse_scripting, stsm
from stsm_ref.nn.padding import like_layout_of

CONVOLVED = (
    torch.float16,
    torch.bfloat16,
    torch.float32,
    torch.float64,
    torch.complex64,
    torch.complex128,
)
"""What torch convolves on every device; for other dtypes it is tried."""


def as_one_call(module: Any, x: object, *rest: Any, **named: Any) -> Tensor | None:
    """Stand in a `torch.fx` graph as one call of `module`, as the layers of torch do, since checks
    need a tensor; None outside of one.
    """
    if not isinstance(x, fx.Proxy):
        return None
    target = cast(fx.Tracer, x.tracer).path_of_module(module)
    return cast(Tensor, x.tracer.create_proxy("call_module", target, (x, *rest), named))


class STSM(nn.Module):
    r"""Spatio-Temporal Shift Module, ``(N*T, C, H, W) -> (N*T, C, H, W)``: no parameters, no
    buffers, no arithmetic (COST-1, COST-2).

    Parameters
    ----------
    num_segments : int
        Frames in a clip, T.
    spec : ShiftSpec
        Which channels move where.

    Raises
    ------
    SpecError
        If `num_segments` or `spec` means nothing. `forward` raises what `stsm_ref.nn.stsm` does.

    Notes
    -----
    §3.1, Fig. 2: before the first convolution inside a residual block; see
    `stsm_ref.nn.insert_shift`.

    >>> STSM(8)
    STSM(num_segments=8, spec='T+H+W@3/8,forward-first,floor')
    >>> STSM(8)(torch.ones(16, 6, 4, 4)).shape
    torch.Size([16, 6, 4, 4])
    """

    def __init__(self, num_segments: int, spec: ShiftSpec = ShiftSpec()) -> None:
        super().__init__()
        self.num_segments = checked_segments(num_segments)
        self.spec = checked_spec(spec)

    def forward(self, x: Tensor) -> Tensor:
        """Shift frames ``(N*T, C, H, W)``."""
        if (call := as_one_call(self, x)) is not None:
            return call
        return stsm(x, self.spec, self.num_segments)

    def __prepare_scriptable__(self) -> NoReturn:
        refuse_scripting("STSM")

    def extra_repr(self) -> str:
        """Say what is shifted, as `ShiftSpec.parse` reads it."""
        return f"num_segments={self.num_segments}, spec='{self.spec}'"


def _around_the_one(weights: npt.NDArray[np.uint8]) -> Padding:
    """The zeros before and after the single 1, on each axis."""
    return tuple(
        (int(i), size - 1 - int(i))
        for i, size in zip(np.argwhere(weights)[0], weights.shape, strict=True)
    )


def _for_pad(padding: Padding) -> list[int]:
    """As `F.pad` takes it, which counts from the last axis."""
    return [zeros for sides in reversed(padding) for zeros in sides]


class SparseConvSTSM(nn.Module):
    r"""STSM as real sparse convolutions (§3.2, Fig. 4): for comparison, not for speed.

    Each channel group is padded with zeros on one side and cross-correlated, channel by channel,
    with its one-hot kernel from `stsm_ref.kernels`; the identity group too, with the kernel of a
    single 1.

    Parameters
    ----------
    channels : int
        Channels of the input, C.
    num_segments : int
        Frames in a clip, T.
    spec : ShiftSpec
        Which channels move where.

    Raises
    ------
    SpecError
        If an argument means nothing, or `spec` is ``rounding="exact"`` and does not divide
        `channels`.
    ArrayError
        From `forward`: as `stsm_ref.nn.stsm`, and if the channels are not `channels`, or torch does
        not convolve the dtype.

    Notes
    -----
    Value-equal to `STSM` on finite input, not bit-equal (CONV-2): :math:`0\cdot\infty` is NaN, and
    sums lose the sign of -0.0. Computes in the dtype of its input, under autocast too. On CUDA the
    equality needs ``torch.backends.cudnn.allow_tf32 = False``. The kernels are no buffers but made
    in `forward`, so that there is nothing to move, to save, or to lose on the way from the meta
    device.

    >>> x = torch.arange(1.0, 5).view(1, 1, 1, 4)
    >>> SparseConvSTSM(2, 1, ShiftSpec("W", 1))(x.repeat(1, 2, 1, 1))[0, :, 0]
    tensor([[0., 1., 2., 3.],
            [2., 3., 4., 0.]])
    """

    def __init__(self, channels: int, num_segments: int, spec: ShiftSpec = ShiftSpec()) -> None:
        super().__init__()
        self.channels = whole_number("channels", channels)
        self.num_segments = checked_segments(num_segments)
        self.spec = checked_spec(spec)
        self.groups: tuple[ChannelGroup, ...] = tuple(
            g for g in spec.partition(self.channels) if g.start < g.stop
        )
        kernels = [one_hot_kernel(group.displacement) for group in self.groups]
        self.paddings = [_for_pad(kernel.padding) for kernel in kernels]
        self.surroundings = [_for_pad(_around_the_one(kernel.weights)) for kernel in kernels]

    def forward(self, x: Tensor) -> Tensor:
        """Pad and cross-correlate frames ``(N*T, C, H, W)``."""
        if (call := as_one_call(self, x)) is not None:
            return call
        checked_frames(x, self.spec, self.num_segments)
        # in this order: a recorded graph has no answer to whether torch.jit is tracing
        traced = torch.onnx.is_in_onnx_export() and torch.jit.is_tracing()  # type: ignore[attr-defined,no-untyped-call]  # torch's
        if traced and not torch.compiler.is_compiling():
            raise ModelError(
                "torch.onnx.export(dynamo=False) cannot convolve with kernels that are made on "
                "the way, as SparseConvSTSM makes them: "
                "use STSM, which is the same map, or dynamo=True"
            )
        if x.shape[1] != self.channels:
            raise ArrayError(
                f"x has shape {tuple(x.shape)}, and channels={self.channels}: give frames of "
                "that many"
            )
        if not self.groups or not x.numel():
            return x.clone()  # a convolution refuses empty images
        if x.dtype in CONVOLVED:
            return like_layout_of(x, self._correlate(x))
        try:
            return like_layout_of(x, self._correlate(x))
        except RuntimeError as error:
            reason = str(error).splitlines()[0]
            raise ArrayError(
                f"x has dtype {x.dtype}, which torch does not convolve on {x.device.type} "
                f"({reason}): "
                "use STSM, which moves any dtype, or x.double()"
            ) from None

    def _correlate(self, x: Tensor) -> Tensor:
        """All groups, each under its kernel."""
        if x.is_complex():
            # torch would convolve complex numbers with three real products and round; the kernel is
            # real, so its two parts do not meet
            return torch.complex(self._correlate(x.real), self._correlate(x.imag))
        clips = torch.unflatten(x, 0, (-1, self.num_segments)).transpose(1, 2)  # (N, C, T, H, W)
        parts = clips.split_with_sizes([group.stop - group.start for group in self.groups], dim=1)
        # a device without autocast, such as meta, has nothing to switch off, and says so with an
        # error
        no_autocast = (
            torch.autocast(x.device.type, enabled=False)
            if torch.amp.is_autocast_available(x.device.type)
            else nullcontext()
        )
        with no_autocast:
            convolved = [self._correlate_group(part, i) for i, part in enumerate(parts)]
        return torch.cat(convolved, dim=1).transpose(1, 2).flatten(0, 1)

    def _correlate_group(self, part: Tensor, group: int) -> Tensor:
        """One kernel for every channel of a group ``(N, c, T, H, W)``."""
        start, stop, _ = self.groups[group]
        # made anew each time, on the spot: a kernel that was kept would be lost by `to_empty`, and
        # left behind on meta
        weights = F.pad(
            part.new_ones((stop - start, 1, 1, 1, 1)), self.surroundings[group]
        )  # (c, 1, kT, kH, kW)
        return F.conv3d(F.pad(part, self.paddings[group]), weights, groups=stop - start)

    def __prepare_scriptable__(self) -> NoReturn:
        refuse_scripting("SparseConvSTSM")

    def extra_repr(self) -> str:
        """Say what is shifted, as `ShiftSpec.parse` reads it."""
        return f"channels={self.channels}, num_segments={self.num_segments}, spec='{self.spec}'"
