"""`stsm-ref verify`."""

from pathlib import Path
from typing import Annotated

import typer

from stsm_ref._files import require_writable, write_whole
from stsm_ref.cli.shell import AsJson, Side, command, print_json, progress_bar, screen


@command
def verify(
    examples: Annotated[
        int,
        typer.Option(min=1, help="Cases drawn for each sampled check; the same ones in every run."),
    ] = 50,
    as_json: AsJson = False,
    report: Annotated[
        Path | None, typer.Option(help="Also write the verdict as one HTML page.")
    ] = None,
    side: Annotated[
        Side, typer.Option(help="Which implementations: NumPy's, PyTorch's, or both.")
    ] = Side.BOTH,
) -> int:
    """Check every requirement on our own implementations, on worked examples and on real pixels."""
    from stsm_ref.checks.our_internals import registry, run, theorems
    from stsm_ref.checks.our_internals import terminal as view
    from stsm_ref.evidence.outcome import EXIT_CODES
    from stsm_ref.evidence.report.html import requirements_page
    from stsm_ref.implementations.ours import OURS

    if report:
        require_writable(report, begins=("<!doctype html",))
    results = []
    with progress_bar() as progress:
        task = progress.add_task("loading", total=None)
        proofs = theorems.are_installed()
        checks = registry.load(torch=side is not Side.NUMPY, proofs=proofs)
        subjects = [OURS] if side is not Side.TORCH else []
        if side is not Side.NUMPY:
            import torch

            from stsm_ref.implementations.ours_torch import torch_subject

            # the arrays are small: threads that wait for a busy core would take most of the time
            torch.set_num_threads(1)
            subjects.append(torch_subject())
        planned = run.plan(checks, subjects)
        progress.update(task, total=len(planned))
        for check, subject in planned:
            progress.update(
                task, description=f"{check.requirements[0]:9} {subject.name:6} {check.name:40}"
            )
            results.append(run.run_check(check, subject, examples=examples))
            progress.advance(task)
    table = run.rows(results, only_concerned=side is not Side.BOTH)
    data = run.as_json(table) | {
        "theorems": "proved by z3 and cvc5" if proofs else theorems.NOT_INSTALLED
    }
    not_covered = view.NOT_COVERED if proofs else f"{theorems.NOT_INSTALLED} {view.NOT_COVERED}"
    if report:
        write_whole(report, requirements_page.page(data, not_covered))
    if as_json:
        print_json(data)
    else:
        screen.print(view.verdict(table, tuple(results), not_covered))
    return EXIT_CODES[data["outcome"]]
