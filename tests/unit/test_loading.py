"""One way in for `check` and `prove`: what one of them can import the other can, in the child
process too.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stsm_ref._loading import load
from stsm_ref.implementations.base import TargetError
from stsm_ref.implementations.opening import python_target

ADAPTER = """
from helper_beside_it import moved
from helper_in_the_working_directory import wanted
import stsm_ref

class Holder:
    info = {"name": "held"}
    @staticmethod
    def forward(x, spec):
        return moved(x, spec)
    @staticmethod
    def vjp(x, grad, spec):
        return stsm_ref.stsm_vjp(grad, spec)

class Called:
    def __call__(self, x, spec):
        return moved(x, spec)

instance = Called()

def forward(x, spec):
    return moved(x, spec)

def make(spec):
    import torch
    class Module(torch.nn.Module):
        def forward(self, x):
            return moved(x, spec)
    return Module()
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A file with a helper beside it, and a working directory with another."""
    root = tmp_path_factory.mktemp("loading")
    (root / "adapters").mkdir()
    (root / "adapters" / "adapter.py").write_text(ADAPTER)
    (root / "adapters" / "helper_beside_it.py").write_text(
        "import stsm_ref\ndef moved(x, spec):\n    return stsm_ref.stsm(x, spec)\n"
    )
    (root / "helper_in_the_working_directory.py").write_text("wanted = True\n")
    (root / "package").mkdir()
    (root / "package" / "__init__.py").write_text("")
    (root / "package" / "mine.py").write_text(
        "from package import __name__ as _\nfrom helper_in_the_working_directory import wanted\nx "
        "= wanted\n"
    )
    return root


@pytest.fixture
def inside(folders, monkeypatch):
    """In that directory, and the path as it was afterwards."""
    monkeypatch.chdir(folders)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield folders
    for name in ("helper_beside_it", "helper_in_the_working_directory", "package", "package.mine"):
        sys.modules.pop(name, None)


def test_a_file_finds_what_lies_beside_it_and_in_the_working_directory(inside):
    """Both folders are on the path, and so is the working directory for a module by its name."""
    assert load("adapters/adapter.py:forward").value.__name__ == "forward"
    assert load("package.mine:x").value is True


def test_both_commands_load_alike(inside):
    """The loader of `prove` and that of `check` take the same file."""
    torch = pytest.importorskip("torch")
    from stsm_ref.geometry import ShiftSpec
    from stsm_ref.proofs.translation import target

    assert isinstance(
        target.load("py:adapters/adapter.py:make", ShiftSpec()).module, torch.nn.Module
    )
    assert python_target("adapters/adapter.py:forward").name == "forward"


def test_the_child_finds_them_too(folders):
    """The command runs a target in a process of its own, which is given neither folder by Python; a
    static method has its vjp beside it.
    """
    command = [
        sys.executable,
        "-c",
        "from stsm_ref.cli import main; main()",
        "check",
        "py:adapters/adapter.py:Holder.forward",
    ]
    ended = subprocess.run(
        [*command, "--level", "smoke", "--json"],
        cwd=folders,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout[-2000:]
    report = json.loads(ended.stdout)
    assert (report["name"], report["scope"]) == ("held", "forward and vjp")


def test_static_methods_and_instances_are_targets(inside):
    """Each with what stands beside it: a class has its own vjp, a function of the file has that of
    the file, which has none.
    """
    assert python_target("adapters/adapter.py:Holder.forward").ops == {"forward", "vjp"}
    assert python_target("adapters/adapter.py:instance").ops == {"forward"}
    assert python_target("adapters/adapter.py:forward").ops == {"forward"}


def test_a_class_is_told_how_to_be_a_target(inside):
    """It would be made anew with a clip for its argument: what is meant is an instance."""
    with pytest.raises(
        TargetError,
        match="has Called as a class: name an instance of it, one of its methods, or a function",
    ):
        python_target("adapters/adapter.py:Called")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("adapters/adapter.py:absent", "adapters/adapter.py has no 'absent': it has "),
        (
            "adapters/adapter.py:Holder.absent",
            "adapters/adapter.py:Holder has no 'absent': it has forward, vjp",
        ),
        ("adapters/adapter.py:Holder..forward", "does not name a target: write py:FILE.py:NAME"),
        ("absent.py:forward", "there is no file 'absent.py'"),
        ("no_such_package.mine:x", "no_such_package.mine cannot be imported: ModuleNotFoundError"),
    ],
)
def test_what_is_not_there_is_told(inside, text, said):
    """In one sentence, with what there is."""
    with pytest.raises(TargetError) as caught:
        load(text)
    assert said in str(caught.value)


def test_frames_of_the_file_are_told(tmp_path):
    """Its author sees where it raised."""
    file = Path(tmp_path / "raises.py")
    file.write_text("def inner():\n    raise RuntimeError('on import')\ninner()\n")
    with pytest.raises(
        TargetError,
        match=r"RuntimeError: on import\n(.*\n)?.*raises\.py:2 in inner: raise RuntimeError",
    ):
        load(f"{file}:forward")
