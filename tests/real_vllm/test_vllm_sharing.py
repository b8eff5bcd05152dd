"""A server that one process runs, and another one uses by the model's name: what a sweep does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from making import OPTIONS

from promptlab.models import open_model
from promptlab.models.sharing import shared

CHILD = """
import sys
from asking import answers, chat, requests
from promptlab.models import open_model
model = open_model(sys.argv[1])
[answer] = answers(model, requests([chat("What is 2 + 2?")])).values()
own = type(model).__name__, model.context, model.id.name, model.id.revision
print("found", *own, answer.ending, answer.completion_tokens)
"""


def test_a_child_process_attaches_to_the_server_that_its_parent_runs(base: Path):
    """By a name that holds the engine's options, as a notebook's parameters do."""
    name = f"vllm:{base}?{'&'.join(f'{key}={value}' for key, value in OPTIONS.items())}"
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
    assert own == open_model(f"vllm:{base}", **OPTIONS).id
    assert f"found ServedModel 1024 {own.name} {own.revision} truncated 24" in done.stdout
