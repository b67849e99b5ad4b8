"""The page of the architecture: its picture is drawn from the floors, and every module stands
on one.
"""

import importlib.util
from types import ModuleType

import pytest

from tests import ROOT


@pytest.fixture
def tool() -> ModuleType:
    """The script that draws the picture."""
    spec = importlib.util.spec_from_file_location(
        "drawing", ROOT / "tools" / "draw_architecture.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_shows_the_floors_as_they_are(tool: ModuleType) -> None:
    """If this fails, run `python tools/draw_architecture.py`."""
    assert tool.TARGET.read_text() == tool.draw()


def test_every_module_stands_on_one_floor(tool: ModuleType) -> None:
    """A module that is on none could import whatever it likes."""
    files = {path.stem for path in (ROOT / "stsm_ref").glob("*.py")} - {"__init__", "__main__"}
    folders = {path.parent.name for path in (ROOT / "stsm_ref").glob("*/__init__.py")}
    on_floors = [name for names in tool.floors() for name in names]
    assert sorted(on_floors) == sorted(files | folders)


def test_the_page_speaks_of_every_folder() -> None:
    """Each folder of the package is named on the page, with what it is for."""
    page = (ROOT / "docs" / "architecture.md").read_text()
    assert not [
        path.parent.name
        for path in (ROOT / "stsm_ref").glob("*/__init__.py")
        if f"`{path.parent.name}/" not in page
    ]
