"""The README keeps its word: its example prints what it says, and what it names is there."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from tests import ROOT

README = (ROOT / "README.md").read_text()


def test_the_example_prints_what_it_says() -> None:
    """The first block of Python, run as it stands, prints the block that follows it."""
    code, printed = re.search(
        r"```python\n(.*?)```\s*```text\n(.*?)```", README, re.DOTALL
    ).groups()  # type: ignore[union-attr]
    assert len([line for line in code.splitlines() if line.strip()]) <= 6
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(code, {})
    assert out.getvalue() == printed


@pytest.mark.parametrize(
    "target", ["setup", "verify", "test", "check", "lint", "type", "docs", "notebooks"]
)
def test_every_target_is_there(target: str) -> None:
    """The Makefile has the targets that README and CONTRIBUTING speak of."""
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_picture_is_the_one_that_show_draws(tmp_path: Path) -> None:
    """The picture in the docs is what `stsm-ref show` writes today, but for the rounding of
    colours.
    """
    import numpy as np
    from matplotlib import image

    from stsm_ref.pictures import drawing

    fresh = tmp_path / "stsm.png"
    drawing.save(drawing.draw_spec(), fresh)
    np.testing.assert_allclose(
        image.imread(ROOT / "docs/pictures/stsm.png"), image.imread(fresh), atol=0.02
    )


def test_the_torch_page_runs() -> None:
    """Its blocks of code run one after the other, on a network of the reader's own, and print the
    cost that they name.
    """
    from stsm_ref.models import create_model

    page = (ROOT / "docs" / "howto" / "torch.md").read_text()
    names = {"model": create_model("tsn_resnet18", shift="none").backbone}
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
            exec(code, names)
    assert "8 inserted" in out.getvalue()
    assert "43,055,054,848" in out.getvalue()
    assert names["scores"].shape == (1, 174)
