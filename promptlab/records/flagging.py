"""Flags and notes that people put on samples: one small JSON file with the run, and two columns of its frame."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from promptlab.assets import list_assets
from promptlab.errors import InputError, StoreError

if TYPE_CHECKING:
    import pandas as pd

PLACE = ("condition", "question", "replicate", "sample")  # of a sample in its run: files may lack keys
COLUMNS = ("flag", "flag_note")  # a condition's `note` is another thing
Place = tuple[str, str, int, int]

_PATIENCE = 2.0  # seconds: writing takes milliseconds, so that whoever takes longer has been killed at it


@dataclass(frozen=True)
class Flag:
    """What somebody said of one sample."""

    flag: bool = False
    note: str = ""


def flags_of(run: Path) -> dict[Place, Flag]:
    """Flags and notes by the samples' places; {} where there are none."""
    file = _file(run)
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        return {_place(entry): Flag(bool(entry["flag"]), str(entry["note"])) for entry in entries}
    except FileNotFoundError:
        return _inside(run) if run.is_file() else {}
    except (OSError, ValueError, TypeError, KeyError) as problem:
        raise StoreError(f"{file} is damaged or cannot be read ({problem}): mend it or take it away") from None


def _inside(file: Path) -> dict[Place, Flag]:
    """What a Parquet file was written with; it holds until something is said anew."""
    from pyarrow import parquet

    from promptlab.records.parquet import explained, read

    with explained(file):
        if not set(COLUMNS) <= set(parquet.read_schema(file).names):
            return {}
    frame = read(file, only=[*PLACE, *COLUMNS])
    said = frame[frame["flag"] | (frame["flag_note"] != "")]
    rows = (dict(zip(said, row, strict=True)) for row in said.itertuples(index=False))
    return {_place(row): Flag(bool(row["flag"]), str(row["flag_note"])) for row in rows}


def stamp_of(run: Path) -> object:
    """Another one whenever the flags may have changed."""
    try:
        found = _file(run).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size


def change_flag(run: Path, place: Place, **parts: Any) -> Flag:
    """Change the flag, the note, or both of one sample; what is not named stays as it now is on disk.

    An empty flag takes it back. After a crash the old or the new file is there.

    Raises
    ------
    InputError
        The run ships with promptlab.
    StoreError
        The file cannot be written.
    """
    if run in list_assets("data/recorded", ".parquet").values():
        raise InputError("this run ships with promptlab: flag samples of a copy of your own (run.to_parquet(...))")
    with _rewritten(_file(run)) as file:
        known = flags_of(run)
        known[place] = replace(known.get(place, Flag()), **parts)
        entries = [dict(zip(PLACE, at, strict=True)) | vars(said) for at, said in known.items() if said != Flag()]
        file.write(json.dumps(entries, ensure_ascii=False, indent=1) + "\n")
    return known[place]


@contextmanager
def _rewritten(file: Path) -> Iterator[IO[str]]:
    """A new file, in the end in the old one's place. One writer at a time: two would erase each other's words."""
    new = file.with_name(f"{file.name}.new")
    try:
        opened = _alone(new)
        try:
            with opened:
                yield opened
            os.replace(new, file)
        except BaseException:
            new.unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise StoreError(f"{file} cannot be written: {problem.strerror or problem}") from None


def _alone(new: Path) -> IO[str]:
    """Opened as soon as nobody else has it open; what a killed process has left is taken away."""
    patient = time.monotonic() + _PATIENCE
    while time.monotonic() < patient:
        try:
            return new.open("x", encoding="utf-8")
        except FileExistsError:
            time.sleep(0.01)
    new.unlink(missing_ok=True)
    return new.open("x", encoding="utf-8")


def with_flags(frame: pd.DataFrame, run: Path) -> pd.DataFrame:
    """The frame with the columns ``flag`` and ``flag_note`` at its end, where anything has been said."""
    known, frame = flags_of(run), frame.drop(columns=list(COLUMNS), errors="ignore")
    if not known:
        return frame
    said = [known.get(place, Flag()) for place in zip(*(frame[name] for name in PLACE), strict=True)]
    return frame.assign(flag=[each.flag for each in said], flag_note=[each.note for each in said])


def _file(run: Path) -> Path:
    return run.with_suffix(".flags.json") if run.is_file() else run / "flags.json"


def _place(entry: Mapping[Any, Any]) -> Place:
    return str(entry["condition"]), str(entry["question"]), int(entry["replicate"]), int(entry["sample"])
