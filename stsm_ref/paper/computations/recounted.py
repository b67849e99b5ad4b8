"""Claims that are settled on the networks that we build: counted, or read off the modules. Needs
torch.
"""

from functools import cache

from stsm_ref.paper.computations.registry import Verdict, settles
from stsm_ref.paper.networks import Network, network
from stsm_ref.paper.tables import TABLES, Row


@cache
def count(chosen: Network) -> tuple[int, int]:
    """Operations under mmcv, and parameters, of one clip through a network."""
    from stsm_ref.models import model_cost

    cost = model_cost(
        chosen.name,
        shift=chosen.shift,
        num_segments=chosen.num_segments,
        size=chosen.size,
        num_classes=chosen.num_classes,
    )
    return cost.operations, cost.parameters


def rounded(value: int, unit: int, like: str) -> str:
    """`value` in units, with as many decimals as `like` has.

    Parameters
    ----------
    value : int
        What was counted.
    unit : int
        Such as 10**9.
    like : str
        The printed number, whose decimals decide.

    >>> rounded(43_055_054_848, 10**9, "43.1")
    '43.1'
    """
    return f"{value / unit:.{len(like.partition('.')[2])}f}"


def one_pass(row: Row) -> str:
    """The printed GFLOPs of one crop of one clip."""
    return row.gflops.split(" ×")[0]


@settles("no-added-cost", builds_networks=True)
def no_added_cost() -> Verdict:
    """Count each host with STSM and without, TDN apart, which STSM makes lighter."""
    hosts = ("tsn_resnet50", "tsn_mobilenet_v2", "tsn_resnet50_nl", "tanet_resnet50")
    pairs = {
        name: [count(Network(name, shift, 8, 256, 400)) for shift in ("none", "stsm")]
        for name in hosts
    }
    same = all(bare == shifted for bare, shifted in pairs.values())
    return Verdict(
        same,
        "; ".join(
            f"{name}: {shifted[0]:,} operations, {shifted[1]:,} parameters, with and without"
            for name, (_, shifted) in pairs.items()
        ),
    )


@settles("table-4-same-cost", builds_networks=True)
def table_4_same_cost() -> Verdict:
    """Count the lines of Table 4 by backbone and frames."""
    found: dict[tuple[str, str], set[tuple[str, int, int]]] = {}
    for row in TABLES[4]:
        chosen = network(row)
        assert chosen
        found.setdefault((row.backbone, row.frames), set()).add((row.gflops, *count(chosen)))
    words = "; ".join(
        f"{backbone} with {frames}: {min(counts)[1]:,}"
        for (backbone, frames), counts in found.items()
    )
    return Verdict(all(len(counts) == 1 for counts in found.values()), words)


@settles("table-5-sizes", builds_networks=True)
def table_5_sizes() -> Verdict:
    """Find, for each line of Table 5, which of 224 and 256 gives the printed figure, cut or
    rounded.
    """
    found = {}
    for row in TABLES[5]:
        chosen = network(row)
        assert chosen
        printed = one_pass(row)
        step = 1 if "." not in printed else 10 ** -len(printed.partition(".")[2])
        fits = [
            size
            for size in (224, 256)
            if abs(count(chosen._replace(size=size))[0] / 10**9 - float(printed)) < step
        ]
        found[row] = fits
    right = all(fits == [256 if row.ours else 224] for row, fits in found.items())
    return Verdict(
        right,
        "; ".join(
            f"{row.name} {one_pass(row)}: {', '.join(map(str, fits))}"
            for row, fits in found.items()
        ),
    )


@settles("400-classes", builds_networks=True)
def classes_400() -> Verdict:
    """Count ResNet-50 with 400 classes, and find which other numbers round alike."""
    return _classes("tsn_resnet50", 400, "24.3")


@settles("174-classes", builds_networks=True)
def classes_174() -> Verdict:
    """Count MobileNetV2 with 174 classes, and find which other numbers round alike."""
    return _classes("tsn_mobilenet_v2", 174, "2.45")


def _classes(name: str, classes: int, printed: str) -> Verdict:
    parameters = count(Network(name, "stsm", 8, 256, classes))[1]
    a_class = count(Network(name, "stsm", 8, 256, classes + 1))[1] - parameters
    fitting = [
        n
        for n in range(1, 1001)
        if rounded(parameters + (n - classes) * a_class, 10**6, printed) == printed
    ]
    return Verdict(
        classes in fitting,
        f"{parameters:,} parameters at {classes}; {printed}M for {fitting[0]} to {fitting[-1]} "
        "classes",
    )


@settles("fig-2-layers", builds_networks=True)
def fig_2_layers() -> Verdict:
    """List the convolutions and poolings of ResNet-50 with STSM; average its frames and compare
    with its own scores.
    """
    import torch
    from torch import nn

    from stsm_ref.models import create_model
    from stsm_ref.nn.shifted import plain_class

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = create_model("tsn_resnet50", num_segments=2, num_classes=3).eval()
        clip = torch.randn(1, 2, 3, 32, 32)
    convolutions = {
        plain_class(module)
        for module in model.modules()
        if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d)
    }
    poolings = [
        type(module).__name__ for module in model.modules() if "Pool" in type(module).__name__
    ]
    with torch.no_grad():
        frames = model.head.fc(model.backbone(clip.flatten(0, 1)).mean(dim=(-2, -1)))
        averaged = torch.allclose(frames.mean(dim=0), model(clip)[0], atol=1e-5)
    holds = convolutions == {nn.Conv2d} and poolings[0] == "MaxPool2d" and averaged
    return Verdict(
        holds,
        f"convolutions: Conv2d alone; first pooling: {poolings[0]}; scores are the mean over "
        f"frames: {averaged}",
    )


@settles("f-is-frames", builds_networks=True)
def f_is_frames() -> Verdict:
    """Ask each host how many segments it has where the tables print 8, and how many frames it
    reads.
    """
    from torch import device

    from stsm_ref.models import create_model

    names = (
        "tsn_resnet50",
        "tsn_mobilenet_v2",
        "tsn_resnet50_nl",
        "tanet_resnet50",
        "tdn_resnet50",
    )
    with device("meta"):
        models = {name: create_model(name) for name in names}
    frames = {name: model.num_segments * model.frames_per_segment for name, model in models.items()}
    segments = {model.num_segments for model in models.values()}
    return Verdict(
        segments == {8},
        "8 segments each; frames: "
        f"{', '.join(f'{name} {number}' for name, number in frames.items())}",
    )
