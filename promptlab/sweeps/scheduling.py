"""Which runs go together, in which order, and what happens when a worker dies."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptlab.errors import PromptlabError
from promptlab.sweeps.display import ENDED, display
from promptlab.sweeps.executors import Workers, executor
from promptlab.sweeps.expanding import Planned
from promptlab.sweeps.states import State, now, read_state, write_state
from promptlab.sweeps.working import Group, work
from promptlab.types import digest

_LOOK = 0.5  # seconds between two looks at the runs
_ROUNDS = 3  # so often workers may die over the same runs


@dataclass(frozen=True)
class Cluster:
    """How many groups at a time, and where: in local processes, or on the workers of a Dask scheduler."""

    jobs: int
    dask: str | None


@dataclass(frozen=True)
class Task:
    """A group, and the groups that begin when it has ended."""

    group: Group
    then: tuple[Group, ...] = ()


def execute_all(
    todo: Sequence[Planned],
    asked: Sequence[Planned],
    runs: Sequence[Planned],
    root: Path,
    cluster: Cluster,
    said: str,
    *,
    shown: bool,
) -> None:
    """Execute runs of a sweep; those whose worker died (or broke) are tried again, then count as failed.

    Of all `runs`, which may share samples, those that are `asked` for are shown, and those `todo` are not done yet.
    """
    kin = _kin(runs)
    with display(asked, root, said, shown=shown) as seen:
        for _ in range(_ROUNDS):
            due = [run for run in todo if not _has_ended(run, root)]
            if not due:
                return
            with executor(cluster.jobs, cluster.dask) as workers:
                lost = _round(workers, _tasks(due, kin, root, workers.at_a_time), root, seen.look)
        for run in todo:
            if not _has_ended(run, root):
                error = f"its worker failed {_ROUNDS} times: {lost}"
                write_state(root / run.id, State(run.id, "failed", run.hash, ended=now(), error=error))


def _has_ended(run: Planned, root: Path) -> bool:
    return read_state(root / run.id, run.hash).state in ENDED


def _round(workers: Workers, tasks: Sequence[Task], root: Path, look: Callable[[], None]) -> str:
    """Until nothing is left; returns why work was lost, if it was.

    A group is handed out when a worker is free: what a pool holds in advance is begun even after Ctrl-C.
    """
    due, lost = deque(tasks), ""
    waiting: dict[Future[list[State]], Task] = {}
    while due or waiting:
        with suppress(BrokenExecutor):  # by another task, which says so; the next round takes what is left
            while due and len(waiting) < workers.at_a_time:
                future = workers.pool.submit(work, due[0].group, workers.stopped)
                waiting[future] = due.popleft()
        if not waiting:
            break
        ended, _ = wait(waiting, timeout=_LOOK, return_when=FIRST_COMPLETED)
        for future in ended:
            task = waiting.pop(future)
            if why := _settle(future, root):
                lost = why
            else:
                due.extendleft(map(Task, reversed(task.then)))
        look()
    return lost


def _settle(future: Future[list[State]], root: Path) -> str:
    """Note what became of a group; returns why its work was lost, if it was."""
    problem = future.exception()
    if isinstance(problem, PromptlabError | OSError | sqlite3.Error | KeyboardInterrupt):
        raise problem  # a full disk, say: no other run would fare better
    if problem:
        return f"{type(problem).__name__}: {problem}"
    for state in future.result():
        _note(root, state)
    return ""


def _note(root: Path, state: State) -> None:
    """A worker with a disk of its own has written it there alone."""
    if read_state(root / state.id) != state:
        write_state(root / state.id, state)


def _tasks(runs: Sequence[Planned], kin: Mapping[str, tuple[str, ...]], root: Path, at_a_time: int) -> list[Task]:
    """Runs of the same models are one group; with workers to spare it is split behind its first run.

    The others begin when that one has ended, so that what it shares with them is there to be copied.
    """
    groups: dict[Any, list[Planned]] = {}
    for run in runs:
        groups.setdefault(frozenset(run.models) or run.id, []).append(run)
    parts = max(1, at_a_time // len(groups))
    return [_task(group, parts, lambda some: Group(tuple(some), kin, root, Path.cwd())) for group in groups.values()]


def _task(runs: list[Planned], parts: int, group: Callable[[Sequence[Planned]], Group]) -> Task:
    if parts == 1 or len(runs) < 3:
        return Task(group(runs))
    first, *others = runs
    n, parts = len(others), min(parts, len(others))
    return Task(group([first]), tuple(group(others[i * n // parts : (i + 1) * n // parts]) for i in range(parts)))


def _kin(runs: Sequence[Planned]) -> dict[str, tuple[str, ...]]:
    """For each run those with the same sampling that share a model, and have no other model of the same name."""
    alike: dict[str, list[Planned]] = {}
    for run in runs:
        alike.setdefault(digest([run.design.get("sampling"), run.design.get("models")]), []).append(run)
    kin: dict[str, tuple[str, ...]] = {}
    for same in alike.values():
        found = tuple(run.id for others in alike.values() if _akin(same[0], others[0]) for run in others)
        kin |= dict.fromkeys((run.id for run in same), found)
    return kin


def _akin(one: Planned, other: Planned) -> bool:
    ours, theirs = one.design.get("models", {}), other.design.get("models", {})
    shared = ours.keys() & theirs.keys()
    same = all(ours[name] == theirs[name] for name in shared)
    return bool(shared) and same and one.design["sampling"] == other.design["sampling"]
