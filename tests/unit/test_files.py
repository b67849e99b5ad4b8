"""Files are written whole or not at all."""

import os
from pathlib import Path

import pytest

from stsm_ref._files import (
    make_folder,
    read_file,
    require_distinct,
    require_file,
    require_writable,
    write_whole,
)
from stsm_ref.errors import ReportError, VectorError


def test_text_and_bytes(tmp_path: Path) -> None:
    """Both are written, over what stood there, and no draft is left."""
    path = tmp_path / "report"
    write_whole(path, "α")
    write_whole(path, b"\x00")
    assert path.read_bytes() == b"\x00"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["missing/report", "file/report"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    """A folder that does not exist, or is a file."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(
        ReportError, match=r"report' cannot be written: .* is not a folder that you may write to"
    ):
        write_whole(tmp_path / name, "")


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A report cannot replace a folder."""
    with pytest.raises(ReportError, match=r"is a folder: name a file in it"):
        require_writable(tmp_path)


def test_a_failure_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the disk is full the old report is still whole and the draft is gone."""
    path = tmp_path / "report"
    path.write_text("old")

    def full(self: Path, _: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ReportError, match=r"report' cannot be written: No space left on device"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it leads to is written, and the permissions of a file are kept."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    target.chmod(0o640)
    link.symlink_to(target)
    write_whole(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert target.stat().st_mode & 0o777 == 0o640


def test_other_peoples_drafts_are_left_alone(tmp_path: Path) -> None:
    """A file that looks like a draft of ours is not written over."""
    other = tmp_path / ".report.draft"
    other.write_text("mine")
    write_whole(tmp_path / "report", "x")
    assert other.read_text() == "mine"


def test_devices_and_long_names_are_refused(tmp_path: Path) -> None:
    """A pipe is not a file, and a name that no disk takes is an error of ours, not of Python's."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(
        ReportError, match=r"pipe' is not a file that you may write to: name another"
    ):
        require_writable(pipe)
    with pytest.raises(ReportError, match=r"cannot be written: File name too long"):
        require_writable(tmp_path / ("x" * 300))


def test_a_folder_is_made_or_refused(tmp_path: Path) -> None:
    """With those above it or only itself; there already is well; the refusal says why."""
    make_folder(tmp_path / "a" / "b", "never said")
    make_folder(tmp_path / "a" / "b", "never said")
    assert (tmp_path / "a" / "b").is_dir()
    with pytest.raises(ReportError, match="out is none: No such file"):
        make_folder(tmp_path / "c" / "d", "out is none", parents=False)
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match="out is none: "):
        make_folder(tmp_path / "file", "out is none")


def test_only_a_file_of_a_known_size_is_read(tmp_path: Path) -> None:
    """A pipe is not waited for, a device not read without end, a sparse file not filled; a link is
    followed; each says what it is.
    """
    right, sparse, pipe = tmp_path / "right", tmp_path / "sparse", tmp_path / "pipe"
    right.write_bytes(b"12345")
    with sparse.open("wb") as file:
        file.truncate(1 << 40)
    os.mkfifo(pipe)
    (tmp_path / "link").symlink_to(right)
    assert read_file(tmp_path / "link", most=5, what="the file") == b"12345"
    assert require_file(right, most=5, what="the file") == 5
    refused = {
        right: r"the file '.*right' has 5 bytes, where a right one has 4 bytes at most: name "
        r"another file",
        sparse: r"has 1024.0 GiB, where a right one has 4 bytes at most",
        pipe: r"cannot be read, since it is a pipe: name a file",
        tmp_path: r"cannot be read, since it is a folder: name a file",
        Path("/dev/zero"): r"cannot be read, since it is a device: name a file",
        tmp_path / "absent": r"absent' cannot be read: No such file or directory",
        tmp_path / "\0": r"cannot be read: embedded null",
        tmp_path / ("\x1b" + "x" * 300): r"\\x1bxxx.*cannot be read: File name too long",
    }
    for path, why in refused.items():
        for reader in (read_file, require_file):
            with pytest.raises(VectorError, match=why):
                reader(path, most=4, what="the file", error=VectorError)


def test_outputs_are_distinct_and_not_the_input(tmp_path: Path) -> None:
    """One file by two names, through a link or not there yet, and the file that is read, are
    refused by the names of their options.
    """
    mine, link, new = tmp_path / "mine.py", tmp_path / "link", tmp_path / "new"
    mine.write_text("x = 1")
    link.symlink_to(mine)
    require_distinct({"--a": new, "--b": None, "--c": tmp_path / "other"}, [mine])
    for first, second in (
        (new, tmp_path / "." / "new"),
        (mine, link),
        (new, tmp_path / "a" / ".." / "new"),
    ):
        with pytest.raises(
            ReportError,
            match=r"--a and --b both lead to .*where only the last would stay: name two files",
        ):
            require_distinct({"--a": first, "--b": second})
    with pytest.raises(ReportError, match=r"--a leads to .*link', which is what is to be judged"):
        require_distinct({"--a": link}, [mine])


def test_only_what_is_ours_is_replaced(tmp_path: Path) -> None:
    """An empty file and one of the same kind are written over; somebody's source, or a photograph,
    is not.
    """
    path = tmp_path / "page"
    for ours in ("", "<!DOCTYPE html><p>", "<!doctype html>"):
        path.write_text(ours)
        assert require_writable(path, begins=("<!doctype html",)) == path
    for theirs in (b"import numpy", b"\xff\xd8\xff"):
        path.write_bytes(theirs)
        with pytest.raises(
            ReportError, match=r"page' holds something else, not such a report, and would be lost"
        ):
            require_writable(path, begins=("<!doctype html",))


def test_text_is_utf_8_whatever_it_holds(tmp_path: Path) -> None:
    """Half a pair of surrogates, which no encoding holds, is escaped and stops nothing."""
    write_whole(tmp_path / "page", "α\udc80")
    assert (tmp_path / "page").read_bytes() == "α\\udc80".encode()
