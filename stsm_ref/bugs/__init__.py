"""Implementations planted on purpose: wrong ones that the suite must catch, and right ones that
it must let pass.
"""
