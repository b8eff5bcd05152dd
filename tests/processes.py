"""Waiting for what another process does."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

SECONDS = 120  # until a test gives up on a process; far more than it takes


def until(true: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait until it is true, as long as the process lives."""
    limit = time.monotonic() + SECONDS
    while not true():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < limit
        time.sleep(0.05)
