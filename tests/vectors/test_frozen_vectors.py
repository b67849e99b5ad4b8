"""The golden vectors never change: what is made anew is compared byte for byte, and each kind
of tampering is refused by name.
"""

import json
import os
import shutil
from pathlib import Path

import pytest

from stsm_ref import definition, vectors
from stsm_ref.errors import VectorError
from stsm_ref.geometry import ShiftSpec
from stsm_ref.vectors.format import store
from stsm_ref.vectors.generate import forward, writing

pytestmark = pytest.mark.xdist_group("vectors")  # they are made anew once

MANIFEST_OF_VERSION_1 = "997cf8ca0347cdc7194424ccbeb920611161014cb6a8df453adbb5ff6f911e64"
"""Written here a second time: data, manifest and the hash in the code cannot move together
without this line.
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The frozen vectors in a folder of their own."""
    return Path(shutil.copytree(store.HERE, tmp_path / "v1"))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One family of cases instead of all, so that writing is quick."""
    monkeypatch.setattr(writing, "FAMILIES", {"forward-clips": forward.clips})


def test_the_frozen_version_is_frozen() -> None:
    """The manifest has the hash that stands here, and every file has the hash that stands in
    the manifest.
    """
    assert store.FROZEN == {1: MANIFEST_OF_VERSION_1}
    assert store.sha256((store.HERE / store.MANIFEST).read_bytes()) == MANIFEST_OF_VERSION_1
    assert vectors.verify()["cases"] == len(vectors.load())


def test_made_anew_they_are_the_same(made: dict[str, bytes]) -> None:
    """Every byte of every file: what is expected and what is produced cannot move together."""
    assert set(made) == {path.name for path in store.HERE.iterdir()}
    assert [
        name for name, content in made.items() if (store.HERE / name).read_bytes() != content
    ] == []


@pytest.mark.usefixtures("few")
def test_a_changed_definition_would_show(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the definition itself were to change, the comparison names the files that no longer
    come out.
    """
    heard: list[str] = []
    monkeypatch.setattr(definition, "stsm", definition.stsm_vjp)
    with pytest.raises(
        VectorError,
        match=r"made anew, forward-clips.json, .* differ: the generator no longer makes these "
        r"vectors",
    ):
        writing.compare(store.HERE, on_file=heard.append)
    assert heard == ["forward-clips"]


def flip(path: Path) -> None:
    """Change one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def linked(path: Path, to: str) -> None:
    """Put a link in place of a file."""
    path.unlink()
    path.symlink_to(to)


def replaced_by_a_pipe(path: Path) -> None:
    """Put a pipe in place of a file: whoever opens it to read waits for somebody to write."""
    path.unlink()
    os.mkfifo(path)


TAMPERING = {
    "one byte flipped": (
        lambda folder: flip(folder / "vjp.json"),
        r"vjp\.json' was changed: SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}",
    ),
    "cut": (
        lambda folder: os.truncate(folder / "jvp.json", 1000),
        r"jvp\.json' has 1000 bytes, expected \d+: it was cut or added to",
    ),
    "a byte added": (
        lambda folder: (folder / "reject.json").write_bytes(
            (folder / "reject.json").read_bytes() + b"\n"
        ),
        r"reject\.json' has \d+ bytes, expected \d+",
    ),
    "a file removed": (
        lambda folder: (folder / "conv.json").unlink(),
        r"lacks conv\.json, which its manifest lists",
    ),
    "a stray file": (
        lambda folder: (folder / "more.json").write_text("{}"),
        r"holds more\.json, which its manifest does not list",
    ),
    "the schema changed": (
        lambda folder: flip(folder / "schema.json"),
        r"schema\.json' was changed",
    ),
    "the manifest changed": (
        lambda folder: flip(folder / "manifest.json"),
        r"manifest\.json' is not the manifest of a known version",
    ),
    "a pipe in place of a file": (
        lambda folder: replaced_by_a_pipe(folder / "vjp.json"),
        r"vjp\.json' cannot be read, since it is a pipe",
    ),
    "a pipe in place of the manifest": (
        lambda folder: replaced_by_a_pipe(folder / "manifest.json"),
        r"manifest\.json' cannot be read, since it is a pipe: name a file",
    ),
    "a device": (
        lambda folder: linked(folder / "manifest.json", "/dev/zero"),
        r"manifest\.json' cannot be read, since it is a device",
    ),
    "a sparse file": (
        lambda folder: os.truncate(folder / "vjp.json", 1 << 40),
        r"vjp\.json' has 1024\.0 GiB, where a right one has .* MiB at most",
    ),
    "a sparse manifest": (
        lambda folder: os.truncate(folder / "manifest.json", 1 << 40),
        r"has 1024\.0 GiB, where a right one has 1\.0 MiB",
    ),
    "a name with escapes": (
        lambda folder: (folder / "\x1b[2J").touch(),
        r"holds \\x1b\[2J, which its manifest does not list",
    ),
    "no manifest": (
        lambda folder: (folder / "manifest.json").unlink(),
        r"manifest\.json' cannot be read: No such file",
    ),
    "no folder": (shutil.rmtree, r"manifest\.json' cannot be read: No such file"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_tampering_is_refused_by_name(copy: Path, name: str) -> None:
    """The file is named, with the checksum found and the one expected."""
    vectors.verify(copy)
    tamper, message = TAMPERING[name]
    tamper(copy)
    with pytest.raises(VectorError, match=message):
        vectors.verify(copy)


def test_writing_does_not_wait_for_a_pipe_either(copy: Path) -> None:
    """What stands there is compared with what is made, and a pipe is refused first."""
    replaced_by_a_pipe(copy / "vjp.json")
    content = {"vjp.json": b"x"}
    with pytest.raises(VectorError, match=r"vjp\.json' cannot be read, since it is a pipe"):
        writing._differs(copy / "vjp.json", content["vjp.json"])
    assert writing._differs(copy / "jvp.json", b"x")


def test_tampering_is_refused_where_cases_are_read(copy: Path) -> None:
    """Not only by `verify`: neither `load` nor `cases_for` reads a byte of a file that was
    changed.
    """
    flip(copy / "forward-terms.json")
    with pytest.raises(VectorError, match=r"forward-terms\.json' was changed"):
        vectors.load(copy)
    with pytest.raises(VectorError, match=r"forward-terms\.json' was changed"):
        vectors.cases_for(ShiftSpec(), directory=copy)


def test_data_and_manifest_cannot_move_together(copy: Path) -> None:
    """A wrong expected value under a manifest that was made to fit is refused: its own hash
    stands in the code.
    """
    path = copy / "vjp.json"
    flip(path)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["vjp.json"]["sha256"] = store.sha256(path.read_bytes())
    (copy / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    with pytest.raises(VectorError, match=rf"expected {MANIFEST_OF_VERSION_1} for version 1"):
        vectors.verify(copy)


@pytest.mark.usefixtures("made_once")
def test_written_anew_they_verify(tmp_path: Path) -> None:
    """Into a folder that does not exist yet, whole; written a second time there is nothing to
    do.
    """
    folder = tmp_path / "new"
    assert writing.write(folder)
    assert vectors.verify(folder) == vectors.read_manifest()
    assert not writing.write(folder)
    assert sorted(tmp_path.iterdir()) == [folder]


@pytest.mark.usefixtures("made_once")
def test_other_vectors_are_not_overwritten(copy: Path) -> None:
    """A version that is out is replaced only by force, and then verifies."""
    flip(copy / "jvp.json")
    with pytest.raises(VectorError, match=r"holds other vectors: jvp\.json differ.*--force"):
        writing.write(copy)
    assert writing.write(copy, force=True)
    vectors.verify(copy)


@pytest.mark.usefixtures("few")
def test_a_generator_that_moved_on_writes_no_version_1(tmp_path: Path) -> None:
    """What is not the frozen version is not written under its number."""
    with pytest.raises(
        VectorError,
        match=r"what is made here is not version 1: .* A change of the generator is a new version",
    ):
        writing.write(tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("thesis", r"holds 'thesis.tex', which is not a file of the vectors"),
        ("file", "is not a folder"),
        ("no/where", r"is not a folder that you may"),
    ],
)
def test_no_other_folder_is_written(tmp_path: Path, place: str, message: str) -> None:
    """Not where other files lie, not into a file, not where there is no parent; force does not
    change that.
    """
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("x")
    (tmp_path / "file").write_text("x")
    for force in (False, True):
        with pytest.raises(VectorError, match=message):
            writing.write(tmp_path / place, force=force)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "thesis", "thesis.tex"]


@pytest.mark.usefixtures("few")
def test_half_written_is_not_taken_for_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the disk fills up half way there is no manifest, no draft is left, and what is there
    is refused.
    """
    moved = []

    def full(source: Path, target: Path) -> None:
        if len(moved) == 2:
            raise OSError(28, "No space left on device")
        moved.append(Path(source).rename(target))

    monkeypatch.setattr(os, "replace", full)
    folder = tmp_path / "new"
    with pytest.raises(VectorError, match=r"cannot be written: No space left on device"):
        writing.write(folder, force=True)
    assert list(tmp_path.iterdir()) == [folder]
    with pytest.raises(VectorError, match=r"manifest\.json' cannot be read"):
        vectors.verify(folder)


def test_identifiers_do_not_depend_on_the_run() -> None:
    """The same names in the same order, made twice."""
    first, second = (
        [name for name, _, _ in writing._numbered("x", forward.clips())] for _ in range(2)
    )
    assert first == second
