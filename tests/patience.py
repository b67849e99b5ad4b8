"""How long a test waits for what has hung. No test measures: speed belongs to `stsm-ref bench`."""

import time
from collections.abc import Callable

PATIENCE = 600.0
"""Seconds that nothing reaches but a hang, on the busiest machine."""


def wait_until(holds: Callable[[], object]) -> bool:
    """Whether it holds before patience ends."""
    ends = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True
