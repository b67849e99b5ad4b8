"""A network as the text of the paper's Figure 2 describes it: its blocks in order, and where the
shift stands, read off the real model.
"""

from typing import TYPE_CHECKING, NamedTuple

from stsm_ref.geometry import ShiftSpec

# first, since it says by name that torch is missing
from stsm_ref.models import create_model

# isort: split
from torch import device, nn

from stsm_ref.nn import shifts_of
from stsm_ref.pictures.drawing import ENTERS, INK, PAPER, need_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMN, ROW = 3.4, 1.0


class Site(NamedTuple):
    """A block and, where a shift stands in it, the convolution behind it, its channels and how many
    move.
    """

    block: str
    convolution: str
    channels: int
    moved: int


def sites(network: nn.Module) -> dict[str, list[Site]]:
    """List the parts of a backbone: for each stage its blocks, in order, with the shift that stands
    in them.

    >>> from stsm_ref.models import ResNet
    >>> {stage: len(blocks) for stage, blocks in sites(ResNet(18)).items()}
    {'conv1': 1, 'bn1': 1, 'relu': 1, 'maxpool': 1, 'layer1': 2, 'layer2': 2, 'layer3': 2, 'layer4': 2}
    """
    stages: dict[str, list[Site]] = {}
    for name, stage in network.named_children():
        blocks = list(stage.named_children()) if isinstance(stage, nn.Sequential) else []
        stages[name] = [_site(f"{name}.{block}", part) for block, part in blocks] or [
            _site(name, stage)
        ]
    return stages


def _site(name: str, block: nn.Module) -> Site:
    for shift in shifts_of(block):
        if shift.channels is not None and shift.moved is not None:
            return Site(name, shift.name, shift.channels, shift.moved)
    return Site(name, "", 0, 0)


def draw_network(name: str, spec: ShiftSpec = ShiftSpec()) -> "Figure":
    """Draw a network of `create_model`, a column a stage and a box a block, the shift in red where
    it stands.

    Raises
    ------
    MissingExtraError
        If Matplotlib is not installed.
    ModelError, SpecError
        As `create_model` does.
    """
    figure_class = need_figure()  # a missing Matplotlib is told before the network is built
    with device("meta"):
        model = create_model(name, shift=spec)
    stages = sites(model.backbone)
    # what is not a stage, such as the stem's parts, shares one column in front
    plain = [blocks[0] for blocks in stages.values() if len(blocks) == 1]
    columns = [("stem", plain)] * bool(plain) + [
        (stage, blocks) for stage, blocks in stages.items() if len(blocks) > 1
    ]
    columns = [part for stage, blocks in columns for part in _in_pieces(stage, blocks)]
    tallest = max(len(blocks) for _, blocks in columns)

    figure = figure_class(
        figsize=(0.6 * COLUMN * len(columns) + 0.6, 0.55 * tallest + 1.9),
        layout="constrained",
        facecolor="white",
    )
    axes = figure.subplots()
    axes.set_xlim(0, COLUMN * len(columns))
    axes.set_ylim(tallest + 0.2, -1.1)
    axes.axis("off")
    found = [site for _, blocks in columns for site in blocks if site.moved]
    axes.set_title(
        f"{name}\n{spec}\n{len(found)} shifts, 0 parameters, 0 multiplications",
        fontsize=12,
        fontweight="bold",
        color=INK,
        loc="left",
    )
    for column, (stage, blocks) in enumerate(columns):
        left = column * COLUMN
        axes.text(left + 0.1, -0.35, stage, fontsize=12, fontweight="bold", color=INK)
        for row, site in enumerate(blocks):
            _draw_block(axes, left + 0.1, row * ROW, site)
    return figure


def _in_pieces(stage: str, blocks: list[Site], longest: int = 12) -> list[tuple[str, list[Site]]]:
    """Cut a long stage into columns of the same length at most."""
    return [
        (stage if start == 0 else f"{stage} …", blocks[start : start + longest])
        for start in range(0, len(blocks), longest)
    ]


def _draw_block(axes: "Axes", x: float, y: float, site: Site) -> None:
    from matplotlib.patches import FancyBboxPatch

    style = "round,pad=0,rounding_size=0.12"
    axes.add_patch(
        FancyBboxPatch(
            (x, y), COLUMN - 0.45, 0.82, boxstyle=style, facecolor=PAPER, edgecolor="#b5b0a5"
        )
    )
    axes.text(x + 0.12, y + 0.42, site.block.rpartition(".")[2], fontsize=9, va="center", color=INK)
    if site.moved:
        axes.add_patch(
            FancyBboxPatch(
                (x + 0.48, y + 0.1),
                COLUMN - 1.03,
                0.62,
                boxstyle=style,
                facecolor=ENTERS,
                edgecolor="none",
            )
        )
        text = f"STSM  {site.moved} of {site.channels}"
        axes.text(
            x + 0.6, y + 0.29, text, fontsize=8.5, va="center", color="white", fontweight="bold"
        )
        axes.text(
            x + 0.6,
            y + 0.55,
            f"before {site.convolution}",
            fontsize=7.5,
            va="center",
            color="white",
        )
