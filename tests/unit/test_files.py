"""Files are written whole or not at all."""

from pathlib import Path

import pytest

from stsm_ref.errors import ReportError
from stsm_ref.files import require_writable, write_whole


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

    def full(self: Path, _: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ReportError, match=r"report' cannot be written: No space left on device"):
        write_whole(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
