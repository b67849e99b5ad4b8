"""Numbers in the documentation that count what is in the code are counted again."""

import re
from collections.abc import Callable

import pytest

from stsm_ref.conformance.score import planted
from stsm_ref.conformance.suite import RULES
from stsm_ref.paper import CLAIMS
from stsm_ref.paper.cells import tally
from stsm_ref.proofs.theorems.statements import STATEMENTS
from stsm_ref.requirements import REQUIREMENTS
from stsm_ref.vectors import load
from tests import ROOT
from tests.bugs.faults import FAULTS
from tests.bugs.torch_faults import TORCH_FAULTS


def variants() -> int:
    """Wrong variants of all theorems."""
    pytest.importorskip("z3")
    from stsm_ref.proofs.theorems.registry import theorems

    return sum(len(theorem.variants) for theorem in theorems().values())


def mutants(*, right: bool, framework: str = "numpy torch") -> int:
    """Planted implementations of the conformance suite."""
    return sum(one.right is right and one.framework in framework for one in planted())


def contradicted() -> int:
    """Sentences of the paper that no reading makes true."""
    return sum(entry.status == "contradicted" and not entry.is_cell for entry in CLAIMS)


COUNTED: list[tuple[str, str, Callable[[], int]]] = [
    ("README.md", r"against the (\d+) rules", lambda: len(REQUIREMENTS)),
    ("README.md", r"Of the (\d+) costs", lambda: tally().printed),
    ("README.md", r"print, (\d+) are of networks", lambda: tally().built),
    ("README.md", r"built here: (\d+) agree", lambda: tally().agree),
    ("README.md", r"printed digit, (\d+) are slips", lambda: tally().built - tally().agree),
    (
        "docs/decisions/0012-costs-name-their-convention.md",
        r"Of the (\d+) costs",
        lambda: tally().printed,
    ),
    (
        "docs/decisions/0012-costs-name-their-convention.md",
        r"print, (\d+) are of networks",
        lambda: tally().built,
    ),
    (
        "docs/decisions/0012-costs-name-their-convention.md",
        r"built here: (\d+) agree",
        lambda: tally().agree,
    ),
    (
        "docs/decisions/0012-costs-name-their-convention.md",
        r"and (\d+) are slips",
        lambda: tally().built - tally().agree,
    ),
    (
        "docs/decisions/0024-contradicted-leaves-no-reading.md",
        r"(\w+) sentences are contradicted",
        contradicted,
    ),
    ("README.md", r"\[(\w+) notebooks\]", lambda: len(list((ROOT / "notebooks").glob("*.ipynb")))),
    ("CHANGELOG.md", r"table of (\d+) requirements", lambda: len(REQUIREMENTS)),
    ("CHANGELOG.md", r"held to (\d+) rules", lambda: len(RULES)),
    ("CHANGELOG.md", r"([\d,]+) frozen cases", lambda: len(load())),
    (
        "CHANGELOG.md",
        r"([\d,]+) of them negative",
        lambda: sum(case.result == "invalid" for case in load()),
    ),
    ("CHANGELOG.md", r"(\d+) planted faults", lambda: len(FAULTS) + len(TORCH_FAULTS)),
    ("CHANGELOG.md", r"(\d+) distinct wrong shifts", lambda: mutants(right=False)),
    ("CHANGELOG.md", r"(\d+) right ones", lambda: mutants(right=True)),
    ("CHANGELOG.md", r"(\d+) theorems", lambda: len(STATEMENTS)),
    (
        "CHANGELOG.md",
        r"(\w+) notebooks, one idea each",
        lambda: len(list((ROOT / "notebooks").glob("*.ipynb"))),
    ),
    ("docs/evidence.md", r"(\d+) faulty implementations", lambda: len(FAULTS) + len(TORCH_FAULTS)),
    ("docs/evidence.md", r"(\d+) wrong shifts", lambda: mutants(right=False)),
    ("docs/evidence.md", r"(\d+) right ones", lambda: mutants(right=True)),
    ("docs/evidence.md", r"the (\d+) theorems", lambda: len(STATEMENTS)),
    ("docs/evidence.md", r"wrong variants, (\d+) in all", variants),
    ("docs/proofs.md", r"proves (\d+) theorems", lambda: len(STATEMENTS)),
    ("docs/proofs.md", r"(\d+) wrong variants", variants),
    ("docs/score.md", r"(\d+) wrong shifts", lambda: mutants(right=False)),
    ("docs/score.md", r"(\d+) in NumPy", lambda: mutants(right=False, framework="numpy")),
    ("docs/score.md", r"(\d+) in torch", lambda: mutants(right=False, framework="torch")),
    ("docs/score.md", r"(\d+) right ones", lambda: mutants(right=True)),
    ("docs/vectors.md", r"([\d,]+) cases in JSON", lambda: len(load())),
]
WORDS = {"eight": 8, "ten": 10, "eleven": 11, "twelve": 12}


@pytest.mark.parametrize(
    ("page", "pattern", "count"), COUNTED, ids=[f"{page}:{pattern}" for page, pattern, _ in COUNTED]
)
def test_a_count_is_true_today(page: str, pattern: str, count: Callable[[], int]) -> None:
    """The page says the number once, and it is what the code holds."""
    (said,) = re.findall(pattern, " ".join((ROOT / page).read_text().split()))
    assert (WORDS.get(said.lower()) or int(said.replace(",", ""))) == count()


def test_every_theorem_has_its_row() -> None:
    """The table of the page names each theorem, in the order of the statements."""
    rows = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "proofs.md").read_text(), re.MULTILINE)
    assert rows == [statement.name for statement in STATEMENTS]


def test_the_ladder_is_the_same_everywhere() -> None:
    """README and the evidence name the rungs that there are, each once and in order: those of the
    checks, and that of `prove TARGET`.
    """
    from typing import get_args

    from stsm_ref.evidence.outcome import Rung

    for page in ("README.md", "docs/evidence.md"):
        assert re.findall(r"^\| (L\d) \w+ \|", (ROOT / page).read_text(), re.MULTILINE) == [
            *get_args(Rung),
            "L5",
        ], page
