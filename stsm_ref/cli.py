"""The commands of `stsm-ref`. Exit codes: 0 conforms, 1 violation, 2 wrong use, 3 undecided."""

import functools
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from stsm_ref.errors import MissingExtraError, StsmError
from stsm_ref.files import require_writable, write_whole
from stsm_ref.geometry import ShiftSpec

if TYPE_CHECKING:
    from stsm_ref.bench.timing import Comparison

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
Spec = Annotated[str, typer.Option(help="TERMS[@ALPHA][,ORDER][,ROUNDING]")]


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


@command
def verify(
    examples: Annotated[int, typer.Option(min=1, help="Cases drawn for each sampled check; the same ones in every run.")] = 50,
    as_json: AsJson = False,
    report: Annotated[Path | None, typer.Option(help="Also write the verdict as one HTML page.")] = None,
    side: Annotated[Side, typer.Option(help="Which implementations: NumPy's, PyTorch's, or both.")] = Side.BOTH,
) -> int:
    """Check every requirement on our own implementations, on worked examples and on real pixels."""
    from stsm_ref.verification import page, rules, run
    from stsm_ref.verification import screen as view
    from stsm_ref.verification.subject import OURS

    if report:
        require_writable(report)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    results = []
    with Progress(*columns, console=notes, transient=True) as progress:
        task = progress.add_task("loading", total=None)
        checks = rules.load(torch=side is not Side.NUMPY)
        subjects = [OURS] if side is not Side.TORCH else []
        if side is not Side.NUMPY:
            import torch

            from stsm_ref.verification.torch_subject import torch_subject

            torch.set_num_threads(1)  # the arrays are small: threads that wait for a busy core would take most of the time
            subjects.append(torch_subject())
        planned = run.plan(checks, subjects)
        progress.update(task, total=len(planned))
        for check, subject in planned:
            progress.update(task, description=f"{check.requirements[0]:9} {subject.name:6} {check.name:40}")
            results.append(run.run_check(check, subject, examples=examples))
            progress.advance(task)
    table = run.rows(results, only_concerned=side is not Side.BOTH)
    data = run.as_json(table)
    if report:
        write_whole(report, page.page(data, view.NOT_COVERED))
    if as_json:
        print(json.dumps(data, indent=2, ensure_ascii=False))  # noqa: T201 # the result is standard output
    else:
        screen.print(view.verdict(table, tuple(results)))
    return run.EXIT_CODES[data["outcome"]]


@command
def explain(
    identifier: Annotated[str, typer.Argument(metavar="ID", help="A requirement, such as PAD-1; 'all' lists them.")],
    as_json: AsJson = False,
) -> int:
    """Explain a requirement: the rule, the paper's words, how it is known, where it stops holding, a picture."""
    from stsm_ref.requirements import REQUIREMENTS, requirement

    identifier = identifier.lower() if identifier.lower() == "all" else identifier
    chosen = REQUIREMENTS if identifier == "all" else (requirement(identifier),)
    if as_json:
        print(json.dumps([entry._asdict() for entry in chosen], indent=2, ensure_ascii=False))  # noqa: T201 # the result is standard output
        return 0
    if identifier == "all":
        for entry in chosen:
            screen.print(f"[bold]{entry.id:9}[/] {entry.rule}", highlight=False)
        return 0
    from stsm_ref.verification import screen as view

    screen.print(view.explanation(chosen[0]))
    return 0


@command
def show(
    spec: Spec = "T+H+W@3/8",
    out: Annotated[Path, typer.Option(help="Where to write: a .png or .svg file.")] = Path("stsm.png"),
    model: Annotated[str | None, typer.Option(help="Draw where the shift stands in this network instead.")] = None,
) -> int:
    """Draw a clip before and after, for each group, and the kernels with their padding, to a picture file."""
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


@command
def bench(
    rounds: Annotated[int, typer.Option(min=3, help="Rounds of which the median is taken.")] = 15,
    side: Annotated[Side, typer.Option(help="Which implementations: NumPy's, PyTorch's, or both.")] = Side.BOTH,
    as_json: AsJson = False,
) -> int:
    """Compare the shift with a memory copy, with sparse convolution and with TSM's manner, side by side in one run."""
    from rich.table import Table

    measured = []
    with notes.status("measuring") as status:
        for comparison in _comparisons(side, rounds):
            measured.append(comparison)
            status.update(f"measuring: {len(measured)} done, last {comparison.name} {comparison.ratio:.2f}")
    if as_json:
        print(json.dumps([entry._asdict() | {"holds": entry.holds} for entry in measured], indent=2))  # noqa: T201 # the result is standard output
    else:
        table = Table("what", "in units of", "ratio", "at most", title="Medians, side by side", title_justify="left")
        for entry in measured:
            limit = "" if entry.limit is None else f"{entry.limit:.2f}"
            table.add_row(entry.name, entry.baseline, f"{entry.ratio:.2f}", limit, style="" if entry.holds else "bold red")
        screen.print(table)
    return 0 if all(entry.holds for entry in measured) else 1


def _comparisons(side: Side, rounds: int) -> Iterator["Comparison"]:
    if side is not Side.NUMPY:
        from stsm_ref import nn as _  # noqa: F401 # a missing torch is told before the measuring, not after
    if side is not Side.TORCH:
        from stsm_ref.bench import numpy_shift

        yield from numpy_shift.comparisons(rounds=rounds)
    if side is not Side.NUMPY:
        from stsm_ref.bench import torch_shift

        yield from torch_shift.comparisons(rounds=rounds)


@command
def cost(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A network, such as tsn_resnet50; 'all' lists them.")],
    shift: Annotated[str, typer.Option(help="stsm, tsm, none, or a spec.")] = "stsm",
    segments: Annotated[int, typer.Option(help="Frames, T.")] = 8,
    size: Annotated[int, typer.Option(help="Height and width of a frame, in pixels.")] = 256,
    classes: Annotated[int, typer.Option(help="400 for Kinetics-400, 174 for Something-Something V2.")] = 400,
    convention: Annotated[str, typer.Option(help="mmcv, as the paper prints, or macs, all multiply-accumulates.")] = "mmcv",
    depth: Annotated[int, typer.Option(help="Parts of a layer's name by which the table adds up.")] = 2,
    as_json: AsJson = False,
) -> int:
    """Count parameters and operations of one clip through a network, by layer."""
    with notes.status("loading torch"):
        from stsm_ref.models import list_models, model_cost
    if model == "all":
        print(json.dumps(list_models()) if as_json else "\n".join(list_models()))  # noqa: T201 # the result is standard output
        return 0
    with notes.status("counting"):
        total = model_cost(model, shift=shift, num_segments=segments, size=size, num_classes=classes, convention=convention)  # type: ignore[arg-type]  # checked there
    print(json.dumps(total.as_dict(), indent=2) if as_json else total.by_depth(depth))  # noqa: T201 # the result is standard output
    return 0
