"""The two solvers, z3 and cvc5, and the SMT-LIB text that both of them read."""

from stsm_ref.proofs.smt.solvers import Answer, Query, ask, ask_all, versions, write_query

__all__ = ["Answer", "Query", "ask", "ask_all", "versions", "write_query"]
