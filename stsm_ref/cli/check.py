"""`stsm-ref check`."""

import os
import signal
import threading
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stsm_ref._files import GIB, require_distinct, require_writable
from stsm_ref.cli.shell import (
    WRONG_USE,
    AsJson,
    Level,
    Spec,
    Terminated,
    command,
    complain,
    print_json,
    progress_bar,
    screen,
)
from stsm_ref.errors import ReportError
from stsm_ref.geometry import ShiftSpec

if TYPE_CHECKING:
    from stsm_ref.evidence.options import RunOptions
    from stsm_ref.evidence.report.report import Report


class LayoutOption(StrEnum):
    """The order of the target's axes."""

    TCHW = "TCHW"
    NTCHW = "NTCHW"
    NCTHW = "NCTHW"
    NTHWC = "NTHWC"
    FOLDED = "(NT)CHW"


class FrameworkOption(StrEnum):
    """Whose arrays a Python target takes."""

    NUMPY = "numpy"
    TORCH = "torch"
    JAX = "jax"


@command
def check(
    target: Annotated[
        str,
        typer.Argument(
            help="py:FILE.py:NAME, py:package.module:NAME, cmd:PROGRAM ARGUMENTS or onnx:FILE.onnx"
        ),
    ],
    spec: Spec = "T+H+W@3/8",
    level: Annotated[
        Level, typer.Option(help="Seconds, a minute at most, a quarter of an hour at most.")
    ] = Level.CI,
    layout: Annotated[
        LayoutOption | None,
        typer.Option(help="Its axes; what the target says of itself, or NTCHW."),
    ] = None,
    framework: Annotated[
        FrameworkOption | None,
        typer.Option(help="Whose arrays a py: target takes; what it says, or numpy."),
    ] = None,
    segments: Annotated[
        int,
        typer.Option(
            min=1, max=2**16, help="Frames of a clip for a (NT)CHW target that cannot be told them."
        ),
    ] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the drawn cases.")] = 0,
    case: Annotated[str | None, typer.Option(help="Run this RULE/CASE and nothing else.")] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(min=0.001, help="Seconds for a case; by default, more at higher levels."),
    ] = None,
    memory: Annotated[
        float,
        typer.Option(
            min=0,
            max=2**30,
            help="GiB that the target may take; 0 for no limit, as sanitisers need.",
        ),
    ] = 4,
    keep_memory_format: Annotated[
        bool,
        typer.Option(
            "--keep-memory-format",
            help="A lost channels-last format of torch frames is a violation, no mere warning.",
        ),
    ] = False,
    validate_protocol: Annotated[
        bool,
        typer.Option(
            "--validate-protocol", help="Only tell what a program gets wrong in the protocol."
        ),
    ] = False,
    as_json: AsJson = False,
    report: Annotated[Path | None, typer.Option(help="Also write the run as JSON lines.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Also write it as JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write it as one HTML page.")] = None,
    badge: Annotated[
        Path | None, typer.Option(help="Also write a badge, as JSON for shields.io.")
    ] = None,
) -> int:
    """Hold an implementation to the paper: a Python function, a program in any language, or an
    ONNX file.
    """
    from stsm_ref.evidence.options import RunOptions
    from stsm_ref.evidence.report import terminal as view

    _leave_nothing_when_terminated()
    if validate_protocol:
        return _validate_protocol(target, as_json, time_limit or 60, int(memory * GIB))
    outputs = {"report": report, "junit": junit, "html": html, "badge": badge}
    _require_outputs(target, outputs)
    options = RunOptions(
        spec=ShiftSpec.parse(spec),
        level=level.value,
        seed=seed,
        only=case,
        keep_memory_format=keep_memory_format,
        target=target,
        layout=layout and layout.value,
        framework=framework and framework.value,
        segments=segments,
        time_limit=time_limit,
        memory=int(memory * GIB),
    )
    result = _run(options)
    if as_json:
        print_json(result.as_dict())
    else:
        view.show(result, screen)
    return _write(result, outputs)


def _run(options: "RunOptions") -> "Report":
    """Run the suite with a progress bar, and on Python targets in a process of their own."""
    from stsm_ref.evidence.options import RunListener, RunStarted

    with progress_bar() as progress:
        task = progress.add_task("starting", total=None)

        class Bar(RunListener):
            def started(self, run: RunStarted) -> None:
                progress.update(task, total=run.declared)

            def case_begun(self, case: str, number: int) -> None:
                progress.update(task, completed=number, description=case.partition("/")[0])

        if os.name == "posix" and not options.target.startswith("cmd:"):
            from stsm_ref.conformance.isolated_runner import run_python_target as run
        else:
            from stsm_ref.conformance.runner import run_target as run
        return run(options, Bar())


OUTPUTS = {
    "report": ("--report", ('{"record": "header"',)),
    "junit": ("--junit", ("<?xml",)),
    "html": ("--html", ("<!doctype html",)),
    "badge": ("--badge", ('{\n  "schemaversion"',)),
}
"""By output: the option that asks for it, and how such a file begins."""


def _require_outputs(target: str, outputs: dict[str, Path | None]) -> None:
    """Refuse, before the work is done, what cannot be written, and what would be written over."""
    from stsm_ref.implementations.sources import files_of

    for path in outputs.values():
        if path:
            require_writable(path)
    require_distinct(
        {OUTPUTS[module][0]: path for module, path in outputs.items()}, files_of(target)
    )
    for module, path in outputs.items():
        if path:
            require_writable(path, begins=OUTPUTS[module][1])


def _write(result: "Report", outputs: dict[str, Path | None]) -> int:
    """Write what was asked for; a file that fails takes nothing from the verdict, and a run
    without all its files does not pass.
    """
    code = result.exit_code
    from stsm_ref.evidence.report import badge, jsonl, junit
    from stsm_ref.evidence.report.html import page

    writers = {
        "report": jsonl.write,
        "junit": junit.write,
        "html": page.write,
        "badge": badge.write,
    }
    for option, path in outputs.items():
        if path:
            try:
                writers[option](result, path)
            except ReportError as error:
                complain(f"stsm-ref check: {error}")
                code = code or WRONG_USE
    return code


def _leave_nothing_when_terminated() -> None:
    """Let SIGTERM and a terminal that goes end this process by an exception, so that the target
    ends with it.
    """
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and threading.current_thread() is threading.main_thread():
            signal.signal(getattr(signal, name), _end)


def _end(number: int, frame: object) -> None:
    raise Terminated(128 + number)


def _validate_protocol(target: str, as_json: bool, time_limit: float, memory: int) -> int:
    from stsm_ref.implementations.base import TargetError
    from stsm_ref.implementations.protocol import terminal
    from stsm_ref.implementations.protocol import validator as protocol

    kind, _, words = target.partition(":")
    if kind != "cmd":
        raise TargetError(
            f"target={target!r} speaks no protocol: "
            "--validate-protocol is for cmd:PROGRAM ARGUMENTS"
        )
    with progress_bar() as progress:
        task = progress.add_task("starting", total=None)
        result = protocol.run(
            words,
            time_limit=time_limit,
            memory=memory,
            on_point=lambda tried, points, point: progress.update(
                task, completed=tried, total=points, description=point[:60]
            ),
        )
    if as_json:
        print_json(protocol.as_json(result))
    else:
        screen.print(terminal.findings(result))
    return protocol.exit_code(result)
