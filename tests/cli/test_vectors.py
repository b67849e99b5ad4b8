"""`stsm-ref vectors`: writing, verifying and listing, and what they refuse."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stsm_ref import cli
from stsm_ref.vectors.format import store

RUNNER = CliRunner()
pytestmark = pytest.mark.xdist_group("vectors")


def invoke(*arguments: str) -> Any:
    """Run a command in this process."""
    return RUNNER.invoke(cli.app, ["vectors", *arguments])


@pytest.mark.usefixtures("made_once")
def test_write_and_verify(tmp_path: Path) -> None:
    """A new folder is written and verifies; made anew it is the same; written again there is
    nothing to do.
    """
    folder = tmp_path / "v1"
    wrote = json.loads(invoke("write", str(folder), "--json").stdout)
    assert wrote == {
        "directory": str(folder),
        "wrote": True,
        "version": 1,
        "manifest": store.FROZEN[1],
    }
    assert json.loads(invoke("verify", str(folder), "--json").stdout)["outcome"] == "passed"
    assert "nothing to do" in invoke("write", str(folder)).output


@pytest.mark.usefixtures("made_once")
def test_verify_says_what_was_verified() -> None:
    """Those of the package by default, and made anew if asked."""
    ended = invoke("verify", "--regenerate")
    assert ended.exit_code == 0, ended.output
    assert "6,372 cases" in ended.output
    assert "made anew they are the same" in ended.output.replace("\n", " ")


def test_a_flipped_byte_is_exit_2(tmp_path: Path) -> None:
    """The file by name, both checksums, no traceback."""
    folder = Path(shutil.copytree(store.HERE, tmp_path / "v1"))
    content = bytearray((folder / "vjp.json").read_bytes())
    content[4711] ^= 1
    (folder / "vjp.json").write_bytes(content)
    for arguments in (["verify", str(folder)], ["list", str(folder), "--flag", "tsm"]):
        ended = invoke(*arguments)
        assert ended.exit_code == 2
        assert "vjp.json' was changed: SHA-256" in ended.output
        assert store.read_manifest()["files"]["vjp.json"]["sha256"] in ended.output
        assert "Traceback" not in ended.output


def test_list_counts_the_files() -> None:
    """One line a file, and the sum."""
    output = invoke("list").output
    assert all(name in output for name in store.read_manifest()["files"])
    assert "6,372" in output
    assert json.loads(invoke("list", "--json").stdout) == store.read_manifest()


def test_list_finds_cases() -> None:
    """By spec, by flag, by both; JSON has each case whole."""
    found = json.loads(
        invoke("list", "--spec", "T@1/4,backward-first", "--flag", "rolled", "--json").stdout
    )
    assert {case["spec"] for case in found} == {"T@1/4,backward-first,floor"}
    assert all(
        case["result"] == "invalid" and case["forbidden"] != case["expected"] for case in found
    )
    assert len(found) > 1
    assert (
        f"{len(found)} cases"
        in invoke("list", "--spec", "T@1/4,backward-first", "--flag", "rolled").output
    )
    assert "0 cases" in invoke("list", "--spec", "T@5/7").output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["write"], "Missing argument 'DIR'"),
        (["write", "no/where"], "is not a folder that you may write to"),
        (["verify", "nowhere"], "cannot be read: No such file or directory"),
        (["verify", "--force"], "No such option: --force"),
        (["write", "x", "--regenerate"], "No such option: --regenerate"),
        (["verify", "--spec", "T"], "No such option: --spec"),
        (["list", "--spec", "HT"], "write 'TH'"),
        (["list", "--flag", "rolld"], "did you mean 'rolled'"),
        (["frobnicate"], "frobnicate"),
        ([], "Missing command"),
    ],
)
def test_wrong_use_is_exit_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    """In one sentence that names the way out; nothing is written."""
    monkeypatch.chdir(tmp_path)
    ended = invoke(*arguments)
    assert ended.exit_code == 2
    assert message in ended.output
    assert "Traceback" not in ended.output
    assert list(tmp_path.iterdir()) == []
