"""The hub where it cannot be reached: said at once, and the cache serves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from promptlab.hub import _answers

pytest.importorskip("huggingface_hub")

ASK = """
from promptlab.hub import hub_file
print(hub_file("maker/model", "config.json").parent.name)
try:
    hub_file("maker/other", "config.json")
except ConnectionError as problem:
    print(problem)
"""
NOBODY = "http://127.0.0.1:9"  # the port "discard"


def test_what_the_cache_has_is_taken_and_what_it_lacks_is_said_at_once(tmp_path: Path):
    model, commit = tmp_path / "hub" / "models--maker--model", "a" * 40
    (model / "refs").mkdir(parents=True)
    (model / "refs" / "main").write_text(commit)
    (model / "snapshots" / commit).mkdir(parents=True)
    (model / "snapshots" / commit / "config.json").write_text("{}")
    env = os.environ | {"HF_ENDPOINT": NOBODY, "HF_HOME": str(tmp_path), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, timeout=120, check=True, env=env)
    assert done.stdout.splitlines() == [commit, f"{NOBODY} cannot be reached, and its cache here lacks config.json"]
    assert "Retrying" not in done.stderr


def test_behind_a_proxy_only_the_client_can_tell(monkeypatch: pytest.MonkeyPatch):
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert not _answers(NOBODY)
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:3128")
    assert _answers(NOBODY)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert not _answers(NOBODY)
