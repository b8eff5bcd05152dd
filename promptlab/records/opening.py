"""`load_run`: a directory, a Parquet file, or a run that ships with promptlab."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptlab import given
from promptlab.assets import list_assets
from promptlab.errors import InputError, unknown
from promptlab.records.view import Run
from promptlab.store import Store, read_manifest

_SHIPPED = "recorded:"


def load_run(path: str | Path, *, grader: str | None = None) -> Run:
    """Open the records of a run.

    Parameters
    ----------
    path
        The run's directory, a file of `Run.to_parquet`, or the text ``recorded:NAME`` for a run that ships with
        promptlab (`recorded_runs` lists them); a `Path` is always a place on disk.
    grader
        The name of a grader whose grades to show (see `Run.regrade`); by default the run's own.

    Raises
    ------
    InputError
        There is no run, no recorded run of that name, no grade of that grader, or no pyarrow.
    StoreError
        The run's files are damaged, cannot be read, or are of a newer promptlab.

    Examples
    --------
    >>> len(load_run("recorded:r1").questions)
    400
    """
    named = isinstance(path, str) and path.startswith(_SHIPPED)
    place = _shipped(str(path)) if named else given.on_disk("path of load_run", path)
    if os.path.isfile(place):
        from promptlab.records.files import open_file

        return open_file(place, grader)
    return _open_folder(place, grader)


def recorded_runs() -> list[str]:
    """Names of the runs that ship with promptlab, as `load_run` takes them: ``recorded:NAME``."""
    return [f"{_SHIPPED}{name}" for name in list_assets("data/recorded", ".parquet")]


def _shipped(name: str) -> Path:
    files = list_assets("data/recorded", ".parquet")
    wanted = name.removeprefix(_SHIPPED)
    if wanted not in files:
        raise unknown("recorded run", name, recorded_runs() or ["none, this installation ships no recorded runs"])
    return files[wanted]


def manifest_of(folder: Path, wanted_by: str) -> Mapping[str, Any]:
    """The manifest of a run directory.

    Raises
    ------
    InputError
        There is none.
    StoreError
        It is damaged, or cannot be read.
    """
    found = read_manifest(folder)
    if found is None:
        why = "manifest.json is missing" if os.path.isdir(folder) else "there is no such file or folder"
        raise InputError(f"{wanted_by}: {folder} holds no run ({why})")
    return found


def _open_folder(folder: Path, grader: str | None) -> Run:
    manifest = manifest_of(folder, "load_run")
    with Store(folder) as store:
        run = Run(folder, manifest, (manifest["grader"]["name"], manifest["grader"]["version"]))
        return run if grader is None else replace(run, grader=_stored_grader(store, grader))


def _stored_grader(store: Store, name: str) -> tuple[str, str]:
    """The grader of that name; of several versions the one that graded last."""
    query = "SELECT grader, version FROM grades GROUP BY grader, version ORDER BY max(rowid)"
    versions = dict(store.rows(query))
    if name not in versions:
        raise unknown("grader of this run", name, versions)
    return name, versions[name]
