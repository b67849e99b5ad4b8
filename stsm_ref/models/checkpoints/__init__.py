"""Weights in files: whose names they use, whether they fit, and how much they may take."""
