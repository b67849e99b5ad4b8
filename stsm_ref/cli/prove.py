"""`stsm-ref prove`."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from stsm_ref.cli.shell import AsJson, Spec, command, notes, print_json, progress_bar, screen
from stsm_ref.geometry import ShiftSpec


@command
def prove(
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="TARGET",
            help="py:file_or_module:make_module, a torch module; without it, our own code.",
        ),
    ] = None,
    spec: Spec = "T+H+W@3/8",
    layout: Annotated[
        str, typer.Option(help="Of the target's input: NTCHW, TCHW, NCTHW, NTHWC or (NT)CHW.")
    ] = "NTCHW",
    segments: Annotated[
        int, typer.Option(min=1, help="T of the target, where the layout is (NT)CHW.")
    ] = 8,
    channels: Annotated[int, typer.Option(min=1, help="C of the target.")] = 16,
    smt2: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Also write every query in SMT-LIB, for another solver."),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.001, help="Seconds that a solver has for one query.")
    ] = 20.0,
    as_exported: Annotated[
        bool,
        typer.Option(
            "--as-exported",
            help="Decide about what torch.export makes of the target, where Python runs "
            "something else.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Prove our shift for all sizes by two solvers, or a torch module of yours equal to it;
    wrong variants must be refuted.
    """
    chosen = ShiftSpec.parse(spec)
    if target is not None:
        return _prove_target(
            target,
            chosen,
            as_json,
            layout=layout,
            segments=segments,
            channels=channels,
            smt2=smt2,
            as_exported=as_exported,
        )
    from stsm_ref.proofs.theorems import registry
    from stsm_ref.proofs.theorems import terminal as view

    if smt2:
        registry.require_folder(smt2)
    proofs = []
    with progress_bar() as progress:
        planned = registry.theorems(chosen)
        task = progress.add_task("proving", total=len(planned))
        for name, theorem in planned.items():
            progress.update(task, description=f"{name:40}")
            proofs.append(registry.prove(theorem, timeout=timeout))
            progress.advance(task)
    if as_json:
        print_json(registry.as_json(proofs, chosen))
    else:
        screen.print(view.report(proofs), highlight=False)
    if smt2:
        notes.print(
            f"wrote {registry.write_queries(smt2, proofs)} queries to {smt2}",
            highlight=False,
            soft_wrap=True,
        )
    return registry.EXIT_CODES[registry.worst(proof.outcome for proof in proofs)]


def _prove_target(target: str, spec: ShiftSpec, as_json: bool, **options: Any) -> int:
    """Prove somebody's torch module equal to STSM."""
    with notes.status("loading torch") as status:
        from stsm_ref import nn as _  # noqa: F401 # says by name that torch is missing
        from stsm_ref.proofs.translation.validation import validate_target

        verdict = validate_target(
            target, spec, progress=lambda now: status.update(Text(now)), **options
        )
    if as_json:
        print_json(verdict.as_dict())
    else:
        for line in verdict.text:
            screen.print(line, markup=False, highlight=False)
    return verdict.exit_code
