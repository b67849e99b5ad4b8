"""Tests: unit by module, properties, the paper as literals, and tests of the tests."""
