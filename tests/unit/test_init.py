"""`import stsm_ref` is light, and what needs more says so."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "scipy", "hypothesis", "matplotlib", "typer", "rich")


# a finder that has the module not be there, as if it had never been installed
BLOCK = """
import sys
class Block:
    def __init__(self, name):
        self.name = name
    def find_spec(self, name, path=None, target=None):
        if name == self.name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
"""


def run(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter."""
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_is_light() -> None:
    """No optional dependency is imported with the package."""
    ended = run(f"import sys, stsm_ref; print([m for m in {HEAVY} if m in sys.modules])")
    assert ended.stdout.strip() == "[]", ended.stderr


def test_checking_a_function_is_light() -> None:
    """A function of NumPy is checked without what only `verify` draws with, or what only
    matrices are made of.
    """
    code = (
        "from stsm_ref import conformance, stsm; report = conformance.check(stsm, "
        "level='smoke', framework='numpy', layout='NTCHW')"
    )
    ended = run(
        f"import sys; {code}; print(report.outcome, [m for m in ('hypothesis', 'scipy', 'rich') "
        "if m in sys.modules])"
    )
    assert ended.stdout.strip() == "passed []", ended.stdout + ended.stderr


def test_the_public_names_are_there() -> None:
    """Everything in __all__ exists, and the contract's names are in it."""
    import stsm_ref

    assert all(hasattr(stsm_ref, name) for name in stsm_ref.__all__)
    contract = (
        "Displacement ShiftSpec ChannelGroup shift stsm stsm_vjp one_hot_kernel "
        "OneHotKernel kernels_1x2 kernels_2x1 kernels_2x2"
    )
    assert set(f"{contract} kernels_3d correlate ENGINES shift_matrix stsm_matrix".split()) <= set(
        stsm_ref.__all__
    )


@pytest.mark.parametrize(
    ("missing", "code", "message"),
    [
        (
            "hypothesis",
            "import stsm_ref.strategies",
            "stsm_ref.strategies needs hypothesis, which is not installed: pip install "
            "'stsm_ref[verify]'",
        ),
        (
            "hypothesis",
            "import stsm_ref.checks.our_internals.run",
            "stsm-ref verify and explain needs hypothesis, which is not installed: pip install "
            "'stsm_ref[verify]'",
        ),
        (
            "matplotlib",
            "from stsm_ref.pictures.photograph import photograph; photograph()",
            "a clip of real pixels needs matplotlib, which is not installed: pip install "
            "'stsm_ref[pictures]'",
        ),
        (
            "matplotlib",
            "from stsm_ref.pictures.drawing import draw_spec; draw_spec()",
            "a picture needs matplotlib",
        ),
        (
            "torch",
            "from stsm_ref.checks.our_internals.registry import load; load()",
            "the torch side of stsm-ref verify (or ask for --side numpy) needs torch, which is "
            "not installed: pip install",
        ),
        (
            "torch",
            "import stsm_ref.nn",
            "stsm_ref.nn needs torch, which is not installed: pip install 'stsm_ref[torch]'",
        ),
        (
            "torch",
            "import stsm_ref.models",
            "stsm_ref.models needs torch, which is not installed: pip install 'stsm_ref[torch]'",
        ),
        (
            "torch",
            "import stsm_ref.pictures.network",
            "needs torch, which is not installed: pip install 'stsm_ref[torch]'",
        ),
        (
            "torch",
            "from stsm_ref.pictures.paper_figures.figures import draw_figure_2; draw_figure_2()",
            "needs torch, which is not",
        ),
        (
            "z3",
            "import stsm_ref.proofs.theorems.registry",
            "stsm-ref prove needs z3-solver, which is not installed: pip install 'stsm_ref[proofs]'",
        ),
        (
            "cvc5",
            "import stsm_ref.proofs.theorems.registry",
            "stsm-ref prove needs cvc5, which is not installed: pip install 'stsm_ref[proofs]'",
        ),
        (
            "typer",
            "import stsm_ref.cli",
            "stsm-ref needs typer, which is not installed: pip install 'stsm_ref[verify]'",
        ),
        (
            "rich",
            "import stsm_ref.cli",
            "stsm-ref needs rich, which is not installed: pip install 'stsm_ref[verify]'",
        ),
    ],
)
def test_a_missing_extra_is_named(missing: str, code: str, message: str) -> None:
    """The error names the module and the command that installs it."""
    ended = run(f"{BLOCK}\nsys.meta_path.insert(0, Block({missing!r}))\n{code}")
    assert message in ended.stderr
    assert ended.returncode == (2 if "cli" in code else 1)
