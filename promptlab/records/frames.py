"""From the tables to one tidy frame."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import Any

import pandas as pd

from promptlab.records.view import STOPPED
from promptlab.store import Store
from promptlab.types import status

_CHUNK = 20_000  # rows turned into columns at once, so that the rows themselves never fill the memory

VARIANT = "variant"  # which order of the options a sample showed: it follows from the sample's number
_HEAD = ("condition", "question", "cluster", "sample", "draw", "replicate")
_GRADE = ("score", "status", "ending", "answered", "format_ok", "answer", "gold", "why")
_TOKENS = ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens")
TAIL = (*_TOKENS, "seconds", "finish_reason", "error", "seed", "key", "completion", "reasoning")
ASKED = ("question_text", "question_answers", "question_kind", "question_choices", "question_meta", "prompt")
RESERVED = frozenset({"model", STOPPED, VARIANT, *_HEAD, *_GRADE, *TAIL, *ASKED})

_READ = (*_HEAD, "score", "ending", "answered", "format_ok", "answer", "answers", "why", "features", *TAIL, "prompt")
_OF_QUESTION, _OF_GRADE = ("cluster", "answers"), ("score", "answered", "format_ok", "answer", "why", "features")
_TABLE = {**dict.fromkeys(_READ, "s"), **dict.fromkeys(_OF_QUESTION, "q"), **dict.fromkeys(_OF_GRADE, "g")}
_FROM = """
FROM samples s
JOIN questions q ON q.id = s.question
JOIN conditions c ON c.name = s.condition
LEFT JOIN grades g ON g.key = s.key AND g.grader = ? AND g.version = ?
ORDER BY c.rowid, q.rowid, s.replicate, s.sample
"""


def to_frame(store: Store, model: str, grader: tuple[str, str], without: Collection[str] = ()) -> pd.DataFrame:
    """The frame that `Run.to_frame` describes and the prompts' hashes; columns in `without` are not even read."""
    read = [column for column in _READ if column not in without]
    rows = store.rows(f"SELECT {', '.join(f'{_TABLE[column]}.{column}' for column in read)} {_FROM}", grader)
    factors = store.conditions()
    parts = [_part(_by_column(read, chunk), factors) for chunk in _chunks(rows)] or [
        _part(_by_column(read, []), factors)
    ]
    frame = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    frame.insert(0, "model", model)
    return typed(frame)


def index_of(store: Store, grader: tuple[str, str]) -> pd.DataFrame:
    """A row a sample with little more than its place and grade: half a million of them are there in seconds."""
    columns = ("condition", "question", "replicate", "sample", "ending", "key", "score", "answered")
    query = f"""
        SELECT {", ".join(f"{_TABLE[column]}.{column}" for column in columns)}
        FROM samples s LEFT JOIN grades g ON g.key = s.key AND g.grader = ? AND g.version = ?"""
    read = _by_column([*columns], list(store.rows(query, grader)))
    read["status"] = list(map(_status, read["ending"], read["score"], read.pop("answered")))
    return typed(pd.DataFrame(read))


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """The same columns, each in the type that it always has; factors and features in the type of what they hold."""
    loose = {column: _tidy(frame[column]) for column in frame.columns if column not in RESERVED}
    return frame.assign(**loose).astype({column: kind for column, kind in _TYPES.items() if column in frame})


def _chunks(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    while chunk := list(islice(rows, _CHUNK)):
        yield chunk


def _by_column(names: list[str], rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    return dict(zip(names, zip(*rows, strict=True), strict=True)) if rows else dict.fromkeys(names, ())


def _part(read: dict[str, Any], factors: dict[str, dict[str, Any]]) -> pd.DataFrame:
    """The columns of some rows, in their order."""
    read["status"] = list(map(_status, read["ending"], read["score"], read["answered"]))
    gold = {text: " | ".join(json.loads(text)) for text in set(read["answers"])}
    read["gold"] = [gold[text] for text in read["answers"]]
    features = json.loads(f"[{','.join(text or '{}' for text in read['features'])}]")
    blocks = (
        {column: read[column] for column in _HEAD} | {VARIANT: _variants(read, factors)},
        _columns([factors[name] for name in read["condition"]], _names(factors.values())),
        {column: read[column] for column in _GRADE},
        _columns(features, _names(features)),
        {column: read[column] for column in (*TAIL, "prompt") if column in read},
    )
    return pd.DataFrame({name: values for block in blocks for name, values in block.items()})


def _variants(read: dict[str, Any], factors: dict[str, dict[str, Any]]) -> list[int]:
    turns = {name: int(of.get("variants") or 1) for name, of in factors.items()}
    return [sample % turns[name] for name, sample in zip(read["condition"], read["sample"], strict=True)]


def _status(ending: Any, score: float | None, answered: int | None) -> str:
    """Words of `types.status`; a sample that no grader has seen is ``ungraded``, which no statistic may count."""
    if answered is None:
        return "ungraded"
    return status(ending, float("nan") if score is None else score, bool(answered))


def _names(mappings: Iterable[dict[str, Any]]) -> list[str]:
    """Every name that occurs, in order of appearance, except those that have a meaning of their own."""
    return [name for name in {name: None for mapping in mappings for name in mapping} if name not in RESERVED]


def _columns(mappings: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    return {name: pd.Series([mapping.get(name) for mapping in mappings], dtype=object) for name in names}


def _tidy(column: pd.Series) -> pd.Series:
    """Numbers, truths and texts in their own types; whole numbers and truths also where some are missing.

    Where nothing stands, it counts as numbers: most features are, and a column of another kind would not compare.
    """
    if len(column) and column.isna().all():
        return column.astype("float64")
    found = column.convert_dtypes()
    if found.dtype == "Float64":
        return found.astype("float64")
    if found.dtype == "string":
        return column.infer_objects()  # the type that pandas gives to every other text
    whole = {"Int64": "int64", "boolean": "bool"}.get(str(found.dtype))
    return found if whole is None or found.isna().any() else found.astype(whole)  # type: ignore[call-overload]


_TYPES = {
    **dict.fromkeys(_TOKENS, "Int64"),
    **dict.fromkeys(("score", "seconds"), "float64"),
    **dict.fromkeys(("sample", "draw", "replicate", VARIANT, "seed"), "int64"),
    **dict.fromkeys(("status", "ending", "finish_reason"), "category"),
    **{"answered": "bool", "format_ok": "boolean"},  # an ungraded sample counts as not answered; its score is NaN
}
