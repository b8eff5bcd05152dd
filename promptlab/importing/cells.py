"""One row of somebody's table as one sample of ours: which cell is what, and whether it can be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, get_args

from promptlab.errors import InputError
from promptlab.questions.columns import cell_of
from promptlab.textnorm import normalise
from promptlab.types import Ending, digest

Columns: TypeAlias = Mapping[str, str | Callable[[Mapping[str, Any]], Any]]

_CUT = {"length", "max_tokens", "model_length"}  # what servers and Inspect call an output cut off by its budget
_REFUSED = {"content_filter", "refusal"}
_TRUTHS = {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}


def blank(value: Any) -> bool:
    """None, NaN, NaT, NA or a text of white space.

    >>> blank(float("nan")), blank(" "), blank(0), blank(False)
    (True, True, False, False)
    """
    if isinstance(value, str):
        return not value.strip()
    if isinstance(value, float):  # NumPy's too
        return math.isnan(value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _text(value: Any) -> str:
    """42, 42.0 and NumPy's 42 are one answer; nothing is an empty text."""
    if blank(value):
        return ""
    if hasattr(value, "__len__") and not isinstance(value, str):
        raise ValueError("a text or a number")
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e16
    return str(int(value)) if whole else str(value)


def _number(value: Any) -> float | None:
    if blank(value):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError("a number") from None


def _share(value: Any) -> float:
    """NaN: missing."""
    allowed = "a number from 0 to 1, true or false; nothing where the sample is missing"
    if isinstance(value, str) and value.strip().casefold() in _TRUTHS:
        return float(_TRUTHS[value.strip().casefold()])
    try:
        number = _number(value)
    except ValueError:
        raise ValueError(allowed) from None
    if number is not None and not 0 <= number <= 1:
        raise ValueError(allowed)
    return math.nan if number is None else number


def _whole(value: Any) -> int | None:
    number = _number(value)
    if number is not None and not number.is_integer():
        raise ValueError("a whole number")
    return None if number is None else int(number)


def _truth(value: Any) -> bool | None:
    if blank(value):
        return None
    found = _TRUTHS.get(str(value).strip().casefold())
    if found is None:
        raise ValueError("true or false")
    return found


def _ending(value: Any) -> str | None:
    """Nothing: the rule of `ending_of` decides."""
    if blank(value):
        return None
    if value not in get_args(Ending):
        raise ValueError(f"one of {', '.join(get_args(Ending))}, or nothing")
    return str(value)


_TEXTS: tuple[str, ...] = ("model", "condition", "question", "question_text", "cluster", "style", "select", "layout")
_TEXTS += ("answer", "gold", "completion", "reasoning", "finish_reason", "error")
_WHOLE = ("sample", "draw", "replicate", "shots", "prompt_tokens", "completion_tokens", "reasoning_tokens")
KINDS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_TEXTS, _text),
    **dict.fromkeys(_WHOLE, _whole),
    **dict.fromkeys(("answered", "format_ok", "stopped"), _truth),
    **{"score": _share, "ending": _ending, "seconds": _number},
}


def sample_of(row: Mapping[str, Any], place: str, found: Columns, said: Mapping[str, str]) -> dict[str, Any]:
    """The cells of one row under our names, checked, and what was `said` of every row; `place` goes into errors."""
    cells: dict[str, Any] = {
        field: _checked(field, cell_of(row, column, field, place), place) for field, column in found.items()
    }
    cells = {"model": "", "condition": "", "question": "", **cells, **said}
    for field in ("model", "condition"):
        if not cells[field]:
            raise InputError(f"{place}: {field} is empty: expected a name (leave rows out with keep=...)")
    if not cells["question"]:
        cells["question"] = _id_of(cells.get("question_text", ""), place)
    ending = cells.get("ending") or ending_of(cells)
    scored = cells.get("score", math.nan)
    score = math.nan if ending == "error" else scored
    if not cells.get("cluster", True):
        cells["cluster"] = None  # questions without a cluster share none
    judged = {"ending": ending, "answered": _answered(cells, ending), "score": score, "as_scored": scored}
    return {**cells, "sample": cells.get("sample") or 0, **judged}


def ending_of(cells: Mapping[str, Any]) -> str:
    """How a sample ended, from what is known of it: an error text, the finish reason, an empty completion.

    >>> ending_of({"completion": ""}), ending_of({"error": "504", "completion": ""}), ending_of({})
    ('empty', 'error', 'complete')
    """
    if cells.get("error"):
        return "error"
    reason = cells.get("finish_reason")
    if reason in _REFUSED:
        return "refused"
    if "completion" in cells and not (cells["completion"] + cells.get("reasoning", "")).strip():
        return "empty"
    return "truncated" if reason in _CUT else "complete"


def _answered(cells: Mapping[str, Any], ending: str) -> bool:
    if cells.get("answered") is not None:
        return bool(cells["answered"])
    return ending not in ("error", "empty", "refused") and ("answer" not in cells or bool(cells["answer"].strip()))


def _id_of(text: str, place: str) -> str:
    """The same for texts that are the same question, whatever file they stand in."""
    key = normalise(text)
    if not key:
        raise InputError(f"{place}: the question is empty: expected its id or its text (leave rows out with keep=...)")
    return digest(key)[:12]


def _checked(field: str, value: Any, place: str) -> Any:
    try:
        return KINDS[field](value)
    except ValueError as problem:
        raise InputError(f"{place}: {field} is {value!r:.60}: expected {problem}") from None
