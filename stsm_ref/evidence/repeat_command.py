"""The line that asks one case of a target again: a shell command, or a call where the target has no
name on the command line.
"""

import shlex

from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import Target


def line(text: str, target: Target, spec: ShiftSpec, only: str) -> str:
    """Repeat `only`, ``RULE/CASE``, on the target that the command line names `text`.

    Parameters
    ----------
    text : str
        How the command line names the target; empty where it does not.
    target : Target
        What is asked.
    spec : ShiftSpec
        What it is asked to do.
    only : str
        ``RULE/CASE``.
    """
    if not text:
        how = f"spec={str(spec)!r}, layout={target.layout!r}, framework={target.kind!r}"
        return f"stsm_ref.conformance.check({target.name}, {how}, only={only!r})"
    words = ["stsm-ref", "check", text, "--spec", str(spec), "--layout", target.layout]
    words += ["--framework", target.kind] if text.startswith("py:") else []
    words += (
        ["--segments", str(target.fixed["T"])]
        if target.layout == "(NT)CHW" and "T" in target.fixed
        else []
    )
    return shlex.join([*words, "--case", only])
