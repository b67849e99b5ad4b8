"""Files of others have a limit: what is huge or endless is refused by its size or kind, unread."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from stsm_ref import cli
from stsm_ref._loading import MAX_SOURCE, load
from stsm_ref.errors import ModelError, ReportError, TargetError
from stsm_ref.evidence.report import jsonl

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with a name")


def sparse(path: Path, size: int) -> Path:
    """A file of that size that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)
    return path


@pytest.fixture
def odd_files(tmp_path: Path) -> dict[Path, str]:
    """Python files that nobody should read, and what is said of each."""
    (tmp_path / "endless.py").symlink_to("/dev/zero")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    return {
        sparse(
            tmp_path / "huge.py", 1 << 40
        ): "has 1024.0 GiB, where a right one has 16.0 MiB at most",
        sparse(
            tmp_path / "large.py", MAX_SOURCE + 1
        ): "has 16.0 MiB, where a right one has 16.0 MiB at most",
        tmp_path / "endless.py": "cannot be read, since it is a device: name a file",
        tmp_path / "folder.py": "cannot be read, since it is a folder: name a file",
        tmp_path / "pipe.py": "cannot be read, since it is a pipe: name a file",
    }


def test_a_source_is_a_file_of_a_known_size(odd_files: dict[Path, str]) -> None:
    """A target's file that is huge, endless or not a file is refused before Python opens it."""
    for path, why in odd_files.items():
        with pytest.raises(TargetError) as caught:
            load(f"{path}:forward")
        assert str(caught.value).startswith("the source ")
        assert why in str(caught.value)


@pytest.mark.parametrize("command", ["check", "prove"])
def test_both_commands_refuse_them(odd_files: dict[Path, str], command: str) -> None:
    """Exit 2 and the same words, whichever command is given the file."""
    if command == "prove":
        pytest.importorskip("torch")
    for path, why in odd_files.items():
        ended = CliRunner().invoke(cli.app, [command, f"py:{path}:forward"])
        assert ended.exit_code == 2, ended.output
        assert why in " ".join(ended.output.split())


def test_a_report_is_a_file_of_a_known_size(tmp_path: Path) -> None:
    """A report that is huge, endless or not a file is refused unread."""
    os.mkfifo(tmp_path / "pipe.jsonl")
    for path, why in {
        sparse(
            tmp_path / "huge.jsonl", jsonl.MOST + 1
        ): "has 256.0 MiB, where a right one has 256.0 MiB at most",
        Path("/dev/zero"): "cannot be read, since it is a device: name a file",
        tmp_path / "pipe.jsonl": "cannot be read, since it is a pipe: name a file",
        tmp_path: "cannot be read, since it is a folder: name a file",
    }.items():
        with pytest.raises(ReportError, match=f"the report '.*' {why}"):
            jsonl.read(path)


def test_a_name_that_no_disk_takes_is_refused() -> None:
    """A target, a graph and a checkpoint with a name that is too long are refused in a sentence."""
    name = "x" * 300
    with pytest.raises(TargetError, match="File name too long"):
        load(f"{name}.py:forward")
    pytest.importorskip("onnxruntime")
    from stsm_ref.implementations.onnx import OnnxTarget

    with pytest.raises(TargetError, match=r"the graph 'xxx.* cannot be read: File name too long"):
        OnnxTarget(Path(name))
    pytest.importorskip("torch")
    from stsm_ref.models.checkpoints.size import require_checkpoint

    with pytest.raises(ModelError, match=r"the checkpoint 'xxx.* cannot be read: File name"):
        require_checkpoint(name)
