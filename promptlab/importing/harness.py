"""Sample files of lm-evaluation-harness (``--log_samples``) as a table in our words.

A line of ``samples_TASK_DATE.jsonl`` is one question under one answer filter: ``doc_id, doc, target, resps,
filtered_resps, filter`` and a value for each metric. The file does not name its model; ``results_DATE.json`` beside it
does. It does not say either which outputs were cut off by the token budget, or failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from promptlab.errors import InputError
from promptlab.questions.reading import Table
from promptlab.types import digest

_MARKS = {"doc_id", "doc", "target", "resps", "filtered_resps"}
_TEXT_OF_DOC = ("question", "problem", "query", "input", "prompt", "text")
_OWN = _MARKS | {"arguments", "filter", "metrics", "doc_hash", "prompt_hash", "target_hash"}
_UNPARSED = "[invalid]"  # what a filter of the harness says where it found no answer
NOTE = "the harness does not record which outputs were cut off or failed: only empty and unparsed ones are seen"


def is_harness(table: Table) -> bool:
    """Whether the table has the columns of a sample file."""
    return set(table.columns) >= _MARKS


def in_our_words(table: Table, path: Path | None, metric: str | None, answer_filter: str | None) -> Table:
    """One row a question, scored by one metric after one filter.

    Raises
    ------
    InputError
        There are several metrics or filters and none was chosen, or the chosen one is not there.
    """
    where = table.head
    chosen = _one("answer_filter", answer_filter, [row.get("filter", "none") for _, row in _mappings(table)], where)
    rows = [(place, row) for place, row in _mappings(table) if row.get("filter", "none") == chosen]
    scored = _one("metric", metric, [name for _, row in rows for name in _metrics(row)], where)
    model = _model(path)
    samples = tuple((place, _sample(row, scored, place) | model) for place, row in rows)
    columns = tuple(dict.fromkeys(name for _, row in samples for name in row))
    return replace(table, rows=samples, columns=columns)


def _mappings(table: Table) -> list[tuple[str, Mapping[str, Any]]]:
    return [(place, row) for place, row in table.rows if isinstance(row, Mapping)]


def _metrics(row: Mapping[str, Any]) -> list[str]:
    named = row.get("metrics")
    return list(named) if isinstance(named, list) else [name for name in row if name not in _OWN]


def _one(what: str, given: str | None, seen: Iterable[str], place: str) -> str:
    names = list(dict.fromkeys(seen))
    if given is None and len(names) == 1:
        return names[0]
    if given not in names:
        found = f"no {given!r}" if given else "several to choose from" if names else "none"
        raise InputError(f"{place}: {what}: {found}; allowed: {', '.join(map(repr, names)) or 'nothing is there'}")
    return given


def _sample(row: Mapping[str, Any], metric: str, place: str) -> dict[str, Any]:
    """Same question, same id in any file: its number and a digest of what it says (numbers alone repeat)."""
    doc, completion = row["doc"], _written(row["resps"])
    if metric not in row:
        raise InputError(f"{place}: no value of the metric {metric!r}")
    sample = {
        "question": f"{row['doc_id']}-{digest(doc)[:8]}",
        "question_text": _asked(doc),
        "score": row[metric],
        "gold": row["target"] if isinstance(row["target"], str | int | float) else json.dumps(row["target"]),
    }
    if completion is None:
        return sample
    answer = _written(row["filtered_resps"]) or ""
    return sample | {"completion": completion, "answer": "" if answer == _UNPARSED else answer}


def _written(requests: Any) -> str | None:
    """The text of the only request, of its first repeat; None for log-likelihoods of choices."""
    only = requests[0] if isinstance(requests, list) and len(requests) == 1 else None
    first = only[0] if isinstance(only, list) and only else only
    return first if isinstance(first, str) else None


def _asked(doc: Any) -> str:
    fields = doc if isinstance(doc, Mapping) else {"text": doc}
    found = (fields[name] for name in _TEXT_OF_DOC if isinstance(fields.get(name), str))
    return next(found, json.dumps(doc, sort_keys=True, default=str))


def _model(path: Path | None) -> dict[str, str]:
    """The model's name from the results beside the samples; {} where they are not there."""
    if path is None or "_" not in path.stem:
        return {}
    beside = path.with_name(f"results_{path.stem.rsplit('_', 1)[1]}.json")
    try:
        name = json.loads(beside.read_text(encoding="utf-8")).get("model_name")
    except (OSError, ValueError, AttributeError):
        return {}
    return {"model": name} if isinstance(name, str) and name else {}
