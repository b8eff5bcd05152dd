"""Logs of Inspect, through its own reader, as a table in our words; the package ``inspect-ai`` is needed only here."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path
from typing import Any

from promptlab.errors import InputError, unknown
from promptlab.questions.reading import Table
from promptlab.wording import counted

SUFFIXES = (".eval", ".json")
_GRADES = {"C": 1.0, "P": 0.5, "I": 0.0, "N": 0.0}  # correct, partial, incorrect, no answer


def read_log(path: Path, metric: str | None) -> tuple[Table, list[str]]:
    """The samples of one log, scored by one of its scorers, and what to know of them.

    Raises
    ------
    InputError
        The package is missing, the file is no log, it holds no samples, or several scorers and none was chosen.
    """
    log = _log(path)
    name = path.name
    if not log.samples:
        raise InputError(f"{name}: no samples (status {log.status!r}): expected a log written with samples")
    scorers = list(dict.fromkeys(scorer for sample in log.samples for scorer in sample.scores or {}))
    if metric is None and len(scorers) > 1:
        raise InputError(f"{name}: several scorers; choose one with metric=...: {', '.join(scorers)}")
    if metric is not None and metric not in scorers:
        raise InputError(f"{name}: {unknown('metric', metric, scorers)}")
    scorer = metric or (scorers[0] if scorers else "")
    rows = tuple((f"{name}, sample {s.id!r}, epoch {s.epoch}", _row(s, scorer, log)) for s in log.samples)
    columns = tuple(dict.fromkeys(key for _, row in rows for key in row))
    origin = {"source": "file", "file": name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    return Table(path.stem, name, columns, rows, origin), _notes(log, name)


def _log(path: Path) -> Any:
    try:
        read_eval_log = import_module("inspect_ai.log").read_eval_log
    except ImportError:
        raise InputError(f"{path.name}: reading Inspect logs needs its package (pip install inspect-ai)") from None
    try:
        return read_eval_log(str(path))
    except (OSError, ValueError, KeyError) as problem:  # what its reader raises for missing, cut and other files
        reason = (str(problem).splitlines() or [type(problem).__name__])[0]
        raise InputError(
            f"{path.name}: found no Inspect log ({reason:.100}): expected .eval, or .json of one"
        ) from None


def _row(sample: Any, scorer: str, log: Any) -> dict[str, Any]:
    score = (sample.scores or {}).get(scorer)
    output, choice = sample.output, next(iter(sample.output.choices), None)
    usage = output.usage
    return {
        "model": log.eval.model,
        "question": sample.id,
        "question_text": _asked(sample.input),
        "sample": sample.epoch - 1,
        "score": _share(score.value) if score else None,
        "answer": score.answer if score else "",
        "answered": score.value != "N" if score else None,
        "gold": sample.target if isinstance(sample.target, str) else " | ".join(sample.target),
        "completion": output.completion,
        "reasoning": _reasoning(choice),
        "finish_reason": "length" if sample.limit else getattr(choice, "stop_reason", ""),
        "error": sample.error.message if sample.error else output.error,
        "completion_tokens": usage.output_tokens if usage else None,
        "seconds": sample.total_time,
    }


def _share(value: Any) -> Any:
    return _GRADES.get(value, value) if isinstance(value, str) else value


def _asked(given: Any) -> str:
    """The text of the question: the last message of the user, where there are several messages."""
    if isinstance(given, str):
        return given
    texts = [message.text for message in given if message.role == "user"]
    return texts[-1] if texts else ""


def _reasoning(choice: Any) -> str:
    content = choice.message.content if choice else ""
    if isinstance(content, str):
        return ""
    return "\n".join(part.reasoning for part in content if part.type == "reasoning")


def _notes(log: Any, name: str) -> list[str]:
    if log.status == "success":
        return []
    return [f"{name}: the evaluation did not end well (status {log.status!r}, {counted(len(log.samples), 'sample')})"]
