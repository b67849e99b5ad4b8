r"""Translation validation (rung L5): whether somebody's torch module is STSM, for all sizes.

The module is recorded by `torch.export`, each graph is turned into an index map by the table of
operator meanings, and z3 and cvc5 are asked for sizes and a position where the map differs from

.. math:: y_{n,t,c,h,w} = x_{n,\,t-d_t,\,c,\,h-d_h,\,w-d_w} \text{ where that is inside, else } 0

with the displacement :math:`d` of channel :math:`c` from `stsm_ref.geometry`. What a solver finds
is run on the module itself.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from stsm_ref._files import make_folder, require_writable, write_whole
from stsm_ref.errors import TargetError
from stsm_ref.geometry import ShiftSpec, checked_spec
from stsm_ref.proofs.export.recording import SIZE_AS_TEXT, Backward, Exported, Forward
from stsm_ref.proofs.export.watch import Watch
from stsm_ref.proofs.translation import solvers
from stsm_ref.proofs.translation.comparison import Findings, Map, compare
from stsm_ref.proofs.translation.cover import (
    Box,
    NotCoveredError,
    Program,
    SampleFailedError,
    boxes,
    cover,
    describe,
    ran_live,
)
from stsm_ref.proofs.translation.layout import TYPICAL_SIZES, Layout, displacements
from stsm_ref.proofs.translation.modes import (
    Looked,
    look,
    trains_by_itself,
    where_a_gradient_is_wanted,
)
from stsm_ref.proofs.translation.run import PLAIN, Violation, run
from stsm_ref.proofs.translation.state import changed, fingerprint
from stsm_ref.proofs.translation.target import load
from stsm_ref.proofs.translation.verdict import Direction, Outcome, Verdict


def validate_target(
    target: str,
    spec: ShiftSpec,
    *,
    layout: str = "NTCHW",
    segments: int = 8,
    channels: int = 16,
    smt2: Path | None = None,
    as_exported: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Verdict:
    """Prove or refute that the module of ``py:FILE.py:make_module`` is STSM, forward and backward,
    for all sizes.

    Parameters
    ----------
    target : str
        ``py:FILE.py:NAME`` or ``py:package.module:NAME``. ``NAME(spec)`` returns an `nn.Module` of
        one tensor. The file is run in this process.
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
    as_exported : bool
        Decide about what `torch.export` makes of the module, which may be something else than what
        Python runs, and claim no more.
    progress : callable, optional
        Told what is being done.

    Returns
    -------
    validate_verdict.Verdict
        ``outcome`` is ``"proved"``, ``"refuted"`` with a counterexample that the module itself has
        shown, or ``"undecided"`` with the reason.

    Raises
    ------
    StsmError
        If the target gives no module, an argument means nothing, or the module does not take a
        sample of that layout.

    Notes
    -----
    C is a number, and so is T in ``(NT)CHW``; the proof ranges over the other sizes. Rung L5;
    derived, not in the paper.
    """
    where = Layout.of(layout, channels, segments)
    checked_spec(spec).partition(channels)
    if smt2 is not None:
        _require_folder(smt2)
    progress("importing")
    module, path = load(target, spec)
    sample = {letter: TYPICAL_SIZES[letter] for letter in where.free}
    verdict = Verdict(target, spec, where, as_exported=as_exported)
    if why := _has_no_python(module):
        verdict.directions = [Direction("forward", why=[why])]
        return verdict
    before = fingerprint(module)
    first = run(module, where, spec, sample, backward=False)
    if first and first.what.startswith(("the module raises", "the module returns")):
        raise TargetError(
            f"target={target!r} does not take a sample {where.concrete_shape(sample)} of layout "
            f"{layout}: {first.what}"
        )
    subject = Subject(module, where, spec, path, as_exported, progress)
    progress("running the module at small sizes and in other modes")
    verdict.looked = look(module, where, spec, before)
    verdict.directions = _before_any_proof(subject, verdict.looked)
    if not verdict.directions:
        _prove(subject, verdict, smt2)
    return verdict


@dataclass
class Subject:
    """What is decided about."""

    module: torch.nn.Module
    layout: Layout
    spec: ShiftSpec
    path: str | None
    as_exported: bool
    progress: Callable[[str], None]
    questions: list[str] = field(default_factory=list)

    def watched(self, *, backward: bool, recording: bool = True) -> Forward:
        """The module under a watch, as it is recorded or as it is run."""
        watch = Watch(self.path, compiling=self.as_exported and recording)
        return (Backward if backward else Forward)(self.module, watch)


def _has_no_python(module: torch.nn.Module) -> str | None:
    """Why a module cannot be watched, if it or a part of it is not run by Python."""
    for name, part in module.named_modules():
        which = f"the target's part {name!r}" if name else "the target"
        if isinstance(part, torch.jit.ScriptModule):
            way_out = "give the Python module that it was made of"
            return f"{which} is TorchScript, of which torch.export makes no graph: {way_out}"
        if type(part).__name__ == "OptimizedModule":
            way_out = "give the module that torch.compile was given"
            return f"{which} is compiled, and compilers are not looked at: {way_out}"
    return None


def _before_any_proof(subject: Subject, looked: Looked) -> list[Direction]:
    """What running the module has decided; empty if nothing speaks against a proof so far."""
    if looked.violation:
        direction = Direction(looked.violation.direction, "refuted", violation=looked.violation)
        untried = (
            [Direction("forward", why=["nothing was proved: the backward was refuted first"])]
            if direction.name == "backward"
            else []
        )
        return [*untried, direction]
    if looked.kept:
        return [
            Direction(
                "forward",
                why=[
                    "the module keeps something from one call to the next: "
                    f"{', '.join(looked.kept[:3])}"
                ],
            )
        ]
    if not subject.as_exported:
        sizes = {letter: TYPICAL_SIZES[letter] for letter in subject.layout.free}
        for backward in (False, True):
            live = ran_live(
                subject.watched(backward=backward, recording=False), subject.layout, sizes
            )
            if why := _questions(live.asked):
                return [Direction("backward" if backward else "forward", why=why)]
    return []


TRANSFORMED = {
    "torch._functorch.": "calls what torch.func made of a function, by vmap or the like",
    "torch._dynamo.": "calls what torch.compile made of a function",
}
"""By where their wrappers stand in torch: what is called, in the words of whoever called it."""


def _questions(asked: dict[str, str]) -> list[str]:
    why = []
    for what, place in asked.items():
        made = next((words for inside, words in TRANSFORMED.items() if what.startswith(inside)), "")
        if made:
            way_out = "which is not looked into: call the function as it was written"
            why.append(f"the module {made}, at {place}, {way_out}")
        else:
            no_answer = "and a recorded graph knows no answer to that"
            why.append(f"the module asks {what} at {place}, {no_answer}")
    return list(dict.fromkeys(why))


def _prove(subject: Subject, verdict: Verdict, smt2: Path | None) -> None:
    """Decide both directions by graphs and solvers, and hold what was proved against the runs."""
    before = fingerprint(subject.module)
    with solvers.remembering():
        for backward in (False, True):
            subject.questions = []
            direction = _decide(subject, backward=backward)
            verdict.directions.append(direction)
            if smt2 is not None:
                _write_questions(smt2, direction.name, subject.questions)
            if direction.outcome == "refuted":
                break
    forward, *others = verdict.directions
    forward.moves_bits &= all(direction.moves_bits_of_values for direction in others)
    if forward.outcome == "proved" and forward.moves_bits and verdict.looked.bits:
        forward.outcome, forward.violation = "refuted", verdict.looked.bits
        forward.why.append(
            "its exported graphs move every entry as it is, but the module, run without export, "
            "does not"
        )
    if kept := changed(before, fingerprint(subject.module)):
        for direction in verdict.directions:
            if direction.outcome == "proved":
                direction.outcome = "undecided"
                direction.why.append(
                    f"the module changes while it is exported: {', '.join(kept[:3])}"
                )


@contextmanager
def _in_mode(module: torch.nn.Module, training: bool) -> Iterator[None]:
    """The module in training or eval mode, and then as it was."""
    before = {each: each.training for each in module.modules()}
    if module.training != training:
        module.train(training)
    try:
        yield
    finally:
        for each, mode in before.items():
            each.training = mode


UNTIL_DECIDED: Outcome = "undecided"


def _decide(subject: Subject, *, backward: bool) -> Direction:
    """Decide one direction, in both modes if the mode makes a difference."""
    direction = Direction("backward" if backward else "forward", moves_bits=True)
    waiting = [subject.module.training]
    for training in waiting:
        direction.outcome = UNTIL_DECIDED
        with _in_mode(subject.module, training):
            reads = _decide_in_a_mode(
                subject, direction, "training" if training else "eval", backward=backward
            )
        if direction.outcome != "proved":
            break
        if reads and len(waiting) == 1:
            waiting.append(not training)
    direction.moves_bits &= direction.outcome == "proved"
    return direction


def _decide_in_a_mode(subject: Subject, direction: Direction, mode: str, *, backward: bool) -> bool:
    """Export, compare, and confirm what was found; whether the module reads the mode."""
    layout, spec = subject.layout, subject.spec
    held = [
        _Held(
            "gradient" if backward else "value",
            Map(("x", "g") if backward else ("x",), _moves(subject, backward=backward)),
        )
    ]
    if backward:
        # what the module gives where a gradient is wanted is compared too, by the same graph
        held.append(
            _Held(
                "value where a gradient is wanted", Map(("g", "x"), _moves(subject, backward=False))
            )
        )

    def note(what: str) -> None:
        subject.progress(f"{direction.name}, {mode} mode: {what}")

    def first_look(exported: Exported, box: Box) -> bool:
        if _other_than_run(exported, as_exported=subject.as_exported):
            return True
        for each in held:
            compare(
                each.shown(exported),
                layout,
                box,
                each.goal,
                each.found,
                whole=False,
                path=subject.path,
            )
        return any(each.found.differences or each.found.undecided for each in held)

    programs: list[Program] = []
    try:
        programs = cover(
            lambda live: subject.watched(backward=backward, recording=not live),
            layout,
            note,
            first_look,
        )
    except NotCoveredError as error:
        direction.why.append(str(error))
        return False
    except SampleFailedError as error:
        direction.violation = run(subject.module, layout, spec, error.sizes, backward=backward)
        if direction.violation:
            direction.outcome = "refuted"
        else:
            direction.why.append(
                f"torch.export fails at {error.sizes}, where the module itself runs: {error}"
            )
        return False
    direction.graphs += len(programs)
    direction.why += dict.fromkeys(
        why
        for each in programs
        for why in _other_than_run(each.exported, as_exported=subject.as_exported)
    )
    for program, box, whole in [(each, *covered) for each in programs for covered in boxes(each)]:
        if direction.why or any(each.found.differences or each.found.undecided for each in held):
            break
        note(f"comparing {_in_words(layout, box)}")
        for each in held:
            compare(
                each.shown(program.exported),
                layout,
                box,
                each.goal,
                each.found,
                whole=whole,
                path=subject.path,
            )
    for each in held:
        direction.cases += each.found.cases
        direction.questions += len(each.found.questions)
        subject.questions += each.found.questions
    direction.moves_bits &= held[0].moves_bits
    direction.moves_bits_of_values &= held[-1].moves_bits
    direction.modes.append(mode)
    _conclude(direction, held, subject, backward=backward)
    return trains_by_itself(subject.module) or any(
        program.exported.reads_the_mode for program in programs
    )


@dataclass
class _Held:
    """One result of a graph, and what it is held against."""

    what: str
    goal: Map
    found: Findings = field(default_factory=Findings)

    @property
    def moves_bits(self) -> bool:
        return not (self.found.arithmetic or self.found.rounding)

    def shown(self, exported: Exported) -> Exported:
        """The graph with this result in view, and its inputs in the order of the goal."""
        if self.what == "value":
            return exported
        if self.what == "gradient":
            return exported.of_result(1, exported.inputs)
        return exported.of_result(0, exported.inputs[::-1])


def _moves(subject: Subject, *, backward: bool) -> Any:
    return displacements(subject.spec, subject.layout.channels, backward=backward)


def _conclude(
    direction: Direction, held: Sequence[_Held], subject: Subject, *, backward: bool
) -> None:
    """Turn findings into an outcome; a refutation needs the module itself as its witness."""

    def confirmed(sizes: dict[str, int], *, of_values: bool) -> Violation | None:
        way = where_a_gradient_is_wanted() if of_values else PLAIN
        return run(
            subject.module,
            subject.layout,
            subject.spec,
            sizes,
            backward=backward and not of_values,
            way=way,
        )

    for each in held:
        for difference in each.found.differences:
            direction.violation = confirmed(
                difference.sizes, of_values=each.what.startswith("value where")
            )
            if direction.violation:
                direction.outcome = "refuted"
                return
            direction.why.append(
                f"the graph differs from STSM at {difference.sizes}, {difference.position}, but "
                "the module itself, run there, does not or "
                "is too large to run: torch.export recorded something else than the module does, "
                "or a meaning in the table is wrong"
            )
    for each in held:
        if each.found.written:
            direction.violation = confirmed(
                next(iter(each.found.written.values())), of_values=False
            )
            direction.outcome = "refuted" if direction.violation else "undecided"
            names = ", ".join(
                {"g": "the gradient that comes in", "x": "its input"}.get(name, "its input")
                for name in each.found.written
            )
            direction.why.append(f"the module writes to {names}")
            return
    direction.why += dict.fromkeys(reason for each in held for reason in each.found.undecided)
    if not direction.why:
        direction.outcome = "proved"


def _other_than_run(exported: Exported, *, as_exported: bool) -> list[str]:
    """Why a graph does not stand for the module: Python takes other steps without export, or
    asks what no graph has an answer to.
    """
    asked = exported.recorded.asked if as_exported else exported.live.asked | _as_text(exported)
    why = _questions(asked)
    if not as_exported and exported.live.steps != exported.recorded.steps:
        why.append(
            f"at {describe(exported.sample)} the module, run without export, takes other steps "
            "than torch.export recorded"
            f"{_where(exported)}: what was recorded is not what runs; --as-exported decides about "
            "that alone"
        )
    return why


def _as_text(exported: Exported) -> dict[str, str]:
    """Only where symbols stand for sizes can it be seen that one is written as text."""
    return {what: where for what, where in exported.recorded.asked.items() if what == SIZE_AS_TEXT}


def _where(exported: Exported) -> str:
    """Where the steps part, in words."""
    pairs = zip(exported.live.steps, exported.recorded.steps, strict=False)
    last = next(
        (
            before
            for before, (one, other) in zip([None, *exported.live.steps], pairs, strict=False)
            if one != other
        ),
        None,
    )
    return f" (they part in {last[0]}, which begins at line {last[1]})" if last else ""


def _in_words(layout: Layout, box: Sequence[tuple[int, int | None]]) -> str:
    ends = zip(layout.free, box, strict=True)
    return ", ".join(
        f"{name}>={low}"
        if high is None
        else f"{name}={low}"
        if low == high
        else f"{low}<={name}<={high}"
        for name, (low, high) in ends
    )


def _require_folder(folder: Path) -> None:
    make_folder(folder, f"smt2={str(folder)!r} cannot be made a folder")
    require_writable(folder / "forward-001.smt2")


def _write_questions(folder: Path, name: str, questions: Sequence[str]) -> None:
    for number, text in enumerate(questions, start=1):
        write_whole(folder / f"{name}-{number:03}.smt2", text)
