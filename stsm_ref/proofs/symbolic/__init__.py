"""Integers, arrays and positions as symbols, on which the package's own code runs."""
