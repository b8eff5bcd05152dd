"""The SQLite file of a run: one writer, any number of readers, a sample and its grade in one transaction."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from promptlab.errors import StoreError
from promptlab.store.locking import lock
from promptlab.store.rows import (
    Record,
    Sample,
    as_json,
    grade_of,
    grade_rows,
    prompt_of,
    prompt_row,
    question_of,
    question_row,
    sample_of,
    sample_row,
)
from promptlab.store.schema import (
    GRADE_COLUMNS,
    PROMPT_COLUMNS,
    QUESTION_COLUMNS,
    SAMPLE_COLUMNS,
    TABLES,
    VERSION,
    insert,
)
from promptlab.types import Grade, Prompt, Question

FILE = "samples.sqlite"
_CHUNK = 500  # keys in one query: old SQLite allows 999 parameters


class Store:
    """The records in one directory. Use it as a context manager: closing frees the writer's lock.

    Parameters
    ----------
    folder
        The run's directory. A writer creates it; for a reader it must hold a run.
    write
        Take the writer's lock. Reading never blocks a writer and is never blocked by one.

    Raises
    ------
    StoreError
        Another process writes here, the directory or the disk refuses, the file is damaged or of a newer promptlab.
    """

    def __init__(self, folder: Path, *, write: bool = False) -> None:
        self.folder = folder
        self._lock: sqlite3.Connection | None = None
        self._busy = threading.Lock()  # close() waits for a commit in a worker thread
        self._known: set[str] = set()  # hashes of prompts that are stored already
        try:
            with self._explained():
                self._db = self._open_to_write() if write else _open_to_read(folder / FILE)
                self._check_version()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with self._busy:
            for connection in (getattr(self, "_db", None), self._lock):
                if connection:
                    connection.close()

    def _open_to_write(self) -> sqlite3.Connection:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = lock(self.folder)
        db = sqlite3.connect(self.folder / FILE, timeout=30, isolation_level=None, check_same_thread=False)
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # a committed sample survives a power cut
        if db.execute("PRAGMA user_version").fetchone()[0] == 0:
            db.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
        return db

    def _check_version(self) -> None:
        found = self._db.execute("PRAGMA user_version").fetchone()[0]
        if found > VERSION:
            raise StoreError(
                f"{self.folder} was written by a newer promptlab (schema {found}, here {VERSION}): upgrade"
            )
        if found < 1:
            raise StoreError(f"{self.folder / FILE} is not the record of a run (it has no schema version)")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Every failure of the file is one StoreError of one line."""
        try:
            yield
        except (sqlite3.Error, OSError) as problem:
            raise StoreError(
                f"{self.folder}: {_reason(problem, self.folder)}; samples committed before are kept"
            ) from problem

    # -- writing ---------------------------------------------------------------------------------------------------

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._busy, self._explained():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # a full disk has rolled back by itself
                    self._db.execute("ROLLBACK")
                raise

    def add_design(self, questions: Iterable[Question], conditions: Mapping[str, Mapping[str, Any]]) -> None:
        """Add the questions and the conditions' factors that are not there yet."""
        with self._transaction() as db:
            db.executemany(insert("questions", QUESTION_COLUMNS, "IGNORE"), map(question_row, questions))
            rows = [(name, as_json(dict(factors))) for name, factors in conditions.items()]
            db.executemany(insert("conditions", ("name", "factors"), "IGNORE"), rows)

    def commit(self, records: Sequence[Record], grader: tuple[str, str]) -> None:
        """Store samples, prompts, grades and features in one transaction; a sample that is there is replaced.

        Parameters
        ----------
        records
            What to store, all or nothing.
        grader
            Name and version of what made the grades.
        """
        now = time.time()
        fresh = {r.sample.prompt: r.prompt for r in records if r.sample.prompt not in self._known}
        prompts = [prompt_row(hash, prompt) for hash, prompt in fresh.items()]
        with self._transaction() as db:
            db.executemany(insert("prompts", PROMPT_COLUMNS, "IGNORE"), prompts)
            db.executemany("DELETE FROM grades WHERE key = ?", [(r.sample.key,) for r in records])  # of a failed sample
            db.executemany(insert("samples", SAMPLE_COLUMNS, "REPLACE"), [sample_row(r.sample, now) for r in records])
            db.executemany(insert("grades", GRADE_COLUMNS, "REPLACE"), grade_rows(records, grader))
        self._known.update(fresh)

    def add_grades(self, records: Sequence[Record], grader: tuple[str, str]) -> None:
        """Store grades and features of samples that are stored already."""
        with self._transaction() as db:
            db.executemany(insert("grades", GRADE_COLUMNS, "REPLACE"), grade_rows(records, grader))

    # -- reading ---------------------------------------------------------------------------------------------------

    def count(self) -> int:
        """Stored samples, failures of the infrastructure not counted: these are tried again."""
        return int(next(self.rows("SELECT count(*) FROM samples WHERE ending != 'error'"))[0])

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, fetched as they are used."""
        with self._explained():
            cursor = self._db.execute(query, parameters)
            while chunk := cursor.fetchmany(1_000):
                yield from chunk

    def questions(self) -> Iterator[Question]:
        """In the order in which they were added."""
        query = f"SELECT {', '.join(QUESTION_COLUMNS)} FROM questions ORDER BY rowid"
        return map(question_of, self.rows(query))

    def conditions(self) -> dict[str, dict[str, Any]]:
        """The conditions' factors, in the order in which they were added."""
        return {name: json.loads(factors) for name, factors in self.rows("SELECT * FROM conditions ORDER BY rowid")}

    def places(self) -> Iterator[tuple[Any, ...]]:
        """(key, condition, question, prompt, replicate, sample, ending) of every sample."""
        return self.rows("SELECT key, condition, question, prompt, replicate, sample, ending FROM samples")

    def samples(self, keys: Sequence[str]) -> Iterator[Sample]:
        """Those of the keys that are stored."""
        for start in range(0, len(keys), _CHUNK):
            some = keys[start : start + _CHUNK]
            query = f"SELECT {', '.join(SAMPLE_COLUMNS)} FROM samples WHERE key IN ({', '.join('?' * len(some))})"
            yield from map(sample_of, self.rows(query, some))

    def ungraded(self, grader: tuple[str, str]) -> list[str]:
        """Keys of the samples that have no grade by this grader."""
        graded = "SELECT 1 FROM grades WHERE grades.key = samples.key AND grader = ? AND version = ?"
        query = f"SELECT key FROM samples WHERE NOT EXISTS ({graded})"
        return [key for (key,) in self.rows(query, grader)]

    def grade(self, key: str, grader: tuple[str, str]) -> Grade | None:
        """The grade of one sample; None where this grader has not seen it."""
        columns = "score, answer, answered, format_ok, why"
        query = f"SELECT {columns} FROM grades WHERE key = ? AND grader = ? AND version = ?"
        return next(map(grade_of, self.rows(query, (key, *grader))), None)

    def prompt(self, hash: str) -> Prompt:
        return prompt_of(
            next(self.rows("SELECT messages, text, prefill, exemplars FROM prompts WHERE hash = ?", [hash]))
        )


def _open_to_read(file: Path) -> sqlite3.Connection:
    if not file.is_file():
        raise StoreError(f"{file.parent} holds no run ({file.name} is missing)")
    address = file.resolve().as_uri()
    # Not mode=ro: only a connection that might write takes the WAL's two files away when it is the last to close.
    db = sqlite3.connect(f"{address}?mode=rw", uri=True, timeout=30, check_same_thread=False)
    try:
        db.execute("PRAGMA query_only = ON")
        db.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        db.close()
        log = file.with_name(f"{FILE}-wal")
        if log.exists() and log.stat().st_size:
            raise
        # In a read-only directory SQLite cannot make the WAL's index; without a WAL nobody is writing.
        db = sqlite3.connect(f"{address}?immutable=1", uri=True, check_same_thread=False)
    return db


def _reason(problem: sqlite3.Error | OSError, folder: Path) -> str:
    if isinstance(problem, OSError):
        return problem.strerror or str(problem)
    if "malformed" in str(problem) or "not a database" in str(problem):
        return f"{FILE} is damaged ({problem}): restore it, or start again in another path"
    full = ": the disk is full" if "disk I/O" in str(problem) and _is_full(folder) else ""  # met by the WAL's index
    return f"the records cannot be read or written ({problem}{full})"


def _is_full(folder: Path) -> bool:
    return folder.exists() and shutil.disk_usage(folder).free < 2**20
