"""Shared fixtures. Tests that need the embedded model's weights skip where they are absent, and fail in CI."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from promptlab.errors import PromptlabError


def pytest_configure() -> None:
    """A shell that starts the tests in its background makes them deaf to Ctrl-C, which some of them press."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def base_weights() -> Path:
    """The embedded model's weights. PROMPTLAB_REQUIRE=embedded (as in CI) turns the skip into a failure."""
    from promptlab.models.engine import engine_version
    from promptlab.models.fetching import base_path

    try:
        engine_version()
        return base_path()
    except PromptlabError as problem:
        if "embedded" in os.environ.get("PROMPTLAB_REQUIRE", ""):
            pytest.fail(f"CI must have the embedded model: {problem}")
        pytest.skip(f"needs the embedded model: {problem}")


@pytest.fixture(autouse=True)
def figures_closed() -> Iterator[None]:
    """Figures of one test do not pile up in a process that runs many."""
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")
