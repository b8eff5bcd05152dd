"""From what the caller named to tables, and which of our names each of their columns has."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

from promptlab.errors import InputError, unknown
from promptlab.importing import harness, inspect_logs
from promptlab.importing.cells import KINDS, Columns
from promptlab.questions.reading import Source, Table, read_table
from promptlab.wording import counted

Keep: TypeAlias = Callable[[Mapping[str, Any]], Any]
Sources: TypeAlias = "Source | Mapping[str, Source | Sequence[str | os.PathLike[str]]]"
_TABLES = (".csv", ".jsonl", ".parquet")
_OURS = {"stopped", "key", "replicate"}  # columns by which a file shows that promptlab wrote it


@dataclass(frozen=True)
class Read:
    """One table, its columns under our names, and what to know of it."""

    table: Table
    found: Columns
    notes: tuple[str, ...]

    @property
    def rows(self) -> list[tuple[str, Mapping[str, Any]]]:
        return [(place, row) for place, row in self.table.rows if isinstance(row, Mapping)]


@dataclass(frozen=True)
class Reader:
    """How to read each part of a source, see `import_run`."""

    columns: Columns | None
    keep: Keep | None
    metric: str | None
    answer_filter: str | None

    def __call__(self, source: Any) -> Read:
        path = Path(source).expanduser() if is_path(source) else None
        if path and path.suffix in inspect_logs.SUFFIXES:
            table, notes = inspect_logs.read_log(path, self.metric)
            return self._told(*self._kept(table), *notes)
        if path and path.suffix not in _TABLES:
            allowed = ", ".join((*_TABLES, *inspect_logs.SUFFIXES))
            raise InputError(f"source {str(source)!r}: found no file type that can be read; expected one of {allowed}")
        table, *notes = self._kept(read_table(source))
        if self.columns is None and harness.is_harness(table):
            told = harness.in_our_words(table, path, self.metric, self.answer_filter)
            return self._told(told, *notes, harness.NOTE)
        for name in ("metric", "answer_filter"):
            if getattr(self, name) is not None:
                raise InputError(f"{table.head}: {name} is for files of evaluation harnesses; map the column score")
        return Read(table, _resolved(table, self.columns), tuple(notes))

    def _told(self, table: Table, *notes: str) -> Read:
        """A table of a harness: it says itself which column is what."""
        if self.columns is not None:
            raise InputError(f"{table.head}: columns are for tables; the files of a harness say what is what")
        return Read(table, {name: name for name in table.columns}, notes)

    def _kept(self, table: Table) -> tuple[Any, ...]:
        """The table less the rows that are no samples, and a note on them."""
        rows = tuple((place, row) for place, row in table.rows if self._wants(row, place))
        if not rows:
            raise InputError(f"{table.head}: keep leaves none of {counted(len(table.rows), 'row')}")
        left = len(table.rows) - len(rows)
        note = f"{table.origin.get('file', table.head)}: keep leaves out {left:,} of {counted(len(table.rows), 'row')}"
        return (replace(table, rows=rows), note) if left else (table,)

    def _wants(self, row: Any, place: str) -> bool:
        if not isinstance(row, Mapping):
            raise InputError(f"{place}: found a {type(row).__name__}, expected a dict of one sample")
        try:
            return self.keep is None or bool(self.keep(row))
        except Exception as problem:  # the caller's own function: say which row it failed on
            raise InputError(f"{place}: keep failed ({type(problem).__name__}: {problem})") from problem


def parts(source: Any, condition: str | None) -> Iterator[tuple[str | None, Any]]:
    """Each file, frame or list with the condition of its rows; None where a column says it."""
    if isinstance(source, Mapping) and condition is not None:
        raise InputError(f"condition is {condition!r}, but source names its conditions: {', '.join(map(str, source))}")
    if isinstance(source, Mapping) and not source:
        raise InputError("source is an empty mapping: expected {condition: file, frame or list}")
    for name, value in source.items() if isinstance(source, Mapping) else [(condition, source)]:
        several = isinstance(value, list | tuple) and value and all(map(is_path, value))
        for one in value if several else [value]:
            yield None if name is None else str(name), one


def is_path(source: Any) -> bool:
    return isinstance(source, str | os.PathLike)


def _resolved(table: Table, given: Columns | None) -> Columns:
    """For every name of ours its column, or the function that makes it from a row."""
    if given is None:
        return {name: name for name in KINDS if name in table.columns}
    for name, column in given.items():
        if name not in KINDS:
            raise unknown("key of columns", name, KINDS)
        if not callable(column) and column not in table.columns:
            raise no_column(table, name, column)
    # Only of our own files: elsewhere "stopped" may be said of a completion.
    return {**({"stopped": "stopped"} if _OURS.issubset(table.columns) else {}), **given}


def no_column(table: Table, name: str, column: str) -> InputError:
    """An error for a column that is not there, with the nearest that is."""
    near = difflib.get_close_matches(column, table.columns, n=1)
    nearest = f"; nearest: {near[0]!r}" if near else ""
    listed = ", ".join(table.columns[:20])
    return InputError(
        f"{table.head}: no column {column!r} (columns: {listed}){nearest}; expected columns={{{name!r}: its name}}"
    )
