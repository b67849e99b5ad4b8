"""`stsm-ref vectors`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from stsm_ref.cli.shell import SPEC_FORM, AsJson, command, print_json, progress_bar, screen
from stsm_ref.geometry import ShiftSpec


class Action(StrEnum):
    """What to do with the vectors."""

    WRITE = "write"
    VERIFY = "verify"
    LIST = "list"


@command
def vectors(
    action: Annotated[
        Action,
        typer.Argument(
            help="write: make them anew into DIR. verify: check every byte. list: what there is."
        ),
    ],
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", help="A folder of vectors; those of the package by default."),
    ] = None,
    spec: Annotated[
        str | None, typer.Option(help=f"list: the cases of this spec, {SPEC_FORM}.")
    ] = None,
    flag: Annotated[
        str | None, typer.Option(help="list: the cases that exist for this reason.")
    ] = None,
    regenerate: Annotated[
        bool,
        typer.Option("--regenerate", help="verify: also make them anew and compare every byte."),
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="write: replace other vectors that lie there.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Write, verify or list the golden vectors: frozen inputs and outputs, and what must be
    refused.
    """
    from stsm_ref.errors import SpecError

    for name, value, wanted in (
        ("--spec", spec, Action.LIST),
        ("--flag", flag, Action.LIST),
        ("--force", force, Action.WRITE),
    ):
        if value and action is not wanted:
            raise SpecError(
                f"{name} belongs to 'stsm-ref vectors {wanted.value}', not to {action.value!r}: "
                "leave it out"
            )
    if regenerate and action is not Action.VERIFY:
        raise SpecError(
            f"--regenerate belongs to 'stsm-ref vectors verify', not to {action.value!r}: leave "
            "it out"
        )
    if action is Action.WRITE:
        return _write(directory, force=force, as_json=as_json)
    if action is Action.VERIFY:
        return _verify(directory, regenerate=regenerate, as_json=as_json)
    if spec is None and flag is None:
        return _list_files(directory, as_json=as_json)
    return _list_cases(
        directory, None if spec is None else ShiftSpec.parse(spec), flag, as_json=as_json
    )


def _write(directory: Path | None, *, force: bool, as_json: bool) -> int:
    from stsm_ref.errors import ReportError
    from stsm_ref.vectors.format.store import MANIFEST, VERSION, sha256
    from stsm_ref.vectors.generate import writing

    if directory is None:
        raise ReportError("vectors write needs DIR: name a new or an empty folder")
    writing.require_writable_folder(directory)
    with progress_bar() as progress:
        task = progress.add_task("making", total=len(writing.FAMILIES))

        def advance(family: str) -> None:
            progress.update(task, description=family, advance=1)

        wrote = writing.write(directory, force=force, on_file=advance)
    manifest_hash = sha256((directory / MANIFEST).read_bytes())
    if as_json:
        print_json(
            {
                "directory": str(directory),
                "wrote": wrote,
                "version": VERSION,
                "manifest": manifest_hash,
            }
        )
    else:
        done = "wrote" if wrote else "nothing to do: there already are"
        screen.print(
            f"{done} vectors, version {VERSION}, in {directory}\nmanifest SHA-256 {manifest_hash}",
            highlight=False,
            soft_wrap=True,
        )
    return 0


def _verify(directory: Path | None, *, regenerate: bool, as_json: bool) -> int:
    from stsm_ref.vectors.format import store
    from stsm_ref.vectors.generate import writing

    manifest = store.verify(directory)
    if regenerate:
        with progress_bar() as progress:
            task = progress.add_task("making anew", total=len(writing.FAMILIES))
            writing.compare(
                directory or store.HERE,
                on_file=lambda family: progress.update(task, description=family, advance=1),
            )
    told = {
        "version": manifest["version"],
        "cases": manifest["cases"],
        "invalid": manifest["invalid"],
        "files": len(manifest["files"]),
    }
    if as_json:
        print_json(told | {"outcome": "passed", "regenerated": regenerate})
    else:
        again = ", and made anew they are the same" if regenerate else ""
        screen.print(
            f"version {told['version']}: {told['cases']:,} cases, {told['invalid']:,} of them "
            f"invalid, in {told['files']} files; "
            f"every byte is what it was{again}",
            highlight=False,
            style="green",
        )
    return 0


def _list_files(directory: Path | None, *, as_json: bool) -> int:
    from rich.table import Table

    from stsm_ref.vectors.format import store

    manifest = store.read_manifest(directory)
    if as_json:
        print_json(manifest)
        return 0
    columns: list[Any] = ["file", "cases", "valid", "invalid", "bytes", "SHA-256"]
    table = Table(
        *columns, title=f"Golden vectors, version {manifest['version']}", title_justify="left"
    )
    for column in table.columns[1:5]:
        column.justify = "right"
    for name, entry in manifest["files"].items():
        counts = [
            f"{entry[key]:,}" if key in entry else ""
            for key in ("cases", "valid", "invalid", "bytes")
        ]
        table.add_row(name, *counts, entry["sha256"][:16])
    total = sum(entry["bytes"] for entry in manifest["files"].values())
    table.add_section()
    table.add_row(
        "all",
        f"{manifest['cases']:,}",
        f"{manifest['cases'] - manifest['invalid']:,}",
        f"{manifest['invalid']:,}",
        f"{total:,}",
        "",
    )
    screen.print(table)
    return 0


def _list_cases(
    directory: Path | None, spec: ShiftSpec | None, flag: str | None, *, as_json: bool
) -> int:
    from stsm_ref.errors import SpecError
    from stsm_ref.vectors.format import store
    from stsm_ref.vectors.format.flags import NOTES, near

    if flag is not None and flag not in NOTES:
        raise SpecError(f"flag={flag!r} is on no case: {near(flag)}")
    cases = (
        store.load(directory)
        if spec is None
        else store.cases_for(spec, results=("valid", "invalid"), directory=directory)
    )
    chosen = [case for case in cases if flag is None or flag in case.flags]
    if as_json:
        print_json([case.as_dict() for case in chosen])
        return 0
    for case in chosen:
        shape = "x".join(map(str, case.shape)) or (case.text if case.text is not None else "")
        screen.print(
            f"{case.id:52} {case.result:7} {case.kind:7} {shape:16} {', '.join(case.flags)}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    screen.print(f"{len(chosen):,} cases", style="dim")
    return 0
