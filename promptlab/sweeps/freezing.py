"""What a sweep is going to do and to compare, written down with a hash before its first sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptlab.errors import InputError
from promptlab.experiment import Experiment
from promptlab.registering import Registration
from promptlab.sweeps.checking import experiment_of
from promptlab.sweeps.expanding import Planned
from promptlab.sweeps.reading import Sweep
from promptlab.sweeps.states import now, read_state, replace_file, writing
from promptlab.types import digest

FILE, DESIGN = "sweep.yaml", "design.yaml"
HEAD = "# A sweep, frozen by promptlab before its first sample; a later change is added with its own time and hash.\n"


def register(runs: Sequence[Planned], root: Path) -> list[Planned]:
    """The runs, each with its design, which is registered in its directory: there its notebook finds it."""
    return [replace(run, registered=_registered(run, root / run.id)) for run in runs]


def _registered(run: Planned, folder: Path) -> Mapping[str, Any]:
    file = folder / DESIGN
    if read_state(folder, run.hash).state == "done" and file.exists():  # whatever a newer release would make of it
        known = Registration.read(file)
    elif experiment := experiment_of(run, folder):
        folder.mkdir(parents=True, exist_ok=True)
        known = _register(experiment, file)
    else:
        return {}
    return {"registered": known.registered, "hash": known.hash, "design": known.design}


def _register(experiment: Experiment, file: Path) -> Registration:
    """As the experiment does; that a disk is full is no bad input."""
    try:
        return experiment.register(file)
    except InputError as problem:
        if not isinstance(problem.__context__, OSError):
            raise
        with writing(file):
            raise problem.__context__ from None


def freeze(sweep: Sweep, runs: Sequence[Planned], root: Path) -> str:
    """Write down question, analysis and runs; returns one line on when and under which hash, and what was there before.

    Raises
    ------
    InputError
        The file was changed by hand.
    """
    import yaml

    try:
        entries = read_frozen(root)
    except InputError as problem:
        raise InputError(f"{problem}, or take another `out`, or `fresh`") from None
    content = _content(sweep, runs)
    if not entries or entries[-1]["sweep"] != content:
        frozen = now()
        entries.append({"frozen": frozen, "hash": digest([content, frozen]), "sweep": content})
        text = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=120)
        replace_file(root / FILE, HEAD + text)
    last, first = entries[-1], entries[0]
    changed = f"; changed {len(entries) - 1} times since {first['frozen']}" if len(entries) > 1 else ""
    return f"frozen {last['frozen']}, hash {last['hash'][:8]}{changed}"


def read_frozen(root: Path) -> list[dict[str, Any]]:
    """What was frozen in a sweep's directory, the first first: time, hash and content; none where there is no file."""
    import yaml

    file = root / FILE
    if not file.exists():
        return []
    try:
        entries: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
        kept = all(digest([entry["sweep"], entry["frozen"]]) == entry["hash"] for entry in entries)
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        kept = False
    if not kept:
        raise InputError(f"{file} was changed after it was frozen: its hash does not fit. Put it back as it was")
    return entries


def _content(sweep: Sweep, runs: Sequence[Planned]) -> dict[str, Any]:
    """Plain values: what else the file says (how many jobs, how fast) changes no result."""
    return {
        "name": sweep.name,
        "about": sweep.about,
        "analysis": sweep.analysis,
        "notebooks": {run.notebook.name: run.notebook.hash for run in runs},
        "runs": {run.id: {"hash": run.hash, "parameters": run.parameters} for run in runs},
    }
