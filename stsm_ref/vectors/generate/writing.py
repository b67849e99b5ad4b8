"""Make the vectors anew, byte for byte, and write them whole or not at all."""

import itertools
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from stsm_ref._files import read_file, require_file
from stsm_ref.errors import VectorError, quoted
from stsm_ref.vectors.format.flags import NOTES
from stsm_ref.vectors.format.packing import pack
from stsm_ref.vectors.format.schema import MANIFEST_SCHEMA, VECTORS_SCHEMA
from stsm_ref.vectors.format.store import FORMAT, FROZEN, GENERATOR, MANIFEST, VERSION, sha256
from stsm_ref.vectors.generate import (
    convolutions,
    forward,
    gradients,
    rejects,
    special_values,
    wrong,
)
from stsm_ref.vectors.generate.templates import Draft

FAMILIES: dict[str, Callable[[], Iterable[Draft]]] = {
    "forward-terms": forward.terms,
    "forward-exact": forward.exact,
    "forward-all-terms": forward.all_terms,
    "forward-sizes": forward.sizes,
    "forward-clips": forward.clips,
    "forward-channels": forward.channels,
    "forward-dtypes": special_values.dtypes,
    "forward-specials": special_values.specials,
    "forward-precisions": special_values.precisions,
    "vjp": gradients.vjp,
    "jvp": gradients.jvp,
    "gradient-dtypes": gradients.dtypes,
    "conv": convolutions.convs,
    "wrong-forward": wrong.forwards,
    "wrong-gradients": wrong.gradients,
    "wrong-by-arithmetic": wrong.by_arithmetic,
    "reject": rejects.rejects,
}
"""One file each, in the order of the manifest."""

SCHEMAS = {"schema.json": VECTORS_SCHEMA, "manifest-schema.json": MANIFEST_SCHEMA}


def make(on_file: Callable[[str], None] = lambda name: None) -> dict[str, bytes]:
    """Every file of the vectors by name, the manifest last; `on_file` hears of each before it
    is made.
    """
    files: dict[str, bytes] = {}
    entries: dict[str, dict[str, Any]] = {}
    specs: dict[str, dict[str, None]] = {}
    for family, drafts in FAMILIES.items():
        on_file(family)
        cases = list(_numbered(family, drafts()))
        name = f"{family}.json"
        files[name] = _text(family, drafts.__doc__ or "", cases).encode("ascii")
        invalid = sum(draft.result == "invalid" for _, draft, _ in cases)
        entries[name] = _entry(files[name]) | {
            "cases": len(cases),
            "valid": len(cases) - invalid,
            "invalid": invalid,
        }
        for _, draft, _ in cases:
            if draft.spec:
                specs.setdefault(str(draft.spec), {})[name] = None
    for name, schema in SCHEMAS.items():
        files[name] = (json.dumps(schema, indent=1) + "\n").encode("ascii")
        entries[name] = _entry(files[name])
    # the index: which files hold cases of a spec, by their place among the files
    places = {name: place for place, name in enumerate(entries)}
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "generator": GENERATOR,
        "cases": sum(entry.get("cases", 0) for entry in entries.values()),
        "invalid": sum(entry.get("invalid", 0) for entry in entries.values()),
        "files": entries,
        "specs": {spec: [places[name] for name in names] for spec, names in sorted(specs.items())},
    }
    text = json.dumps(manifest, indent=1)
    return files | {MANIFEST: (_arrays_on_one_line(text) + "\n").encode("ascii")}


def write(
    directory: Path, *, force: bool = False, on_file: Callable[[str], None] = lambda name: None
) -> bool:
    """Write the vectors into `directory`; return whether anything had to be written.

    Raises
    ------
    VectorError
        If the folder holds other files, or other vectors and not `force`, or cannot be written, or
        what is made is not the frozen version and not `force`.
    """
    require_writable_folder(directory)
    standing = _standing(directory)
    ours = {*(f"{family}.json" for family in FAMILIES), *SCHEMAS, MANIFEST}
    if foreign := sorted(set(standing) - ours):
        raise VectorError(
            f"{str(directory)!r} holds {foreign[0]!r}, which is not a file of the vectors: name a "
            "new or an empty folder"
        )
    files = make(on_file)
    differing = [
        name for name in files if name in standing and _differs(directory / name, files[name])
    ]
    if differing and not force:
        raise VectorError(
            f"{str(directory)!r} holds other vectors: {', '.join(differing)} differ. A version "
            "that is out never changes; "
            "name another folder, or --force to replace them"
        )
    if (made := sha256(files[MANIFEST])) != FROZEN[VERSION] and not force:
        raise VectorError(
            f"what is made here is not version {VERSION}: its manifest has SHA-256 {made}, should "
            f"be {FROZEN[VERSION]}. "
            "A change of the generator is a new version"
        )
    if not differing and set(standing) == set(files):
        return False
    _place(directory, files)
    return True


def require_writable_folder(directory: Path) -> None:
    """Refuse a folder that cannot be written before the work is done.

    Raises
    ------
    VectorError
        If it is a file, or its parent is not a folder that may be written.
    """
    try:
        place = directory if directory.exists() else directory.parent
        writable = place.is_dir() and os.access(place, os.W_OK)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise VectorError(
            f"{quoted(str(directory))} cannot be written: {reason}: name another folder"
        ) from None
    if not writable:
        raise VectorError(
            f"{str(directory)!r} cannot be written: {str(place)!r} is not a folder that you may "
            "write to"
        )


def compare(directory: Path, *, on_file: Callable[[str], None] = lambda name: None) -> None:
    """Make the vectors anew and require each file to be the same to the last byte.

    Raises
    ------
    VectorError
        It names the files that differ.
    """
    differing = [
        name for name, content in make(on_file).items() if _differs(directory / name, content)
    ]
    if differing:
        raise VectorError(
            f"made anew, {', '.join(differing)} of {str(directory)!r} differ: the generator no "
            "longer makes these vectors"
        )


def _differs(path: Path, content: bytes) -> bool:
    """Whether a file holds anything but `content`, of which no more is read than it may have."""
    how: dict[str, Any] = {"what": "the file of vectors", "error": VectorError}
    return (
        require_file(path, most=sys.maxsize, **how) != len(content)
        or read_file(path, most=len(content), **how) != content
    )


def _standing(directory: Path) -> list[str]:
    """What is in the folder; nothing where there is none."""
    try:
        return [path.name for path in directory.iterdir()] if directory.exists() else []
    except OSError as error:
        raise VectorError(f"{str(directory)!r} cannot be written: {error.strerror}") from None


def _place(directory: Path, files: dict[str, bytes]) -> None:
    """Write all of it to a draft and move that in, the manifest last: what is cut off half way
    is never taken for whole.
    """
    try:
        with tempfile.TemporaryDirectory(
            dir=directory if directory.exists() else directory.parent, prefix=".draft-"
        ) as draft:
            for name, content in files.items():
                (Path(draft) / name).write_bytes(content)
            directory.mkdir(exist_ok=True)
            for name in files:
                os.replace(Path(draft) / name, directory / name)  # noqa: PTH105 # it overwrites on every system
    except OSError as error:
        raise VectorError(f"{str(directory)!r} cannot be written: {error.strerror}") from None


def _numbered(family: str, drafts: Iterable[Draft]) -> Iterator[tuple[str, Draft, str]]:
    """Give each case its identifier, and each wrong output that of the valid case before it."""
    counts: dict[str, int] = {}
    valid = ""
    for draft in drafts:
        stem = f"{family}/{draft.slug}"
        counts[stem] = counts.get(stem, 0) + 1
        identifier = f"{stem}/{counts[stem]:03}"
        if draft.result == "valid":
            valid = identifier
        yield identifier, draft, "" if draft.kind == "reject" else valid


def _group(draft: Draft) -> dict[str, Any]:
    """What a case shares with those around it."""
    if draft.kind == "reject":
        return {"kind": draft.kind, "result": draft.result}
    dtype = next(iter(draft.arrays.values())).dtype.name
    about = (
        {"spec": str(draft.spec), "layout": "NTCHW"}
        if draft.spec
        else {"layout": "THW", **draft.shared}
    )
    return {
        "kind": draft.kind,
        "result": draft.result,
        **about,
        "dtype": dtype,
        "packing": draft.packing,
    }


def _case(
    identifier: str, draft: Draft, valid: str, requirements: tuple[str, ...]
) -> dict[str, Any]:
    """The case; its requirements only where they are not those that its group names."""
    case: dict[str, Any] = {"id": identifier, "flags": list(draft.flags)}
    if draft.requirements != requirements:
        case["requirements"] = list(draft.requirements)
    if draft.kind == "reject":
        return case | draft.more
    if draft.result == "invalid":
        case["instead_of"] = valid
    else:
        case["shape"] = list(draft.arrays["x"].shape)
        if draft.arrays["expected"].shape != draft.arrays["x"].shape:
            case["output_shape"] = list(draft.arrays["expected"].shape)
    return case | {name: pack(array, draft.packing) for name, array in draft.arrays.items()}


def _text(family: str, about: str, cases: list[tuple[str, Draft, str]]) -> str:
    """One file: a line for the head of each group and a line for each case."""
    used = {flag for _, draft, _ in cases for flag in draft.flags}
    head = {"format": FORMAT, "version": VERSION, "family": family, "about": _sentence(about)}
    notes = {flag: note for flag, note in NOTES.items() if flag in used}
    lines = []
    for group, members in itertools.groupby(cases, key=lambda case: _group(case[1])):
        inside = list(members)
        requirements = inside[0][1].requirements
        texts = [
            _line(_case(identifier, draft, valid, requirements))
            for identifier, draft, valid in inside
        ]
        lines.append(
            f'{_line(group | {"requirements": requirements})[:-1]},"cases":[\n'
            + ",\n".join(texts)
            + "\n]}"
        )
    return (
        f'{_line(head)[:-1]},\n"notes":{json.dumps(notes, indent=1)},\n"groups":[\n'
        + ",\n".join(lines)
        + "\n]}\n"
    )


def _line(data: dict[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"))


def _entry(content: bytes) -> dict[str, Any]:
    return {"sha256": sha256(content), "bytes": len(content)}


def _arrays_on_one_line(text: str) -> str:
    """Close up the lists of numbers that `json.dumps` spreads over lines."""
    return re.sub(
        r"\[\s+([\d,\s]+?)\s+\]", lambda numbers: "[" + re.sub(r"\s+", "", numbers[1]) + "]", text
    )


def _sentence(text: str) -> str:
    """The first paragraph of a docstring on one line, whatever its lines are broken at."""
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())
