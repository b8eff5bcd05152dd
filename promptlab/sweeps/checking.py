"""Everything that a sweep will need, looked at before anything is paid for: all problems at once."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from promptlab.errors import Problems, PromptlabError, lines_of, unknown
from promptlab.experiment import Experiment
from promptlab.prompts import Condition
from promptlab.sweeps import recordings
from promptlab.sweeps.expanding import Planned
from promptlab.sweeps.notebooks import OURS
from promptlab.sweeps.reaching import Models
from promptlab.types import Prompt
from promptlab.wording import counted

_FLAT = inspect.signature(Experiment.from_parameters).parameters
PARTS = {*_FLAT, *(part.name for part in fields(Experiment))} - {"others", "sampling", "path"}
_MOST = 100_000  # questions of a run: what is larger is a slip, and would be made up one by one before that is said
_ALLOWED = {bool: "true or false", int: "a whole number", float: "a number", str: "a text, or null"}


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


def check(
    runs: Sequence[Planned],
    root: Path,
    chosen: Sequence[Planned] | None = None,
    *,
    speeds: Iterable[str] = (),
    shown: bool = False,
) -> dict[str, list[Cell]]:
    """The cells of each chosen run that is an experiment, by its id, if all is well; makes no paid call.

    Of runs that are not chosen no model is asked for; but they are frozen as well, and must be possible. `speeds` are
    the models whose speed is told; with `shown` a terminal shows which run is looked at.

    Raises
    ------
    Problems
        Unknown or mistyped parameters, questions that are not there, an experiment that cannot be, a model that cannot
        be opened, a key that is not set, a server that is not reached, a prompt that does not fit, ...
    """
    from tqdm.auto import tqdm

    found: dict[str, list[str]] = {}
    cells: dict[str, list[Cell]] = {}
    found |= {line: [run.id for run in runs] for line in _unknown(speeds, runs)}
    with closing(Models()) as models, tqdm(runs, "checking", leave=False, disable=None if shown else True) as bar:
        for run in bar:
            bar.set_postfix_str(run.id)
            asked = models if chosen is None or run in chosen else None
            for line in dict.fromkeys(" ".join(line.split()) for line in _check_run(run, root, asked, cells)):
                found.setdefault(line, []).append(run.id)
    if found:
        raise Problems("\n".join(f"{line} ({_where(ids, len(runs))})" for line, ids in found.items()))
    return cells


def _unknown(speeds: Iterable[str], runs: Sequence[Planned]) -> Iterator[str]:
    models = {name for run in runs for name in run.models}
    yield from (
        str(unknown("model in 'tokens_per_second'", name, sorted(models))) for name in speeds if name not in models
    )


def _where(ids: Sequence[str], of: int) -> str:
    if len(ids) == of:
        return "every run" if of > 1 else ids[0]
    return ids[0] if len(ids) == 1 else f"{counted(len(ids), 'run')}, {ids[0]} the first"


def _check_run(run: Planned, root: Path, models: Models | None, cells: dict[str, list[Cell]]) -> Iterator[str]:
    misfits = dict(_misfits(run))
    yield from misfits.values()
    run = replace(run, given={name: value for name, value in run.given.items() if name not in misfits})
    yield from recordings.lacking(run)
    try:
        experiment = experiment_of(run, root / run.id)
    except PromptlabError as problem:
        yield from lines_of(problem)
        yield from models.unreachable(run) if models else ()
        return
    more = None
    try:
        more = recordings.beside(run, experiment)
    except PromptlabError as problem:
        yield f"n_checked: {problem}"
    if models:
        yield from _check_models(run, experiment, more, models, cells)


def _check_models(
    run: Planned, experiment: Experiment | None, more: Experiment | None, models: Models, cells: dict[str, list[Cell]]
) -> Iterator[str]:
    unopened = list(models.unopened(run.models))
    yield from unopened
    if experiment is None:
        return
    if not unopened:
        try:
            experiment.open_models()  # as its notebook does: a control must be one of them
            yield from () if any(recordings.lacking(run)) else recordings.unlike(run, experiment)
        except PromptlabError as problem:
            yield str(problem)
    asked = [(part, condition) for part in (experiment, more) if part for condition in part.conditions]
    for part, condition in asked:
        try:
            for cell, prompts in _asked(part, condition, models):
                cells.setdefault(run.id, []).append(cell)
                yield from models.check(cell.model, cell.key, part.sampling, prompts)
        except PromptlabError as problem:
            yield str(problem)


def _misfits(run: Planned) -> Iterator[tuple[str, str]]:
    """What the sweep sets and the notebook does not take: its name, and what is wrong with it."""
    known = run.notebook.defaults
    for name, value in run.given.items():
        if name == "out":
            yield name, "parameter 'out' is the sweep's own: each run has its directory"
        elif name not in known:
            others = [other for other in known if other not in OURS]
            yield name, str(unknown(f"parameter of {run.notebook.name}.ipynb", name, others))
        elif allowed := _misfit(known[name], value, name in PARTS):
            yield name, f"parameter {name!r} of {run.notebook.name}.ipynb is {value!r}: it must be {allowed}"
        elif (size := _size(name, value)) > _MOST:
            yield name, f"{name!r} asks for {size:,} questions: a sweep looks at each first, and takes {_MOST:,} a run"


def _size(name: str, value: Any) -> int:
    """How many questions a parameter asks for, if it says so."""
    said = value.get("n") if name == "questions" and isinstance(value, Mapping) else value
    return said if isinstance(said, int) and name in ("questions", "n_questions", "n_checked") else 0


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


def _asked(e: Experiment, condition: Condition, models: Models) -> Iterator[tuple[Cell, list[Prompt]]]:
    """What an experiment asks under one condition, by model."""
    condition.check_samples(e.samples)
    rendered: dict[str, list[Prompt]] = {}
    for name in e.models:
        asked = models.asked(condition, name)
        said = repr(asked)
        prompts = rendered[said] = rendered.get(said) or _rendered(e, asked)
        tokens = sum(len(text) for prompt in prompts for _, text in prompt.turns) // 4
        requests = len(prompts) * e.samples
        key = (name, said, e.questions.hash, repr(e.sampling), e.samples, e.answer_format)
        yield Cell(key, name, requests, tokens * e.samples, requests * e.sampling.max_tokens), prompts


def _rendered(e: Experiment, asked: Condition) -> list[Prompt]:
    return [asked.render(q, pool=e.questions.pool, answer_format=e.answer_format) for q in e.questions]
