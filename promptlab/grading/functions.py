"""A grader is a function with a name and a version; users bring their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from promptlab.errors import InputError, PromptlabError
from promptlab.grading.places import SHOWN
from promptlab.types import Grade, Grader, Question

Function = Callable[[Question, str], Any]


@dataclass(repr=False, eq=False)
class FunctionGrader:
    """A function (question, answer text) -> bool, score in [0, 1] or Grade, made a `Grader`."""

    function: Function
    name: str
    version: str

    def __call__(self, question: Question, answer_text: str) -> Grade:
        return as_grade(self.function(question, answer_text), answer_text)

    def __repr__(self) -> str:
        return f"<grader {self.name!r}, version {self.version!r}>"


def as_grader(function: Function, name: str | None = None, version: str = "1") -> Grader:
    """Make a grader of your own function.

    Parameters
    ----------
    function
        Takes the question and the answer text (never the reasoning) and returns True or False, a score in [0, 1],
        or a `Grade`. Pure: the same input gives the same result. A Grade with a positive score counts as answered.
    name
        What records and tables call it; by default the function's own name.
    version
        Change it whenever the rule changes, so that old grades are not taken for new ones.

    Raises
    ------
    InputError
        If it is not callable, or has no name (a lambda) and none is given.

    Examples
    --------
    >>> short = as_grader(lambda question, text: len(text) < 10, name="short")
    >>> short(Question("q", "?", ()), "yes").score
    1.0
    """
    if not callable(function):
        raise InputError(f"as_grader needs a function (question, answer_text); got {type(function).__name__}")
    if name is None and hasattr(function, "name") and hasattr(function, "version"):
        return cast(Grader, function)
    name = str(name or getattr(function, "__name__", "<lambda>"))
    if name == "<lambda>":
        raise InputError("as_grader: this function has no name of its own: pass name='...'")
    return FunctionGrader(function, name, str(version))


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
