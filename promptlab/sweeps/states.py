"""How far a run of a sweep is: one small file in its directory, replaced as a whole."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from promptlab.errors import StoreError
from promptlab.store.locking import lock

FILE = "status.json"


@dataclass(frozen=True)
class State:
    """What became of one run; `hash` says of which parameters and notebook source."""

    id: str
    state: Literal["waiting", "running", "interrupted", "failed", "done"] = "waiting"
    hash: str = ""
    started: str = ""
    ended: str = ""
    seconds: float | None = None
    cell: int | None = None
    error: str = ""


def read_state(folder: Path, hash: str | None = None) -> State:
    """The state of a run's directory; waiting where there is none that can be read, or one of another hash."""
    try:
        state = State(**json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return State(folder.name)
    return state if hash in (None, state.hash) else State(folder.name)


def write_state(folder: Path, state: State) -> None:
    """Replace the file as a whole: after a crash the old or the new one is there, never a half."""
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / FILE, json.dumps(asdict(state), indent=2) + "\n")


def replace_file(file: Path, text: str) -> None:
    new = file.with_name(f"{file.name}.new")
    with new.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(new, file)


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Nobody else works in the directory while the block runs.

    It waits as long as somebody does: a worker that outlives a killed sweep goes on to the end of its run.
    """
    while True:
        try:
            connection = lock(folder)
            break
        except StoreError:
            time.sleep(0.5)
    try:
        yield
    finally:
        connection.close()
