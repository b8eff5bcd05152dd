"""What a notebook takes from runs that are there already: looked at before anything is paid for, as the rest is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptlab import given
from promptlab.comparison import control_pairs
from promptlab.errors import PromptlabError, lines_of, unknown
from promptlab.experiment import Experiment
from promptlab.experiment.designing import RECORDS
from promptlab.records import Run, load_run, recorded_runs
from promptlab.sweeps.expanding import Planned, listed


def lacking(run: Planned) -> Iterator[str]:
    """Shipped runs and directories that a run names and that are not there."""
    known = recorded_runs()
    for name in dict.fromkeys(_texts(run.parameters)):
        if name.startswith("recorded:") and name not in known:
            yield str(unknown("recorded run", name, known))
    if not run.parameters.get("recorded"):
        for name in ("recorded_also", "recorded_control"):
            if run.given.get(name):
                yield f"parameter {name!r} speaks of recorded runs, and 'recorded' names none"
    for folder in listed(run.parameters.get("reuse")):
        if not Path(str(folder), RECORDS).is_dir():
            yield f"reuse: {folder} is no directory with records in {RECORDS}/"


def unlike(run: Planned, experiment: Experiment) -> Iterator[str]:
    """What the main notebook cannot do with its `recorded` runs: compare conditions, or models with controls."""
    try:
        recordings = [load_run(name) for name in listed(run.parameters.get("recorded"))]
        if recordings:
            experiment.check_recorded(recordings)
            control_pairs(run.parameters.get("recorded_control") or "", [each.model for each in recordings])
    except PromptlabError as problem:
        yield from (f"recorded: {line}" for line in lines_of(problem))
        return
    if recordings and "recorded_also" in run.parameters:
        yield from _unrecorded(run, experiment, recordings)


def _unrecorded(run: Planned, experiment: Experiment, recordings: list[Run]) -> Iterator[str]:
    known = dict.fromkeys(name for each in recordings for name in each.conditions)
    for name in [*(condition.name for condition in experiment.conditions), *listed(run.parameters["recorded_also"])]:
        if name not in known:
            yield str(unknown("recorded condition", name, known))


def beside(run: Planned, experiment: Experiment | None) -> Experiment | None:
    """What the main notebook asks besides, to check live samples against recorded ones; None where that is nothing.

    Raises
    ------
    InputError
        There are not so many questions.
    """
    n = run.parameters.get("n_checked")
    if experiment is None or n is None or not run.parameters.get("recorded"):
        return None
    if given.whole("'n_checked'", n, 0) <= len(experiment.questions):
        return None
    options = {**run.parameters["questions"], "n": n, "seed": run.parameters.get("seed", 0)}
    more = experiment.narrowed([experiment.baseline], options)
    return replace(more, questions=more.questions[len(experiment.questions) :])


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
