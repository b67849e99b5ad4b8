"""Files are written whole or not at all."""

import os
from pathlib import Path

import pytest

from stsm_ref.errors import ReportError
from stsm_ref.files import make_folder, require_writable, write_whole


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
    with pytest.raises(ReportError, match=r"report' cannot be written: .* is no folder that you may write to"):
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
    """A pipe is no file, and a name that no disk takes is an error of ours, not of Python's."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(ReportError, match=r"pipe' is no file that you may write to: name another"):
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
