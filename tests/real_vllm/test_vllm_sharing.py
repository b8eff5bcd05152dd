"""A server that one process runs, and another one uses by the model's name: what a sweep does."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from making import OPTIONS

from promptlab.models import open_model, serve_vllm
from promptlab.models.sharing import shared

CHILD = """
import sys
from asking import answers, chat, requests
from promptlab.models import open_model
model = open_model(sys.argv[1])
[answer] = answers(model, requests([chat("What is 2 + 2?")])).values()
print("found", type(model).__name__, model.id.name, model.id.revision, answer.ending, answer.completion_tokens)
"""


def test_a_child_process_attaches_to_the_server_that_its_parent_runs(base: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("promptlab.models.sharing.serve_vllm", partial(serve_vllm, **OPTIONS))
    name = f"vllm:{base}"
    with shared([name]) as environment:
        path = os.pathsep.join([str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])])
        done = subprocess.run(
            [sys.executable, "-c", CHILD, name],
            env={**os.environ, **environment, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
    assert done.returncode == 0, done.stderr[-2000:]
    own = open_model(name).id
    assert f"found ServedModel {own.name} {own.revision} truncated 24" in done.stdout
