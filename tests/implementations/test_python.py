"""A Python function as a target: how it is called, what is seen of it, and how it is refused."""

import re
import subprocess
import sys

import numpy as np
import pytest

from stsm_ref import stsm
from stsm_ref.conformance.api import check
from stsm_ref.errors import MissingExtraError, SpecError
from stsm_ref.geometry import ShiftSpec
from stsm_ref.implementations.base import Declined, Target, TargetError
from stsm_ref.implementations.frameworks import arrays_of
from stsm_ref.implementations.opening import open_target
from stsm_ref.implementations.python import PythonTarget
from stsm_ref.strategies import make_array

X = make_array((2, 3, 16, 2, 5), np.dtype("f4"), seed=1, values="labels")


def test_it_is_a_target():
    """The face that the suite needs is there."""
    assert isinstance(PythonTarget(stsm), Target)


def stsm_without_spec(x):
    """For the default spec only."""
    return stsm(x)


@pytest.mark.parametrize(
    ("function", "layout"),
    [
        (stsm, "NTCHW"),
        (stsm_without_spec, "NTCHW"),
        (lambda x, **options: stsm(x, options["spec"]), "NTCHW"),
        (
            lambda x, spec, num_segments: stsm(
                x.reshape(-1, num_segments, *x.shape[1:]), spec
            ).reshape(x.shape),
            "(NT)CHW",
        ),
        (
            lambda x, n_segment, fold_div=8: stsm(x.reshape(-1, n_segment, *x.shape[1:])).reshape(
                x.shape
            ),
            "(NT)CHW",
        ),
        (lambda x, spec: np.moveaxis(stsm(np.moveaxis(x, 4, 2), spec), 2, 4), "NTHWC"),
        (lambda x, spec: stsm(x.swapaxes(1, 2), spec).swapaxes(1, 2), "NCTHW"),
    ],
)
def test_functions_are_called_as_they_are_written(function, layout):
    """With or without a spec, under any name for the segments, in any layout: no function needs
    to change.
    """
    np.testing.assert_array_equal(
        PythonTarget(function, layout=layout).run("forward", X).output, stsm(X)
    )


@pytest.mark.parametrize(
    ("function", "layout", "complaint"),
    [
        (
            lambda x, spec, more: x,
            "NTCHW",
            r"wrong signature \(missing a required argument: 'more'\): it is called as "
            r"forward\(x, spec\)",
        ),
        (lambda: 0, "NTCHW", r"wrong signature \(too many positional arguments\)"),
        (7, "NTCHW", "forward is int, which cannot be called"),
        (lambda x, spec: x, "(NT)CHW", "give it a parameter num_segments"),
    ],
)
def test_what_cannot_be_called_is_refused(function, layout, complaint):
    """The message says how it would have been called."""
    with pytest.raises(TargetError, match=complaint):
        PythonTarget(function, layout=layout)


def boom(x, spec):
    """Raise deep inside."""
    return {}["nothing"]


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (
            boom,
            r"(?s)forward raised KeyError: 'nothing' on case my-case\n  .*test_python.py:\d+ in "
            r"boom: return",
        ),
        (lambda x, spec: sys.exit(3), "forward raised SystemExit: 3"),
        (lambda x, spec: [1, 2], "it returned list, which is not a numpy.ndarray"),
        (lambda x, spec: None, "it returned NoneType"),
        (
            lambda x, spec: x[:, 1:],
            r"forward returned shape \(2, 2, 16, 2, 5\) for an input of shape \(2, 3, 16, 2, 5\)",
        ),
    ],
)
def test_no_answer_is_an_error_that_says_why(function, complaint):
    """What a target raises is told with its own last lines, and none of ours."""
    with pytest.raises(TargetError, match=complaint) as caught:
        PythonTarget(function).run("forward", X, case="my-case")
    assert "implementations/python.py:" not in str(caught.value)


def in_place(x, spec):
    """Write to the input."""
    x[...] = stsm(x, spec)
    return x


@pytest.mark.parametrize("dtype", ["f4", "c16", "?", "i1"])
@pytest.mark.parametrize("memory", ["C", "F", "strided", "reversed"])
def test_writes_and_shared_memory_are_seen(dtype, memory):
    """In every dtype and memory layout; a right function is not suspected."""
    x = make_array((2, 3, 16, 2, 5), np.dtype(dtype), seed=1, values="finite", layout=memory)
    seen = PythonTarget(in_place).run("forward", x)
    assert seen.wrote == seen.shares == ("x",)
    assert PythonTarget(lambda x, spec: x[...]).run("forward", x).shares == ("x",)
    right = PythonTarget(stsm).run("forward", x)
    assert not right.wrote
    assert not right.shares
    np.testing.assert_array_equal(x, make_array(x.shape, x.dtype, seed=1, values="finite"))


def test_torch_brings_gradients_of_its_own():
    """Autograd and forward mode give the adjoint and the shift; writes to leaves' copies and
    views are seen.
    """
    import stsm_ref.nn as snn

    target = PythonTarget(snn.stsm, layout="(NT)CHW", framework="torch")
    target.use(spec := ShiftSpec("T+HW", "1/2"))
    assert target.ops == {"forward", "vjp", "jvp"}
    other = make_array(X.shape, X.dtype, seed=2, values="labels")
    from stsm_ref import stsm_vjp

    np.testing.assert_array_equal(target.run("vjp", X, other).output, stsm_vjp(other, spec))
    np.testing.assert_array_equal(target.run("jvp", X, other).output, stsm(other, spec))
    view = PythonTarget(lambda x, spec: x.view_as(x), framework="torch").run("forward", X)
    assert view.shares == ("x",)
    written = PythonTarget(lambda x, spec: x.mul_(2), framework="torch").run("forward", X)
    assert written.wrote == ("x",)
    cut = PythonTarget(lambda x, spec: x.detach().clone(), framework="torch")
    assert not cut.run("vjp", X, other).output.any()
    with pytest.raises(TargetError, match=r"is not a torch\.Tensor"):
        PythonTarget(lambda x, spec: x.numpy(), framework="torch").run("forward", X)


def test_a_torch_function_without_forward_mode_declines():
    """A custom function that has no jvp is not asked for one; that is no violation."""
    import torch

    class Backward(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return x.clone()

        @staticmethod
        def backward(context, grad):
            return grad

    with pytest.raises(Declined, match="torch has no forward mode for it"):
        PythonTarget(lambda x, spec: Backward.apply(x), framework="torch").run("jvp", X, X)


def test_jax_brings_gradients_of_its_own():
    """Where JAX is installed; it is not among the packages that the checks install, so this is
    skipped aloud.
    """
    jnp = pytest.importorskip(
        "jax.numpy", reason="JAX IS NOT INSTALLED: targets in JAX are not tested here"
    )
    from stsm_ref.conformance.suite import run_suite
    from stsm_ref.evidence.options import RunOptions

    def forward(x, spec):
        parts = []
        for start, stop, moves in spec.partition(x.shape[2]):
            part = jnp.pad(x[:, :, start:stop], [(0, 0), (1, 1), (0, 0), (1, 1), (1, 1)])
            t, h, w = (
                slice(1 - move, n + 1 - move)
                for move, n in zip(moves, (x.shape[1], *x.shape[3:]), strict=True)
            )
            parts.append(part[:, t, :, h, w])
        return jnp.concatenate(parts, axis=2)

    few = {"N": 2, "T": 3, "H": 2, "W": 3}  # JAX compiles anew for each shape

    def check(function):
        return run_suite(
            PythonTarget(function, framework="jax", fixed=few),
            RunOptions(level="smoke", shrink=False),
        )

    report = check(forward)
    assert report.passed, report.violations
    assert "vjp_equals_definition" in {
        result.rule for result in report.results if result.outcome == "passed"
    }
    assert check(lambda x, spec: x).outcome == "violated"


@pytest.mark.parametrize(
    "module",
    [
        "implementations.opening",
        "implementations.process",
        "implementations.protocol.messages",
        "conformance.isolated_runner",
    ],
)
def test_a_missing_msgspec_is_named(module):
    """What reads other people's data says which extra it needs."""
    lines = f"import sys; sys.modules['msgspec'] = None; import stsm_ref.{module}"
    ended = subprocess.run(
        [sys.executable, "-c", lines], capture_output=True, text=True, check=False
    )
    assert re.search(r"MissingExtraError: .* needs msgspec, .*stsm_ref\[verify\]", ended.stderr), (
        ended.stderr
    )


def test_vectors_and_check_need_no_msgspec():
    """Reading golden vectors, and holding a function to the paper."""
    lines = (
        "import sys; sys.modules['msgspec'] = None; import stsm_ref.vectors, "
        "stsm_ref.conformance; stsm_ref.vectors.find('vjp/0')"
    )
    subprocess.run([sys.executable, "-c", lines], check=True)


def test_a_missing_framework_is_named(monkeypatch):
    """The message says what to install; an unknown one is told the choices."""
    monkeypatch.setitem(sys.modules, "jax", None)
    monkeypatch.delitem(sys.modules, "stsm_ref.implementations.frameworks.jax", raising=False)
    with pytest.raises(MissingExtraError, match="a target of framework jax needs jax"):
        arrays_of("jax")
    with pytest.raises(SpecError, match="framework='mxnet' is not one of numpy, torch, jax"):
        arrays_of("mxnet")


@pytest.mark.parametrize(
    ("source", "text", "complaint"),
    [
        ("", "py:{file}:forward", "has no 'forward': it has nothing that can be called"),
        ("def shift(x): ...", "py:{file}:forward", "has no 'forward': it has shift"),
        (
            "import nothing_of_that_name",
            "py:{file}:forward",
            "cannot be imported: ModuleNotFoundError",
        ),
        ("raise SystemExit(2)", "py:{file}:forward", "cannot be imported: SystemExit: 2"),
        ("def forward(x: ...", "py:{file}:forward", "cannot be imported: SyntaxError"),
        (
            "def forward(x): ...\ninfo = 3",
            "py:{file}:forward",
            "info in .* is wrong: Expected `object`, got `int`",
        ),
        (
            "def forward(x): ...\ninfo = {'lay': 3}",
            "py:{file}:forward",
            "contains unknown field `lay`; the keys are name, ",
        ),
        (
            "def forward(x): ...\ninfo = {'layout': 'NCHW'}",
            "py:{file}:forward",
            "layout='NCHW' is not one of TCHW",
        ),
        (
            "def forward(x): ...\ninfo = {'layout': 3}",
            "py:{file}:forward",
            r"info in .*: Expected `str`, got `int` - at `\$.layout`",
        ),
        (
            "def forward(x): ...\ninfo = {'dtypes': ['float31']}",
            "py:{file}:forward",
            "must name dtypes",
        ),
        ("def forward(x): ...\ninfo = {'dtypes': []}", "py:{file}:forward", "is empty"),
        (
            "def forward(x): ...\ninfo = {'values': 'all'}",
            "py:{file}:forward",
            r"'all' - at `\$.values`; it is one of bits, finite",
        ),
        (
            "def forward(x): ...\ninfo = {'fixed': {'X': 2}}",
            "py:{file}:forward",
            r"'X' - at `key` in `\$.fixed`; it is one of N, T, ",
        ),
        ("def forward(x): ...\nvjp = 3", "py:{file}:forward", "vjp is int, which cannot be called"),
        ("", "py:{file}x.py:forward", "there is no file"),
        ("", "py:no.such.module:forward", "cannot be imported: ModuleNotFoundError"),
        ("", "py:forward", "does not name a target"),
        ("", "forward", "is not a valid target: write py:FILE.py:NAME"),
        ("", "js:forward", "is not a valid target: write py:FILE.py:NAME"),
    ],
)
def test_a_target_that_is_none_is_refused(tmp_path, source, text, complaint):
    """In one sentence that says what is wrong."""
    file = tmp_path / "mine.py"
    file.write_text(source)
    with pytest.raises((TargetError, SpecError), match=complaint):
        open_target(text.format(file=file))


def test_info_describes_a_target(tmp_path):
    """Name, layout, dtypes, values and fixed sizes are read; vjp and jvp beside it are found;
    options go before info.
    """
    (tmp_path / "beside.py").write_text("from stsm_ref import stsm")
    file = tmp_path / "mine.py"
    file.write_text(
        "from beside import stsm\nprint('loading')\n"
        "def mine(x, spec): return stsm(x, spec)\ndef vjp(x, grad, spec): return grad\n"
        "info = {'name': 'my shift', 'layout': 'TCHW', 'dtypes': ['float32'], 'values': 'finite', "
        "'fixed': {'T': 8}}\n"
    )
    target = open_target(f"py:{file}:mine")
    assert (target.name, target.kind, target.layout) == ("my shift", "numpy", "TCHW")
    assert (target.dtypes, target.moves_bits, target.fixed) == (
        (np.dtype("f4"),),
        False,
        {"T": 8, "N": 1},
    )
    assert target.ops == {"forward", "vjp"}
    assert open_target(f"py:{file}:mine", layout="NTCHW").layout == "NTCHW"


class Agreeable(np.ndarray):
    """Equals everything."""

    def __ne__(self, other):
        return np.zeros(self.shape, bool)


@pytest.mark.parametrize(
    "disguise", [lambda x: np.ma.array(x, mask=True), lambda x: x.view(Agreeable)]
)
def test_a_subclass_hides_nothing(disguise):
    """A mask, or a comparison of its own, does not make a wrong output pass."""
    seen = PythonTarget(lambda x, spec: disguise(x.copy())).run("forward", X)
    assert type(seen.output) is np.ndarray
    assert check(lambda x, spec: disguise(x.copy()), level="smoke").outcome == "violated"


def test_a_changed_spec_is_seen_and_mended():
    """The target gets a copy: what it does to it is reported, and neither the judge nor the
    next call sees it.
    """

    def forward(x, spec):
        y = stsm(x, spec)
        object.__setattr__(spec, "alpha", spec.alpha * 0)
        return y

    target, spec = PythonTarget(forward), ShiftSpec()
    target.use(spec)
    for _ in range(2):
        seen = target.run("forward", X)
        assert seen.wrote == ("spec",)
        np.testing.assert_array_equal(seen.output, stsm(X))
    assert spec == ShiftSpec("T+H+W", "3/8")
    assert check(forward, level="smoke").violations[0].requirement == "PURE-1"


def test_a_write_to_the_input_of_the_call_before_is_seen():
    """Memory that was handed in stays the caller's after the call, and the call that did it is
    the one that is blamed.
    """
    kept = []

    def forward(x, spec):
        if kept:
            kept.pop()[...] = 0
        kept.append(x)
        return stsm(x, spec)

    target = PythonTarget(forward)
    assert target.run("forward", X).wrote == ()
    assert target.run("forward", X).wrote == ("x of the call before",)


def test_draws_and_seeds_are_seen():
    """Whoever draws from the global random numbers, or seeds them, even to the same state each
    time, is seen; others are not.
    """

    def seeds(x, spec):
        np.random.seed(0)  # noqa: NPY002 # the global state is the point
        return stsm(x, spec)

    assert PythonTarget(seeds).draws(X)
    assert PythonTarget(seeds).draws(X)
    assert PythonTarget(lambda x, spec: stsm(x, spec) if np.random.random() < 2 else x).draws(X)  # noqa: NPY002 # see above
    assert not PythonTarget(stsm).draws(X)


class Silent(Exception):
    """Cannot be told."""

    def __str__(self):
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BaseException("odd"), "forward raised BaseException: odd"),
        (Silent(), r"forward raised Silent: \(its message cannot be read\)"),
        (ValueError("\x1b[31mred"), r"forward raised ValueError: \\x1b\[31mred"),
        (ValueError("long " * 9999), r"long .* \.\.\."),
    ],
)
def test_any_exception_is_told(error, told):
    """Also one that is no Exception, has no message, would colour the terminal or fill it."""

    def forward(x, spec):
        raise error

    with pytest.raises(
        TargetError, match=f"^{told}" if told.startswith("forward") else told
    ) as caught:
        PythonTarget(forward).run("forward", X)
    assert len(str(caught.value).splitlines()[0]) < 1100


def test_an_output_without_numbers_is_no_answer():
    """A structured or object array is refused with its dtype."""
    with pytest.raises(TargetError, match="forward returned dtype object, which holds no numbers"):
        PythonTarget(lambda x, spec: x.astype(object)).run("forward", X)
