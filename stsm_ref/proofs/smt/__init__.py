"""The two solvers, z3 and cvc5, and the SMT-LIB text that both of them read."""
