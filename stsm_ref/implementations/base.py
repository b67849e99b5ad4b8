"""What is held against the paper: anybody's implementation, behind one face.

An adapter (a Python function, a program over pipes, an ONNX graph) is a `Target`. All arrays pass
here as ``(N, T, C, H, W)``: bringing them into the target's own layout and back is the adapter's
affair.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np

from stsm_ref.errors import StsmError
from stsm_ref.errors import TargetError as TargetError  # noqa: PLC0414 # named here beside its subclasses
from stsm_ref.geometry import Array, ShiftSpec

Op = Literal["forward", "vjp", "jvp"]
Layout = Literal["TCHW", "NTCHW", "NCTHW", "NTHWC", "(NT)CHW"]


class CrashError(TargetError):
    """It raised, or answered in another shape, and can be asked again. At some sizes only, that
    is a violation.
    """


class WrongShape(CrashError):
    """An answer came, and it is not of the input's shape."""


class Declined(StsmError):
    """The target said that it does not do this: a spec, an operation or a dtype. It is neither
    a pass nor a violation.
    """


class Observation(NamedTuple):
    """What came back, and what was seen to happen to memory on the way.

    `wrote` names the inputs that are no longer what they were, `shares` those whose memory the
    output shares; both are empty where `Target.sees_memory` is false, since nothing could be seen.
    `kept_layout` is false where a channels-last input came back otherwise.
    """

    output: Array
    wrote: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    kept_layout: bool = True


@runtime_checkable
class Target(Protocol):
    """One implementation, whatever it is written in."""

    @property
    def name(self) -> str:
        """What reports call it."""

    @property
    def kind(self) -> str:
        """Language or framework, ``numpy``, ``torch``, ``jax``, ``onnx``, ``c`` ..."""

    @property
    def layout(self) -> Layout:
        """The layout of its own arrays; a ``TCHW`` target is given N = 1 only."""

    @property
    def ops(self) -> frozenset[Op]:
        """What it can be asked; ``forward`` always."""

    @property
    def dtypes(self) -> tuple[np.dtype[np.generic], ...]:
        """The dtypes that it can be given."""

    @property
    def sees_memory(self) -> bool:
        """Whether writes to inputs and shared memory would be seen, which is so only in this
        process.
        """

    @property
    def answered(self) -> set[Op]:
        """The operations that it has answered since this set was last emptied; an answer adds
        its own.
        """

    def use(self, spec: ShiftSpec) -> None:
        """Take `spec` for all that follows; raise `Declined` if the target does not do it."""

    def run(self, op: Op, x: Array, other: Array | None = None, *, case: str = "") -> Observation:
        """Compute on ``(N, T, C, H, W)``.

        Parameters
        ----------
        op : {"forward", "vjp", "jvp"}
            What to compute.
        x : array
            The clips.
        other : array, optional
            The incoming gradient of a vjp or the tangent of a jvp, shaped like `x`.
        case : str
            The name of the case, for error messages.

        Raises
        ------
        TargetError
            If no answer came, or one that is not of this shape.
        Declined
            If the target skips the case.
        """

    @property
    def fixed(self) -> Mapping[str, int]:
        """Sizes that it cannot be asked to change, by axis letter of ``NTCHW``; usually none.
        It is asked for clips of these only.
        """

    @property
    def moves_bits(self) -> bool:
        """Whether it is held to NaN, infinities and -0.0; a convolution, which computes, says
        that it is not.
        """

    def close(self) -> None:
        """End it and all that it started; asked twice, nothing happens."""
