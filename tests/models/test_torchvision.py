"""ResNet and MobileNetV2 are torchvision's, by key names, sizes, costs and numbers."""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # its name everywhere

from stsm_ref.errors import ModelError
from stsm_ref.models import MobileNetV2Classifier, ResNet, ResNetClassifier, cost

# depth, tensors in the file, parameters, GMACs at 224 as torchvision's documentation prints them
PUBLISHED = [
    (18, 122, 11_689_512, 1.81),
    (34, 218, 21_797_672, 3.66),
    (50, 320, 25_557_032, 4.09),
    (101, 626, 44_549_160, 7.80),
    (152, 932, 60_192_808, 11.51),
]


@pytest.mark.parametrize(("depth", "tensors", "parameters", "gigamacs"), PUBLISHED)
def test_resnets_have_the_published_sizes(
    depth: int, tensors: int, parameters: int, gigamacs: float
) -> None:
    """Each ResNet has as many tensors, parameters and multiply-accumulates as torchvision
    documents.
    """
    with torch.device("meta"):
        model = ResNetClassifier(depth)
    total = cost(model, input_shape=(1, 3, 224, 224), convention="macs")
    assert (len(model.state_dict()), total.parameters, round(total.operations / 1e9, 2)) == (
        tensors,
        parameters,
        gigamacs,
    )


def test_mobilenet_v2_has_the_published_size() -> None:
    """MobileNetV2 has as many tensors, parameters and multiply-accumulates as torchvision
    documents.
    """
    with torch.device("meta"):
        model = MobileNetV2Classifier()
    total = cost(model, input_shape=(1, 3, 224, 224), convention="macs")
    assert (len(model.state_dict()), total.parameters, round(total.operations / 1e9, 1)) == (
        314,
        3_504_872,
        0.3,
    )


RESNET50_KEYS = {
    "conv1.weight": (64, 3, 7, 7),
    "bn1.running_var": (64,),
    "bn1.num_batches_tracked": (),
    "layer1.0.conv1.weight": (64, 64, 1, 1),
    "layer1.0.conv2.weight": (64, 64, 3, 3),
    "layer1.0.conv3.weight": (256, 64, 1, 1),
    "layer1.0.downsample.0.weight": (256, 64, 1, 1),
    "layer1.0.downsample.1.running_mean": (256,),
    "layer1.1.conv1.weight": (64, 256, 1, 1),
    "layer2.0.conv1.weight": (128, 256, 1, 1),
    "layer2.3.bn3.bias": (512,),
    "layer3.5.conv2.weight": (256, 256, 3, 3),
    "layer4.0.downsample.0.weight": (2048, 1024, 1, 1),
    "layer4.2.bn2.weight": (512,),
    "fc.weight": (1000, 2048),
    "fc.bias": (1000,),
}
MOBILENET_KEYS = {
    "features.0.0.weight": (32, 3, 3, 3),
    "features.0.1.running_mean": (32,),
    "features.1.conv.0.0.weight": (32, 1, 3, 3),
    "features.1.conv.0.1.weight": (32,),
    "features.1.conv.1.weight": (16, 32, 1, 1),
    "features.1.conv.2.bias": (16,),
    "features.2.conv.0.0.weight": (96, 16, 1, 1),
    "features.2.conv.1.0.weight": (96, 1, 3, 3),
    "features.2.conv.2.weight": (24, 96, 1, 1),
    "features.2.conv.3.num_batches_tracked": (),
    "features.17.conv.2.weight": (320, 960, 1, 1),
    "features.18.0.weight": (1280, 320, 1, 1),
    "features.18.1.running_var": (1280,),
    "classifier.1.weight": (1000, 1280),
    "classifier.1.bias": (1000,),
}


def test_keys_and_shapes_are_those_of_torchvisions_files() -> None:
    """The keys of a ResNet-50 and of a MobileNetV2, with their shapes, are torchvision's."""
    with torch.device("meta"):
        resnet, mobilenet = ResNetClassifier(50).state_dict(), MobileNetV2Classifier().state_dict()
    assert {key: tuple(resnet[key].shape) for key in RESNET50_KEYS} == RESNET50_KEYS
    assert {key: tuple(mobilenet[key].shape) for key in MOBILENET_KEYS} == MOBILENET_KEYS


def randomised(model: torch.nn.Module) -> torch.nn.Module:
    """Give every tensor values of its own, so that no two normalisations do the same."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for key, value in model.state_dict().items():
            if key.endswith(("running_var", "running_mean")) or value.ndim == 1:
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
    return model.double().eval()


def normalised(x: Tensor, state: dict[str, Tensor], key: str) -> Tensor:
    """BatchNorm at rest, straight from its formula."""
    mean, var, weight, bias = (
        state[f"{key}.{name}"][:, None, None]
        for name in ("running_mean", "running_var", "weight", "bias")
    )
    return (x - mean) / (var + 1e-5).sqrt() * weight + bias


def resnet_by_hand(
    x: Tensor, state: dict[str, Tensor], counts: tuple[int, ...], convolutions: int
) -> Tensor:
    """He et al.'s network from a torchvision state dict and torch's functions alone."""
    x = F.max_pool2d(
        normalised(F.conv2d(x, state["conv1.weight"], stride=2, padding=3), state, "bn1").relu(),
        3,
        2,
        1,
    )
    for stage, count in enumerate(counts, start=1):
        for number in range(count):
            key, y = f"layer{stage}.{number}", x
            stride = 2 if stage > 1 and number == 0 else 1
            strided = (
                2 if convolutions == 3 else 1
            )  # which of the convolutions is the one with the stride
            for index in range(1, convolutions + 1):
                weight = state[f"{key}.conv{index}.weight"]
                y = F.conv2d(
                    y,
                    weight,
                    stride=stride if index == strided else 1,
                    padding=weight.shape[-1] // 2,
                )
                y = normalised(y, state, f"{key}.bn{index}")
                y = y.relu() if index < convolutions else y
            if f"{key}.downsample.0.weight" in state:
                x = normalised(
                    F.conv2d(x, state[f"{key}.downsample.0.weight"], stride=stride),
                    state,
                    f"{key}.downsample.1",
                )
            x = (x + y).relu()
    return x.mean((2, 3)) @ state["fc.weight"].T + state["fc.bias"]


@pytest.mark.parametrize(
    ("depth", "counts", "convolutions"), [(18, (2, 2, 2, 2), 2), (50, (3, 4, 6, 3), 3)]
)
def test_resnet_computes_what_its_formula_says(
    depth: int, counts: tuple[int, ...], convolutions: int
) -> None:
    """A ResNet gives the scores of the same state dict under torch's functions, in a picture that
    is not square.
    """
    model = randomised(ResNetClassifier(depth, num_classes=7))
    x = torch.randn(2, 3, 64, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(
            model(x),
            resnet_by_hand(x, model.state_dict(), counts, convolutions),
            rtol=1e-10,
            atol=0,
        )


def mobilenet_by_hand(x: Tensor, state: dict[str, Tensor]) -> Tensor:
    """Sandler et al.'s network from a torchvision state dict and torch's functions alone."""

    def unit(x: Tensor, convolution: str, norm: str, stride: int = 1) -> Tensor:
        weight = state[f"{convolution}.weight"]
        groups = weight.shape[0] if weight.shape[1:] == (1, 3, 3) else 1
        return normalised(
            F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2, groups=groups),
            state,
            norm,
        )

    x = unit(x, "features.0.0", "features.0.1", 2).clamp(0, 6)
    x = unit(x, "features.1.conv.0.0", "features.1.conv.0.1").clamp(0, 6)
    x = unit(x, "features.1.conv.1", "features.1.conv.2")
    for block in range(2, 18):
        key, stride = f"features.{block}.conv", 2 if block in {2, 4, 7, 14} else 1
        y = unit(x, f"{key}.0.0", f"{key}.0.1").clamp(0, 6)
        y = unit(y, f"{key}.1.0", f"{key}.1.1", stride).clamp(0, 6)
        y = unit(y, f"{key}.2", f"{key}.3")
        x = y if block in {2, 4, 7, 11, 14, 17} else x + y
    x = unit(x, "features.18.0", "features.18.1").clamp(0, 6)
    return x.mean((2, 3)) @ state["classifier.1.weight"].T + state["classifier.1.bias"]


def test_mobilenet_v2_computes_what_its_formula_says() -> None:
    """MobileNetV2 gives the scores of the same state dict under torch's functions, in a picture
    that is not square.
    """
    model = randomised(MobileNetV2Classifier(num_classes=7))
    x = torch.randn(2, 3, 64, 40, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(
            model(x), mobilenet_by_hand(x, model.state_dict()), rtol=1e-10, atol=0
        )


def test_unknown_depth_is_refused_by_its_value() -> None:
    """A ResNet of no known depth is refused, and the message lists the depths."""
    with pytest.raises(
        ModelError, match=r"depth=51 is not the depth of a ResNet: use one of 18, 34, 50, 101, 152"
    ):
        ResNet(51)
