"""A grader is a function with a name and a version; users bring their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from promptlab.errors import PromptlabError
from promptlab.grading.places import SHOWN
from promptlab.types import Grade, Question

Function = Callable[[Question, str], Any]


@dataclass(frozen=True, repr=False)
class FunctionGrader:
    """A function (question, answer text) -> bool, score in [0, 1] or Grade, made a `Grader`."""

    function: Function
    name: str
    version: str

    def __call__(self, question: Question, answer_text: str) -> Grade:
        return as_grade(self.function(question, answer_text), answer_text)

    def __repr__(self) -> str:
        return f"<grader {self.name!r}, version {self.version!r}>"


def as_grade(result: Any, answer_text: str) -> Grade:
    """Check what a grader returned and make it a `Grade`; anything but a score in [0, 1] is an error."""
    if isinstance(result, Grade):
        score = _score(result.score)
        answered = result.answered or score > 0
        return Grade(score, str(result.answer), answered, result.format_ok, result.why)
    answer = answer_text.strip()
    return Grade(_score(result), answer[:SHOWN], bool(answer))


def _score(value: Any) -> float:
    value = value.item() if hasattr(value, "item") else value  # a NumPy scalar
    if not isinstance(value, (bool, int, float)) or not 0 <= value <= 1:  # NaN fails too
        raise PromptlabError(f"returned {value!r:.100}: allowed are True, False, a score in [0, 1] or a Grade")
    return float(value)
