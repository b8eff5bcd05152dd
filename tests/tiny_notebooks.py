"""Notebooks and sweep files of a few lines, for tests of sweeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import yaml

COUNTS = """\
n = 1  # a number
word = "a"  # a text
share = 0.5  # a share
many = [1]  # a list
out = "out"  # where results go"""
# Each execution leaves an x in `began`, so that a test can count them; files beside the run say what goes wrong.
WORKS = """\
import time, pathlib
with pathlib.Path(out, "began").open("a") as file:
    file.write("x")
beside = pathlib.Path(out).parent
while n == 2 and (beside / "blocked").exists():
    time.sleep(0.05)
pathlib.Path(out, "result").write_text(str(n * n))"""
FAILS = 'assert n < 3 or not (beside / "broken").exists(), "as it was asked to"'

ASKS = """\
models = ["embedded:instruct"]  # which models
conditions = ["zero-shot", "concise"]  # which conditions
questions = {"source": "arithmetic", "levels": [1]}  # which questions
n_questions = 2  # how many
max_tokens = 8  # the longest output
reuse = []  # the `out` of other runs
out = "out"  # where records go
progress = True  # a bar"""
RUNS = """\
from pathlib import Path
import promptlab as lab
experiment = lab.Experiment.from_parameters(models=models, conditions=conditions, questions=questions,
    n_questions=n_questions, max_tokens=max_tokens, reuse=reuse, out=out)
registration = lab.Registration.read(Path(out, "design.yaml"))
runs = experiment.run(registration=registration, progress=progress)
Path(out, "stamp").write_text(registration.stamp(experiment, runs))"""


def write_notebook(path: Path, *cells: str, parameters: str = COUNTS) -> Path:
    spec = {"name": "python3", "language": "python", "display_name": "python3"}
    made = [nbformat.v4.new_code_cell(source) for source in (parameters, *cells)]
    made[0].metadata["tags"] = ["parameters"]
    nbformat.write(nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": spec}), path)
    return path


def write_sweep(folder: Path, **keys: Any) -> Path:
    """A sweep of a notebook that squares a number; `keys` change what the file says, None takes out."""
    if not (folder / "tiny.ipynb").exists():
        write_notebook(folder / "tiny.ipynb", WORKS, FAILS)
    said = {"about": "Does it run?", "analysis": "none", "notebook": "tiny.ipynb", "grid": {"n": [1, 2]}, **keys}
    file = folder / "tiny.yaml"
    file.write_text(yaml.safe_dump({key: value for key, value in said.items() if value is not None}, sort_keys=False))
    return file
