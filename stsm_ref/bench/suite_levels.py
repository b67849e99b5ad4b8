"""What a whole run of the conformance suite costs, in units of importing NumPy, SciPy and this
package.
"""

import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from stsm_ref.bench.timing import Comparison

TARGET = """
from stsm_ref import stsm as forward
from stsm_ref import stsm_vjp

def vjp(x, grad, spec):
    return stsm_vjp(grad, spec)

def jvp(x, dx, spec):
    return forward(dx, spec)
"""

READ_THE_VECTORS = (
    "import stsm_ref; from stsm_ref.vectors import cases_for; cases_for(stsm_ref.ShiftSpec())"
)

LIMITS = {"smoke": 12.0, "ci": 150.0}
"""Processor time of a run in units of the import: a quarter of a second on an idle machine, for
which 3 s and 40 s are meant.
"""


def processor_seconds(command: Sequence[str]) -> float:
    """Processor time, user and system, of a command and all that it starts; so a busy machine
    changes little.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def comparisons(*, rounds: int = 3) -> Iterator[Comparison]:
    """Measure `stsm-ref check` on our own NumPy code at smoke and ci, start-up included, beside a
    bare import, in turn.
    """
    python = [sys.executable, "-c"]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "ours.py")
        target.write_text(TARGET)
        check = [
            *python,
            "from stsm_ref.cli import main; main()",
            "check",
            f"py:{target}:forward",
            "--level",
        ]
        commands = {"import": [*python, "import stsm_ref"], "vectors": [*python, READ_THE_VECTORS]}
        commands |= {level: [*check, level] for level in LIMITS}
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                seconds[name].append(processor_seconds(command))
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    for level, limit in LIMITS.items():
        yield Comparison(
            f"check --level {level}, processor time",
            "import stsm_ref",
            medians[level] / medians["import"],
            limit,
        )
    read = max(0.0, medians["vectors"] - medians["import"])
    yield Comparison(
        "golden vectors of one spec, read and verified",
        "check --level smoke",
        read / medians["smoke"],
        0.15,
    )
