"""Each claim is settled by what its status asks for: a theorem, a computation, a test, or words;
and by something that exists.
"""

import ast
import dataclasses
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from stsm_ref.paper import CLAIMS, Claim, claim
from stsm_ref.paper.computations import COMPUTATIONS
from stsm_ref.proofs.theorems.statements import STATEMENTS
from stsm_ref.requirements import REQUIREMENTS
from tests import ROOT

SENTENCES = [entry for entry in CLAIMS if not entry.is_cell]
COMPUTED = {"proved", "computed", "recounted", "contradicted"}
BY_READING = {"sampling-kinetics", "temporal-and-temporal", "reference-41"}
RUNG = {entry.id: entry.evidence for entry in REQUIREMENTS}
THEOREMS = {statement.name: statement for statement in STATEMENTS}


@pytest.mark.parametrize("entry", SENTENCES, ids=lambda entry: entry.id)
def test_each_status_has_what_it_needs(entry: Claim) -> None:
    """Proved names a theorem or has a computation; tested names a test; what contradicts shows by
    what; the others say why.
    """
    assert lacks(entry) == ""


def lacks(entry: Claim) -> str:
    """What a claim of its status must have and has not, or has and must not have."""
    computed = entry.id in COMPUTATIONS
    if entry.status == "proved" and not computed and THEOREMS.keys().isdisjoint(entry.evidence):
        return "a theorem or a computation"
    if entry.status == "tested" and not entry.evidence:
        return "evidence"
    if (
        entry.status in COMPUTED - {"proved"}
        and not computed
        and not (entry.id in BY_READING and entry.against and entry.finding)
    ):
        return "a computation"
    if entry.status not in COMPUTED and computed:
        return "a status that computes"
    if entry.status in ("contradicted", "needs-data", "unsettled") and not entry.finding:
        return "a finding"
    return ""


@pytest.mark.parametrize(
    ("identifier", "change", "what"),
    [
        (
            "steps-interchange",
            {"evidence": ("SEP-1", "tests/paper/test_eq_3.py")},
            "a theorem or a computation",
        ),
        ("eq-1", {"evidence": ()}, "evidence"),
        ("one-a-block", {"status": "computed"}, "a computation"),
        ("temporal-and-temporal", {"against": ""}, "a computation"),
        ("best-alpha", {"status": "tested", "evidence": ("GEO-3",)}, "a status that computes"),
        ("22-percent", {"finding": ""}, "a finding"),
    ],
)
def test_a_status_without_what_it_needs_is_noticed(
    identifier: str, change: dict[str, Any], what: str
) -> None:
    """A theorem, the evidence, the computation, the other words or the finding taken away."""
    assert lacks(claim(identifier)) == ""
    assert lacks(dataclasses.replace(claim(identifier), **change)) == what


@pytest.mark.parametrize(
    "entry",
    [entry for entry in SENTENCES if not THEOREMS.keys().isdisjoint(entry.evidence)],
    ids=lambda entry: entry.id,
)
def test_a_theorem_speaks_for_a_requirement_that_the_claim_names(entry: Claim) -> None:
    """None is named beside the point, and what only a theorem settles does not count as tested."""
    requirements = {name for name in entry.evidence if name in RUNG}
    for name in entry.evidence:
        assert name not in THEOREMS or requirements & set(THEOREMS[name].requirements), name
    assert entry.status != "tested"
    assert entry.status != "proved" or all(
        RUNG[name] == "L4" for name in requirements if name in spoken_for(entry)
    )


def spoken_for(entry: Claim) -> set[str]:
    """The requirements for which the theorems of a claim speak."""
    return {
        requirement
        for name in entry.evidence
        if name in THEOREMS
        for requirement in THEOREMS[name].requirements
    }


def test_theorems_that_no_claim_names() -> None:
    """Of derivatives and powers of a shift and of other cuts the paper says nothing; every other
    theorem settles a sentence.
    """
    assert set(THEOREMS) - {name for entry in SENTENCES for name in entry.evidence} == {
        "the_shift_is_linear",
        "steps_die_out",
        "any_cut_is_moved_group_by_group",
    }


@pytest.mark.parametrize("name", sorted({name for entry in CLAIMS for name in entry.evidence}))
def test_evidence_exists(name: str) -> None:
    """Each is a requirement, a theorem, or a test: a function that is there."""
    assert exists(name)


def exists(name: str) -> bool:
    """Whether a requirement, a theorem, a test file or a test in one has that name."""
    if not name.startswith("tests/"):
        return name in RUNG or name in THEOREMS
    path, _, function = name.partition("::")
    return (ROOT / path).is_file() and (not function or function in functions(ROOT / path))


@cache
def functions(path: Path) -> set[str]:
    """The functions of a test file."""
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize(
    "name",
    [
        "GEO-99",
        "tests/paper/test_eq_9.py",
        "tests/paper/test_eq_3.py::test_nothing",
        "shift-1",
        "steps_separate",
    ],
)
def test_evidence_that_does_not_exist_is_noticed(name: str) -> None:
    """A wrong id, file, function or theorem."""
    assert not exists(name)
