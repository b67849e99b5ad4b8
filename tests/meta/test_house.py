"""The rules of the house that no linter knows."""

import re
import tomllib
from pathlib import Path

import pytest

from tests import ROOT

SOURCES = sorted((ROOT / "stsm_ref").rglob("*.py"))
DATA = {"requirements.py", "catalogue.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_fits_in_a_head(path: Path) -> None:
    """A file is split by concept, and no concept takes more than this; tables of data may be
    longer.
    """
    assert len(path.read_text().splitlines()) <= 650 or path.name in DATA


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_exceptions_to_the_linters_say_why(path: Path) -> None:
    """Every noqa and type: ignore carries a reason."""
    for line in path.read_text().splitlines():
        for mark in re.findall(r"#\s*(?:noqa|type: ignore)[^#]*(#.*)?$", line):
            assert mark.strip("# "), line


def test_every_dependency_is_pinned() -> None:
    """Each requirement of pyproject.toml has an exact version in constraints.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    wanted += [r for extra in project["project"]["optional-dependencies"].values() for r in extra]
    names = {
        re.split(r"[\[<>=!~ ]", requirement)[0].lower().replace("_", "-") for requirement in wanted
    } - {"stsm-ref"}
    pinned = re.findall(
        r"^([A-Za-z0-9._-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE
    )
    assert names <= {name.lower().replace("_", "-") for name in pinned}


def test_the_changelog_knows_the_version() -> None:
    """The version of the package has its entry."""
    import stsm_ref

    assert f"## {stsm_ref.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_decisions_have_their_three_parts() -> None:
    """Context, decision, consequences, on a page at most; each number is given once and stands in
    the title too.
    """
    decisions = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    numbers = [int(path.name[:4]) for path in decisions]
    assert len(set(numbers)) == len(numbers) >= 14
    for number, path in zip(numbers, decisions, strict=True):
        text = path.read_text()
        assert text.startswith(f"# {number}. "), path.name
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequences",
        ], path.name
        assert len(text.splitlines()) <= 60
