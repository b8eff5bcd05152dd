"""`load_run`: a directory, a Parquet file, or a run that ships with promptlab."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from promptlab.assets import list_assets
from promptlab.errors import StoreError, unknown
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
    StoreError
        There is no run, or its files are damaged or of a newer promptlab.
    InputError
        No grades of that grader are stored, no recorded run has that name, or pyarrow is missing.

    Examples
    --------
    >>> len(load_run("recorded:r1").questions)
    400
    """
    named = isinstance(path, str) and path.startswith(_SHIPPED)
    place = _shipped(str(path)) if named else Path(path)
    if place.is_file() or (place.suffix == ".parquet" and not place.is_dir()):
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


def _open_folder(folder: Path, grader: str | None) -> Run:
    manifest = read_manifest(folder)
    with Store(folder) as store:
        if manifest is None:
            raise StoreError(f"{folder} holds no run (manifest.json is missing)")
        run = Run(folder, manifest, (manifest["grader"]["name"], manifest["grader"]["version"]))
        return run if grader is None else replace(run, grader=_stored_grader(store, grader))


def _stored_grader(store: Store, name: str) -> tuple[str, str]:
    """The grader of that name; of several versions the one that graded last."""
    query = "SELECT grader, version FROM grades GROUP BY grader, version ORDER BY max(rowid)"
    versions = dict(store.rows(query))
    if name not in versions:
        raise unknown("grader of this run", name, versions)
    return name, versions[name]
