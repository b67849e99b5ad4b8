"""Ratios, measured side by side in one run: never bare times, and never in a timed test."""
