"""A child process that is never trusted: its pipes, its limits, and the end of all that it
started.
"""
