"""Read the vectors, and refuse them where one byte is not what it was when their version was
frozen.

The hash of each version's manifest stands in `FROZEN`, and the manifest holds the hash of each
file: data that was changed, cut, added or lost is named before anything in it is read.
"""

import functools
import hashlib
import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from stsm_ref._files import MIB, read_file, require_file
from stsm_ref.errors import MOST_QUOTED, VectorError, cut, quoted, visible
from stsm_ref.geometry import ShiftSpec
from stsm_ref.vectors.format.case import OPS, Kind, Result, VectorCase

FORMAT, VERSION, GENERATOR = "stsm-ref vectors", 1, 1
MANIFEST = "manifest.json"
MAX_MANIFEST = MIB
"""Bytes of a manifest: ours has a tenth of it."""
HERE = Path(__file__).parents[1] / f"v{VERSION}"

FROZEN = {1: "997cf8ca0347cdc7194424ccbeb920611161014cb6a8df453adbb5ff6f911e64"}
"""SHA-256 of the manifest of each version that is out. An entry is added for a new version; none
is ever changed.
"""


def sha256(content: bytes) -> str:
    """The checksum in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def read_manifest(directory: Path | None = None) -> dict[str, Any]:
    """The manifest of the vectors in `directory` (default: ours), once it is known to be that of
    a frozen version.

    Raises
    ------
    VectorError
        If it is absent or changed, or if a file that it lists is absent or another is there.
    """
    folder = directory or HERE
    content = read_file(
        folder / MANIFEST, most=MAX_MANIFEST, what="the manifest", error=VectorError
    )
    if (digest := sha256(content)) not in FROZEN.values():
        known = ", ".join(f"{value} for version {version}" for version, value in FROZEN.items())
        raise VectorError(
            f"{str(folder / MANIFEST)!r} is not the manifest of a known version: SHA-256 "
            f"{digest}, expected {known}"
        )
    manifest: dict[str, Any] = json.loads(content)
    expected = {*manifest["files"], MANIFEST}
    found_names = _names(folder)
    if missing := sorted(expected - found_names):
        raise VectorError(
            f"{str(folder)!r} lacks {_listed(missing)}, which its manifest lists: write the "
            "vectors anew"
        )
    if extra := sorted(found_names - expected):
        raise VectorError(
            f"{str(folder)!r} holds {_listed(extra)}, which its manifest does not list: remove "
            "what does not belong there"
        )
    return manifest


def checked_bytes(name: str, manifest: dict[str, Any], directory: Path | None = None) -> bytes:
    """The content of one file, once its length and its checksum are those of the manifest.

    Parameters
    ----------
    name : str
        The file.
    manifest : dict
        What `read_manifest` gives.
    directory : Path, optional
        A folder of vectors; those of the package by default.

    Raises
    ------
    VectorError
        If the file is absent, or it was changed.
    """
    path, entry = (directory or HERE) / name, manifest["files"][name]
    size = require_file(
        path, most=entry["bytes"] + MAX_MANIFEST, what="the file of vectors", error=VectorError
    )
    if size != entry["bytes"]:
        raise VectorError(
            f"{str(path)!r} has {size} bytes, expected {entry['bytes']}: it was cut or added to"
        )
    content = read_file(path, most=size, what="the file of vectors", error=VectorError)
    if (digest := sha256(content)) != entry["sha256"]:
        raise VectorError(
            f"{str(path)!r} was changed: SHA-256 {digest}, expected {entry['sha256']}"
        )
    return content


def verify(directory: Path | None = None) -> dict[str, Any]:
    """Check every byte of every file; return the manifest.

    Raises
    ------
    VectorError
        It names the file, and the checksum that was found and the one that was expected.
    """
    manifest = read_manifest(directory)
    for name in manifest["files"]:
        checked_bytes(name, manifest, directory)
    return manifest


def load(
    directory: Path | None = None, *, files: Collection[str] | None = None
) -> tuple[VectorCase, ...]:
    """All cases, or those of some files, in the order in which they are written; each file is
    verified before it is read.
    """
    manifest = read_manifest(directory)
    names = [
        name
        for name, entry in manifest["files"].items()
        if "cases" in entry and (files is None or name in files)
    ]
    return tuple(
        case
        for name in names
        for case in _cases(json.loads(checked_bytes(name, manifest, directory)))
    )


def cases_for(
    spec: ShiftSpec,
    *,
    kinds: Iterable[Kind] = OPS,
    results: Iterable[Result] = ("valid",),
    directory: Path | None = None,
) -> tuple[VectorCase, ...]:
    """The cases of one spec; empty if the vectors have none of it.

    Parameters
    ----------
    spec : ShiftSpec
        As it stands in the case.
    kinds : iterable of {"forward", "vjp", "jvp"}
        What is asked.
    results : iterable of {"valid", "invalid"}
        Only valid ones unless asked otherwise.
    directory : Path, optional
        A folder of vectors; those of the package by default.

    >>> cases = cases_for(ShiftSpec())
    >>> cases[0].id, cases[0].kind
    ('forward-terms/t-h-w_3of8_forward/001', 'forward')
    """
    kinds, results = frozenset(kinds), frozenset(results)
    cases = _of_spec(str(spec), directory)
    return tuple(case for case in cases if case.kind in kinds and case.result in results)


def find(identifier: str) -> VectorCase | None:
    """The case of that identifier, or None."""
    family = identifier.partition("/")[0]
    cases = (case for case in _of_family(family) if case.id == identifier)
    return next(cases, None)


@functools.lru_cache(maxsize=8)
def _of_spec(spec: str, directory: Path | None) -> tuple[VectorCase, ...]:
    manifest = read_manifest(directory)
    names = list(manifest["files"])
    chosen = {names[place] for place in manifest["specs"].get(spec, ())}
    return (
        tuple(case for case in load(directory, files=chosen) if case.spec == spec) if chosen else ()
    )


@functools.lru_cache(maxsize=4)
def _of_family(family: str) -> tuple[VectorCase, ...]:
    return load(files=[f"{family}.json"])


def _names(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir() if path.name != "__pycache__"}
    except OSError as error:
        raise VectorError(
            f"{quoted(str(folder))} cannot be listed: {error.strerror}: name a folder of vectors "
            "that may be read"
        ) from None


def _listed(names: list[str], most: int = 8) -> str:
    """Some names, each as it may stand in a message, and how many more there are."""
    more = [f"and {len(names) - most} more"] if len(names) > most else []
    return ", ".join([*(visible(cut(name, MOST_QUOTED)) for name in names[:most]), *more])


def _cases(data: dict[str, Any]) -> Iterable[VectorCase]:
    """The cases of a file, with what their groups say, and a wrong output with the input that it
    belongs to.
    """
    valid: dict[str, Any] = {}
    for group in data["groups"]:
        shared = {key: _tuples(value) for key, value in group.items() if key != "cases"}
        for case in group["cases"]:
            own = {key: _tuples(value) for key, value in case.items()}
            if own.get("instead_of", "") == valid.get("id"):
                own = {
                    key: value
                    for key, value in valid.items()
                    if key in ("shape", "x", "other", "expected", "output_shape")
                } | own
            elif "x" in own:
                valid = own
            yield VectorCase(**(shared | own))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(entry) for entry in value) if isinstance(value, list) else value
