"""`check`: hold a Python function to the paper, in this process."""

from collections.abc import Callable, Sequence
from typing import Any

from stsm_ref.conformance.suite import run_suite
from stsm_ref.evidence.options import RunOptions
from stsm_ref.evidence.report.report import Report
from stsm_ref.evidence.suite_context import Level
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import Layout
from stsm_ref.implementations.frameworks import Framework
from stsm_ref.implementations.python import PythonTarget


def check(
    forward: Callable[..., Any],
    *,
    spec: ShiftSpec | str = ShiftSpec(),
    layout: Layout = "NTCHW",
    framework: Framework = "numpy",
    vjp: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    level: Level = "ci",
    seed: int = 0,
    dtypes: Sequence[Any] | None = None,
    moves_bits: bool = True,
    num_segments: int | None = None,
    only: str | None = None,
    keep_memory_format: bool = False,
) -> Report:
    """Hold an implementation of the shift to every rule that applies to it.

    Parameters
    ----------
    forward : callable
        ``forward(x, spec)`` on arrays of `framework` in `layout`; with ``(NT)CHW`` also
        ``num_segments=``. A function without a parameter `spec` is asked for this one spec, and
        ``n_segment`` and the like are taken for ``num_segments``.
    spec : ShiftSpec or str
        What it must do.
    layout : {"TCHW", "NTCHW", "NCTHW", "NTHWC", "(NT)CHW"}
        The order of its axes.
    framework : {"numpy", "torch", "jax"}
        Whose arrays it takes; torch and JAX bring gradients of their own.
    vjp, jvp : callable, optional
        ``vjp(x, grad, spec)`` and ``jvp(x, dx, spec)``, in place of the framework's.
    level : {"smoke", "ci", "night"}
        Seconds, a minute at most, a quarter of an hour at most.
    seed : int
        Chooses the drawn cases.
    dtypes : sequence of dtype, optional
        What it takes, if not all that the framework has.
    moves_bits : bool
        False for an implementation that computes (a convolution): it is not held to NaN,
        infinities and -0.0.
    num_segments : int, optional
        For a function in the layout ``(NT)CHW`` that has no parameter for it: the one number of
        frames that it is made for.
    only : str, optional
        ``RULE/CASE``: nothing but this.
    keep_memory_format : bool
        Make it a violation where channels-last torch frames come back otherwise (MEM-1); left
        out, it is a warning.

    Returns
    -------
    Report
        ``.passed``, ``.violations``, ``.outcome``; a target that gives no answer is ``broken``.

    Raises
    ------
    TargetError
        If `forward`, `vjp` or `jvp` cannot be called so.
    SpecError
        If an argument means nothing.
    MissingExtraError
        If the framework is not installed.

    >>> from stsm_ref import stsm, stsm_vjp
    >>> check(stsm, vjp=lambda x, grad, spec: stsm_vjp(grad, spec), level="smoke").passed
    True
    >>> print(check(lambda x, spec: x.copy(), level="smoke").violations[0].message)
    out[0, 0, 1, 0, 0] = 65779.0, should be 65549.0 (48 of 128 places differ); channel 1: T group, -1 (backward in time)
    """
    target = PythonTarget(
        forward,
        layout=layout,
        framework=framework,
        vjp=vjp,
        jvp=jvp,
        dtypes=dtypes,
        moves_bits=moves_bits,
        segments=num_segments,
    )
    options = RunOptions(
        spec=ShiftSpec.parse(spec) if isinstance(spec, str) else spec,
        level=level,
        seed=seed,
        only=only,
        keep_memory_format=keep_memory_format,
    )
    return run_suite(target, options)
