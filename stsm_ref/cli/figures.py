"""`stsm-ref figures`."""

from pathlib import Path
from typing import Annotated

import typer

from stsm_ref.cli.shell import command, progress_bar, screen


@command
def figures(
    out: Annotated[
        Path, typer.Option(help="The folder to write to; it is made if it is not there.")
    ] = Path("figures"),
) -> int:
    """Draw the paper's Figures 1 to 4 and Tables 1 to 3, and the operator in five seconds, as PNG
    and SVG.
    """
    from stsm_ref.pictures.paper_figures.figures import paths, write_figures

    written = []
    try:
        with progress_bar() as progress:
            task = progress.add_task("drawing", total=len(paths(out)))
            for path in write_figures(out):
                written.append(path)
                progress.update(task, advance=1, description=path.name)
    finally:  # what is missing for one figure is told after what was done
        if written:
            screen.print(
                "\n".join(f"wrote {path}" for path in written), highlight=False, soft_wrap=True
            )
    return 0
