"""Where a verdict comes from: versions, and hashes of what decided it."""

import hashlib
import importlib.metadata
import platform
from functools import cache
from pathlib import Path

import numpy as np

import stsm_ref
from stsm_ref.vectors.format import store

PACKAGE = Path(stsm_ref.__file__).parent


def environment(kind: str) -> dict[str, str]:
    """Versions that a reader needs to run the same again, that of the target's framework among
    them.
    """
    versions = {
        "stsm_ref": stsm_ref.__version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "platform": f"{platform.system()} {platform.release()} {platform.machine()}",
    }
    for package in {"torch": ("torch",), "jax": ("jax",), "onnx": ("onnx", "onnxruntime")}.get(
        kind, ()
    ):
        versions[package] = importlib.metadata.version(package)
    return versions


JUDGES = (
    "bugs/batches.py",
    "bugs/bug.py",
    "bugs/catalogue.py",
    "bugs/guess.py",
    "bugs/moves.py",
    "bugs/partitions.py",
    "bugs/signatures.py",
    "bugs/values.py",
    "_validation.py",
    "geometry.py",
    "definition.py",
    "strategies.py",
    "values.py",
    "requirements.py",
    "proofs/certificate.py",
)
"""Beside the folders below, what a target is judged by."""

FOLDERS = ("conformance", "checks/any_implementation", "evidence", "implementations")


@cache
def hashes() -> dict[str, str]:
    """SHA-256 of the suite, which is the sources of the rules and of all that they are judged by,
    and of the manifest of the vectors.

    Raises
    ------
    FileNotFoundError
        If one of them has moved: a verdict must not say less of what decided it than it seems to.
    """
    sources = sorted(
        [
            *(path for folder in FOLDERS for path in sources_in(PACKAGE / folder)),
            *(PACKAGE / name for name in JUDGES),
        ]
    )
    suite = hashlib.sha256()
    for path in sources:
        suite.update(
            path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0"
        )
    return {
        "suite": suite.hexdigest(),
        "vectors": store.sha256((store.HERE / store.MANIFEST).read_bytes()),
    }


def sources_in(folder: Path) -> list[Path]:
    """The Python files of a folder and of those in it."""
    files = list(folder.rglob("*.py"))
    if not files:
        raise FileNotFoundError(f"{folder} holds no source: the hash of the suite counts on it")
    return files
