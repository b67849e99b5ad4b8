r"""Translation validation (rung L5): whether somebody's torch module is STSM, for all sizes.

The module is recorded by `torch.export`, each graph is turned into an index map by the table of operator meanings, and z3 and cvc5 are
asked for sizes and a position where the map differs from

.. math:: y_{n,t,c,h,w} = x_{n,\,t-d_t,\,c,\,h-d_h,\,w-d_w} \text{ where that is inside, else } 0

with the displacement :math:`d` of channel :math:`c` from `stsm_ref.geometry`. What a solver finds is run on the module itself.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from stsm_ref.files import make_folder, require_writable, write_whole
from stsm_ref.geometry import ShiftSpec, checked_spec
from stsm_ref.proofs.export import Backward, Exported
from stsm_ref.proofs.export_cover import Box, NotCoveredError, SampleFailedError, boxes, cover
from stsm_ref.proofs.validate_compare import Findings, Map, compare
from stsm_ref.proofs.validate_layout import TYPICAL_SIZES, Layout, displacements
from stsm_ref.proofs.validate_run import run, small_sizes
from stsm_ref.proofs.validate_target import TargetError, load
from stsm_ref.proofs.validate_verdict import Direction, Verdict


def validate_target(
    target: str,
    spec: ShiftSpec,
    *,
    layout: str = "NTCHW",
    segments: int = 8,
    channels: int = 16,
    smt2: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Prove or refute that the module of ``py:FILE.py:make_module`` is STSM, forward and backward, for all sizes.

    Parameters
    ----------
    target : str
        ``py:FILE.py:NAME`` or ``py:package.module:NAME``. ``NAME(spec)`` returns an `nn.Module` of one tensor. The file is run in this
        process.
    spec : ShiftSpec
        Which channels move where.
    layout : str
        ``TCHW``, ``NTCHW``, ``NCTHW``, ``NTHWC`` or ``(NT)CHW``.
    segments : int
        Frames of a clip, for ``(NT)CHW``; in the other layouts T is free.
    channels : int
        The number of channels, C.
    smt2 : Path, optional
        A folder for every question, in SMT-LIB.
    progress : callable, optional
        Told what is being done.

    Returns
    -------
    validate_verdict.Verdict
        ``outcome`` is ``"proved"``, ``"refuted"`` with a counterexample that the module itself has shown, or ``"undecided"`` with the
        reason.

    Raises
    ------
    StsmError
        If the target gives no module, an argument means nothing, or the module does not take a sample of that layout.

    Notes
    -----
    C is a number, and so is T in ``(NT)CHW``; the proof ranges over the other sizes. Rung L5; derived, not in the paper.
    """
    where = Layout.of(layout, channels, segments)
    checked_spec(spec).partition(channels)
    if smt2 is not None:
        _require_folder(smt2)
    progress("importing")
    module, path = load(target, spec)
    sample = {letter: TYPICAL_SIZES[letter] for letter in where.free}
    first = run(module, where, spec, sample, backward=False)
    if first and first.what.startswith(("the module raises", "the module returns")):
        raise TargetError(f"target={target!r} does not take a sample {where.concrete_shape(sample)} of layout {layout}: {first.what}")
    directions = []
    for backward in (False, True):
        direction, found = _decide(module, where, spec, path, backward=backward, progress=progress)
        directions.append(direction)
        if smt2 is not None:
            _write_questions(smt2, direction.name, found)
        if direction.outcome == "refuted":
            break
    sizes_run = 0
    if all(direction.outcome == "proved" for direction in directions):
        sizes_run = _run_small(module, where, spec, directions, progress)
    return Verdict(target, spec, where, tuple(directions), sizes_run)


def _decide(
    module: torch.nn.Module, layout: Layout, spec: ShiftSpec, path: str | None, *, backward: bool, progress: Callable[[str], None]
) -> tuple[Direction, Findings]:
    """Export, compare, and confirm what was found."""
    direction, found = Direction("backward" if backward else "forward"), Findings()
    goal = Map(("x", "g") if backward else ("x",), displacements(spec, layout.channels, backward=backward))

    def note(what: str) -> None:
        progress(f"{direction.name}: {what}")

    def first_look(exported: Exported, box: Box) -> bool:
        compare(exported, layout, box, goal, found, whole=False, path=path)
        return bool(found.differences or found.undecided)

    try:
        programs = cover(Backward(module) if backward else module, layout, len(goal.tensors), note, first_look)
    except NotCoveredError as error:
        direction.why.append(str(error))
        _refute_at_small_sizes(direction, module, layout, spec, backward=backward)
        return direction, found
    except SampleFailedError as error:
        direction.violation = run(module, layout, spec, error.sizes, backward=backward)
        if direction.violation:
            direction.outcome = "refuted"
        else:
            direction.why.append(f"torch.export fails at {error.sizes}, where the module itself runs: {error}")
        return direction, found
    direction.graphs = len(programs)
    for program, box, whole in [(each, *covered) for each in programs for covered in boxes(each)]:
        if found.differences or found.undecided:
            break
        note(f"comparing {_in_words(layout, box)}")
        compare(program.exported, layout, box, goal, found, whole=whole, path=path)
    direction.cases, direction.questions = found.cases, len(found.questions)
    direction.moves_bits = not (found.arithmetic or found.rounding)
    _conclude(direction, found, module, layout, spec, backward=backward)
    return direction, found


def _conclude(direction: Direction, found: Findings, module: torch.nn.Module, layout: Layout, spec: ShiftSpec, *, backward: bool) -> None:
    """Turn findings into an outcome; a refutation needs the module itself as its witness."""
    for difference in found.differences:
        direction.violation = run(module, layout, spec, difference.sizes, backward=backward)
        if direction.violation:
            direction.outcome = "refuted"
            return
        direction.why.append(
            f"the graph differs from STSM at {difference.sizes}, {difference.position}, but the module itself, run there, does not or is "
            "too large to run: torch.export recorded something else than the module does, or a meaning in the table is wrong"
        )
    if found.written and not backward:
        direction.violation = run(module, layout, spec, next(iter(found.written.values())), backward=False)
        direction.outcome = "refuted" if direction.violation else "undecided"
        direction.why.append("the module writes to its input")
        return
    direction.why += found.undecided
    if not direction.why:
        direction.outcome = "proved"
        return
    _refute_at_small_sizes(direction, module, layout, spec, backward=backward)


def _refute_at_small_sizes(direction: Direction, module: torch.nn.Module, layout: Layout, spec: ShiftSpec, *, backward: bool) -> None:
    """Where nothing was decided for all sizes, a small one may still decide it."""
    for sizes in small_sizes(layout):
        direction.violation = run(module, layout, spec, sizes, backward=backward)
        if direction.violation:
            direction.outcome = "refuted"
            return


def _run_small(
    module: torch.nn.Module, layout: Layout, spec: ShiftSpec, directions: Sequence[Direction], progress: Callable[[str], None]
) -> int:
    """Run the module itself at small sizes; where it disagrees with a proof about its graph, the module has the last word."""
    progress("running the module at small sizes")
    count = 0
    for sizes in small_sizes(layout):
        for direction in directions:
            direction.violation = run(module, layout, spec, sizes, backward=direction.name == "backward")
            if direction.violation:
                direction.outcome = "refuted"
                direction.why.append("its exported graphs are STSM, but the module, run without export, is not")
                return count
        count += 1
    return count


def _in_words(layout: Layout, box: Sequence[tuple[int, int | None]]) -> str:
    ends = zip(layout.free, box, strict=True)
    return ", ".join(
        f"{name}>={low}" if high is None else f"{name}={low}" if low == high else f"{low}<={name}<={high}" for name, (low, high) in ends
    )


def _require_folder(folder: Path) -> None:
    make_folder(folder, f"smt2={str(folder)!r} cannot be made a folder")
    require_writable(folder / "forward-001.smt2")


def _write_questions(folder: Path, name: str, found: Findings) -> None:
    for number, text in enumerate(found.questions, start=1):
        write_whole(folder / f"{name}-{number:03}.smt2", text)
