"""Docstrings of public functions: three parameters or more are explained, and what is raised is
said.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT

PACKAGE = ROOT / "stsm_ref"
FOLDERS = ("bench", "models", "nn", "paper", "pictures")
"""The folders that are held to it, beside the modules at the top of the package."""

MODULES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if (path.parent == PACKAGE or path.relative_to(PACKAGE).parts[0] in FOLDERS)
    and (path.name == "__init__.py" or not path.name.startswith("_"))
]


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """What a function does itself, without the functions and classes inside it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            yield child
            yield from own_nodes(child)


def missing_sections(source: str) -> list[str]:
    """The public functions of a module whose docstring lacks a section, and which."""
    missing = []
    for function in ast.parse(source).body:
        if not isinstance(function, ast.FunctionDef) or function.name.startswith("_"):
            continue
        text = ast.get_docstring(function) or ""
        arguments = function.args
        count = len([*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs])
        if count >= 3 and "Parameters\n----------\n" not in text:
            missing.append(f"{function.name}: Parameters")
        if (
            any(isinstance(node, ast.Raise) for node in own_nodes(function))
            and "Raises\n------\n" not in text
        ):
            missing.append(f"{function.name}: Raises")
    return missing


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_parameters_and_errors_are_explained(path: Path) -> None:
    """Every public function with three parameters has a Parameters section, one that raises a
    Raises section.
    """
    assert missing_sections(path.read_text()) == []


def test_a_missing_section_is_seen() -> None:
    """Of a function with three parameters and of one that raises; what an inner function raises
    is its own affair.
    """
    source = """
def three(a, b, *, c):
    '''Do it.'''

def raises(a):
    '''Do it.'''
    raise ValueError

def outer(a):
    '''Do it.'''
    def inner():
        raise ValueError
    return inner
"""
    assert missing_sections(source) == ["three: Parameters", "raises: Raises"]
