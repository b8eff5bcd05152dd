"""Flags and notes that people put on samples: one small JSON file with the run, and two columns of its frame."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from promptlab.assets import list_assets
from promptlab.errors import InputError, StoreError

if TYPE_CHECKING:
    import pandas as pd

PLACE = ("condition", "question", "replicate", "sample")  # of a sample in its run: files may lack keys
Place = tuple[str, str, int, int]


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
        return {}
    except (OSError, ValueError, TypeError, KeyError) as problem:
        raise StoreError(f"{file} is damaged or cannot be read ({problem}): mend it or take it away") from None


def put_flag(run: Path, place: Place, flag: Flag) -> None:
    """Keep what is said of a sample; an empty flag takes it back. After a crash the old or the new file is there.

    Raises
    ------
    InputError
        The run ships with promptlab.
    StoreError
        The file cannot be written.
    """
    if run in list_assets("data/recorded", ".parquet").values():
        raise InputError("this run ships with promptlab: flag samples of a copy of your own (run.to_parquet(...))")
    known = {**flags_of(run), place: flag}
    entries = [dict(zip(PLACE, at, strict=True)) | vars(said) for at, said in known.items() if said != Flag()]
    file = _file(run)
    new = file.with_name(f"{file.name}.new")
    try:
        new.write_text(json.dumps(entries, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        os.replace(new, file)
    except OSError as problem:
        raise StoreError(f"{file} cannot be written: {problem.strerror or problem}") from None


def with_flags(frame: pd.DataFrame, run: Path) -> pd.DataFrame:
    """The frame with the columns ``flag`` and ``note`` at its end, where anything has been said."""
    known = flags_of(run)
    if not known:
        return frame
    said = [known.get(place, Flag()) for place in zip(*(frame[name] for name in PLACE), strict=True)]
    return frame.assign(flag=[each.flag for each in said], note=[each.note for each in said])


def _file(run: Path) -> Path:
    return run.with_suffix(".flags.json") if run.is_file() else run / "flags.json"


def _place(entry: Mapping[str, Any]) -> Place:
    return str(entry["condition"]), str(entry["question"]), int(entry["replicate"]), int(entry["sample"])
