"""Everything that a sweep will need, looked at before anything is paid for: all problems at once."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from promptlab.errors import InputError, ModelError, PromptlabError, unknown
from promptlab.experiment import Experiment
from promptlab.models import open_model
from promptlab.sweeps.expanding import Planned
from promptlab.sweeps.notebooks import OURS
from promptlab.types import Model, Prompt, Sampling
from promptlab.wording import counted

_FLAT = inspect.signature(Experiment.from_parameters).parameters
PARTS = {*_FLAT, *(part.name for part in fields(Experiment))} - {"others", "sampling", "path"}
_ALLOWED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text, or null"}


class Problems(InputError):
    """Several, one line each."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)


@dataclass(frozen=True)
class Cell:
    """One model under one condition of a run; equal `key`, equal samples, which the sweep pays once."""

    key: tuple[Any, ...]
    model: str
    requests: int
    prompt_tokens: int  # about: characters / 4
    most: int  # completion tokens, where every output uses all of max_tokens


def experiment_of(run: Planned, out: Path) -> Experiment | None:
    """The experiment that a run's notebook makes of its parameters; None where it describes none."""
    parts = {name: value for name, value in run.parameters.items() if name in PARTS}
    if not {"models", "conditions", "questions", "max_tokens"} <= parts.keys():
        return None
    return Experiment.from_parameters(**{**parts, "out": out})


def check(runs: Sequence[Planned], root: Path) -> dict[str, list[Cell]]:
    """The cells of each run that is an experiment, by its id, if all is well; makes no paid call.

    Raises
    ------
    Problems
        Unknown or mistyped parameters, questions that are not there, an experiment that cannot be, a model that cannot
        be opened, a key that is not set, a server that is not reached, a prompt that does not fit, ...
    """
    found: dict[str, list[str]] = {}
    cells: dict[str, list[Cell]] = {}
    models = _Models()
    for run in runs:
        for line in _check_run(run, root, models, cells):
            found.setdefault(" ".join(line.split()), []).append(run.id)
    models.close()
    if found:
        raise Problems([f"{line} ({_where(ids, len(runs))})" for line, ids in found.items()])
    return cells


def _where(ids: Sequence[str], of: int) -> str:
    if len(ids) == of:
        return "every run" if of > 1 else ids[0]
    return ids[0] if len(ids) == 1 else f"{counted(len(ids), 'run')}, {ids[0]} the first"


def _check_run(run: Planned, root: Path, models: _Models, cells: dict[str, list[Cell]]) -> Iterator[str]:
    lines = list(_misfits(run))
    yield from lines
    if lines:
        return
    try:
        experiment = experiment_of(run, root / run.id)
        if experiment is None:
            for name in run.models:
                models.open(name)
            return
        experiment.open_models()  # as its notebook does: a control must be one of them
        for cell, prompts in _asked(experiment):
            cells.setdefault(run.id, []).append(cell)
            models.check(cell, experiment.sampling, prompts)
    except PromptlabError as problem:
        yield str(problem)


def _misfits(run: Planned) -> Iterator[str]:
    """What the sweep sets and the notebook does not take."""
    known = run.notebook.defaults
    for name, value in run.given.items():
        if name == "out":
            yield "parameter 'out' is the sweep's own: each run has its directory"
        elif name not in known:
            yield str(unknown(f"parameter of {run.notebook.name}.ipynb", name, [n for n in known if n not in OURS]))
        elif allowed := _misfit(known[name], value, name in PARTS):
            yield f"parameter {name!r} of {run.notebook.name}.ipynb is {value!r}: it must be {allowed}"


def _misfit(default: Any, value: Any, part: bool) -> str:
    """What is allowed instead, by the default's type; empty where it fits.

    Lists and mappings that are parts of an experiment also have other forms, which the experiment itself checks.
    """
    kind = type(default)
    if default is None or (isinstance(value, kind) and (kind is bool or not isinstance(value, bool))):
        return ""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return ""
    if kind is str and value is None:
        return ""
    if kind in _ALLOWED:
        return _ALLOWED[kind]
    return "" if part else "a list" if kind is list else "a mapping" if kind is dict else ""


def _asked(experiment: Experiment) -> Iterator[tuple[Cell, list[Prompt]]]:
    """What an experiment asks, by condition and model."""
    e = experiment
    for condition in e.conditions:
        condition.check_samples(e.samples)
        prompts = [condition.render(q, pool=e.questions.pool, answer_format=e.answer_format) for q in e.questions]
        tokens = sum(len(text) for prompt in prompts for _, text in prompt.turns) // 4
        requests = len(prompts) * e.samples
        for name in e.models:
            key = (name, repr(condition), e.questions.hash, repr(e.sampling), e.samples, e.answer_format)
            yield Cell(key, name, requests, tokens * e.samples, requests * e.sampling.max_tokens), prompts


class _Models:
    """Models that stay open while a sweep is checked; one that is not to be had is not asked again."""

    def __init__(self) -> None:
        self._open: dict[str, Model] = {}
        self._wrong: dict[str, PromptlabError] = {}
        self._seen: set[tuple[Any, ...]] = set()

    def open(self, name: str) -> Model:
        if name not in self._open:
            self._open[name] = open_model(name)
        return self._open[name]

    def check(self, cell: Cell, sampling: Sampling, prompts: Sequence[Prompt]) -> None:
        if cell.model in self._wrong:
            raise self._wrong[cell.model]
        if cell.key in self._seen:
            return
        self._seen.add(cell.key)
        try:
            self.open(cell.model).check(sampling, prompts)
        except ModelError as problem:
            self._wrong[cell.model] = problem
            raise

    def close(self) -> None:
        for model in self._open.values():
            model.close()
