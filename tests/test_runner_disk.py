"""A disk that is full or read-only, and several processes on one run: one clear error each, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
PREPARED = f"""
import json, os, sys
from dataclasses import replace
from pathlib import Path
sys.path[:0] = [{str(HERE)!r}, {str(HERE.parent)!r}]
from local_models import QUESTIONS, SAMPLING, LocalModel, complete
from promptlab.errors import PromptlabError
from promptlab.prompts import concise, zero_shot
from promptlab.records import load_run
from promptlab.runner import run

def go(path, first=lambda: None):
    model = LocalModel(reply=lambda r: first() or replace(complete(r), text="no " * 7_000))
    try:
        run(model, [zero_shot(), concise()], QUESTIONS, sampling=SAMPLING, path=path, progress=False)
    except PromptlabError as problem:
        return f"{{type(problem).__name__}}: {{problem}}"
    return "completed"

def keys(path):
    return sorted(load_run(path).to_frame()["key"])
"""


def child(code: str, folder: Path, *above: str) -> Any:
    """What a process prints as JSON."""
    command = [*above, sys.executable, "-c", PREPARED + code, str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def on_a_small_disk(code: str, folder: Path) -> Any:
    """The same with a file system of 3 MB in `folder`, which vanishes with the process."""
    if not shutil.which("unshare"):
        pytest.skip("no unshare here")
    above = ["unshare", "--user", "--map-root-user", "--mount"]
    script = 'mount -t tmpfs -o size=3m none "$1" && shift && exec "$@"'
    within = [*above, "sh", "-c", script, "sh", str(folder)]
    if subprocess.run([*within, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system of its own")
    return child(code, folder, *within)


FULL = """
found = []
for kilobytes in (0, 12, 40, 100, 300):
    path, ballast = Path(sys.argv[1], str(kilobytes)), Path(sys.argv[1], "ballast")
    with ballast.open("wb", buffering=0) as stream:
        size = os.statvfs(sys.argv[1])
        stream.write(bytes(size.f_bavail * size.f_frsize - kilobytes * 1024))
    first = go(path)
    read = keys(path) if (path / "manifest.json").exists() else []
    ballast.unlink()
    kept = keys(path) if (path / "manifest.json").exists() else []
    found.append([first, read, kept, go(path), keys(path)])
    for file in path.iterdir():
        file.unlink()
print(json.dumps(found))
"""


def test_a_disk_that_fills_up(tmp_path: Path):
    found = on_a_small_disk(FULL, tmp_path)
    for first, read, kept, again, whole in found:
        assert first.startswith("StoreError: ")
        assert "full" in first or "No space left" in first
        assert "\\n" not in first
        assert read == kept
        assert again == "completed"
        assert set(kept) <= set(whole)
        assert len(whole) == len(set(whole)) == 24
    assert 0 < len(found[-1][2]) < 24, "some were kept"


READ_ONLY = """
import subprocess
path, new = Path(sys.argv[1], "run"), Path(sys.argv[1], "new")
found = [go(path)]
subprocess.run(["mount", "-o", "remount,ro", sys.argv[1]], check=True)
found += [go(path), go(new), len(keys(path))]
print(json.dumps(found))
"""


def test_a_file_system_that_is_read_only(tmp_path: Path):
    first, again, new, kept = on_a_small_disk(READ_ONLY, tmp_path)
    assert (first, kept) == ("completed", 24)
    for told in (again, new):
        assert told.startswith("StoreError: ")
        assert "read" in told.lower()
        assert "\\n" not in told


RACE = """
(read, write), (start, starter), (gate, opener) = os.pipe(), os.pipe(), os.pipe()
for _ in range(5):
    if not os.fork():
        os.close(starter), os.close(opener)
        os.read(start, 1)  # until all are there
        told = go(Path(sys.argv[1]), first=lambda: os.read(gate, 1))  # until four have been refused
        os.write(write, told.encode() + b"\\n")
        os._exit(0)
os.close(write), os.close(starter)
lines = os.fdopen(read)
told = [next(lines) for _ in range(4)]
os.close(opener)
print(json.dumps([[line.strip() for line in [*told, *lines]], keys(sys.argv[1])]))
"""


@pytest.mark.skipif(os.name != "posix", reason="forks")
def test_several_processes_on_one_new_directory(tmp_path: Path):
    told, kept = child(RACE, tmp_path)
    assert told.count("completed") == 1
    assert sum("is being written by " in line and line.startswith("StoreError: ") for line in told) == 4
    assert len(kept) == len(set(kept)) == 24
