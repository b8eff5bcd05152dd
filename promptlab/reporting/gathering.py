"""What a report is about: a sweep, the `out` of a notebook, an experiment's records, or single runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab import given
from promptlab.errors import InputError, PromptlabError
from promptlab.experiment.designing import RECORDS
from promptlab.records import Run, load_run
from promptlab.registering import Registration
from promptlab.store.manifest import NAME
from promptlab.sweeps import State, read_frozen, read_state
from promptlab.sweeps.freezing import DESIGN
from promptlab.sweeps.freezing import FILE as FROZEN
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Part:
    """Runs that are judged together: one experiment, or one run of a sweep.

    Attributes
    ----------
    frames
        The samples of each run, without their texts.
    parameters
        Of the notebook, in a sweep.
    problem
        What could not be read, if so.
    """

    title: str
    runs: tuple[Run, ...] = ()
    frames: tuple[pd.DataFrame, ...] = ()
    registration: Registration | None = None
    state: State | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True)
class Gathered:
    """Parts, and what a sweep says of itself: a title, and (term, text) to stand at the top."""

    title: str
    parts: tuple[Part, ...]
    about: tuple[tuple[str, str], ...] = ()


def gather(paths: Sequence[str | Path], registration: Registration | None) -> Gathered:
    """Everything that lies in these places; runs that are named one by one are judged together.

    Raises
    ------
    InputError
        A place holds no run, a frozen file was changed.
    """
    found = [_gather_one(path) for path in paths]
    alone = [one for one in found if isinstance(one, Run)]
    groups = [one for one in found if isinstance(one, Gathered)]
    parts = [part for group in groups for part in group.parts]
    if alone:
        parts.append(Part(", ".join(run.model for run in alone), tuple(alone), tuple(map(_frame, alone))))
    if registration is not None:
        if len(parts) > 1:
            raise InputError(f"registration of report: one design, but {counted(len(parts), 'experiment')} to judge")
        parts = [replace(part, registration=registration) for part in parts]
    title = ", ".join([*(group.title for group in groups), *(run.model for run in alone)])
    return Gathered(title, tuple(parts), tuple(line for group in groups for line in group.about))


def _gather_one(path: str | Path) -> Run | Gathered:
    folder = given.on_disk("path of report", path)
    if str(path).startswith("recorded:") or not folder.is_dir() or (folder / NAME).exists():
        return load_run(path)
    if (folder / FROZEN).exists():
        return _sweep(folder)
    part = _experiment(folder, folder.resolve().name)
    if not part.runs:
        why = part.problem or f"no {NAME} in it, nor below it, and no {FROZEN}"
        raise InputError(f"report: {path} holds no run that can be read: {why}")
    return Gathered(part.title, (part,))


def _sweep(root: Path) -> Gathered:
    entries = read_frozen(root)
    sweep = entries[-1]["sweep"]
    parts = tuple(_run_of_sweep(root / id, entry) for id, entry in sweep["runs"].items())
    frozen = [f"{entry['frozen']}, hash {entry['hash'][:8]}" for entry in entries]
    changed = f"; it was changed {counted(len(entries) - 1, 'time')} since {frozen[0]}" if len(entries) > 1 else ""
    about = [("Question", sweep["about"]), ("Analysis", sweep["analysis"]), ("Frozen", frozen[-1] + changed)]
    return Gathered(sweep["name"], parts, tuple((term, str(text)) for term, text in about if text))


def _run_of_sweep(folder: Path, entry: Mapping[str, Any]) -> Part:
    part, state = _experiment(folder, folder.name), read_state(folder, entry["hash"])
    return replace(part, state=state, parameters=entry["parameters"])


def _experiment(folder: Path, title: str) -> Part:
    """Records in ``runs/`` as notebooks put them, or right here; what cannot be read is said in the report."""
    places = sorted(folder.glob(f"{RECORDS}/*/{NAME}")) or sorted(folder.glob(f"*/{NAME}"))
    problems: list[str] = []
    read: list[tuple[Run, pd.DataFrame]] = []
    for place in places:
        with _noting(problems):
            run = load_run(place.parent)
            read.append((run, _frame(run)))
    registration = None
    with _noting(problems):
        registration = Registration.read(folder / DESIGN) if (folder / DESIGN).exists() else None
    runs, frames = zip(*read, strict=True) if read else ((), ())
    return Part(title, runs, frames, registration, problem="; ".join(problems))


def _frame(run: Run) -> pd.DataFrame:
    return run.to_frame(completion=False, reasoning=False)


@contextmanager
def _noting(problems: list[str]) -> Iterator[None]:
    try:
        yield
    except PromptlabError as problem:
        problems.append(str(problem))
