"""`stsm-ref show`."""

from pathlib import Path
from typing import Annotated

import typer

from stsm_ref._files import require_writable
from stsm_ref.cli.shell import Spec, command, notes, screen
from stsm_ref.geometry import ShiftSpec


@command
def show(
    spec: Spec = "T+H+W@3/8",
    out: Annotated[Path, typer.Option(help="Where to write: a .png or .svg file.")] = Path(
        "stsm.png"
    ),
    model: Annotated[
        str | None, typer.Option(help="Draw where the shift stands in this network instead.")
    ] = None,
) -> int:
    """Draw a clip before and after, for each group, and the kernels with their padding, to a
    picture file.
    """
    from stsm_ref.pictures import drawing

    drawing.require_format(out)
    require_writable(out)
    with notes.status("drawing"):
        if model is None:
            figure = drawing.draw_spec(ShiftSpec.parse(spec))
        else:
            from stsm_ref.pictures.network import draw_network

            figure = draw_network(model, ShiftSpec.parse(spec))
        drawing.save(figure, out)
    screen.print(f"wrote {out}", highlight=False)
    return 0
