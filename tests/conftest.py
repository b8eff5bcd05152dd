"""Shared fixtures. Tests that need the embedded model's weights skip where they are absent, and fail in CI."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promptlab.errors import PromptlabError


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
