"""The golden vectors as the kit uses them on other people's implementations.

How a case is judged:

- *valid* (`forward`, `vjp`, `jvp`): the output equals `expected`, dtype and shape included; a
  forward to the last bit, a gradient or a tangent in value, since a framework adds it to zeros on
  its way and 0.0 + -0.0 is 0.0.
- *invalid with `forbidden`*: the target is given the same input, and must not produce that output.
  Who passes the valid case `instead_of` passes it too; its use is that a wrong output can be called
  by its name (`known_wrong`).
- *reject*: a parser of specs must refuse it (`is_refused`). A target never parses a spec: a Python
  function is given a `ShiftSpec`, and the kit sends a program only the fields of one. So these
  cases judge parsers, ours and any that is handed in; a program that takes such a spec is careless
  and breaks no rule. Under `share-is-no-whole-number` the spec itself is right, and who answers for
  that number of channels with an output, rather than refusing, breaks GEO-4.
- *conv*: for whoever has convolutions of their own; `stsm-ref check` has no operation for it.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from stsm_ref.errors import SpecError
from stsm_ref.geometry import Array
from stsm_ref.vectors import VERSION, VectorCase, cases_for, find, load, read_manifest, verify

__all__ = [
    "VERSION",
    "VectorCase",
    "cases_for",
    "find",
    "is_refused",
    "known_wrong",
    "load",
    "read_manifest",
    "verify",
]


def known_wrong(case: VectorCase, output: Array) -> str:
    """The name of the known wrong implementation that gives this whole output for the input of
    the valid `case`, or "".

    >>> import stsm_ref
    >>> case = find("wrong-forward/t-h-w_3of8_forward/012")
    >>> swapped = stsm_ref.ShiftSpec(order="backward-first")
    >>> known_wrong(case, stsm_ref.stsm(case.arrays().x, swapped))
    'directions-swapped'
    """
    for wrong in cases_for(case.shift_spec, results=("invalid",)):
        if wrong.instead_of == case.id and _same_bits(wrong.arrays().forbidden, output):
            return wrong.flags[0]
    return ""


def is_refused(
    case: VectorCase,
    parse: Callable[[str], Any] | None,
    build: Callable[[Mapping[str, str]], Any] | None,
) -> bool:
    """Whether a parser refuses a reject; a refusal is a `ValueError`, which every error of this
    package is.

    Parameters
    ----------
    case : VectorCase
        A reject: a text, four fields, or both.
    parse : callable, optional
        Makes a spec of a text; its ``partition(channels)`` is asked where the case names a number
        of channels.
    build : callable, optional
        Makes a spec of the four fields, likewise.

    Raises
    ------
    SpecError
        If `case` is not a reject, or there was nothing to ask.
    """
    asked: list[Callable[[], Any]] = []
    if (text := case.text) is not None and parse is not None:
        asked.append(lambda: parse(text))
    if (fields := case.fields) is not None and build is not None:
        asked.append(lambda: build(fields))
    if case.kind != "reject" or not asked:
        raise SpecError(
            f"case={case.id!r} of kind {case.kind!r} asks nothing here: give a reject, and a "
            "parser for what it has"
        )
    return all(_refuses(ask, case.channels) for ask in asked)


def _refuses(ask: Callable[[], Any], channels: int | None) -> bool:
    try:
        spec = ask()
        if channels is not None:
            spec.partition(channels)
    except ValueError:
        return True
    return False


def _same_bits(left: Array | None, right: Array) -> bool:
    if left is None or left.dtype != right.dtype or left.shape != right.shape:
        return False
    return left.tobytes() == np.ascontiguousarray(right).tobytes()
