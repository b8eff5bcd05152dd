"""From named cells to questions: which column is what, and what a cell says."""

from __future__ import annotations

import ast
import difflib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from promptlab.errors import InputError, unknown
from promptlab.onenumber import one_number
from promptlab.questions.checks import check_unicode, warn_of_mixture
from promptlab.questions.reading import Row, Table
from promptlab.questions.sets import COLUMNS
from promptlab.types import Question

Columns: TypeAlias = Mapping[str, str | Callable[[Mapping[str, Any]], Any]]
KINDS = ("number", "label", "text", "math", "drop")
_WHOLE_FLOAT = re.compile(r"([+-]?\d+)\.0+")
_NUMBER = re.compile(r"[-+]?[$€£]?[-+]?(\d[\d,]*)?\.?\d+([eE][-+]?\d+)?(/\d+)?\s?%?")


def questions_from(table: Table, columns: Columns | None, kind: str | None, prefix: str) -> list[Question]:
    """One question a row; a row without an id gets ``prefix-0``, ``prefix-1``, ... by its place in the source."""
    if kind is not None and kind not in KINDS:
        raise unknown("kind", kind, KINDS)
    found = _resolve(table, columns or {}) if table.columns else {}  # no columns: ready questions only
    questions = [_as_question(row, place, found, kind, f"{prefix}-{i}") for i, (place, row) in enumerate(table.rows)]
    if table.columns and kind is None and "kind" not in found:
        warn_of_mixture([(q, place) for q, (place, row) in zip(questions, table.rows, strict=True) if q is not row])
    return questions


def _resolve(table: Table, given: Columns) -> dict[str, Any]:
    """For every field its column's name, or the callable that makes it from a row."""
    for field, column in given.items():
        if field not in COLUMNS:
            raise unknown("key of columns", field, COLUMNS)
        if not callable(column) and column not in table.columns:
            raise _no_column(table, field, column)
    found = {field: field for field in COLUMNS if field in table.columns} | dict(given)
    if "question" not in found and "text" in table.columns:
        found["question"] = "text"
    if "question" not in found:
        raise _no_column(table, "question", "question")
    if "answer" not in found and "answers" not in found:
        raise _no_column(table, "answer", "answer")
    return _given_wins(found, given)


def _given_wins(found: dict[str, Any], given: Columns) -> dict[str, Any]:
    """A mapped ``answer`` is not overruled by a column that happens to be called ``answers``."""
    if "answer" in given and "answers" not in given:
        found.pop("answers", None)
    return found


def _no_column(table: Table, field: str, column: str) -> InputError:
    near = difflib.get_close_matches(column, table.columns, n=1)
    nearest, name = (f" nearest: {near[0]!r};", near[0]) if near else ("", "its name")
    listed = ", ".join(table.columns[:20])
    return InputError(
        f'{table.head}: no column {column!r} (columns: {listed});{nearest} pass columns={{"{field}": "{name}"}}'
    )


def _as_question(row: Row, place: str, found: Mapping[str, Any], kind: str | None, name: str) -> Question:
    if isinstance(row, Question):
        return row
    cells = {field: cell_of(row, column, field, place) for field, column in found.items()}
    choices = _texts(cells.get("choices"), place, "choices")
    answers = _answers(cells, place)
    kind = _kind(cells.get("kind"), kind, answers, choices, place)
    rationale = cells.get("rationale")
    meta = {} if _missing(rationale) else {"rationale": _text(rationale)}
    cluster = cells.get("cluster")
    return Question(
        id=name if _missing(cells.get("id")) else _text(cells["id"]),
        text=_required(cells.get("question"), place, "question"),
        answers=tuple(map(_whole, answers)) if kind == "number" else answers,
        kind=kind,
        choices=choices,
        cluster=None if _missing(cluster) else _text(cluster),
        meta=_rest(row, found, place) | meta,
    )


def cell_of(row: Mapping[str, Any], column: Any, field: str, place: str) -> Any:
    """What a row says of a field: in a column of it, or by the caller's own function of the row."""
    if not callable(column):
        return row.get(column)
    try:
        return column(row)
    except Exception as problem:  # the caller's own function: say which row it failed on
        raise InputError(f"{place}: columns[{field!r}] failed ({type(problem).__name__}: {problem})") from problem


def _rest(row: Mapping[str, Any], found: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Every other column, as plain JSON-able values; missing cells are left out."""
    used = {column for column in found.values() if isinstance(column, str)} | set(COLUMNS)
    rest = {str(k): _plain(v) for k, v in row.items() if k not in used and not _missing(v)}
    check_unicode(json.dumps(rest, ensure_ascii=False, default=str), place)
    return rest


def _answers(cells: Mapping[str, Any], place: str) -> tuple[str, ...]:
    several = _texts(cells.get("answers"), place, "answers")
    if several:
        return several
    one = _plain(cells.get("answer"))
    if isinstance(one, list) and one:
        return tuple(_required(value, place, "answer") for value in one)
    return (_required(one, place, "answer"),)


def _texts(cell: Any, place: str, field: str) -> tuple[str, ...]:
    """A list cell; in CSV it is written as a JSON or Python list."""
    value = _plain(cell)
    if _missing(value):
        return ()
    if isinstance(value, str):
        value = _parsed_list(value, place, field)
    return tuple(_required(one, place, field) for one in (value if isinstance(value, list) else [value]))


def _parsed_list(text: str, place: str, field: str) -> Any:
    if not text.lstrip().startswith("["):
        return [text]
    for parse in (json.loads, ast.literal_eval):  # a literal only: nothing is run
        try:
            return parse(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    raise InputError(f'{place}: {field!r} is not a list like ["a", "b"]: {text!r:.60}')


def _kind(cell: Any, kind: str | None, answers: tuple[str, ...], choices: tuple[str, ...], place: str) -> str:
    """The row's own kind, else the caller's, else by what the answers look like."""
    if not _missing(cell):
        if str(cell) not in KINDS:
            raise InputError(f"{place}: {unknown('kind', cell, KINDS)}")
        return str(cell)
    if kind:
        return kind
    if choices:
        return "label"
    return "number" if all(map(_is_number, answers)) else "text"


def _is_number(answer: str) -> bool:
    """Nothing but a number: "12 apples" may be text, and 1,2,3 looks like a number but is none."""
    found = one_number(answer) if _NUMBER.fullmatch(answer) else None
    return found is not None and found.value is not None


def _required(cell: Any, place: str, field: str) -> str:
    if _missing(cell):
        raise InputError(f"{place}: {field!r} is empty")
    if isinstance(cell, (dict, list)):
        raise InputError(f"{place}: {field!r} should be a text or a number, found {type(cell).__name__}: {cell!r:.60}")
    return _text(cell)


def _text(value: Any) -> str:
    """42, 42.0 and `numpy.int64(42)` all say "42": a gap in a column turns its whole numbers into floats."""
    value = _plain(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return str(value).strip()


def _whole(answer: str) -> str:
    """The same for a number that was written to a CSV file as ``42.0``."""
    found = _WHOLE_FLOAT.fullmatch(answer)
    return found[1] if found else answer


def _plain(value: Any) -> Any:
    """NumPy and pandas values as the standard library's own."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if hasattr(value, "tolist"):  # numpy scalars and arrays
        return _plain(value.tolist())
    return value if value is None or isinstance(value, (str, int, float, bool)) else str(value)


def _missing(value: Any) -> bool:
    """None, NaN, NaT, NA, an empty list or a text of white space."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    if isinstance(value, str):
        return not value.strip()
    if hasattr(value, "__len__"):
        return len(value) == 0
    return bool(value != value)  # NaN alone differs from itself
