"""Files, frames and lists become a `Table`: rows of named cells, each with the place it came from."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from promptlab.errors import InputError, unknown
from promptlab.questions.benchmarks import BENCHMARKS
from promptlab.types import Question
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

Row: TypeAlias = Mapping[str, Any] | Question
Source: TypeAlias = "str | os.PathLike[str] | pd.DataFrame | Iterable[Row]"


@dataclass(frozen=True)
class Table:
    """What was read. `head` is the place to name when a column is missing."""

    name: str
    head: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, Row], ...]  # (place, cells)
    origin: Mapping[str, Any]


def read_table(source: Source) -> Table:
    """Read a path to .jsonl, .csv or .parquet, a DataFrame, or a list of mappings or questions.

    Raises
    ------
    InputError
        Naming file and line (or row), what was found and what was expected.
    """
    if isinstance(source, (str, os.PathLike)):
        return _read_file(Path(source).expanduser())
    pandas = sys.modules.get("pandas")  # a DataFrame cannot exist unless its package was imported
    if pandas is not None and isinstance(source, pandas.DataFrame):
        return _from_frame(source, "frame", {"source": "frame"})
    if isinstance(source, Iterable) and not isinstance(source, (bytes, Mapping)):
        return _from_list(list(source))
    raise InputError(f"source: expected a path, a DataFrame or a list of dicts, found {type(source).__name__}")


def _read_file(path: Path) -> Table:
    readers = {".jsonl": _jsonl, ".csv": _csv}
    if path.suffix not in (*readers, ".parquet"):
        raise unknown("source", str(path), ["arithmetic", *BENCHMARKS, "a path ending in .jsonl", ".csv", ".parquet"])
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise InputError(f"{path}: cannot be read ({problem.strerror or problem})") from None
    origin = {"source": "file", "file": path.name, "sha256": hashlib.sha256(data).hexdigest()}
    if path.suffix == ".parquet":
        return _from_frame(_parquet(path.name, data), path.name, origin)
    rows = tuple(readers[path.suffix](path.name, data))
    if not rows:
        raise InputError(f"{path.name}: no rows")
    return Table(path.stem, f"{path.name}, line 1", _columns(cells for _, cells in rows), rows, origin)


def _columns(rows: Iterable[Row]) -> tuple[str, ...]:
    """The names that occur in any row, in order of first sight."""
    return tuple(dict.fromkeys(name for row in rows if isinstance(row, Mapping) for name in row))


def _jsonl(name: str, data: bytes) -> Iterator[tuple[str, Row]]:
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for number, line in enumerate(lines, 1):
        if line.strip():
            cut = "; the last line looks cut off" if number == len(lines) else ""
            yield f"{name}, line {number}", _json_object(line, f"{name}, line {number}", cut)


def _json_object(line: bytes, place: str, cut: str) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8"), object_pairs_hook=_once)
    except UnicodeDecodeError as problem:
        raise InputError(f"{place}: not UTF-8 (byte {problem.start + 1}){cut}") from None
    except json.JSONDecodeError as problem:
        raise InputError(f"{place}: not JSON ({problem.msg} at character {problem.pos + 1}){cut}") from None
    except (ValueError, RecursionError) as problem:  # a key twice; a number of thousands of digits; endless nesting
        raise InputError(f"{place}: not usable JSON ({problem})") from None
    if not isinstance(value, dict):
        raise InputError(f'{place}: expected an object like {{"question": ..., "answer": ...}}, found {value!r:.60}')
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """JSON would take the last value of a key that stands twice, in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"the key {twice!r} stands twice")
    return found


def _csv(name: str, data: bytes) -> Iterator[tuple[str, Row]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = 1 + data.count(b"\n", 0, problem.start)
        raise InputError(f"{name}, line {line}: not UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    while True:
        place = f"{name}, line {reader.line_num + 1}"
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            raise InputError(f"{place}: not CSV ({problem})") from None
        if header and cells:
            yield place, _csv_row(cells, header, place)
        elif cells:
            header = _csv_header(cells, place)


def _csv_header(cells: list[str], place: str) -> list[str]:
    for other in ";\t" if len(cells) == 1 else "":
        if other in cells[0]:
            raise InputError(
                f"{place}: the columns seem to be separated by {other!r}: save the file with commas, or pass a "
                f"DataFrame: pandas.read_csv(path, sep={other!r})"
            )
    for cell in cells:
        if cells.count(cell) > 1:
            raise InputError(f"{place}: the column {cell!r} stands twice in the header")
    return cells


def _csv_row(cells: list[str], header: list[str], place: str) -> dict[str, str]:
    if len(cells) != len(header):
        raise InputError(f"{place}: {counted(len(cells), 'cell')}, but the header has {counted(len(header), 'column')}")
    return dict(zip(header, cells, strict=True))


def _parquet(name: str, data: bytes) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_parquet(io.BytesIO(data), engine="pyarrow")
    except ImportError:
        raise InputError(f"{name}: reading Parquet needs the package pyarrow (pip install pyarrow)") from None
    except (ValueError, OSError) as problem:  # pyarrow's own errors derive from these
        raise InputError(f"{name}: not a Parquet file ({str(problem).splitlines()[0]})") from None


def _from_frame(frame: pd.DataFrame, name: str, origin: Mapping[str, Any]) -> Table:
    columns = tuple(str(column) for column in frame.columns)
    for column in columns:
        if columns.count(column) > 1:
            raise InputError(f"{name}: the column {column!r} stands twice")
    if not len(frame):
        raise InputError(f"{name}: no rows")
    records = (dict(zip(columns, record, strict=True)) for record in frame.itertuples(index=False, name=None))
    rows = tuple((f"{name}, row {number}", record) for number, record in enumerate(records, 1))
    return Table(Path(name).stem, name, columns, rows, origin)


def _from_list(items: Sequence[Any]) -> Table:
    if not items:
        raise InputError("source: the list is empty")
    for number, item in enumerate(items, 1):
        if not isinstance(item, (Mapping, Question)):
            raise InputError(f"list, item {number}: expected a dict or a Question, found {type(item).__name__}")
    rows = [item if isinstance(item, Question) else {str(k): v for k, v in item.items()} for item in items]
    placed = tuple((f"list, item {number}", row) for number, row in enumerate(rows, 1))
    return Table("questions", "list", _columns(rows), placed, {"source": "list"})
