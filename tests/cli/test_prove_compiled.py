"""`stsm-ref prove` on modules that Python does not run: undecided, and what to give instead."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from stsm_ref import cli

pytest.importorskip("torch")

SOURCE = """
import torch
from torch import nn

class Shift(nn.Module):
    def forward(self, x: torch.Tensor):
        y = torch.zeros_like(x)
        y[:-1, :2] = x[1:, :2]
        y[1:, 2:4] = x[:-1, 2:4]
        y[:, 4:] = x[:, 4:]
        return y

class Applied(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function
    def forward(self, x):
        return self.function(x)

def scripted(spec): return torch.jit.script(Shift())
def traced(spec): return torch.jit.trace(Shift(), torch.zeros(3, 16, 2, 2))
def compiled(spec): return torch.compile(Shift())
def inner_scripted(spec): return nn.Sequential(torch.jit.script(Shift()))
def inner_compiled(spec): return nn.Sequential(torch.compile(Shift(), backend="eager"))
def inner_compile(spec):
    function = torch.compile(lambda x: Shift()(x), backend="eager")
    return Applied(lambda x: function(x))
def inner_vmap(spec): return Applied(torch.vmap(Shift(), in_dims=3, out_dims=3))
"""

SCRIPT = "is TorchScript, of which torch.export makes no graph: give the Python module"
COMPILED = "is compiled, and compilers are not looked at: give the module that torch.compile was"
REASONS = {
    "scripted": f"the target {SCRIPT}",
    "traced": f"the target {SCRIPT}",
    "compiled": f"the target {COMPILED}",
    "inner_scripted": f"the target's part '0' {SCRIPT}",
    "inner_compiled": f"the target's part '0' {COMPILED}",
    "inner_vmap": "the module calls what torch.func made of a function, by vmap or the like, at",
    "inner_compile": "the module calls what torch.compile made of a function, at line",
}


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:DeprecationWarning")
@pytest.mark.parametrize("name", REASONS)
def test_what_python_does_not_run_is_undecided_with_a_way_out(tmp_path: Path, name: str) -> None:
    """Exit 3, the reason, and no claim; though each of them is right."""
    (tmp_path / "compiled.py").write_text(SOURCE)
    words = ["prove", f"py:{tmp_path / 'compiled.py'}:{name}"]
    ended = CliRunner().invoke(
        cli.app, [*words, "--spec", "T@1/4,backward-first", "--layout", "TCHW"]
    )
    shown = " ".join(ended.output.split())
    assert ended.exit_code == 3, shown
    assert shown.startswith("undecided: ")
    assert REASONS[name] in shown
    assert "proved" not in shown
