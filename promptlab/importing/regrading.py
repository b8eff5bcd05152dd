"""Completions that others recorded, scored by a grader of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from promptlab import given
from promptlab.errors import InputError
from promptlab.grading import by_kind, check_gradable, grade
from promptlab.importing.cells import blank
from promptlab.types import Completion, Grade, Grader, Question
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

Gold: TypeAlias = Callable[[str], str | Sequence[str]]
Row: TypeAlias = Mapping[Any, Any]

SEVERAL = " | "  # between the gold answers of one question, as `Run.to_frame` has them, and Inspect's logs here


def regraded(frame: pd.DataFrame, grader: Grader, gold: Gold | None) -> pd.DataFrame:
    """The samples with this grader's scores; endings, and the source's own scores in ``as_scored``, stay.

    Raises
    ------
    InputError
        Completions or gold answers are missing, or the grader cannot read a gold answer: before any is graded.
    """
    import pandas as pd

    _gradable(frame, grader)
    rows = frame.to_dict("records")
    asked = {key: _question(*key, gold) for key in map(_key, rows) if key[1]}
    check_gradable(grader, asked.values())
    grades = pd.DataFrame([_graded(row, asked.get(_key(row)), grader) for row in rows], frame.index)
    return frame.assign(**grades[["score", "answered", "answer", "why"]])


def differing(frame: pd.DataFrame) -> str:
    """How our scores differ from the source's, as a note."""
    both = frame[["score", "as_scored"]].dropna()
    if not len(both):
        return "the source gave none"
    change = both["score"] - both["as_scored"]
    counts = f"{int((change > 1e-9).sum()):,} higher, {int((change < -1e-9).sum()):,} lower"
    return f"the source's stand in as_scored: of {counted(len(both), 'sample')} we score {counts}"


def _gradable(frame: pd.DataFrame, grader: Grader) -> None:
    if grader is by_kind:
        raise InputError("regrade: a file does not say of what kind its questions are: name the grader of one kind")
    for name, lacking in (("completion", _absent), ("gold", blank)):
        if name not in frame:
            raise InputError(f"regrade: the samples have no {name}: import them with columns={{{name!r}: ...}}")
        rows = frame[(frame["ending"] != "error") & frame[name].map(lacking)]
        if len(rows):
            one = rows.iloc[0]
            which = f"sample {one['sample']} of question {one['question']!r:.60} under {one['condition']!r:.60}"
            raise InputError(f"regrade: {counted(len(rows), 'sample')} without {name}, the first is {which}")


def _absent(cell: Any) -> bool:
    """Of another file that says nothing of it: an empty completion is a text."""
    return not isinstance(cell, str)


def _key(row: Row) -> tuple[str, str, str]:
    return row["question"], _text(row["gold"]), _text(row.get("question_text"))


def _text(cell: Any) -> str:
    """Files of one run may have unlike columns."""
    return "" if blank(cell) else str(cell)


def _question(id: str, gold: str, text: str, made: Gold | None) -> Question:
    try:
        answers = made(gold) if made else gold.split(SEVERAL)
    except Exception as problem:  # the caller's own function: say what it failed on
        raise InputError(f"gold of regrade failed on {gold!r:.60} ({type(problem).__name__}: {problem})") from problem
    return Question(id, text, given.texts("gold of regrade", answers), kind="")


def _graded(row: Row, question: Question | None, grader: Grader) -> Grade:
    reasoning, reason, error = (_text(row.get(name)) for name in ("reasoning", "finish_reason", "error"))
    completion = Completion(_text(row["completion"]), row["ending"], reasoning, reason, error=error)
    return grade(grader, question or Question(row["question"], "", ()), completion, None)
