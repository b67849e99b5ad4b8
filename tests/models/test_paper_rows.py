"""Every row of Tables 1 to 7 that names a 2-D host is one call: built, trained one step and
evaluated, on tiny frames.
"""

from typing import Any

import pytest
import torch
from torch.nn import functional as F  # noqa: N812  # its name everywhere

from stsm_ref import ShiftSpec
from stsm_ref.models import TSN, create_model, list_models

Row = tuple[str, str, dict[str, Any]]

# table, the row as printed, the call
ROWS: list[Row] = [
    *(
        ("1", f"alpha {alpha}", {"name": "tsn_resnet50", "shift": ShiftSpec("T+H+W", alpha)})
        for alpha in ("0", "1/8", "1/4", "3/8", "1/2", "3/4", "1")
    ),
    ("2, 3, 4, 6", "TSN (R-50)", {"name": "tsn_resnet50", "shift": "none"}),
    ("2, 3, 4, 6", "T (TSM)", {"name": "tsn_resnet50", "shift": "tsm"}),
    *(
        ("2", terms, {"name": "tsn_resnet50", "shift": ShiftSpec(terms, "1/4")})
        for terms in ("H", "W", "H+W", "HW")
    ),
    *(
        ("3", terms, {"name": "tsn_resnet50", "shift": ShiftSpec(terms, "3/8")})
        for terms in ("T+H+W", "T+HW", "T+H+W+HW", "TH+TW+HW", "T+H+W+TH+TW+HW")
    ),
    ("4, 6", "TSN+Mb_V2", {"name": "tsn_mobilenet_v2", "shift": "none"}),
    ("4, 6", "TSM+Mb_V2", {"name": "tsn_mobilenet_v2", "shift": "tsm"}),
    ("4, 6", "STSM+Mb_V2", {"name": "tsn_mobilenet_v2", "shift": "stsm"}),
    ("4, 6", "STSM+TSN, 8 frames", {"name": "tsn_resnet50", "shift": "stsm"}),
    ("4, 6", "TSM, 16 frames", {"name": "tsn_resnet50", "shift": "tsm", "num_segments": 16}),
    ("4, 6", "STSM+TSN, 16 frames", {"name": "tsn_resnet50", "shift": "stsm", "num_segments": 16}),
    ("6", "TSM+NL", {"name": "tsn_resnet50_nl", "shift": "tsm"}),
    ("6", "STSM+TSN+NL", {"name": "tsn_resnet50_nl", "shift": "stsm"}),
    ("6", "TANet", {"name": "tanet_resnet50", "shift": "none"}),
    ("6", "STSM+TANet", {"name": "tanet_resnet50", "shift": "stsm"}),
    ("6", "TDN", {"name": "tdn_resnet50", "shift": "tsm"}),
    ("6", "STSM+TDN", {"name": "tdn_resnet50", "shift": "stsm"}),
    ("5, 7", "TSM+Mb_V2", {"name": "tsn_mobilenet_v2", "shift": "tsm", "num_classes": 174}),
    (
        "5, 7",
        "STSM+Mb_V2, 8 frames",
        {"name": "tsn_mobilenet_v2", "shift": "stsm", "num_classes": 174},
    ),
    (
        "7",
        "STSM+Mb_V2, 16 frames",
        {"name": "tsn_mobilenet_v2", "shift": "stsm", "num_classes": 174, "num_segments": 16},
    ),
    ("5, 7", "TSN, 8 frames", {"name": "tsn_resnet50", "shift": "none", "num_classes": 174}),
    (
        "5, 7",
        "TSN, 16 frames",
        {"name": "tsn_resnet50", "shift": "none", "num_classes": 174, "num_segments": 16},
    ),
    ("5, 7", "TSM, 8 frames", {"name": "tsn_resnet50", "shift": "tsm", "num_classes": 174}),
    (
        "5, 7",
        "TSM, 16 frames",
        {"name": "tsn_resnet50", "shift": "tsm", "num_classes": 174, "num_segments": 16},
    ),
    ("5, 7", "STSM+TSN, 8 frames", {"name": "tsn_resnet50", "shift": "stsm", "num_classes": 174}),
    (
        "5, 7",
        "STSM+TSN, 16 frames",
        {"name": "tsn_resnet50", "shift": "stsm", "num_classes": 174, "num_segments": 16},
    ),
    ("7", "TSM+NL", {"name": "tsn_resnet50_nl", "shift": "tsm", "num_classes": 174}),
    ("7", "STSM+TSN+NL", {"name": "tsn_resnet50_nl", "shift": "stsm", "num_classes": 174}),
    ("7", "TANet", {"name": "tanet_resnet50", "shift": "none", "num_classes": 174}),
    ("7", "STSM+TANet", {"name": "tanet_resnet50", "shift": "stsm", "num_classes": 174}),
    ("7", "TDN", {"name": "tdn_resnet50", "shift": "tsm", "num_classes": 174}),
    ("7", "STSM+TDN", {"name": "tdn_resnet50", "shift": "stsm", "num_classes": 174}),
]


def trained_one_step(model: TSN, clips: torch.Tensor) -> None:
    """Take one step of SGD as §4.2.1 sets it, and see that it reaches every parameter."""
    optimiser = torch.optim.SGD(model.parameters(), lr=7.5e-3, momentum=0.9, weight_decay=1e-4)
    first = model.backbone.get_parameter(
        "conv1.weight" if hasattr(model.backbone, "conv1") else "features.0.0.weight"
    )
    before = first.detach().clone()
    F.cross_entropy(model(clips), torch.arange(len(clips))).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    optimiser.step()
    assert not torch.equal(first, before)


@pytest.mark.parametrize(
    ("table", "row", "call"), ROWS, ids=[f"Table {table}: {row}" for table, row, _ in ROWS]
)
def test_row_is_one_call_that_trains_and_evaluates(
    table: str, row: str, call: dict[str, Any]
) -> None:
    """The row's network is one call; it takes one training step and scores a clip of its frames."""
    torch.manual_seed(0)
    model = create_model(**call)
    size = 64 if call["name"] == "tdn_resnet50" else 32
    clips = torch.randn(1, model.num_segments * model.frames_per_segment, 3, size, size)
    trained_one_step(model, clips)
    model.eval()
    with torch.no_grad():
        scores = model(clips)
    assert scores.shape == (1, call.get("num_classes", 400))
    assert scores.isfinite().all()


def test_rows_name_every_host_of_the_paper() -> None:
    """The rows use every listed model but the depths that the paper does not."""
    unused = set(list_models()) - {call["name"] for _, _, call in ROWS}
    assert unused == {"tsn_resnet18", "tsn_resnet34", "tsn_resnet101", "tsn_resnet152"}
