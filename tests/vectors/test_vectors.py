"""The golden vectors: what is in them, and our own implementations held against all of them."""

import contextlib
import hashlib
import io
import json
import re
from collections import Counter

import jsonschema
import numpy as np
import pytest
import torch

from stsm_ref import definition, vectors
from stsm_ref import nn as snn
from stsm_ref.conformance.vectors import is_refused, known_wrong
from stsm_ref.correlate import correlate, correlate_stsm
from stsm_ref.errors import SpecError
from stsm_ref.evidence.failure import same_bits, same_values
from stsm_ref.geometry import UNIT_DISPLACEMENTS, ShiftSpec
from stsm_ref.implementations.ours_torch import torch_subject
from stsm_ref.requirements import REQUIREMENTS
from stsm_ref.slicing import stsm, stsm_vjp
from stsm_ref.strategies import TABLE_ALPHAS, TABLE_TERMS, all_term_sets
from stsm_ref.vectors.format import store
from stsm_ref.vectors.format.flags import NOTES, near
from stsm_ref.vectors.format.packing import pack, unpack
from stsm_ref.vectors.generate import values
from stsm_ref.vectors.generate.wrong_shifts import WRONG_SHIFTS
from tests import ROOT

CASES = vectors.load()
SHIFTS = [case for case in CASES if case.kind in vectors.OPS]
VALID = [case for case in SHIFTS if case.result == "valid"]
REJECTS = [case for case in CASES if case.kind == "reject"]
CONVS = [case for case in CASES if case.kind == "conv"]
MANIFEST = vectors.read_manifest()
BY_ID = {case.id: case for case in CASES}


def produced(case, subject_stsm, subject_vjp):
    """What a pair of functions makes of a case."""
    x, other, *_ = case.arrays()
    given = x if other is None else other
    return (subject_vjp if case.kind == "vjp" else subject_stsm)(given, case.shift_spec)


def test_slicing_reproduces_every_vector() -> None:
    """The NumPy shift and its vjp, to the last bit; no wrong output is produced."""
    for case in SHIFTS:
        got = produced(case, stsm, stsm_vjp)
        same_bits(got, case.arrays().expected, case.id)
        assert case.result == "valid" or got.tobytes() != case.arrays().forbidden.tobytes()


def test_sparse_convolution_reproduces_every_finite_vector() -> None:
    """Sparse correlation in NumPy, in value, wherever the values are finite."""
    ran = 0
    for case in VALID:
        x, _, expected, _ = case.arrays()
        if case.kind == "forward" and np.all(np.isfinite(x)):
            with np.errstate(
                over="ignore", invalid="ignore"
            ):  # a product with 0 of the largest finite numbers
                same_values(correlate_stsm(x, case.shift_spec), expected, case.id)
            ran += 1
    assert ran > 2500


def test_torch_reproduces_every_vector() -> None:
    """The torch shift and autograd through it, to the last bit."""
    side = torch_subject()
    for case in VALID:
        same_bits(produced(case, side.stsm, side.stsm_vjp), case.arrays().expected, case.id)


def test_the_sparse_twin_reproduces_the_vectors_of_the_paper_and_of_tsm() -> None:
    """Grouped one-hot convolution in torch, in value: every float32 label of the two settings
    that matter most.
    """
    ran = 0
    for spec in (ShiftSpec(), ShiftSpec.tsm()):
        for case in vectors.cases_for(spec, kinds=("forward",)):
            x, _, expected, _ = case.arrays()
            if case.dtype == "float32" and case.packing != "bits":
                twin = snn.SparseConvSTSM(case.shape[2], case.shape[1], spec)
                frames = torch.from_numpy(x).flatten(0, 1)
                same_values(twin(frames).numpy().reshape(x.shape), expected, case.id)
                ran += 1
    assert ran > 200


def test_correlation_reproduces_every_convolution() -> None:
    """Kernels, padding and any weights; no flipped or misplaced result is produced."""
    for case in CONVS:
        x, _, expected, forbidden = case.arrays()
        got = correlate(x, case.kernel(), axes=(0, 1, 2))
        same_values(got, expected, case.id)
        assert case.result == "valid" or not np.array_equal(got, forbidden)


def test_convolution_and_definition_agree() -> None:
    """Two ways to an expected value that share nothing: the sum over a one-hot kernel is the
    shift by its displacement.
    """
    ran = 0
    for case in CONVS:
        if case.displacement:
            x, _, expected, _ = case.arrays()
            same_bits(expected, definition.shift(x, case.displacement, axes=(0, 1, 2)), case.id)
            ran += 1
    assert ran > 36 * 3


def test_every_reject_is_refused() -> None:
    """As a text and as four fields; a lenient reader takes some, so that the judge can say no."""
    assert all(
        is_refused(case, ShiftSpec.parse, lambda fields: ShiftSpec(**fields)) for case in REJECTS
    )
    lenient = [
        case
        for case in REJECTS
        if not is_refused(case, lambda text: ShiftSpec("T"), lambda fields: ShiftSpec("T"))
    ]
    assert len(lenient) == len(REJECTS)
    with pytest.raises(SpecError, match="asks nothing here"):
        is_refused(VALID[0], ShiftSpec.parse, None)


def test_there_is_enough() -> None:
    """At least 5,000 cases in at most 5 MB, a fifth of them negative, each named once."""
    size = sum(path.stat().st_size for path in store.HERE.iterdir())
    invalid = sum(case.result == "invalid" for case in CASES)
    assert len(CASES) == MANIFEST["cases"] >= 5000
    assert size <= 5_000_000
    assert invalid == MANIFEST["invalid"] >= len(CASES) / 5
    assert len(BY_ID) == len(CASES)
    assert {case.kind for case in CASES} == {"forward", "vjp", "jvp", "conv", "reject"}


def test_every_setting_of_the_paper_is_there() -> None:
    """Terms of Tables 2 and 3, alphas of Table 1, both orders, both roundings."""
    specs = {case.spec for case in VALID if case.kind == "forward"}
    for terms in (*TABLE_TERMS, "THW"):
        for alpha in TABLE_ALPHAS:
            for order in ("forward-first", "backward-first"):
                for rounding in ("floor", "exact"):
                    assert str(ShiftSpec(terms, alpha, order, rounding)) in specs
    assert {spec.partition("@")[0] for spec in specs} >= set(all_term_sets())


def test_every_displacement_moves_something() -> None:
    """Each of the 26, in a forward, a vjp and a kernel."""
    for kind in ("forward", "vjp"):
        moved = {
            group.displacement
            for case in VALID
            if case.kind == kind
            for group in case.shift_spec.partition(case.shape[2])
            if group.start < group.stop
        }
        assert moved >= set(UNIT_DISPLACEMENTS)
    assert {case.displacement for case in CONVS} >= {tuple(d) for d in UNIT_DISPLACEMENTS}


def test_flags_and_requirements_are_known() -> None:
    """Every flag has a meaning and a case, every known wrong shift an output, every requirement
    a row.
    """
    used = Counter(flag for case in CASES for flag in case.flags)
    assert set(used) == set(NOTES)
    wrong = {
        case.flags[0] for case in SHIFTS if case.result == "invalid" and case.kind == "forward"
    }
    assert wrong >= set(WRONG_SHIFTS)
    assert {name for case in CASES for name in case.requirements} <= {
        entry.id for entry in REQUIREMENTS
    }
    assert near("rolld").startswith("did you mean 'rolled'")
    assert near("?").startswith("the flags are")


def test_the_page_has_the_flags_and_the_numbers() -> None:
    """Its table of flags is made from the data, its example runs, and its number of cases is
    right.
    """
    page = (ROOT / "docs" / "vectors.md").read_text()
    used = Counter(flag for case in CASES for flag in case.flags)
    table = [f"| `{flag}` | {used[flag]:,} | {why} |" for flag, why in NOTES.items()]
    assert page.split("## Flags")[1].strip().split("\n")[2:] == table
    assert f"{len(CASES):,} cases" in page
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    out = io.StringIO()
    with contextlib.chdir(ROOT), contextlib.redirect_stdout(out):
        exec(code, {})
    assert out.getvalue() == f"{CASES[0].id} {CASES[0].spec} {CASES[0].shape}\n"


def test_a_wrong_output_is_wrong_and_is_known_by_its_name() -> None:
    """Each forbidden output differs from what is right, has its shape and dtype, and is
    recognised.
    """
    for case in SHIFTS:
        if case.result == "invalid":
            valid, arrays = BY_ID[case.instead_of], case.arrays()
            assert (valid.x, valid.expected, valid.spec) == (case.x, case.expected, case.spec)
            assert arrays.forbidden.tobytes() != arrays.expected.tobytes()
            if case.spec == str(ShiftSpec()):  # each other spec would be read from its files
                assert known_wrong(valid, arrays.forbidden) == case.flags[0]
                assert known_wrong(valid, arrays.expected) == ""


@pytest.mark.parametrize(
    "name", [name for name, entry in MANIFEST["files"].items() if "cases" in entry]
)
def test_a_file_fits_the_schema(name: str) -> None:
    """The schema is valid, closed, and every file fits it."""
    schema = json.loads((store.HERE / "schema.json").read_text())
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    data = json.loads((store.HERE / name).read_text())
    assert list(validator.iter_errors(data)) == []
    data["groups"] = data["groups"][:1]
    data["groups"][0]["cases"][0]["hint"] = "a member that the schema does not know"
    assert list(validator.iter_errors(data))


def test_the_manifest_fits_its_schema() -> None:
    """It counts what is there, and its index names the files of each spec."""
    schema = json.loads((store.HERE / "manifest-schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(MANIFEST)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema).validate(MANIFEST | {"signature": ""})
    counts = Counter(case.id.partition("/")[0] for case in CASES)
    assert {f"{family}.json": count for family, count in counts.items()} == {
        name: entry["cases"] for name, entry in MANIFEST["files"].items() if "cases" in entry
    }


def test_the_cases_of_a_spec_are_all_of_them() -> None:
    """What the index gives is what a search through everything gives."""
    for spec in (ShiftSpec(), ShiftSpec.tsm(), ShiftSpec("THW", "1/2", rounding="exact")):
        assert [case.id for case in vectors.cases_for(spec)] == [
            case.id for case in VALID if case.spec == str(spec)
        ]
        every = vectors.cases_for(spec, results=("valid", "invalid"))
        assert [case.id for case in every] == [case.id for case in SHIFTS if case.spec == str(spec)]
    assert len(vectors.cases_for(ShiftSpec())) > 200
    assert vectors.cases_for(ShiftSpec("T", "5/7")) == ()


def test_a_case_is_found_by_its_name() -> None:
    """And plain data has all that it has, a text that is empty too."""
    assert vectors.find("vjp/t_1of4_backward/001") == BY_ID["vjp/t_1of4_backward/001"]
    assert vectors.find("vjp/t_1of4_backward/999") is None
    assert vectors.find("nothing/at/001") is None
    empty = next(case for case in REJECTS if case.text == "")
    assert empty.as_dict()["text"] == ""
    assert "x" not in empty.as_dict()


def test_labels_are_made_as_they_are_said_to_be() -> None:
    """By SHA-256 and nothing else: ranks of digests, as anybody can compute them."""
    digests = [hashlib.sha256(f"stsm-ref vectors 1/a key/{i}".encode()).digest() for i in range(6)]
    ranks = [sorted(digests).index(digest) + 1 for digest in digests]
    assert values.labels("a key", (2, 3)).tolist() == [ranks[:3], ranks[3:]]
    assert values.bits("a key", (8,), np.dtype("u4")).tobytes() == digests[0]
    assert set(values.bits("a key", (40,), np.dtype(bool)).tolist()) == {True, False}


@pytest.mark.parametrize(
    ("flag", "half", "single"),
    [
        ("nan-with-payload", 0x7E2A, 0x7FC0002A),
        ("negative-nan", 0xFE01, 0xFFC00001),
        ("signalling-nan", 0x7C15, 0x7F800015),
        ("infinity", 0x7C00, 0x7F800000),
        ("negative-infinity", 0xFC00, 0xFF800000),
        ("negative-zero", 0x8000, 0x80000000),
        ("smallest-subnormal", 0x0001, 0x00000001),
        ("largest-finite", 0x7BFF, 0x7F7FFFFF),
    ],
)
def test_special_values_are_the_bits_that_they_are_called(
    flag: str, half: int, single: int
) -> None:
    """The inputs hold that bit pattern and nothing else, the outputs that and +0: nothing on
    the way made a NaN quiet.
    """
    ran = 0
    for case in CASES:
        if flag in case.flags and case.dtype in ("float16", "float32"):
            bits, wanted = (np.uint16, half) if case.dtype == "float16" else (np.uint32, single)
            x, _, expected, _ = case.arrays()
            assert set(x.view(bits).ravel().tolist()) == {wanted}
            assert set(expected.view(bits).ravel().tolist()) <= {0, wanted}
            ran += 1
    assert ran >= 10


def test_texts_of_arrays() -> None:
    """Little-endian hexadecimal in C order, and a text that is too short is refused."""
    x = np.arange(6, dtype=">f4").reshape(2, 3).T
    assert pack(np.asfortranarray(x), "uint8") == "000301040205"
    assert pack(x.astype("<f4"), "bits") == x.astype("<f4").tobytes().hex()
    assert unpack("000301040205", (3, 2), np.dtype("f4"), "uint8").tolist() == x.tolist()
    with pytest.raises(ValueError, match=r"2 bytes for an array of shape \(3,\)"):
        unpack("0001", (3,), np.dtype("f4"), "uint8")
