"""What a worker does, in whatever process and on whatever machine: the runs of one group, one after the other."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from promptlab import markup
from promptlab.errors import ModelError, PromptlabError, StoreError
from promptlab.executing import CellError, execute, to_html
from promptlab.models.sharing import shared
from promptlab.store import Store
from promptlab.store.database import FILE
from promptlab.sweeps.expanding import Planned, listed
from promptlab.sweeps.freezing import DESIGN
from promptlab.sweeps.states import State, held, now, read_state, replace_file, write_state, writing

NOTEBOOK = "executed.ipynb"
_FULL = re.compile(
    r"(OSError|OperationalError|StoreError|the notebook's kernel did not start or died): "
    r".*(No space left|disk is full|quota exceeded)",
    re.DOTALL,
)
_CUT_SHORT = (StoreError, KeyboardInterrupt, SystemExit)  # no fault of the run


@dataclass(frozen=True)
class Group:
    """Runs of the same models, which are loaded once for all of them.

    `kin` are, for each run by its id, the runs of the sweep that may hold samples that it needs as well, and itself.
    """

    runs: tuple[Planned, ...]
    kin: Mapping[str, tuple[str, ...]]
    root: Path
    cwd: Path


def work(group: Group, stopped: Callable[[], bool] | None = None) -> list[State]:
    """Execute what is not done, and say what became of each; once it is `stopped`, no other run is begun."""
    try:
        with shared(group.runs[0].models) as environment:
            return [_attempt(run, group, environment) for run in group.runs if not (stopped and stopped())]
    except ModelError as problem:
        failed = [State(run.id, "failed", run.hash, ended=now(), error=_said(problem)) for run in group.runs]
        for state in failed:
            write_state(group.root / state.id, state)
        return failed


def _attempt(run: Planned, group: Group, environment: Mapping[str, str]) -> State:
    import yaml

    folder = group.root / run.id
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)  # for its lock
    with held(folder):
        known = read_state(folder, run.hash)
        if known.state == "done":  # somebody else did it while this one waited
            return known
        if run.registered and not (folder / DESIGN).exists():  # a worker with a disk of its own
            replace_file(folder / DESIGN, yaml.safe_dump(dict(run.registered)))
        started, state = time.monotonic(), State(run.id, "running", run.hash, started=now())
        write_state(folder, state)
        try:
            ended = _executed(run, group, environment, state)
        except _CUT_SHORT as problem:
            cell = getattr(problem.__cause__, "cell", None)
            with suppress(StoreError):  # on a full disk it stays as running, which the next call takes for the same
                write_state(folder, replace(state, state="interrupted", ended=now(), cell=cell))
            raise
        ended = replace(ended, ended=now(), seconds=round(time.monotonic() - started, 1))
        write_state(folder, ended)
        return ended


def _executed(run: Planned, group: Group, environment: Mapping[str, str], state: State) -> State:
    """Notebook and page are there whether it failed or not."""
    import nbformat

    notebook, parameters = group.root / run.id / NOTEBOOK, _parameters(run, group)
    options: dict[str, Any] = {"cwd": group.cwd if group.cwd.is_dir() else None, "environment": environment}
    try:
        with writing(notebook):
            execute(nbformat.reads(run.notebook.text, as_version=4), notebook, parameters, **options)
        lost = _lost(group.root / run.id)
        ended = replace(state, state="failed", error=lost) if lost else replace(state, state="done")
    except StoreError:
        raise
    except PromptlabError as problem:
        cell, error = (problem.cell, problem.error) if isinstance(problem, CellError) else (None, str(problem))
        if _FULL.match(error):  # no other run would fare better
            full = f"the disk is full: {_said(problem)}; make room, the same command goes on"
            raise StoreError(full) from problem
        ended = replace(state, state="failed", cell=cell, error=_said(error))
    if notebook.exists():
        with writing(notebook.with_suffix(".html")):
            to_html(notebook)
    return ended


def _lost(folder: Path) -> str:
    """Says of which model every sample failed, if of one: the notebook ran to its end, and there is nothing to tell."""
    for file in sorted(folder.glob(f"**/{FILE}")):
        with Store(file.parent) as store:
            first = next(store.rows("SELECT error FROM samples WHERE ending = 'error'"), None)
            if first and not store.count():
                return _said(f"every sample of {file.parent.name} failed, first: {first[0]}; --retry-failed asks again")
    return ""


def _parameters(run: Planned, group: Group) -> dict[str, Any]:
    """What the sweep says, the run's own directory, and where samples that it shares with others lie already."""
    takes = run.notebook.defaults
    given = {**run.given} | ({"out": str(group.root / run.id)} if "out" in takes else {})
    given |= {"progress": False} if "progress" in takes else {}
    if "reuse" in takes:
        done = [group.root / id for id in group.kin[run.id] if read_state(group.root / id).state == "done"]
        given["reuse"] = [*listed(run.parameters["reuse"]), *map(str, done)]
    return given


def _said(problem: object) -> str:
    """One line of an error, whoever wrote a part of it."""
    return markup.shortened(" ".join(str(problem).split()), 500)
