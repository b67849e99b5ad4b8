"""What the commands share: the application, how a command ends, where it prints, and the options of more than one."""

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

from stsm_ref.errors import MissingExtraError, StsmError

try:
    import typer
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
except ModuleNotFoundError as missing:  # the one place where there is no Typer to report it
    print(MissingExtraError("stsm-ref", (missing.name or "typer").partition(".")[0], "verify"), file=sys.stderr)  # noqa: T201 # see above
    sys.exit(2)

WRONG_USE, UNDECIDED, INTERRUPTED = 2, 3, 130
# a log has no width of its own: give the table room there
screen, notes = Console(width=None if sys.stdout.isatty() else 120), Console(stderr=True)
app = typer.Typer(
    name="stsm-ref",
    help="Executable paper, golden reference and conformance kit for the Spatio-Temporal Shift Module (STSM).",
    epilog="Exit codes: 0 conforms, 1 violation, 2 wrong use, 3 undecided.",
    no_args_is_help=True,
    add_completion=False,
)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of a table.")]
SPEC_FORM = r"TERMS\[@ALPHA][,ORDER][,ROUNDING]"
"""How a spec is written; the backslash keeps Rich from taking the bracket for markup."""
Spec = Annotated[str, typer.Option(help=SPEC_FORM)]


def main() -> None:
    """Run the command line."""
    app()


def command(body: Callable[..., int]) -> Callable[..., None]:
    """Register a command that returns its exit code; bad input is exit 2 in one sentence, a bug of ours exit 3 with its traceback."""

    @app.command(name=body.__name__)
    @functools.wraps(body)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            code = body(*args, **kwargs)
        except StsmError as error:
            notes.print(f"stsm-ref {body.__name__}: {error}", style="red", markup=False, highlight=False, soft_wrap=True)
            code = WRONG_USE
        except BrokenPipeError:
            # whoever read our output has read enough; what is still buffered must not raise again at exit
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except KeyboardInterrupt:
            notes.print("interrupted: nothing was decided")
            code = INTERRUPTED
        except Exception:  # no verdict was reached, which is not the same as a violation
            traceback.print_exc()
            code = UNDECIDED
        raise typer.Exit(code)

    return run


class Side(StrEnum):
    """Which of our implementations."""

    NUMPY = "numpy"
    TORCH = "torch"
    BOTH = "both"


class Level(StrEnum):
    """How long a run of the conformance suite may take."""

    SMOKE = "smoke"
    CI = "ci"
    NIGHT = "night"


def print_json(data: Any) -> None:
    """Write `data` to standard output, and nothing else."""
    print(json.dumps(data, indent=2, ensure_ascii=False))  # noqa: T201 # the result is standard output


def progress_bar() -> Progress:
    """A bar with a count on standard error, which leaves nothing behind."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=notes, transient=True)
