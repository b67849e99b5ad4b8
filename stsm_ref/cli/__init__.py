"""The commands of `stsm-ref`, one file each. Exit codes: 0 conforms, 1 violation, 2 wrong use, 3 undecided."""

# first, since it says by name that typer or rich is missing
from stsm_ref.cli.shell import app, main

# isort: split
from stsm_ref.cli import bench, cost, explain, prove, show, vectors, verify

__all__ = ["app", "bench", "cost", "explain", "main", "prove", "show", "vectors", "verify"]
