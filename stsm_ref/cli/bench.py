"""`stsm-ref bench`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from stsm_ref.cli.shell import AsJson, Side, command, notes, print_json, screen

if TYPE_CHECKING:
    from stsm_ref.bench.timing import Comparison


@command
def bench(
    rounds: Annotated[int, typer.Option(min=3, help="Rounds of which the median is taken.")] = 15,
    side: Annotated[
        Side, typer.Option(help="Which implementations: NumPy's, PyTorch's, or both.")
    ] = Side.BOTH,
    as_json: AsJson = False,
) -> int:
    """Compare the shift with a memory copy, with sparse convolution and with TSM's code, side by
    side in one run.
    """
    from rich.table import Table

    measured = []
    with notes.status("measuring") as status:
        for comparison in _comparisons(side, rounds):
            measured.append(comparison)
            status.update(
                f"measuring: {len(measured)} done, last {comparison.name} {comparison.ratio:.2f}"
            )
    if as_json:
        print_json([entry._asdict() | {"holds": entry.holds} for entry in measured])
    else:
        table = Table(
            "what",
            "in units of",
            "ratio",
            "at most",
            title="Medians, side by side",
            title_justify="left",
        )
        for entry in measured:
            limit = "" if entry.limit is None else f"{entry.limit:.2f}"
            table.add_row(
                entry.name,
                entry.baseline,
                f"{entry.ratio:.2f}",
                limit,
                style="" if entry.holds else "bold red",
            )
        screen.print(table)
    return 0 if all(entry.holds for entry in measured) else 1


def _comparisons(side: Side, rounds: int) -> Iterator["Comparison"]:
    if side is not Side.NUMPY:
        from stsm_ref import nn as _  # noqa: F401 # a missing torch is told before the measuring, not after
    if side is not Side.TORCH:
        from stsm_ref.bench import numpy_shift

        yield from numpy_shift.comparisons(rounds=rounds)
        from stsm_ref.bench import label_check

        yield from label_check.comparisons(rounds=rounds)
        from stsm_ref.bench import suite_levels

        yield from suite_levels.comparisons(rounds=min(rounds, 3))
    if side is not Side.NUMPY:
        from stsm_ref.bench import torch_shift

        yield from torch_shift.comparisons(rounds=rounds)
