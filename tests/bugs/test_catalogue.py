"""One name means one behaviour in every catalogue of wrong shifts, and one behaviour has one
name.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import numpy as np
import pytest
from typer.testing import CliRunner

from stsm_ref.bugs.bug import Forward, Parts
from stsm_ref.bugs.catalogue import BUGS
from stsm_ref.bugs.implementation import OURS, OURS_BACK
from stsm_ref.bugs.signatures import BACKWARD, FORWARD, known
from stsm_ref.cli import app
from stsm_ref.conformance import score
from stsm_ref.errors import SpecError
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.ours import OURS as OURS_SUBJECT
from stsm_ref.strategies import make_array
from stsm_ref.vectors.generate.wrong_shifts import DEFINITION, WRONG_SHIFTS
from tests import ROOT
from tests.bugs.faults import CATALOGUE, FAULTS
from tests.bugs.panel import OTHER_SHAPES, OTHER_SPECS, SHAPES, USUAL

FEW = [(USUAL, (2, 3, 17, 3, 2)), (ShiftSpec("TH+TW+HW", "3/4"), (1, 2, 24, 2, 3))]
MANY = [(USUAL, shape) for shape in SHAPES if shape[2] < 100] + [
    (ShiftSpec.parse(spec), shape)
    for spec in (*OTHER_SPECS, "T@2/49,backward-first", "T+H+W@3/8,backward-first")
    for shape in (*OTHER_SHAPES, (3, 2, 24, 3, 3))
]
SPECIAL = np.array([np.nan, np.inf, -0.0, 1.5, -3.25, 70000.1, 1e-40, -np.inf], np.float32)
ON_OBJECTS = {"moved-by-adding"}
"""Plants that only an array of objects tells from a bug that adds 0 to floats."""

CLIPS = {name: bug for name, bug in BUGS.items() if bug.layout == "NTCHW"}


def inputs(shape: tuple[int, ...]) -> Iterator[Array]:
    """Labels, numbers that arithmetic spoils, and integers, halves and bool; new each time."""
    labels = make_array(shape, np.dtype("f4"), seed=0, values="labels")
    yield labels.copy()
    yield SPECIAL[np.arange(labels.size) % len(SPECIAL)].reshape(shape)
    yield labels.astype("f8") * (1 / 3)
    yield labels.astype("i8") - 70000 + 2**54
    yield (labels % 1000).astype("f2")
    yield labels % 3 == 0
    yield labels.astype("c8") * (1 + 2j)
    yield np.zeros_like(labels)


def outputs(
    wrong: Forward, more: Iterable[tuple[ShiftSpec, tuple[int, ...]]] = ()
) -> tuple[bytes, ...]:
    """All that it gives on every input of the few cases and on labels of `more`, to the last bit.

    NaN that arithmetic makes is one NaN: its sign depends on the processor.
    """
    seen = []
    for spec, shape in (*FEW, *more):
        for x in islice(inputs(shape), None if (spec, shape) in FEW else 1):
            try:
                y = wrong(x, spec)
            except SpecError as error:
                seen.append(type(error).__name__.encode())
                continue
            if y.dtype.kind in "fc":
                y = np.where(np.isnan(y), np.array(np.nan, y.dtype), y)
            seen.append(f"{y.dtype} {y.shape}".encode() + np.ascontiguousarray(y).tobytes())
    return tuple(seen)


@pytest.mark.parametrize("name", CLIPS)
def test_a_bug_is_the_same_whatever_it_is_built_from(name: str) -> None:
    """From our slices, the suite's oracle and the definition, forward; and backward from two."""
    build: Callable[[Parts], Forward] = BUGS[name].build
    ours = outputs(build(OURS))
    assert outputs(build(FORWARD)) == ours
    assert outputs(build(DEFINITION)) == ours
    assert outputs(build(OURS_BACK)) == outputs(build(BACKWARD))


def test_a_behaviour_has_one_name() -> None:
    """No two bugs of the catalogue, nor of those that `verify` plants beside it, do the same.

    What gives the right output, and harms memory, is told apart by the panel of the mutants.
    """
    found = {name: bug.build(OURS) for name, bug in CLIPS.items()}
    for name, fault in FAULTS.items():
        if name not in {*CATALOGUE, *ON_OBJECTS} and "stsm" in fault.subject.differs_in(
            OURS_SUBJECT
        ):
            found[f"planted {name}"] = fault.subject.stsm
    alike = defaultdict(list)
    for name, wrong in found.items():
        alike[outputs(wrong, MANY)].append(name)
    right = outputs(OURS.shifted, MANY)
    doubled = [names for seen, names in alike.items() if len(names) > 1 and seen != right]
    assert doubled == []


def test_the_names_of_the_catalogues_are_those_of_the_bugs() -> None:
    """Vectors, guesses and planted faults take their bugs by name; so does the table of the
    docs.
    """
    assert set(CATALOGUE) <= set(BUGS)
    assert set(WRONG_SHIFTS) <= set(BUGS)
    texts = [text for text, _ in known(USUAL)]
    assert len(set(texts)) == len(texts)
    page = (ROOT / "docs" / "bugs.md").read_text()
    planted = {
        name
        for line in re.findall(r"^\| \d+ .*", page, re.MULTILINE)
        for name in re.findall(r"`([a-z0-9-]+)`", line.split("|")[4])
    }
    assert planted <= set(FAULTS)
    rows = {int(number): line for number, line in re.findall(r"^\| (\d+) (.*)", page, re.MULTILINE)}
    for name, bug in BUGS.items():
        assert bug.row == 0 or bug.row in rows, name
    listed = {name: f"`{name}`" in rows[fault.row] for name, fault in FAULTS.items() if fault.row}
    assert [name for name, there in listed.items() if not there] == []


def test_a_backward_bug_is_called_after_the_forward() -> None:
    """`backward-NAME` is the bug NAME in the gradient alone."""
    for mutant in score.planted("numpy"):
        name = mutant.name.removeprefix("backward-")
        if name == mutant.name or name not in CLIPS:
            continue
        wrong = CLIPS[name].build(OURS_BACK)
        for spec, shape in FEW:
            grad, x = list(inputs(shape))[:2]
            assert np.array_equal(mutant.vjp(x, grad.copy(), spec), wrong(grad, spec))  # type: ignore[misc]  # it has one


def test_explain_tells_what_a_bug_is() -> None:
    """By its name: a mutant, an output of the vectors alone, and one in torch."""
    for name, words in (
        ("groups-one-later", ("groups start at channel 1", "row 31", "stsm-ref mutants")),
        ("alpha-halved", ("alpha counted twice", "golden vectors")),
        ("torch-rolled", ("torch.roll without zeros", "row 8")),
    ):
        told = " ".join(CliRunner().invoke(app, ["explain", name]).stdout.replace("│", " ").split())
        assert all(word in told for word in words), told
