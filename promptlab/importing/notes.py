"""What to know of an imported run: which questions align between conditions, why the rest do not, what is missing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from promptlab.textnorm import normalise
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

Texts = Mapping[str, str]  # of one condition: question -> its text
SCORES = "scores are "  # whose they are, where that has changed
_NAMED = 3  # of what does not align, so many are named and the rest counted
_NEAR = 0.8  # likeness, of 1, from which another text is worth showing


def notes_of(frame: pd.DataFrame) -> list[str]:
    """The notes on one model's samples."""
    return [*missing_of(frame), *_alignment(frame)]


def missing_of(frame: pd.DataFrame) -> list[str]:
    """The notes on samples without a score."""
    errors = frame["ending"] == "error"
    scores = frame["as_scored"][errors].dropna()
    values = ", ".join(f"{value:g}" for value in sorted(scores.unique())[:_NAMED])
    was = f"; the source scored {len(scores):,} of them ({values})" if len(scores) else ""
    silent = int((frame["score"].isna() & ~errors).sum())
    found = [f"missing: {counted(int(errors.sum()), 'sample')} that ended in an error{was}"] if errors.any() else []
    way = "; regrade(grader) gives them one" if {"completion", "gold"} <= set(frame) else ""
    return [*found, f"missing: {counted(silent, 'sample')} without a score{way}"] if silent else found


def _alignment(frame: pd.DataFrame) -> list[str]:
    named = frame["question_text"] if "question_text" in frame else frame["question"]
    groups = frame.assign(_text=named).drop_duplicates(["condition", "question"]).groupby("condition", sort=False)
    arms = {str(name): dict(zip(rows["question"], rows["_text"], strict=True)) for name, rows in groups}
    if len(arms) < 2:
        return []
    shared = set.intersection(*map(set, arms.values()))
    alike = all(len(texts) == len(shared) for texts in arms.values())
    sizes = "" if alike else f" ({', '.join(f'{len(texts):,} under {name}' for name, texts in arms.items())})"
    head = f"{counted(len(shared), 'question')} in every condition{sizes}"
    wording = _wording(arms, shared) if "question_text" in frame else ""
    return [head + wording, *(line for name in arms if (line := _lacking(name, arms, "question_text" in frame)))]


def _wording(arms: Mapping[str, Texts], shared: Iterable[str]) -> str:
    unlike = sum(len({texts[question] for texts in arms.values()}) > 1 for question in shared)
    return f"; {unlike:,} of these differ in case, spaces or punctuation only" if unlike else ""


def _lacking(name: str, arms: Mapping[str, Texts], by_text: bool) -> str:
    """The questions that other conditions have and this one does not, the first of them by name."""
    here = arms[name]
    lacking = {q: text for texts in arms.values() for q, text in texts.items() if q not in here}
    if not lacking:
        return ""
    everywhere = set.intersection(*map(set, arms.values()))
    free = [text for q, text in here.items() if q not in everywhere]  # what a lacking one may have become
    shown = [f"{_short(text)}{_nearest(text, free) if by_text else ''}" for text in list(lacking.values())[:_NAMED]]
    more = f" and {len(lacking) - _NAMED:,} more" if len(lacking) > _NAMED else ""
    return f"{name} lacks {counted(len(lacking), 'question')} of the others: {'; '.join(shown)}{more}"


def _nearest(text: str, free: list[str]) -> str:
    near = difflib.get_close_matches(normalise(text), [normalise(other) for other in free], n=1, cutoff=_NEAR)
    return f" (nearest there: {_short(near[0])})" if near else " (no text there comes near)"


def _short(text: str, limit: int = 70) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= limit else line[: limit - 3] + "...")
