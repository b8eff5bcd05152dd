"""Debian's Chromium through playwright, for pages that must be right in a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (  # root in a container, no GPU, and nothing that the browser itself would ask the network for
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
Scheme = Literal["light", "dark"]


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser without a window. PROMPTLAB_REQUIRE=browser (as in CI) turns the skip into a failure."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        _lacking("no Chromium on the path (apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _lacking("playwright is not installed")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(_OPTIONS))
        try:
            yield started
        finally:
            started.close()


def _lacking(why: str) -> None:
    if "browser" in os.environ.get("PROMPTLAB_REQUIRE", ""):
        pytest.fail(f"CI must have a browser: {why}")
    pytest.skip(f"needs a browser: {why}")
