"""Write the page that says what the conformance suite asks, or print what a level never met.

python tools/what_is_asked.py                     write docs/what-is-asked.md
python tools/what_is_asked.py --never ci SPEC     run the suite on our own shift, and list what no
call was given
"""

import sys
from pathlib import Path

from stsm_ref import stsm, stsm_vjp
from stsm_ref.conformance import coverage
from stsm_ref.conformance.suite import run_suite
from stsm_ref.evidence.options import RunOptions
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.python import PythonTarget

PAGE = Path(__file__).parents[1] / "docs" / "what-is-asked.md"


def numpy_target(recorder: coverage.Recorder | None = None) -> PythonTarget:
    """Our own shift, its backward and its tangent, with or without somebody who looks on."""
    before = recorder.before if recorder else lambda op, function: function
    return PythonTarget(
        before("forward", stsm),
        vjp=before("vjp", lambda x, grad, spec: stsm_vjp(grad, spec)),
        jvp=before("jvp", lambda x, dx, spec: stsm(dx, spec)),
    )


def write() -> str:
    """The page for NumPy and for torch."""
    import stsm_ref.nn as snn

    return coverage.page(
        [numpy_target(), PythonTarget(snn.stsm, layout="(NT)CHW", framework="torch")]
    )


def never(level: str, spec: str) -> list[str]:
    """What a run of that level never met, of the forward and the backward."""
    recorder = coverage.Recorder()
    report = run_suite(numpy_target(recorder), RunOptions(ShiftSpec.parse(spec), level))  # type: ignore[arg-type]  # the suite refuses others
    assert report.passed, report.violations
    return list(recorder.never(("forward", "vjp")))


def main() -> None:
    """See the top of the file."""
    if sys.argv[1:2] == ["--never"]:
        level, spec = (*sys.argv[2:], *("ci", "T+H+W@3/8")[len(sys.argv) - 2 :])[:2]
        missing = never(level, spec)
        print("\n".join(missing))
        print(
            f"{len(missing)} of {sum(1 for op in ('forward', 'vjp') for _ in coverage.known(op))} "
            f"never met at level {level}"
        )
        return
    PAGE.write_text(write(), encoding="utf-8")


if __name__ == "__main__":
    main()
