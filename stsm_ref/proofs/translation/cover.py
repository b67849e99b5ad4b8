"""Export a module until its graphs cover all sizes: each free size is 1, or 2, or 3 and more, and
every cell of that grid is looked at.

A graph holds where its guards do. While some sizes of a cell are outside of all graphs, the module
is exported there.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import torch

from stsm_ref.proofs.export.recording import Exported, ExportFailedError, Forward, export
from stsm_ref.proofs.export.watch import Watch, Watched
from stsm_ref.proofs.index_maps.formula import FALSE, TRUE, Logical, negation, script
from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    Range,
    polynomial,
)
from stsm_ref.proofs.translation.guards import region
from stsm_ref.proofs.translation.layout import TYPICAL_SIZES, Layout
from stsm_ref.proofs.translation.solvers import decide

MAX_EXPORTS = 60
MAX_IN_A_CELL = 8
LARGEST_SAMPLE = 10**7
"""Entries of a sample; a guard that holds for larger ones only is not followed."""

Box = tuple[tuple[int, int | None], ...]
"""For each free size, the least and the largest value, None if there is none."""

CELLS: tuple[tuple[int, int | None], ...] = ((3, None), (1, 1), (2, 2))


@dataclass
class Program:
    """A graph and the boxes of sizes that it covers, whole or, with its guards, in part."""

    exported: Exported
    whole: list[Box] = field(default_factory=list)
    part: list[Box] = field(default_factory=list)
    regions: dict[Box, Logical] = field(default_factory=dict)
    """Where its guards hold in a box, for boxes that were asked about before."""


class NotCoveredError(Exception):
    """Some sizes are covered by no graph; the message says which and why."""


class SampleFailedError(Exception):
    """The module itself, or its export, raised at these sizes."""

    def __init__(self, sizes: Mapping[str, int], why: str) -> None:
        super().__init__(why)
        self.sizes = dict(sizes)


def assumptions_on(layout: Layout, box: Box) -> tuple[dict[str, Polynomial], Assumptions]:
    """The sizes in a box: numbers where the box allows one only, else variables with their
    range.
    """
    free: dict[str, Polynomial] = {}
    ranges: dict[str, Range] = {}
    for letter, (low, high) in zip(layout.free, box, strict=True):
        free[letter] = polynomial(low) if low == high else Polynomial.variable(letter)
        if low != high:
            ranges[letter] = Range(polynomial(low), None if high is None else polynomial(high))
    return layout.sizes(free), Assumptions(ranges)


def cover(
    module: Callable[[bool], Forward],
    layout: Layout,
    progress: Callable[[str], None],
    first_look: Callable[[Exported, Box], bool],
) -> list[Program]:
    """Export what `module` makes, again and again, until every size is covered; it is told whether
    that is for a run beside the export.

    `first_look` is shown the first graph, with a box that it covers at least in part, and may end
    the search there by saying True.

    Raises
    ------
    SampleFailedError, NotCoveredError
    """
    programs: list[Program] = []
    for box in itertools.product(CELLS, repeat=len(layout.free)):
        while True:
            regions = [_region(program, layout, box) for program in programs]
            if TRUE in regions:
                programs[regions.index(TRUE)].whole.append(box)
                break
            point = _uncovered(layout, box, regions)
            if point is None:
                for program, formula in zip(programs, regions, strict=True):
                    program.part += [box] if formula != FALSE else []
                break
            if (
                sum(
                    program.exported.sample != point and _in_box(program, box)
                    for program in programs
                )
                >= MAX_IN_A_CELL
            ):
                raise NotCoveredError(
                    f"{describe(point)} is covered by none of {MAX_IN_A_CELL} graphs near it: "
                    "each holds for few sizes only"
                )
            if len(programs) == MAX_EXPORTS:
                raise NotCoveredError(
                    f"after {MAX_EXPORTS} graphs, {describe(point)} is still covered by none: the "
                    "module has too many branches"
                )
            progress(f"exporting at {describe(point)}")
            programs.append(Program(_export_at(module, layout, point)))
            if (
                _region(programs[-1], layout, tuple((size, size) for size in point.values()))
                != TRUE
            ):
                raise NotCoveredError(
                    f"the guards of the graph recorded at {describe(point)} do not hold there"
                )
            if len(programs) == 1 and first_look(programs[0].exported, box):
                return programs
    return [program for program in programs if program.whole or program.part]


def _in_box(program: Program, box: Box) -> bool:
    """Whether a graph was recorded at sizes in the box."""
    ends = zip(program.exported.sample.values(), box, strict=True)
    return all(low <= size and (high is None or size <= high) for size, (low, high) in ends)


def describe(sizes: Mapping[str, int]) -> str:
    """Sizes in words."""
    return ", ".join(f"{letter}={size}" for letter, size in sizes.items())


def _region(program: Program, layout: Layout, box: Box) -> Logical:
    """Where the guards of a program hold in a box; it is asked again after every export."""
    if box not in program.regions:
        # sizes that are numbers are not variables of the formula, but the sample names them
        sizes, assumptions = assumptions_on(layout, box)
        program.regions[box] = region(program.exported, layout, sizes, assumptions)
    return program.regions[box]


def _uncovered(layout: Layout, box: Box, regions: list[Logical]) -> dict[str, int] | None:
    """Sizes in the box where no graph holds, typical or small ones if there are any."""
    fixed = {
        letter: low for letter, (low, high) in zip(layout.free, box, strict=True) if low == high
    }
    _, assumptions = assumptions_on(layout, box)
    outside = [negation(each) for each in regions]
    names = list(assumptions.ranges)
    typical = [
        Constraint(Polynomial.variable(name) - TYPICAL_SIZES[name], equal=True) for name in names
    ]
    bounds = [
        [Constraint(polynomial(most) - Polynomial.variable(name)) for name in names]
        for most in (7, 20, 100)
    ]
    for more in (typical, *bounds, []):
        found = decide(
            script(assumptions.ranges, assumptions, [*outside, *more], None),
            names,
            confirm=not more,
        )
        if found.status == "found":
            values = {**fixed, **found.values}
            return {letter: values[letter] for letter in layout.free}
        if found.status == "unknown" and not more:
            raise NotCoveredError(
                f"whether the graphs cover all sizes was not decided: {found.why}"
            )
        if not names:
            break
    return None


def _export_at(
    module: Callable[[bool], Forward], layout: Layout, sizes: Mapping[str, int]
) -> Exported:
    shape = layout.concrete_shape(sizes)
    if math.prod(shape) > LARGEST_SAMPLE:
        raise NotCoveredError(
            f"{describe(sizes)} is covered by no graph, and too large to record one at"
        )
    free_axes = [axis for axis, letters in enumerate(layout.axes) if letters != "C"]
    recorded = module(False)
    samples = [torch.zeros(shape) for _ in range(recorded.tensors)]
    try:
        exported = export(recorded, samples, free_axes)
        return replace(exported, sample=dict(sizes), live=ran_live(module(True), layout, sizes))
    except ExportFailedError as error:
        raise SampleFailedError(sizes, str(error)) from error


def ran_live(module: Forward, layout: Layout, sizes: Mapping[str, int]) -> Watched:
    """What Python does and asks when the module is run without export, on zeros, as it is exported.

    Raises
    ------
    SampleFailedError
    """
    watch: Watch = module.__dict__["watch"]
    try:
        module(*(torch.zeros(layout.concrete_shape(sizes)) for _ in range(module.tensors)))
    except Exception as error:  # whatever the user's code raises
        lines = str(error).splitlines() or [""]
        raise SampleFailedError(sizes, f"{type(error).__name__}: {lines[0]}") from error
    return watch.seen


def boxes(program: Program) -> Iterator[tuple[Box, bool]]:
    """Where to hold the graph against STSM: as few boxes as its cells make, and whether one is
    covered whole.
    """
    remaining = set(program.whole)
    while remaining:
        start = min(remaining, key=lambda box: [low for low, _ in box])
        box = start
        for axis in range(len(box)):
            for low, high in ((2, 2), (3, None)):
                grown = (*box[:axis], (box[axis][0], high), *box[axis + 1 :])
                if box[axis][1] == low - 1 and _cells(grown) <= set(program.whole):
                    box = grown
        remaining -= _cells(box)
        yield box, True
    for box in program.part:
        yield box, False


def _cells(box: Box) -> set[Box]:
    """The cells of the grid in a box."""
    order = sorted(CELLS)
    return set(
        itertools.product(
            *(
                [cell for cell in order if cell[0] >= low and (high is None or cell[0] <= high)]
                for low, high in box
            )
        )
    )
