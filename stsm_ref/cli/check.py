"""`stsm-ref check`."""

import contextlib
import importlib
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from stsm_ref.cli.shell import AsJson, Spec, command, print_json, progress_bar, screen
from stsm_ref.files import require_writable
from stsm_ref.geometry import ShiftSpec


class LevelOption(StrEnum):
    """How long it may take."""

    SMOKE = "smoke"
    CI = "ci"
    NIGHT = "night"


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
    target: Annotated[str, typer.Argument(help="py:FILE.py:NAME, py:package.module:NAME, cmd:PROGRAM ARGUMENTS or onnx:FILE.onnx")],
    spec: Spec = "T+H+W@3/8",
    level: Annotated[LevelOption, typer.Option(help="Seconds, a minute at most, a quarter of an hour at most.")] = LevelOption.CI,
    layout: Annotated[LayoutOption | None, typer.Option(help="Its axes; what the target says of itself, or NTCHW.")] = None,
    framework: Annotated[FrameworkOption | None, typer.Option(help="Whose arrays a py: target takes; what it says, or numpy.")] = None,
    segments: Annotated[int, typer.Option(min=1, help="Frames of a clip for a (NT)CHW target that cannot be told them.")] = 8,
    seed: Annotated[int, typer.Option(min=0, help="Chooses the drawn cases.")] = 0,
    case: Annotated[str | None, typer.Option(help="Run this RULE/CASE and nothing else.")] = None,
    as_json: AsJson = False,
    report: Annotated[Path | None, typer.Option(help="Also write the run as JSON lines.")] = None,
    junit: Annotated[Path | None, typer.Option(help="Also write it as JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option(help="Also write it as one HTML page.")] = None,
    badge: Annotated[Path | None, typer.Option(help="Also write a badge, as JSON for shields.io.")] = None,
) -> int:
    """Hold an implementation to the paper: a Python function, a program in any language, or an ONNX file."""
    from stsm_ref.conformance import screen as view
    from stsm_ref.conformance.suite import plan, run_suite
    from stsm_ref.conformance.targets import open_target

    outputs = {"report_jsonl": report, "report_junit": junit, "report_page": html, "badge": badge}
    for path in outputs.values():
        if path:
            require_writable(path)
    wanted = ShiftSpec.parse(spec)
    with progress_bar() as progress:
        task = progress.add_task("starting", total=None)
        opened = open_target(target, layout=layout, framework=framework, segments=segments)
        with contextlib.closing(opened), contextlib.redirect_stdout(sys.stderr):  # what a target prints is no result
            progress.update(task, total=plan(opened, wanted, level=level.value, only=case))

            def watch(name: str) -> None:
                progress.update(task, advance=1, description=name.partition("/")[0])

            found = run_suite(opened, wanted, level=level.value, seed=seed, target_text=target, on_case=watch, only=case)
    for module, path in outputs.items():
        if path:
            importlib.import_module(f"stsm_ref.conformance.{module}").write(found, path)
    if as_json:
        print_json(found.as_dict())
    else:
        screen.print(view.verdict(found))
    return found.exit_code
