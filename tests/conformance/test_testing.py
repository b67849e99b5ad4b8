"""The suite inside somebody's own pytest, run by pytest in pytest."""

import pytest

pytest_plugins = ["pytester"]

HEAD = """
import numpy as np
import stsm_ref
from stsm_ref.conformance.testing import ConformanceTests
"""


def _run(pytester: pytest.Pytester, text: str) -> pytest.RunResult:
    pytester.makepyfile(HEAD + text)
    return pytester.runpytest("-p", "no:cacheprovider", "-p", "no:xdist")


def test_a_right_implementation_passes(pytester):
    """Every rule passes or says why it does not apply; methods, static methods and bare
    functions are taken.
    """
    ended = _run(
        pytester,
        """
class TestStatic(ConformanceTests):
    level = "smoke"
    forward = staticmethod(stsm_ref.stsm)
    vjp = staticmethod(lambda x, grad, spec: stsm_ref.stsm_vjp(grad, spec))

class TestBare(ConformanceTests):
    level = "smoke"
    forward = stsm_ref.stsm

class TestMethod(ConformanceTests):
    level, spec = "smoke", "T@1/4,backward-first"

    def forward(self, x, spec):
        return stsm_ref.stsm(x, spec)
""",
    )
    found = ended.parseoutcomes()
    assert set(found) == {"passed", "skipped"}, ended.stdout.str()
    assert found["passed"] > 40


def test_a_wrong_implementation_fails_with_a_telling_text(pytester):
    """The failing rules say which place of the output is wrong, what should stand there, and
    how to see it again.
    """
    ended = _run(
        pytester,
        """
class TestRolled(ConformanceTests):
    level = "smoke"
    forward = staticmethod(lambda x, spec: x.copy())
""",
    )
    assert ended.ret == 1
    text = ended.stdout.str()
    assert "should be 0.0" in text
    assert "SHIFT-6, §3.2" in text
    assert "again: " in text
    assert "Traceback" not in text


def test_no_answer_fails(pytester):
    """A target that raises fails the handshake and every rule that was not reached; none of
    them passes.
    """
    ended = _run(
        pytester,
        """
class TestNothing(ConformanceTests):
    level = "smoke"

    def forward(self, x, spec):
        raise NotImplementedError("later")
""",
    )
    assert set(ended.parseoutcomes()) == {"failed"}
    ended.stdout.fnmatch_lines(
        ["*handshake, broken: *NotImplementedError: later*", "*enough_was_run*"]
    )


def test_a_run_of_too_few_cases_fails(pytester):
    """If the rules run fewer cases than they declare, nothing was violated and the class fails
    all the same.
    """
    ended = _run(
        pytester,
        """
import pytest
from stsm_ref.evidence import executor

@pytest.fixture(autouse=True, scope="class")
def half_of_the_cases(request):
    whole = executor.RuleExecutor._run_cases
    executor.RuleExecutor._run_cases = lambda self, cases: whole(self, list(cases)[::2])
    yield
    executor.RuleExecutor._run_cases = whole

class TestCut(ConformanceTests):
    level = "smoke"
    forward = staticmethod(stsm_ref.stsm)
""",
    )
    assert ended.ret == 1
    ended.stdout.fnmatch_lines(["*undecided: * cases ran of * that level smoke declares*"])


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (
            "pass",
            "*TestMine names no implementation: write forward = staticmethod(yours) in the class*",
        ),
        (
            "forward = staticmethod(stsm_ref.stsm); spec = 'H+H'",
            "*TestMine: terms='H+H' repeats a term*",
        ),
        (
            "forward = staticmethod(stsm_ref.stsm); layout = 'CHW'",
            "*TestMine: layout='CHW' is not one of*",
        ),
    ],
)
def test_a_mistake_in_the_class_is_one_sentence(pytester, body, complaint):
    """A missing function, spec or layout is told as such, without a traceback."""
    ended = _run(pytester, f"class TestMine(ConformanceTests):\n    {body}\n")
    assert ended.ret == 1
    ended.stdout.fnmatch_lines([complaint])
