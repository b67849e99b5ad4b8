"""The commands of `stsm-ref`, one file each. Exit codes: 0 conforms, 1 violation, 2 wrong use, 3 undecided."""

from stsm_ref.cli import bench, check, cost, explain, mutants, show, vectors, verify
from stsm_ref.cli.shell import app, main

__all__ = ["app", "bench", "check", "cost", "explain", "main", "mutants", "show", "vectors", "verify"]
