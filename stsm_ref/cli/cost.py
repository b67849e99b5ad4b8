"""`stsm-ref cost`."""

import json
from typing import Annotated

import typer

from stsm_ref.cli.shell import AsJson, command, notes, print_json


@command
def cost(
    model: Annotated[
        str,
        typer.Argument(metavar="MODEL", help="A network, such as tsn_resnet50; 'all' lists them."),
    ],
    shift: Annotated[str, typer.Option(help="stsm, tsm, none, or a spec.")] = "stsm",
    segments: Annotated[int, typer.Option(help="Frames, T.")] = 8,
    size: Annotated[int, typer.Option(help="Height and width of a frame, in pixels.")] = 256,
    classes: Annotated[
        int, typer.Option(help="400 for Kinetics-400, 174 for Something-Something V2.")
    ] = 400,
    convention: Annotated[
        str, typer.Option(help="mmcv, as the paper prints, or macs, all multiply-accumulates.")
    ] = "mmcv",
    depth: Annotated[
        int, typer.Option(help="Parts of a layer's name by which the table adds up.")
    ] = 2,
    as_json: AsJson = False,
) -> int:
    """Count parameters and operations of one clip through a network, by layer."""
    with notes.status("loading torch"):
        from stsm_ref.models import list_models, model_cost
    if model == "all":
        print(json.dumps(list_models()) if as_json else "\n".join(list_models()))  # noqa: T201 # the result is standard output
        return 0
    with notes.status("counting"):
        total = model_cost(
            model,
            shift=shift,
            num_segments=segments,
            size=size,
            num_classes=classes,
            convention=convention,  # type: ignore[arg-type]  # checked there
        )
    if as_json:
        print_json(total.as_dict())
    else:
        print(total.by_depth(depth))  # noqa: T201 # the result is standard output
    return 0
