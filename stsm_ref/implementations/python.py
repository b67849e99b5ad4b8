"""A Python function as a target, called in this process: nothing of it needs to change.

``forward(x, spec)`` is the full form. A function without a parameter called ``spec`` is asked for
one spec only, and in the layout ``(NT)CHW`` the frames of a clip arrive as ``num_segments=``, or
under the name that it has for them.
"""

import contextlib
import inspect
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np

from stsm_ref._loading import error_text, frames
from stsm_ref.errors import cut, visible
from stsm_ref.geometry import Array, ShiftSpec
from stsm_ref.implementations.base import (
    CrashError,
    Declined,
    Layout,
    Observation,
    Op,
    TargetError,
    WrongShape,
)
from stsm_ref.implementations.frameworks import Arrays, Framework, Function, arrays_of
from stsm_ref.implementations.layouts import (
    Memory,
    checked_layout,
    from_own,
    memory_of,
    own_axes,
    own_shape,
    to_own,
)

OURS = Path(__file__).parent
"""Its frames are left out of a traceback that somebody is shown."""
OPS: tuple[Op, ...] = get_args(Op)
AUTOCAST, BFLOAT16, WITH_GRADIENT = "under autocast", "in bfloat16", "with requires_grad"
"""Modes of torch that rules ask for by name."""
SEGMENT_NAMES = ("num_segments", "n_segment", "n_segments", "segments", "num_frames", "n_frames")


class PythonTarget:
    """See `Target`; `vjp(x, grad, spec)` and `jvp(x, dx, spec)` stand in for the framework's
    own.
    """

    sees_memory = True

    def __init__(
        self,
        forward: Function,
        *,
        layout: str = "NTCHW",
        framework: Framework | str = "numpy",
        vjp: Function | None = None,
        jvp: Function | None = None,
        name: str = "",
        dtypes: Sequence[Any] | None = None,
        fixed: Mapping[str, int] | None = None,
        moves_bits: bool = True,
        segments: int | None = None,
    ) -> None:
        self.arrays: Arrays = arrays_of(framework)
        self.kind = self.arrays.kind
        self.name = name or _called(forward)
        self.layout: Layout = checked_layout(layout)
        self.dtypes = self.arrays.dtypes if dtypes is None else tuple(np.dtype(d) for d in dtypes)
        self.fixed = dict(fixed or {}) | ({"N": 1} if self.layout == "TCHW" else {})
        self.moves_bits = moves_bits
        functions = {"forward": forward, "vjp": vjp, "jvp": jvp}
        self._functions: dict[Op, Function] = {
            op: function for op in OPS if (function := functions[op]) is not None
        }
        self.ops: frozenset[Op] = frozenset(self._functions) | self.arrays.derived()
        self._keywords = {
            op: _keywords(function, op, self.layout) for op, function in self._functions.items()
        }
        if (
            self.layout == "(NT)CHW"
            and "segments" not in self._keywords["forward"].values()
            and "T" not in self.fixed
        ):
            if segments is None:
                raise TargetError(
                    f"nothing tells {self.name} how many frames a clip has: give it a parameter "
                    "num_segments"
                )
            self.fixed["T"] = segments
        self.answered: set[Op] = set()
        self._spec = self._wanted = ShiftSpec()
        self._before: dict[str, tuple[Any, Array]] = {}

    def use(self, spec: ShiftSpec) -> None:
        """Take `spec` for all that follows."""
        self._wanted, self._spec = (
            spec,
            replace(spec),
        )  # a copy: who changes it must not change what it is judged by

    def close(self) -> None:
        """Nothing to end."""

    @property
    def memories(self) -> tuple[Memory, ...]:
        """The ways to lie in memory that arrays of its framework have."""
        return self.arrays.memories

    def run(
        self,
        op: Op,
        x: Array,
        other: Array | None = None,
        *,
        case: str = "",
        memory: Memory | None = None,
    ) -> Observation:
        """Call it on copies, and see what it does to them, to those of the call before, and to the
        spec.

        The copies lie in memory as the arrays do, or as `memory` says; beside a gradient that is
        expanded, `x` is not.
        """
        sent = {"x": x} | ({} if other is None else {"grad" if op == "vjp" else "dx": other})
        plain = op != "forward" and (memory or "").startswith("expanded")
        inputs = {
            name: self._give(array, "C" if plain and name == "x" else memory)
            for name, array in sent.items()
        }
        result = self._guarded(op, case, lambda: self._answer(op, x.shape, *inputs.values()))
        output = self._read(result, op, x.shape)
        own = {name: (array, to_own(sent[name], self.layout)) for name, array in inputs.items()}
        changed = [
            name
            for name, pair in (own | self._before).items()
            if not _same_bits(self.arrays.read(pair[0]), pair[1])
        ]
        self._before = {
            f"{name} of the call before": pair for name, pair in own.items() if name not in changed
        }
        wrote = tuple(changed)
        if self._spec != self._wanted:
            wrote, self._spec = (*wrote, "spec"), replace(self._wanted)
        with _judged_by_its_own(op):
            shares = tuple(
                name for name, array in inputs.items() if self.arrays.share(result, array)
            )
            kept = self.arrays.keeps_layout(inputs["x"], result)
        return Observation(output, wrote, shares, kept)

    def given(self, shape: tuple[int, ...]) -> str:
        """What the forward is called with, for somebody who expected another layout or
        framework.
        """
        array = {"numpy": "a numpy.ndarray", "torch": "a torch.Tensor", "jax": "a jax.Array"}[
            self.kind
        ]
        segments = "".join(
            f", {name}={shape[1]}"
            for name, meaning in self._keywords["forward"].items()
            if meaning == "segments"
        )
        layouts, frameworks = ", ".join(get_args(Layout)), ", ".join(get_args(Framework))
        return (
            f"it was called with {array} of shape {own_shape(shape, self.layout)}{segments}: "
            f"that is layout {self.layout}, framework {self.kind}; --layout takes {layouts}, "
            f"--framework {frameworks}"
        )

    def residual(self, x: Array, grad: Array, *, case: str = "") -> tuple[Array, Array | None]:
        """Value and gradient of ``x + forward(x)``, as a network would compute them; the
        gradient is None without a backward.
        """
        backward = self._call("vjp", x.shape) if "vjp" in self._functions else None
        forward, given = self._call("forward", x.shape), (self._give(x), self._give(grad))
        value, back = self._guarded(
            "forward", case, lambda: self.arrays.residual(forward, backward, *given)
        )
        return self._read(value, "forward", x.shape), None if back is None else self._read(
            back, "vjp", x.shape
        )

    def overwritten(
        self, op: Op, first: Sequence[Array], second: Sequence[Array], *, case: str = ""
    ) -> Array:
        """The answer for `second`, where it was written into the very arrays for which the
        answer for `first` was given before.
        """
        shape, given = first[0].shape, [self._give(array, "C") for array in first]
        self._guarded(op, case, lambda: self._answer(op, shape, *given))
        again = [
            self.arrays.overwrite(old, to_own(new, self.layout))
            for old, new in zip(given, second, strict=True)
        ]
        return self._read(
            self._guarded(op, case, lambda: self._answer(op, shape, *again)), op, shape
        )

    def at_once(
        self, op: Op, asked: Sequence[Sequence[Array]], rounds: int, *, case: str = ""
    ) -> list[list[Array]]:
        """The answers where each of `asked` is put so many times by a thread of its own, all at
        once.
        """
        begin, answers, errors = threading.Barrier(len(asked)), [[] for _ in asked], []  # type: ignore[var-annotated]  # of arrays, of errors

        def ask(arrays: Sequence[Array], mine: list[Array]) -> None:
            try:
                begin.wait()
                for _ in range(rounds):
                    given = [self._give(array, "C") for array in arrays]
                    result = self._guarded(
                        op, case, lambda given=given: self._answer(op, arrays[0].shape, *given)
                    )
                    mine.append(self._read(result, op, arrays[0].shape).copy())
            except BaseException as error:  # told by the thread that waits
                errors.append(error)

        threads = [
            threading.Thread(target=ask, args=pair, daemon=True)
            for pair in zip(asked, answers, strict=True)
        ]
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            sys.setswitchinterval(interval)
        if errors:
            raise errors[0]
        return answers

    def derives(self, op: Op) -> bool:
        """Whether the operation is the framework's own, and not one that was given."""
        return op in self.ops and op not in self._functions

    def modes(self) -> tuple[str, ...]:
        """The modes of its framework in which a function may be called."""
        return tuple(self.arrays.modes(self._functions["forward"], self._functions["forward"]))

    def run_in(self, mode: str, x: Array, *, case: str = "") -> Observation:
        """The forward in one of the `modes`."""
        function, given = (
            self.arrays.modes(self._call("forward", x.shape), self._functions["forward"])[mode],
            self._give(x),
        )
        result = self._guarded("forward", case, lambda: function(given))
        return Observation(
            self._read(result, "forward", x.shape),
            kept_layout=self.arrays.keeps_layout(given, result),
        )

    @property
    def module(self) -> Any:
        """The torch module that is asked, whose parameters can be counted; None for anything
        else.
        """
        return self.arrays.module(self._functions["forward"])

    def parameters(self, x: Array, *, case: str = "") -> tuple[str, ...]:
        """The parameters of the module, and whatever else learns and takes part in its result,
        each with its shape.
        """
        function, given = self._call("forward", x.shape), self._give(x)
        names: tuple[str, ...] = self._guarded(
            "forward", case, lambda: self.arrays.parameters(function, self.module, given)
        )
        return names

    def backward_modes(self) -> tuple[str, ...]:
        """The ways in which its framework may ask for a gradient."""
        return tuple(self.arrays.backward_modes(self._functions["forward"]))

    def vjp_in(self, mode: str, x: Array, grad: Array, *, case: str = "") -> Array:
        """The framework's gradient in one of the `backward_modes`."""
        function, given = (
            self.arrays.backward_modes(self._call("forward", x.shape))[mode],
            (self._give(x), self._give(grad)),
        )
        return self._read(self._guarded("vjp", case, lambda: function(*given)), "vjp", x.shape)

    def vjp_of_vjp(self, x: Array, grad: Array, other: Array, *, case: str = "") -> Array:
        """The gradient of <`other`, vjp(`grad`)> with respect to `grad`; raise `Declined` where
        a backward says that it has none.
        """
        forward, given = (
            self._call("forward", x.shape),
            [self._give(array) for array in (x, grad, other)],
        )
        return self._read(
            self._guarded("vjp", case, lambda: self.arrays.vjp_of_vjp(forward, *given)),
            "vjp",
            x.shape,
        )

    def late_vjp(self, x: Array, grad: Array, between: Array, *, case: str = "") -> Array:
        """The framework's gradient at `x`, where the forward of `between` is called after that
        of `x` and before its backward.
        """
        forward, elsewhere = self._call("forward", x.shape), self._call("forward", between.shape)
        given, other = (self._give(x), self._give(grad)), self._give(between)
        result = self._guarded(
            "vjp", case, lambda: self.arrays.late_vjp(forward, *given, lambda: elsewhere(other))
        )
        return self._read(result, "vjp", x.shape)

    def draws(self, x: Array, *, case: str = "") -> bool:
        """Whether a call draws from, or seeds, the global random numbers of Python, NumPy or
        the framework.
        """
        self.arrays.stir()
        before = self.arrays.random_states()
        self.run("forward", x, case=case)
        return self.arrays.random_states() != before

    def _answer(self, op: Op, shape: tuple[int, ...], *inputs: Any) -> Any:
        if op in self._functions:
            return self._call(op, shape)(*inputs)
        derive = self.arrays.vjp if op == "vjp" else self.arrays.jvp
        return derive(self._call("forward", shape), *inputs)

    def _call(self, op: Op, shape: tuple[int, ...]) -> Function:
        """The function of one operation with its spec and segments filled in."""
        values = {"spec": self._spec, "segments": shape[1]}
        keywords = {name: values[meaning] for name, meaning in self._keywords[op].items()}
        function = self._functions[op]
        return lambda *arrays: function(*arrays, **keywords)

    def _give(self, x: Array, memory: Memory | None = None) -> Any:
        kind = memory_of(x) if memory is None else memory
        return self.arrays.give(to_own(x, self.layout), kind, own_axes(kind, self.layout))

    def _read(self, result: Any, op: Op, shape: tuple[int, ...]) -> Array:
        with _judged_by_its_own(op):
            output = self.arrays.read(result)
        own = own_shape(shape, self.layout)
        if output.dtype.kind not in "biufc":
            raise TargetError(f"{op} returned dtype {output.dtype}, which holds no numbers")
        if output.shape != own:
            raise WrongShape(
                f"{op} returned shape {output.shape} for an input of shape {own} in layout "
                f"{self.layout}: it must keep it"
            )
        return from_own(output, self.layout, shape)

    def _guarded(self, op: Op, case: str, call: Function) -> Any:
        try:
            with np.errstate(
                all="ignore"
            ):  # arithmetic on NaN is for the rules to judge, not for a warning
                result = call()
        except (TargetError, Declined):
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # some exceptions of others are not an Exception
            at = f" on case {case}" if case else ""
            # out of memory, or the end of the interpreter: that does not answer to a size
            kind = (
                CrashError
                if isinstance(error, Exception) and not isinstance(error, MemoryError)
                else TargetError
            )
            raise kind(f"{op} raised {error_text(error)}", at, frames(error, OURS)) from None
        self.answered.add(op)
        return result


@contextlib.contextmanager
def _judged_by_its_own(op: Op) -> Iterator[None]:
    """What is done to a result runs the result's own code where it is of somebody's class: what
    that raises is the target's.
    """
    try:
        yield
    except (TargetError, Declined, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise TargetError(
            f"{op} returned what cannot be read: {error_text(error)}{frames(error)}"
        ) from None


def _called(function: Function) -> str:
    """What a function calls itself, as it may stand in a report; an object may call itself
    anything, and raise when asked.
    """
    try:
        name = getattr(function, "__name__", None)
    except Exception:  # its own property
        name = None
    return cut(visible(name), 100) if isinstance(name, str) and name else type(function).__name__


def _same_bits(first: Array, second: Array) -> bool:
    if first.flags.c_contiguous and second.flags.c_contiguous and first.nbytes % 8 == 0:
        return np.array_equal(first.reshape(-1).view(np.uint64), second.reshape(-1).view(np.uint64))
    if first.dtype.itemsize <= 8:  # seen as integers, NaN equals itself
        whole = f"u{first.dtype.itemsize}"
        return np.array_equal(first.view(whole), second.view(whole))
    return first.tobytes() == second.tobytes()


def _keywords(function: Function, op: Op, layout: Layout) -> dict[str, str]:
    """Which of its parameters take the spec and the segments; refuse a function that cannot be
    called so.
    """
    arrays = 1 if op == "forward" else 2
    if not callable(function):
        raise TargetError(f"{op} is {type(function).__name__}, which cannot be called")
    try:
        # a torch module's own call takes anything: its forward says what it means
        signature = inspect.signature(getattr(function, "forward", function))
    except Exception:  # built in, with no signature to read: the full form
        return {"spec": "spec"} | ({"num_segments": "segments"} if layout == "(NT)CHW" else {})
    parameters = signature.parameters.values()
    names = {p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters)
    keywords = {"spec": "spec"} if takes_any or "spec" in names else {}
    if layout == "(NT)CHW":
        named = [name for name in SEGMENT_NAMES if name in names] or (
            ["num_segments"] if takes_any else []
        )
        keywords |= dict.fromkeys(named[:1], "segments")
    try:
        signature.bind(*[None] * arrays, **dict.fromkeys(keywords))
    except TypeError as error:
        form = {"forward": "x, spec", "vjp": "x, grad, spec", "jvp": "x, dx, spec"}[op]
        segments = ", num_segments" if layout == "(NT)CHW" else ""
        raise TargetError(
            f"{op}{signature} has the wrong signature ({error}): it is called as "
            f"{op}({form}{segments})"
        ) from None
    return keywords
