"""What breaks without a word when a file moves: names of modules and files in strings, and sources
that a hash counts on.
"""

import importlib.util
import re

import pytest

from stsm_ref.evidence import provenance
from tests import ROOT

SOURCES = [
    path
    for folder, kinds in (("stsm_ref", "py"), ("tests", "py"), ("tools", "py"), ("docs", "md"))
    for path in sorted((ROOT / folder).rglob(f"*.{kinds}"))
    if "_build" not in path.parts
    and "_notebooks" not in path.parts
    and path.name != "test_moves.py"
]
NO_MODULES = {"stsm_ref.respelt", "stsm_ref.__file__"}
"""The name of an error handler, and what every module has."""

INVENTED = {"tests/paper/test_eq_9.py"}
"""A path that a test gives as one that is not there."""

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "Makefile", ROOT / "pyproject.toml"]


def names_in(text: str) -> set[str]:
    """Dotted names below this package and its tests, in code, strings and prose alike."""
    return set(re.findall(r"(?<![\w./-])(?:stsm_ref|tests)(?:\.\w+)+", text))


def imported_by_strings(text: str) -> set[str]:
    """What ``from package import name`` imports, also in a program that stands in a string."""
    found = re.findall(r"from ((?:stsm_ref|tests)[\w.]*) import (\w+(?:, \w+)*)", text)
    return {f"{package}.{name}" for package, names in found for name in names.split(", ")}


def exists(dotted: str) -> bool:
    """Whether it is a module, or a name in one."""
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        module = ROOT.joinpath(*parts[:length])
        if not module.is_dir() and not module.with_suffix(".py").is_file():
            continue
        if length == len(parts):
            return True
        file = module / "__init__.py" if module.is_dir() else module.with_suffix(".py")
        return file.is_file() and re.search(rf"\b{parts[length]}\b", file.read_text()) is not None
    return False


@pytest.mark.parametrize("path", [*SOURCES, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_that_is_named_exists(path) -> None:
    """In imports inside strings, in commands after `-m`, in patches by name, in documentation."""
    text = path.read_text()
    missing = sorted(
        name
        for name in (names_in(text) | imported_by_strings(text)) - NO_MODULES
        if not exists(name)
    )
    assert not missing


@pytest.mark.parametrize("path", [*SOURCES, *PAGES], ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_that_is_named_exists(path) -> None:
    """`stsm_ref/...`, `tests/...` and `tools/...` with the ending of a file, or of a folder."""
    named = set(
        re.findall(
            r"(?<![\w./-])(?:stsm_ref|tests|tools)/[\w./-]*(?:\.(?:py|json|txt|toml)|/)(?![\w*])",
            path.read_text(),
        )
    )
    assert not sorted(name for name in named - INVENTED if not (ROOT / name).exists())


def test_a_name_that_is_gone_is_noticed() -> None:
    """Both kinds of names, and a name that is not in a module that is there."""
    assert exists("stsm_ref.geometry.ShiftSpec")
    assert not exists("stsm_ref.geometry.NoSuchName")
    assert not exists("stsm_ref.no_such_module")
    assert imported_by_strings('"from stsm_ref.conformance import gone, check"') == {
        "stsm_ref.conformance.gone",
        "stsm_ref.conformance.check",
    }


def test_workers_are_started_by_names_that_can_be_imported() -> None:
    """`python -m` fails only when somebody runs it."""
    for name in ("stsm_ref.conformance.worker", "tests.nn.ddp_worker", "tests.bugs.killers"):
        assert importlib.util.find_spec(name) is not None, name


def test_a_source_that_the_hash_counts_on_and_is_gone_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A renamed file or folder must not fall out of the hash of the suite."""
    assert len(provenance.hashes()["suite"]) == 64
    for name, gone in (("JUDGES", "proofs/gone.py"), ("FOLDERS", "checks/gone")):
        with monkeypatch.context() as context:
            context.setattr(provenance, name, (*getattr(provenance, name), gone))
            provenance.hashes.cache_clear()
            with pytest.raises(FileNotFoundError):
                provenance.hashes()
    provenance.hashes.cache_clear()
