"""Whose arrays a Python function takes: NumPy, torch, JAX."""
