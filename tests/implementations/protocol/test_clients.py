"""The clients that we ship in other languages conform, and each conforms no more when one line
of it is broken.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from stsm_ref import stsm
from stsm_ref.conformance.suite import run_suite
from stsm_ref.evidence.options import RunOptions
from stsm_ref.evidence.report.report import Report
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import TargetError
from stsm_ref.implementations.process import ProcessTarget
from stsm_ref.implementations.protocol import validator
from tests import ROOT

CLIENTS = ROOT / "docs" / "examples" / "clients"
C, JAVASCRIPT = CLIENTS / "c" / "stsm_client.c", CLIENTS / "javascript" / "stsm_client.mjs"
FLAGS = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]

needs_gcc = pytest.mark.skipif(
    not shutil.which("gcc"),
    reason="THERE IS NO gcc HERE: the C client is not checked on this machine",
)
needs_node = pytest.mark.skipif(
    not shutil.which("node"),
    reason="THERE IS NO node HERE: the JavaScript client is not checked here",
)
LANGUAGES = [pytest.param("c", marks=needs_gcc), pytest.param("javascript", marks=needs_node)]

DEFAULT, TWO_AXES, EXACT = "T+H+W@3/8", "TH+TW+HW@3/4,backward-first", "T+H+W@3/8,exact"

BROKEN_C = {
    "direction swapped": (DEFAULT, "? -spec->first : spec->first", "? spec->first : -spec->first"),
    "rolled": (DEFAULT, "? -1 : from;", "? (from + (long)size) % (long)size : from;"),
    "edge kept": (DEFAULT, "? -1 : from;", "? (long)i : from;"),
    "filled with ones": (DEFAULT, "memset(to, 0, bytes);", "memset(to, 1, bytes);"),
    "height moves as width does": (
        DEFAULT,
        "source(h, sign * d[H], s.h)",
        "source(h, sign * d[W], s.h)",
    ),
    "clips mixed": (
        DEFAULT,
        "source(t, sign * d[T], s.t)",
        "source(n * s.t + t, sign * d[T], s.n * s.t) - (long)(n * s.t)",
    ),
    "direction order": (
        TWO_AXES,
        "direction >> (spec->axes[term] - 1 - i) & 1",
        "direction >> i & 1",
    ),
    "share rounded up": (
        DEFAULT,
        "return (size_t)(spec->numerator",
        "return 1 + (size_t)(spec->numerator",
    ),
    "exact does not refuse": (EXACT, "spec.exact && !divides", "0 && !divides"),
    "backward is forward": (DEFAULT, '"grad") == 0 ? -1 : 1', '"grad") == 0 ? 1 : 1'),
    "wrong at size 3": (
        DEFAULT,
        "long from = (long)i - d;",
        "long from = (long)i - (size == 3 ? 0 : d);",
    ),
}
"""What is wrong, the spec that shows it, and the text that is replaced by another."""

BROKEN_JAVASCRIPT = {
    "direction swapped": (DEFAULT, "? -first : first", "? first : -first"),
    "order ignored": (TWO_AXES, '=== "forward-first" ? 1 : -1', '=== "forward-first" ? 1 : 1'),
    "not zeroed": (DEFAULT, "Buffer.alloc(x.length)", "Buffer.from(x)"),
    "clips mixed": (
        DEFAULT,
        "Math.min(T, T + dt)",
        "Math.min(T, T + dt) + (dt < 0 && n + 1 < N ? 1 : 0)",
    ),
    "width shifted by two": (DEFAULT, "Math.max(dw, 0) * bytes;", "Math.max(2 * dw, 0) * bytes;"),
    "rest starts late": (
        DEFAULT,
        "groups.push({ start, stop: channels",
        "groups.push({ start: start + 1, stop: channels",
    ),
    "backward is forward": (DEFAULT, '"vjp" ? -1 : 1', '"vjp" ? 1 : 1'),
    "exact does not refuse": (EXACT, 'spec.rounding === "exact" &&', "false &&"),
    "minus zero lost": (
        DEFAULT,
        "return y;",
        "for (let i = 0; i + 4 <= y.length; i += 4) if (y.readFloatLE(i) === 0) y.fill(0, i, i + "
        "4);\n  return y;",
    ),
}


def build(language: str, folder: Path, old: str = "", new: str = "") -> list[str]:
    """The command of a client, with one place of its source replaced."""
    source = C if language == "c" else JAVASCRIPT
    text = source.read_text()
    assert not old or text.count(old) == 1, (
        f"{old!r} stands {text.count(old)} times in {source.name}"
    )
    changed = folder / source.name
    changed.write_text(text.replace(old, new) if old else text)
    if language == "javascript":
        return ["node", str(changed)]
    program = folder / "client"
    subprocess.run(["gcc", *FLAGS, str(changed), "-o", str(program)], check=True)
    return [str(program)]


def hold(command: list[str], spec: str, *, first: bool = False) -> Report:
    """Run the suite on it."""
    with ProcessTarget(command, time_limit=20) as target:
        return run_suite(target, RunOptions(ShiftSpec.parse(spec), "smoke", first=first))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "spec",
    [DEFAULT, TWO_AXES, EXACT, "T@1/4,backward-first", "THW@1", "T+H+W+TH+TW+HW+THW@1", "W@0"],
)
def test_a_client_conforms(language: str, spec: str, tmp_path: Path) -> None:
    """Every rule that applies passes, and the report names the language."""
    report = hold(build(language, tmp_path), spec)
    assert report.passed, [
        (r.rule, r.outcome, r.note, r.violation)
        for r in report.results
        if r.outcome not in ("passed", "skipped")
    ]
    assert report.kind == language
    assert report.cases >= report.declared > 100


@needs_gcc
def test_the_c_client_is_clean_under_sanitisers(tmp_path: Path) -> None:
    """No address, leak or undefined behaviour is reported over the whole protocol."""
    program = tmp_path / "client"
    flags = ["-g", "-std=c99", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    if subprocess.run(
        ["gcc", *flags, str(C), "-o", str(program)], check=False, capture_output=True
    ).returncode:
        pytest.skip("THIS gcc HAS NO SANITISERS: the C client is not checked under them")
    with ProcessTarget([str(program)], memory=0) as target:
        assert run_suite(target, RunOptions(ShiftSpec.parse(TWO_AXES), "smoke")).passed
    assert validator.exit_code(validator.run([str(program)], memory=0)) == 0


def test_a_sanitiser_without_room_is_told_the_way_out() -> None:
    """Where a sanitiser says that it got no memory, the error names the limit and how to run
    without one.
    """
    said = (
        "==1==ERROR: AddressSanitizer failed to allocate 0xdfff0001000 bytes (error code: 12): "
        "Cannot allocate memory"
    )
    with pytest.raises(
        TargetError,
        match=r"(?s)it may have 4.0 GiB of memory; sanitisers .* so run them with --memory 0",
    ):
        ProcessTarget([sys.executable, "-c", f"raise SystemExit({said!r})"])


@needs_gcc
@pytest.mark.parametrize("bug", BROKEN_C)
def test_a_broken_c_client_is_caught(bug: str, tmp_path: Path) -> None:
    """One wrong line is a violation."""
    spec, old, new = BROKEN_C[bug]
    assert hold(build("c", tmp_path, old, new), spec, first=True).outcome == "violated"


@needs_node
@pytest.mark.parametrize("bug", BROKEN_JAVASCRIPT)
def test_a_broken_javascript_client_is_caught(bug: str, tmp_path: Path) -> None:
    """One wrong line is a violation."""
    spec, old, new = BROKEN_JAVASCRIPT[bug]
    assert hold(build("javascript", tmp_path, old, new), spec, first=True).outcome == "violated"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_client_takes_a_network_sized_clip(language: str, tmp_path: Path) -> None:
    """Six megabytes go in one line and come back in one."""
    x = np.random.default_rng(0).random((1, 8, 64, 56, 56), dtype="f4")
    with ProcessTarget(build(language, tmp_path), time_limit=30) as target:
        target.use(ShiftSpec())
        np.testing.assert_array_equal(target.run("forward", x).output, stsm(x))
