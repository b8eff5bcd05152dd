"""One writer a run, held by a lock that dies with its process, also after ``kill -9``."""

from __future__ import annotations

import os
import sqlite3
import time
from pathlib import Path

from promptlab.errors import StoreError


def lock(folder: Path) -> sqlite3.Connection:
    """Take the writer's lock of a run directory; closing the connection (or the end of the process) frees it.

    The lock is an open write transaction of a second, tiny SQLite file: the same on Linux, macOS and Windows, and
    others can still read in it who holds it. Readers of the run never touch this file.
    """
    file = folder / "lock.sqlite"
    connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("PRAGMA busy_timeout = 5000")  # for the commit: one who was refused may be reading the name
        connection.execute("CREATE TABLE IF NOT EXISTS holder (process INTEGER, since TEXT)")
        connection.execute("DELETE FROM holder")
        connection.execute("INSERT INTO holder VALUES (?, ?)", (os.getpid(), time.strftime("%Y-%m-%d %H:%M:%S")))
        connection.execute("COMMIT")
        connection.execute("PRAGMA busy_timeout = 0")
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as problem:
        connection.close()
        if "locked" not in str(problem):
            raise
        raise StoreError(
            f"{folder} is being written by {_holder(file)}: wait until it ends or stop it, or use another path"
        ) from None
    return connection


def _holder(file: Path) -> str:
    try:
        connection = sqlite3.connect(file, timeout=1)
        try:
            process, since = connection.execute("SELECT process, since FROM holder").fetchone()
        finally:
            connection.close()
    except (sqlite3.Error, TypeError):  # it is taking the lock at this very moment
        return "another process"
    return f"process {process} since {since}"
