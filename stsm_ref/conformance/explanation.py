"""What `stsm-ref explain` says of one case: why it exists, the rule and the paper's words, and
a picture of what must come out.
"""

from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from stsm_ref import definition, vectors
from stsm_ref._describe import moves
from stsm_ref._suggest import nearest, suggest
from stsm_ref.errors import SpecError
from stsm_ref.evidence.cases import Case
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.pictures import cases as pictures
from stsm_ref.requirements import Requirement, requirement
from stsm_ref.vectors import VectorCase
from stsm_ref.vectors.format.flags import NOTES

RULES = {
    "forward": ("GEO-4", "GEO-5", "SHIFT-2", "SHIFT-3", "SHIFT-4", "SHIFT-6"),
    "vjp": ("GRAD-1",),
    "jvp": ("GRAD-2",),
}
ASKED = {
    "forward": "forward(x): what must come out",
    "vjp": "vjp(x, grad): the gradient moves back, whatever x is",
    "jvp": "jvp(x, dx): the tangent moves as x would, whatever x is",
    "conv": "convolution (cross-correlation) of x with the kernel, after padding",
    "reject": "a spec that must be refused",
}


@dataclass(frozen=True)
class Explanation:
    """A case explained, ready to be shown or written."""

    id: str
    asked: str
    facts: dict[str, str]
    reasons: dict[str, str]
    requirements: tuple[Requirement, ...]
    picture: str
    case: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a program."""
        rules = [
            {"id": r.id, "rule": r.rule, "place": r.place, "quote": r.quote}
            for r in self.requirements
        ]
        return {
            "id": self.id,
            "asked": self.asked,
            "case": self.case,
            "flags": self.reasons,
            "requirements": rules,
            "picture": self.picture,
        }

    def panel(self) -> RenderableType:
        """For a terminal."""
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column()
        table.add_row("asked", self.asked)
        for name, value in self.facts.items():
            table.add_row(name, Text(value))
        for number, (flag, why) in enumerate(self.reasons.items()):
            table.add_row("because" if number == 0 else "", Text(f"{flag}: {why}"))
        for number, rule in enumerate(self.requirements):
            words = f" “{rule.quote}”" if rule.quote else ""
            table.add_row(
                "rule" if number == 0 else "",
                Text(f"{rule.id} ({rule.place}): {rule.rule}.{words}"),
            )
        drawn = [Text(), Text(self.picture, no_wrap=True)] if self.picture else []
        return Panel(Group(table, *drawn), title=Text(self.id), title_align="left")


def explain_case(identifier: str) -> Explanation:
    """Explain a golden vector, such as ``forward-terms/t_1_forward/001``, or a case of a run, such
    as those that `stsm-ref check` prints.

    Raises
    ------
    SpecError
        If there is no such case; the message has near ones.
    """
    if ":" in identifier:
        return _of_run(Case.parse(identifier))
    if (vector := vectors.find(identifier)) is None:
        raise SpecError(f"id={identifier!r} is no case: {_near(identifier)}")
    return {"reject": _of_reject, "conv": _of_convolution}.get(vector.kind, _of_vector)(vector)


def _near(identifier: str) -> str:
    families = [
        name.removesuffix(".json")
        for name, entry in vectors.read_manifest()["files"].items()
        if "cases" in entry
    ]
    family = identifier.partition("/")[0]
    if family not in families:
        return f"its first part is one of {', '.join(nearest(family, families) or families)}"
    known = [case.id for case in vectors.load(files=[f"{family}.json"])]
    return suggest(
        identifier, known, f"stsm-ref vectors list shows them, {known[0]!r} is the first"
    )


def _of_run(case: Case) -> Explanation:
    array = case.array(0 if case.op == "forward" else 1)
    groups = case.spec.partition(case.shape[2])
    # only what is drawn is computed by the definition, which is slow: the first clip, one channel
    # of each group
    y = array[:1].copy()
    for start, stop, displacement in groups:
        if start < stop:
            moved = -displacement if case.op == "vjp" else displacement
            y[0, :, start] = definition.shift(array[0, :, start], moved, axes=(0, 1, 2))
    facts = _facts(case.spec, case.shape, case.dtype) | {
        "values": f"{case.values}, seed {case.seed}",
        "memory": case.memory,
    }
    data = {
        "op": case.op,
        "spec": str(case.spec),
        "shape": list(case.shape),
        "dtype": case.dtype,
        "values": case.values,
    }
    return Explanation(
        case.id,
        ASKED[case.op],
        facts,
        {},
        tuple(requirement(name) for name in RULES[case.op]),
        _picture(case.op, array, y, case.spec),
        data | {"memory": case.memory, "seed": case.seed},
    )


def _of_vector(vector: VectorCase) -> Explanation:
    x, other, expected, forbidden = vector.arrays()
    spec = vector.shift_spec
    facts = _facts(spec, vector.shape, vector.dtype)
    if forbidden is not None:
        facts["invalid"] = (
            f"an output that must not be produced for the input of {vector.instead_of}"
        )
    picture = _picture(vector.kind, x if other is None else other, expected, spec, forbidden)
    return _explained(vector, facts, picture)


def _of_convolution(vector: VectorCase) -> Explanation:
    x, _, expected, forbidden = vector.arrays()
    weights, padding, displacement = vector.kernel()
    facts = {"shape": f"{'x'.join(map(str, vector.shape))} (T, H, W), {vector.dtype}"}
    if displacement:
        facts["displacement"] = f"{displacement}: {moves(displacement)}"
    if forbidden is not None:
        facts["invalid"] = (
            f"an output that must not be produced for the input of {vector.instead_of}"
        )
    return _explained(
        vector, facts, pictures.draw_convolution(x, weights, padding, expected, forbidden)
    )


def _of_reject(vector: VectorCase) -> Explanation:
    facts = {} if vector.text is None else {"text": repr(vector.text)}
    facts |= (
        {}
        if vector.fields is None
        else {"fields": ", ".join(f"{key}={value!r}" for key, value in vector.fields.items())}
    )
    facts |= {} if vector.channels is None else {"channels": str(vector.channels)}
    try:
        spec = (
            ShiftSpec.parse(vector.text)
            if vector.text is not None
            else ShiftSpec(**dict(vector.fields or {}))  # type: ignore[arg-type]  # on purpose
        )
        spec.partition(vector.channels or 0)
        said = "we take it, which is a bug"
    except SpecError as error:
        said = str(error)
    return _explained(vector, facts | {"we say": said}, "")


def _explained(vector: VectorCase, facts: dict[str, str], picture: str) -> Explanation:
    reasons = {flag: NOTES[flag] for flag in vector.flags}
    rules = tuple(requirement(name) for name in vector.requirements)
    return Explanation(
        vector.id, ASKED[vector.kind], facts, reasons, rules, picture, vector.as_dict()
    )


def _facts(spec: ShiftSpec, shape: tuple[int, ...], dtype: str) -> dict[str, str]:
    lines = pictures.group_lines(spec, shape[2])
    more = [f"... and {len(lines) - 12} more"] if len(lines) > 12 else []
    return {
        "spec": str(spec),
        "shape": f"{'x'.join(map(str, shape))} (N, T, C, H, W), {dtype}",
        "groups": "\n".join([*lines[:12], *more]),
    }


def _picture(kind: str, array: Array, y: Array, spec: ShiftSpec, wrong: Array | None = None) -> str:
    name = {"forward": "x", "vjp": "grad", "jvp": "dx"}[kind]
    return pictures.draw_groups(array, y, spec, name=name, backward=kind == "vjp", wrong=wrong)
