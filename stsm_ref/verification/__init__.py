"""Checks of every requirement on a bundle of implementations: ours in `verify` and the tests, a faulty one in the tests of the checks.

A check is a function of a `Subject` and one case; it raises `Violation` where the subject breaks the rule.
"""
