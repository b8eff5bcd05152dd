"""`sweep`: check everything, say what it takes, freeze it, then execute what is not done yet."""

from __future__ import annotations

import fnmatch
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from promptlab import given, tables
from promptlab.errors import InputError
from promptlab.executing import count_samples
from promptlab.experiment.designing import RECORDS
from promptlab.store.locking import lock
from promptlab.sweeps.checking import check
from promptlab.sweeps.display import told
from promptlab.sweeps.executors import interrupted_once
from promptlab.sweeps.expanding import Planned, expand
from promptlab.sweeps.freezing import freeze, register
from promptlab.sweeps.predicting import predicted
from promptlab.sweeps.reading import read_sweep
from promptlab.sweeps.scheduling import Cluster, execute_all
from promptlab.sweeps.states import LOCKS, State, now, read_state, write_state, writing

if TYPE_CHECKING:
    import pandas as pd

RUNS = "runs"


@dataclass(frozen=True)
class Swept:
    """What became of a sweep: its directory, what is frozen there, and the state of each run that was asked for."""

    root: Path
    frozen: str
    states: tuple[State, ...]

    @property
    def unfinished(self) -> list[State]:
        return [state for state in self.states if state.state != "done"]

    @property
    def table(self) -> pd.DataFrame:
        """A row a run: state, the cell that failed and its error, seconds."""
        import pandas as pd

        rows = [(state.id, state.state, state.cell, state.error, state.seconds) for state in self.states]
        return pd.DataFrame(rows, columns=["run", "state", "cell", "error", "seconds"], dtype=object)

    @property
    def summary(self) -> str:
        """The table, a line for each run that is not done, and what is frozen."""
        short = tables.markdown(self.table.drop(columns="error"))
        return "\n".join([short, "", *(f"- {told(state)}" for state in self.unfinished), f"{self.root}: {self.frozen}"])


def _print(text: str) -> None:
    with writing("standard output"):
        print(text, flush=True)  # what a full disk does not take is said now, not at the end of the process


def sweep(
    file: str | Path,
    *,
    out: str | Path | None = None,
    jobs: int | None = None,
    dask: str | None = None,
    only: str = "*",
    retry_failed: bool = False,
    fresh: bool = False,
    dry_run: bool = False,
    progress: bool = True,
    say: Callable[[str], None] = _print,
) -> Swept | None:
    """Run the notebooks that a sweep file describes; the same call again goes on where the last one stopped.

    A run that is done is skipped as long as its parameters and its notebook's source are the same. One that was
    stopped goes on from its records. One that failed stays as it is, its notebook up to the failed cell kept.

    Parameters
    ----------
    file
        See `Sweep` for what it says.
    out
        The sweep's directory, by default ``runs/NAME``; each run has ``out/ID`` with the executed notebook, its page,
        its kernel's log, its records and figures.
    jobs
        Groups of runs that are worked on at the same time, instead of the file's own.
    dask
        The address of a Dask scheduler whose workers do it.
    only
        A pattern of ids: ``*-worked-*``.
    retry_failed
        Run those that failed again; they go on from their records.
    fresh
        Begin anew; what is there is moved aside, into a directory whose name says when.
    dry_run
        Stop after the checks and the table.
    progress, say
        Whether a bar is shown, and what is done with tables.

    Raises
    ------
    InputError
        Something does not fit: all of it at once, before anything is paid for.
    StoreError
        Another sweep works in this directory.
    """
    asked, near = read_sweep(file), given.on_disk("the sweep's file", file).parent
    root = given.to_write("out of sweep", out or Path(RUNS, asked.name)).absolute()
    jobs = given.whole("jobs of sweep", asked.jobs if jobs is None else jobs, 1)
    runs = expand(asked, near)
    chosen = _chosen(runs, only)
    speeds = asked.tokens_per_second
    named = speeds if isinstance(speeds, Mapping) else ()
    cells = check(runs, root, chosen, speeds=named, shown=progress)
    states = {run.id: "to do" if fresh else _known(run, root).state.replace("waiting", "to do") for run in chosen}
    stored = {id: count_samples(root / id / RECORDS)[0] for id, state in states.items() if state != "to do"}
    table = predicted(chosen, cells, states, speeds, stored, retry_failed=retry_failed)
    say(f"{asked.about}\n\n{tables.markdown(table)}\n")
    if dry_run:
        return None
    with interrupted_once(), closing(_locked(root)):
        with writing(root):
            if fresh:
                _set_aside(root, chosen, everything=len(chosen) == len(runs))
            registered = {run.id: run for run in register(runs, root)}
            frozen = freeze(asked, runs, root)
            todo = [registered[run.id] for run in chosen if _is_due(run, root, retry_failed)]
        try:
            execute_all(todo, chosen, list(registered.values()), root, Cluster(jobs, dask), frozen, shown=progress)
        finally:
            swept = Swept(root, frozen, tuple(_known(run, root) for run in chosen))
            say(swept.summary)
    return swept


def _locked(root: Path) -> sqlite3.Connection:
    with writing(root / LOCKS[0]):
        root.mkdir(parents=True, exist_ok=True)
        return lock(root)


def _chosen(runs: Sequence[Planned], only: str) -> list[Planned]:
    chosen = [run for run in runs if fnmatch.fnmatchcase(run.id, only)]
    if not chosen:
        raise InputError(f"only={only!r} fits no run of this sweep; its runs: {', '.join(run.id for run in runs)}")
    return chosen


def _known(run: Planned, root: Path) -> State:
    """What is known of this very run; one that a killed process has left is interrupted."""
    state = read_state(root / run.id, run.hash)
    return replace(state, state="interrupted") if state.state == "running" else state


def _is_due(run: Planned, root: Path, retry_failed: bool) -> bool:
    state = _known(run, root).state
    if state == "failed" and retry_failed:
        write_state(root / run.id, State(run.id))
        return True
    return state not in ("done", "failed")


def _set_aside(root: Path, chosen: Sequence[Planned], *, everything: bool) -> None:
    """Nothing is deleted: records were paid for."""
    names = [run.id for run in chosen]
    old = [path for path in root.iterdir() if path.name not in LOCKS and (everything or path.name in names)]
    aside = root.with_name(f"{root.name}.before-{now().replace(':', '')[:17]}")
    for path in old:
        aside.mkdir(exist_ok=True)
        path.rename(aside / path.name)
