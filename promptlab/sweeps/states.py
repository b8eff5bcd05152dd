"""How far a run of a sweep is: one small file in its directory, replaced as a whole."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from promptlab.errors import StoreError
from promptlab.store.locking import lock

FILE = "status.json"
LOCKS = ("lock.sqlite", "lock.sqlite-journal")


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
    try:
        with new.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(new, file)
    except OSError as problem:
        with suppress(OSError):
            new.unlink(missing_ok=True)  # a half is of no use, and takes room where there is none
        raise _unwritten(file, problem) from None


@contextmanager
def writing(what: Path | str) -> Iterator[None]:
    """What the block cannot write, on a full disk say, is one `StoreError` that names it."""
    try:
        yield
    except BrokenPipeError:  # whoever reads along has seen enough
        raise
    except (OSError, sqlite3.Error) as problem:
        raise _unwritten(getattr(problem, "filename", None) or what, problem) from None


def _unwritten(what: Path | str, problem: OSError | sqlite3.Error) -> StoreError:
    why = getattr(problem, "strerror", None) or problem
    kept = "what was done is kept: once it can be, the same command goes on"
    return StoreError(f"{what} cannot be written ({why}); {kept}")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Nobody else works in the directory while the block runs.

    It waits as long as somebody does: a worker that outlives a killed sweep goes on to the end of its run.
    """
    with writing(folder / LOCKS[0]):
        connection = _lock_when_free(folder)
    with closing(connection):
        yield


def _lock_when_free(folder: Path) -> sqlite3.Connection:
    while True:
        try:
            return lock(folder)
        except StoreError:
            time.sleep(0.5)
