"""What the commands share: the application, how a command ends, where it prints, and the options
of more than one.
"""

import codecs
import functools
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from stsm_ref.cli.streams import careful_streams
from stsm_ref.errors import MissingExtraError, StsmError, visible

try:
    import typer
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment
except ModuleNotFoundError as missing:  # the one place where there is no Typer to report it
    package = (missing.name or "typer").partition(".")[0]
    print(MissingExtraError("stsm-ref", package, "verify"), file=sys.stderr)  # noqa: T201 # see above
    sys.exit(2)

if TYPE_CHECKING:
    from rich.progress import Progress

WRONG_USE, UNDECIDED, INTERRUPTED = 2, 3, 130


class Screen(Console):
    """A console for texts that others wrote: no brackets are markup, no names are faces, no
    letter is obeyed by the terminal.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(markup=False, emoji=False, **how)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render, and write what a terminal would obey as its code."""
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable() or segment.text == "\n":
                yield segment
            else:
                yield Segment(visible(segment.text), segment.style)


HAS_A_WIDTH = bool(sys.stdout and sys.stdout.isatty()) or os.environ.get("COLUMNS", "").isdigit()
# a log has no width of its own: give the table room there
screen, notes = Screen(width=None if HAS_A_WIDTH else 120), Screen(stderr=True)
app = typer.Typer(
    name="stsm-ref",
    help="Executable paper, golden reference and conformance kit for the Spatio-Temporal Shift "
    "Module (STSM).",
    epilog="Exit codes: 0 conforms, 1 violation, 2 wrong use, 3 undecided.",
    no_args_is_help=True,
    add_completion=False,
)

AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON for a program instead of a table.")
]
SPEC_FORM = r"TERMS\[@ALPHA][,ORDER][,ROUNDING]"
"""How a spec is written; the backslash keeps Rich from taking the bracket for markup."""
Spec = Annotated[str, typer.Option(help=SPEC_FORM)]


def main() -> None:
    """Run the command line; the exit code is the verdict's, whatever becomes of the output."""
    if (
        sys.argv[1:2] == ["prove"]
        and any(word.startswith("py:") for word in sys.argv[2:])
        and hasattr(os, "fork")
    ):
        sys.exit(_believed(_main))
    _main()


def _believed(run: Callable[[], None]) -> int:
    """Run in a process of its own, and return its exit code if it was our code that gave it.

    `prove` has somebody's module in its process, and a process that this ends with code 0 has
    proved nothing.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            run()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
            os.write(writer, bytes([code & 0xFF]))
            raise
        sys.exit(UNDECIDED)
    os.close(writer)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: os.kill(child, number))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells the child, too
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ended >= 0 and os.read(reader, 2) != bytes([ended]):
        complain(
            f"stsm-ref prove: what was judged ended the process with {ended} instead of "
            "answering: nothing was decided"
        )
        return WRONG_USE
    return ended if ended >= 0 else 128 - ended


def _main() -> None:
    with careful_streams():
        try:
            app()
        except KeyboardInterrupt:  # between two commands of ours, so to speak
            sys.exit(INTERRUPTED)


class Terminated(SystemExit):
    """Asked to end by a signal; the code is the signal's."""


def command_of(
    group: typer.Typer, words: str
) -> Callable[[Callable[..., int]], Callable[..., None]]:
    """Register functions that return an exit code as the commands of a group, which is called by
    `words`.

    Bad input is exit 2 with one sentence, a bug of ours exit 3 with its traceback. A function
    named like a builtin ends in an underscore, which its command does not have.
    """

    def register(body: Callable[..., int]) -> Callable[..., None]:
        name = body.__name__.rstrip("_")

        @group.command(name=name)
        @functools.wraps(body)
        def run(*args: Any, **kwargs: Any) -> None:
            try:
                code = body(*args, **kwargs)
            except StsmError as error:
                complain(f"{words} {name}: {error}")
                code = WRONG_USE
            except KeyboardInterrupt:
                notes.print("interrupted: nothing was decided")
                code = INTERRUPTED
            except Terminated:
                raise
            except SystemExit as error:  # raised by a target of `prove`, say: it decides nothing
                asked = f"what was judged asked to exit ({error.code!r}) instead of answering"
                complain(f"{words} {name}: {asked}: nothing was decided")
                code = WRONG_USE
            except Exception:  # no verdict was reached, which is not the same as a violation
                traceback.print_exc()
                code = UNDECIDED
            raise typer.Exit(code)

        return run

    return register


command = command_of(app, "stsm-ref")


def complain(sentence: str) -> None:
    """Say on standard error what is wrong, in a sentence that is left whole."""
    notes.print(sentence, style="red", highlight=False, soft_wrap=True)


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
    """Write `data` to standard output, and nothing else: in UTF-8 as it is, in any other encoding
    by ASCII alone, which it must be too.
    """
    utf_8 = codecs.lookup(getattr(sys.stdout, "encoding", None) or "utf-8").name == "utf-8"
    text = json.dumps(data, indent=2, ensure_ascii=not utf_8)
    # UTF-8 cannot hold half a surrogate pair, which JSON writes as Python does
    print(text.encode("utf-8", "backslashreplace").decode())  # noqa: T201 # the result is standard output


def progress_bar() -> "Progress":
    """A bar with a count on standard error, which leaves nothing behind."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=notes, transient=True)
