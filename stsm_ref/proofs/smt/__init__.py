"""The two solvers, and the process that one of them runs in."""
