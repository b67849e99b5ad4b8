"""The commands of `stsm-ref`, one file each. Exit codes: 0 conforms, 1 violation, 2 wrong use, 3 undecided."""

import stsm_ref.cli.shell  # noqa: F401 # first of all: it says which extra is missing
from stsm_ref.cli import bench, cost, explain, prove, show, verify
from stsm_ref.cli.shell import app, main

__all__ = ["app", "bench", "cost", "explain", "main", "prove", "show", "verify"]
