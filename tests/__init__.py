"""Tests: unit by module, properties, the paper as literals, and tests of the tests."""

import os
import signal
from pathlib import Path

# before NumPy and torch are imported, here and in every process that a test starts: the arrays of
# tests are small, pytest has a process on every core already, and threads that wait for a busy core
# take more of it than the work does
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# pytest imports readline, which tells every process that is started afterwards that a line has 80
# columns
os.environ.pop("COLUMNS", None)

ROOT = Path(__file__).parents[1]
"""The checkout; no test counts folders up to it."""

PROGRAMS = ROOT / "tests" / "implementations" / "programs.py"
"""Programs that speak the protocol, well and badly."""
# what a shell starts in the background ignores Ctrl-C, and so would every process that a test
# interrupts
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
