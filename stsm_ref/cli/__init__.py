"""The commands of `stsm-ref`, one file each. Exit codes: 0 conforms, 1 violation, 2 wrong use,
3 undecided.
"""

from stsm_ref.cli.shell import (  # first, since it says by name that typer or rich is missing
    app,
    main,
)

# isort: split
from stsm_ref.cli import (
    bench,
    check,
    claims,
    cost,
    explain,
    figures,
    mutants,
    prove,
    show,
    vectors,
    verify,
    version,
)

__all__ = [
    "app",
    "bench",
    "check",
    "claims",
    "cost",
    "explain",
    "figures",
    "main",
    "mutants",
    "prove",
    "show",
    "vectors",
    "verify",
    "version",
]
