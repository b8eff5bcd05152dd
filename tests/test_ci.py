"""`.ci/run`: what it could not run is listed, and fails it in CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

RUN = Path(__file__).parents[1] / ".ci" / "run"
TOOLS = ("bash", "dirname", "timeout")
pytestmark = pytest.mark.skipif(not RUN.exists() or not all(map(shutil.which, TOOLS)), reason="no .ci/run, or no bash")

NO_VLLM = '[ "$1" != .venv-vllm/installed ]'


def run(folder: Path, *, make: str = "true", chromium: bool = True, ci: str = "") -> tuple[int, str]:
    """It, with a `make` that only says how it ends, for a user who may install nothing."""
    tools, copy = folder / "bin", folder / "tree" / ".ci" / "run"
    for place in (tools, copy.parent):
        place.mkdir(parents=True)
    shutil.copy(RUN, copy)
    for name in TOOLS:
        (tools / name).symlink_to(shutil.which(name) or name)
    for name, script in {"make": make, "id": "echo 1000", **({"chromium": "true"} if chromium else {})}.items():
        (tools / name).write_text(f"#!{shutil.which('bash')}\n{script}\n")
        (tools / name).chmod(0o755)
    clean = {name: value for name, value in os.environ.items() if name not in ("CI", "PATH")}
    done = subprocess.run(
        ["bash", str(copy)], env={**clean, "PATH": str(tools), "CI": ci}, capture_output=True, text=True, check=False,
        timeout=60,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_a_whole_run_lists_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, ci="true") == (0, "")


@pytest.mark.parametrize("ci", ["", "true"])
@pytest.mark.parametrize(
    ("make", "chromium", "lacking"),
    [
        ("true", False, "browser tests"),
        (NO_VLLM, True, "test-vllm"),
        (NO_VLLM, False, "browser tests, test-vllm"),
    ],
)
def test_what_was_not_run_is_listed_and_fails_in_ci(
    tmp_path: Path, make: str, chromium: bool, lacking: str, ci: str
) -> None:
    code, told = run(tmp_path, make=make, chromium=chromium, ci=ci)
    assert told.endswith(f"not whole, NOT RUN: {lacking}\n")
    assert code == (1 if ci else 0)


def test_a_failing_test_fails_everywhere(tmp_path: Path) -> None:
    assert run(tmp_path, make='[ "$1" != test ]')[0] != 0
