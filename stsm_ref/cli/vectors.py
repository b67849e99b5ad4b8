"""`stsm-ref vectors write`, `verify` and `list`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from stsm_ref.cli.shell import SPEC_FORM, AsJson, app, command_of, print_json, progress_bar, screen

group = typer.Typer(
    name="vectors", help="The golden vectors: frozen inputs and outputs, and what must be refused."
)
app.add_typer(group)
command = command_of(group, "stsm-ref vectors")
FOLDER = "A folder of vectors; those of the package by default."
Folder = Annotated[Path | None, typer.Argument(metavar="DIR", help=FOLDER)]


@command
def write(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or an empty folder.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace other vectors that lie there.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Make the vectors anew in a folder of yours."""
    from stsm_ref.vectors.format.store import MANIFEST, VERSION, sha256
    from stsm_ref.vectors.generate import writing

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
        text = (
            f"{done} vectors, version {VERSION}, in {directory}\nmanifest SHA-256 {manifest_hash}"
        )
        screen.print(text, highlight=False, soft_wrap=True)
    return 0


@command
def verify(
    directory: Folder = None,
    regenerate: Annotated[
        bool, typer.Option("--regenerate", help="Also make them anew and compare every byte.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Check that every byte is what it was."""
    from stsm_ref.vectors.format import store

    manifest = store.verify(directory)
    if regenerate:
        from stsm_ref.vectors.generate import writing

        with progress_bar() as progress:
            task = progress.add_task("making anew", total=len(writing.FAMILIES))
            advance = lambda family: progress.update(task, description=family, advance=1)  # noqa: E731 # one line
            writing.compare(directory or store.HERE, on_file=advance)
    counts = {key: manifest[key] for key in ("version", "cases", "invalid")} | {
        "files": len(manifest["files"])
    }
    if as_json:
        print_json(counts | {"outcome": "passed", "regenerated": regenerate})
    else:
        again = ", and made anew they are the same" if regenerate else ""
        text = (
            f"version {counts['version']}: {counts['cases']:,} cases, "
            f"{counts['invalid']:,} of them invalid, in {counts['files']} files; every byte is "
            f"what it was{again}"
        )
        screen.print(text, highlight=False, style="green")
    return 0


@command
def list_(
    directory: Folder = None,
    spec: Annotated[str | None, typer.Option(help=f"The cases of this spec, {SPEC_FORM}.")] = None,
    flag: Annotated[str | None, typer.Option(help="The cases that exist for this reason.")] = None,
    as_json: AsJson = False,
) -> int:
    """List the files, or the cases of a spec or a flag."""
    if spec is None and flag is None:
        return _list_files(directory, as_json=as_json)
    return _list_cases(directory, spec, flag, as_json=as_json)


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
    directory: Path | None, spec: str | None, flag: str | None, *, as_json: bool
) -> int:
    from stsm_ref.errors import SpecError
    from stsm_ref.geometry import ShiftSpec
    from stsm_ref.vectors.format import store
    from stsm_ref.vectors.format.flags import NOTES, near

    if flag is not None and flag not in NOTES:
        raise SpecError(f"flag={flag!r} is on no case: {near(flag)}")
    if spec is None:
        cases = store.load(directory)
    else:
        cases = store.cases_for(
            ShiftSpec.parse(spec), results=("valid", "invalid"), directory=directory
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
