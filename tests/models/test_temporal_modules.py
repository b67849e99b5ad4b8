"""Non-local blocks, TAM and TDN's modules against their formulas, written out clip by clip and
frame by frame.
"""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # its name everywhere

import stsm_ref
from stsm_ref.errors import ArrayError, ModelError
from stsm_ref.models.non_local import NonLocal, NonLocalBottleneck, NonLocalResNet
from stsm_ref.models.resnet import BlockSpec
from stsm_ref.models.tanet import TAM, TAMBottleneck, TANetResNet
from stsm_ref.models.tdn import LongTermDifference, TDNBottleneck, TDNResNet, TemporalConvolution

N, T, C, H, W = 2, 3, 32, 5, 4


def resting(module: nn.Module) -> nn.Module:
    """Give every one-dimensional tensor values of its own, no gamma being zero, and put the module
    into eval mode.
    """
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.ndim == 1:
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
    return module.double().eval()


def frames(n: int = N, t: int = T) -> Tensor:
    """Random folded frames ``(N*T, C, H, W)``."""
    return torch.randn(
        n * t, C, H, W, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )


def test_non_local_attends_within_each_clip() -> None:
    """A non-local block is the embedded Gaussian over every place of the clip, unscaled, keys and
    values pooled by 2 in space.
    """
    block, x = resting(NonLocal(C, T)), frames()
    state = {
        key: value.flatten(1) if value.ndim == 5 else value
        for key, value in block.state_dict().items()
    }
    expected = []
    for clip in x.reshape(N, T, C, H, W):
        theta = torch.einsum("ic,tchw->thwi", state["theta.weight"], clip) + state["theta.bias"]
        phi = F.max_pool2d(
            torch.einsum("ic,tchw->tihw", state["phi.weight"], clip)
            + state["phi.bias"][:, None, None],
            2,
        )
        g = F.max_pool2d(
            torch.einsum("ic,tchw->tihw", state["g.weight"], clip) + state["g.bias"][:, None, None],
            2,
        )
        attention = torch.einsum("thwi,sikl->thwskl", theta, phi).exp()
        attention = attention / attention.sum((3, 4, 5), keepdim=True)
        y = torch.einsum("thwskl,sikl,ci->tchw", attention, g, state["out.weight"])
        mean, var, gamma, beta = (
            state[f"bn.{name}"][:, None, None]
            for name in ("running_mean", "running_var", "weight", "bias")
        )
        expected.append(clip + (y - mean) / (var + 1e-5).sqrt() * gamma + beta)
    torch.testing.assert_close(block(x), torch.cat(expected), rtol=1e-10, atol=1e-10)


def test_fresh_non_local_is_the_identity() -> None:
    """A fresh non-local block passes its input on, for its last BatchNorm starts at gamma = 0."""
    x = frames()
    torch.testing.assert_close(NonLocal(C, T).double().eval()(x), x, rtol=0, atol=0)


def test_tam_convolves_with_the_kernel_of_each_clip_and_channel() -> None:
    """TAM weights each frame, then convolves each channel of each clip along time with a kernel of
    its own.
    """
    module, x = resting(TAM(C, T)), frames()
    expected = torch.zeros(N, T, C, H, W, dtype=torch.float64)
    clips = x.reshape(N, T, C, H, W)
    for n in range(N):
        s = clips[n].mean((2, 3)).T  # (C, T)
        kernels, weights = (
            module.global_branch(s),
            module.local_branch(s[None])[0],
        )  # (C, 3), (C, T)
        torch.testing.assert_close(kernels.sum(-1), torch.ones(C, dtype=torch.float64))
        for t in range(T):
            for tap in range(3):
                if 0 <= (source := t + tap - 1) < T:
                    expected[n, t] += (kernels[:, tap] * weights[:, source])[:, None, None] * clips[
                        n, source
                    ]
    torch.testing.assert_close(module(x), expected.flatten(0, 1), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("channels", "segments"), [(64, 8), (512, 16)])
def test_tam_has_the_published_number_of_parameters(channels: int, segments: int) -> None:
    """TAM has C² + C/2 + 2T² + 10T parameters."""
    count = sum(p.numel() for p in TAM(channels, segments).parameters())
    assert count == channels**2 + channels // 2 + 2 * segments**2 + 10 * segments


def test_long_term_difference_looks_at_the_segments_before_and_after() -> None:
    """TDN's weights come from u[t+1] - z[t] and u[t-1] - z[t], zero where there is no neighbour, at
    three scales.
    """
    module, x = resting(LongTermDifference(C, T)), frames()
    z = module.reduce(x).reshape(N, T, -1, H, W)
    u = module.align(z.flatten(0, 1)).reshape(z.shape)
    expected = []
    for n in range(N):
        for t in range(T):
            total = torch.zeros(C, H, W, dtype=torch.float64)
            for neighbour in (t + 1, t - 1):
                d = u[n, neighbour] - z[n, t] if 0 <= neighbour < T else torch.zeros_like(z[n, t])
                small = module.coarse(F.avg_pool2d(d[None], 2))
                rows, columns = (
                    torch.arange(H) * small.shape[2] // H,
                    torch.arange(W) * small.shape[3] // W,
                )  # nearest
                mixed = (d + small[0][:, rows][:, :, columns] + module.fine(d[None])[0]) / 3
                total += module.expand(mixed[None])[0].sigmoid() - 0.5
            expected.append(x[n * T + t] * (1 + total / 2))
    torch.testing.assert_close(module(x), torch.stack(expected), rtol=1e-10, atol=1e-12)


@pytest.mark.requirement("TSM-1")
@pytest.mark.parametrize("channels", [16, 20])
def test_temporal_convolution_starts_as_tsm(channels: int) -> None:
    """TDN's temporal convolution moves unique labels as TSM does before it has learnt anything, and
    it can learn.
    """
    clips = np.arange(1, N * T * channels * 6 + 1, dtype=np.float32).reshape(N, T, channels, 2, 3)
    module = TemporalConvolution(channels, T)
    moved = module(torch.from_numpy(clips).flatten(0, 1)).detach().numpy().reshape(clips.shape)
    np.testing.assert_array_equal(moved, stsm_ref.stsm(clips, stsm_ref.ShiftSpec.tsm(fold_div=8)))
    assert module.conv.weight.requires_grad


def test_tdn_reads_the_centre_frame_and_four_differences() -> None:
    """TDN's two stems read the third of a segment's five frames, and the four differences of
    neighbours in their order.
    """
    backbone = TDNResNet(2, own_shift=True).double().eval()
    seen = []
    backbone.difference_stem.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    backbone.conv1.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    x = torch.randn(2 * 5, 3, 40, 36, dtype=torch.float64)
    with torch.no_grad():
        backbone(x)
    differences, centre = seen
    clips = x.reshape(2, 5, 3, 40, 36)
    torch.testing.assert_close(centre, clips[:, 2], rtol=0, atol=0)
    for step in range(4):
        torch.testing.assert_close(
            differences[:, 3 * step : 3 * step + 3],
            clips[:, step + 1] - clips[:, step],
            rtol=0,
            atol=0,
        )


@pytest.mark.parametrize(("segments", "share"), [(8, 0.5), (2, 0.75)])
def test_tdn_fuses_by_the_published_shares(segments: int, share: float) -> None:
    """TDN fuses frames and differences half and half for 8 segments, and 0.75 to 0.25 otherwise,
    stretching by the nearest.
    """
    with torch.device("meta"):
        backbone = TDNResNet(segments, own_shift=False)
    x, d = torch.full((1, 1, 4, 4), 8.0), torch.arange(4.0).reshape(1, 1, 2, 2)
    stretched = torch.tensor([[0.0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]])
    torch.testing.assert_close(backbone.fuse(x, d)[0, 0], share * 8 + (1 - share) * stretched)


def test_every_convolution_of_tdns_resnet_has_a_bias() -> None:
    """All convolutions of TDN's ResNet-50 carry a bias, and those that TDN adds carry none."""
    with torch.device("meta"):
        backbone = TDNResNet(8, own_shift=True)
    names = {True: set(), False: set()}
    for name, module in backbone.named_modules():
        if isinstance(module, nn.Conv1d | nn.Conv2d):
            names[module.bias is not None].add(name)
    added = (".difference.", ".temporal.", "difference_stem.")
    assert not any(part in name for part in added for name in names[True])
    assert all(any(part in name for part in added) for name in names[False])


@pytest.mark.parametrize(
    ("block", "inner", "after"),
    [
        (NonLocalBottleneck(BlockSpec(2, 0, C, 16, 2), T), (), ("nl",)),
        (TAMBottleneck(BlockSpec(2, 0, C, 16, 2), T), ("tam",), ()),
        (
            TDNBottleneck(BlockSpec(2, 0, C, 16, 2), T, own_shift=True),
            ("difference", "temporal"),
            (),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_blocks_run_their_parts_in_the_published_order(
    block: nn.Module, inner: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """TAM, and TDN's difference and then its convolution, act after conv1 + BN + ReLU; a non-local
    block after the whole bottleneck.
    """
    block, x = resting(block), frames()
    if hasattr(block, "temporal"):
        nn.init.normal_(
            block.temporal.conv.weight
        )  # as a learnt one, which does not commute with the difference
    y = block.bn1(block.conv1(x)).relu()
    for part in inner:
        y = block.get_submodule(part)(y)
    y = block.bn2(block.conv2(y)).relu()
    y = (block.bn3(block.conv3(y)) + block.downsample(x)).relu()
    for part in after:
        y = block.get_submodule(part)(y)
    torch.testing.assert_close(block(x), y, rtol=1e-12, atol=1e-12)


def test_non_local_blocks_follow_five_blocks_of_resnet50() -> None:
    """Non-local blocks stand after blocks 0 and 2 of layer2 and 0, 2 and 4 of layer3, and TAM in
    all sixteen.
    """
    with torch.device("meta"):
        non_local, tanet = NonLocalResNet(8), TANetResNet(8)
    names = [name for name, module in non_local.named_modules() if isinstance(module, NonLocal)]
    assert names == ["layer2.0.nl", "layer2.2.nl", "layer3.0.nl", "layer3.2.nl", "layer3.4.nl"]
    assert sum(isinstance(module, TAM) for module in tanet.modules()) == 16


@pytest.mark.parametrize("kind", [NonLocal, TAM, TemporalConvolution, LongTermDifference])
def test_frames_that_make_no_whole_clips_are_refused(kind: type[nn.Module]) -> None:
    """Every module that knows clips refuses 6 frames as clips of 4."""
    module = kind(C, 4)
    with pytest.raises(
        ArrayError,
        match=r"num_segments=4 does not divide the leading axis 6: frames must arrive as "
        r"N\*num_segments",
    ):
        module(torch.zeros(6, C, H, W))


def test_one_segment_is_too_few_for_tanet_and_tdn() -> None:
    """TANet and TDN refuse a single segment and say why."""
    with pytest.raises(
        ModelError,
        match=r"num_segments=1 is less than 2: a temporal kernel needs neighbours, so give TANet "
        r"2 segments",
    ):
        TAM(64, 1)
    with pytest.raises(
        ModelError,
        match=r"num_segments=1 is less than 2: a difference needs a neighbour, so give TDN 2 "
        r"segments or more",
    ):
        TDNResNet(1, own_shift=True)
