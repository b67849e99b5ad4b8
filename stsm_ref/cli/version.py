"""`stsm-ref --version`."""

from typing import Annotated

import typer

import stsm_ref
from stsm_ref.cli.shell import app, screen


def _tell(wanted: bool) -> None:
    if wanted:
        screen.print(f"stsm-ref {stsm_ref.__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def stsm(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_tell, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Executable paper, golden reference and conformance kit for the Spatio-Temporal Shift Module
    (STSM).
    """
