"""Every block of Python on the how-to pages runs as it is written."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT

pytest_plugins = ["pytester"]

HOWTO = ROOT / "docs" / "howto"

MINE = """
import stsm_ref

def forward(x, spec):
    return stsm_ref.stsm(x, spec)

def vjp(x, grad, spec):
    return stsm_ref.stsm_vjp(grad, spec)
"""


def blocks(page: str) -> list[str]:
    """The blocks of Python on a page."""
    return re.findall(
        r"^```python\n(.*?)^```", (HOWTO / page).read_text(), re.DOTALL | re.MULTILINE
    )


RUN_HERE = {
    "conformance-in-your-tests.md",
    "certify-a-black-box.md",
    "torch.md",
    "check-your-implementation.md",
}


def test_no_page_is_left_out() -> None:
    """Pages whose blocks print what the page says are run by `test_docs`; all others here."""
    printed = {
        path.name
        for path in HOWTO.glob("*.md")
        if re.search(r"^```\n+```text\n", path.read_text(), re.MULTILINE)
    }
    with_python = {path.name for path in HOWTO.glob("*.md") if blocks(path.name)}
    assert with_python - printed - RUN_HERE == set()


@pytest.mark.parametrize("number", range(len(blocks("conformance-in-your-tests.md"))))
def test_the_suite_in_your_tests(pytester: pytest.Pytester, number: int) -> None:
    """Each of the three ways, on a right NumPy function in NTCHW, without a line more: all pass."""
    pytester.makepyfile(mine=MINE)
    text = blocks("conformance-in-your-tests.md")[number].replace(
        'level = "ci" ', 'level = "smoke" '
    )
    ended = pytester.runpytest(
        "-p", "no:cacheprovider", "-p", "no:xdist", pytester.makepyfile(test_mine=text)
    )
    found = ended.parseoutcomes()
    assert set(found) <= {"passed", "skipped"}, ended.stdout.str()
    assert found["passed"] >= 1


def test_a_black_box_is_certified() -> None:
    """The block has assertions of its own."""
    (block,) = blocks("certify-a-black-box.md")
    exec(block, {})  # our own page


def test_the_torch_page() -> None:
    """In order, with a small network where the page means yours; the paper's networks on the meta
    device, where nothing is computed.
    """
    torch = pytest.importorskip("torch")

    class Block(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.conv2 = torch.nn.Conv2d(16, 16, 1), torch.nn.Conv2d(16, 16, 1)

        def forward(self, x: Any) -> Any:
            return x + self.conv2(self.conv1(x))

    operator, insertion, networks = blocks("torch.md")
    names: dict[str, Any] = {"model": torch.nn.Sequential(Block())}
    exec(operator, names)  # our own page
    exec(insertion, names)
    with torch.device("meta"):
        exec(networks, names)
    assert names["scores"].shape == (1, 174)


def test_a_function_of_a_network_conforms(tmp_path: Path) -> None:
    """The torch function of the page, under the options that the page gives."""
    pytest.importorskip("torch")
    from stsm_ref.conformance import check

    page = (HOWTO / "check-your-implementation.md").read_text()
    assert '--framework torch --layout "(NT)CHW" --spec "T@1/4,backward-first"' in page
    (block,) = blocks("check-your-implementation.md")
    names: dict[str, Any] = {}
    exec(block, names)  # our own page
    report = check(
        names["temporal_shift"],
        framework="torch",
        layout="(NT)CHW",
        spec="T@1/4,backward-first",
        level="smoke",
    )
    assert report.passed, report.violations


def test_a_function_of_a_network_without_options_is_told_what_it_was_given() -> None:
    """The message has the type of array, the shape, the layout, and both options."""
    from stsm_ref.conformance import check

    def temporal_shift(x: Any, n_segment: int = 8) -> Any:
        nt, c, h, w = x.shape
        return x.reshape(nt, c, h, w)

    report = check(temporal_shift, level="smoke")
    assert report.outcome == "broken"
    assert "ValueError: too many values to unpack" in report.broken
    assert (
        "it was called with a numpy.ndarray of shape (2, 3, 16, 3, 2): that is layout NTCHW, "
        "framework numpy"
    ) in report.broken
    assert (
        "--layout takes TCHW, NTCHW, NCTHW, NTHWC, (NT)CHW, --framework numpy, torch, jax"
        in report.broken
    )
