"""Questions as text: the logic that is declared has room for what is asked, or cvc5 refuses to
read it.
"""

import pytest

from stsm_ref.proofs.index_maps.formula import script
from stsm_ref.proofs.index_maps.integers import (
    Assumptions,
    Constraint,
    Polynomial,
    Range,
    polynomial,
)
from stsm_ref.proofs.smt.solvers import SOLVERS, Query, ask

H, T = Polynomial.variable("H"), Polynomial.variable("T")


@pytest.mark.parametrize(
    ("demand", "linear"),
    [
        (Constraint(H - T), True),
        (Constraint(-H * 3 - T - 1), True),
        (Constraint(H * T - 1), False),
        (
            Constraint(-H * T - 1),
            False,
        ),  # a negative factor stands in parentheses of its own: (* (- 1) H T)
        (Constraint(H * H * -2 - T - 1), False),
    ],
)
def test_the_logic_allows_the_products_that_are_asked_about(
    demand: Constraint, linear: bool
) -> None:
    """A product of two sizes is not linear, whatever its factor; both solvers read and decide
    the question.
    """
    ranges = {name: Range(polynomial(1), None) for name in ("H", "T")}
    text = script(ranges, Assumptions(ranges), [demand], None)
    assert text.startswith("(set-logic QF_UFLIRA)" if linear else "(set-logic QF_UFNIRA)")
    verdicts = {ask(solver, Query("made up", "sat", text)).status for solver in SOLVERS}
    assert verdicts == {"sat" if demand in (Constraint(H - T), Constraint(H * T - 1)) else "unsat"}
