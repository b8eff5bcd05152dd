"""Which grader: by the question's kind, by name, or one of the user's own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

from promptlab.errors import InputError, unknown
from promptlab.grading.expressions import maths
from promptlab.grading.functions import Function, FunctionGrader
from promptlab.grading.labels import label
from promptlab.grading.numeric import number
from promptlab.grading.spans import drop_f1
from promptlab.grading.texts import text
from promptlab.types import Grade, Grader, Question

_BY_KIND = {grader.name: grader for grader in (number, label, text, maths, drop_f1)}
_NEEDS = {
    "judge": "a judge: a model, or a person, that says whether an answer in free words is right",
    "code": "a sandbox, in which the model's program runs against tests",
}


def _by_kind(question: Question, answer_text: str) -> Grade:
    """Grade by the question's own `kind`: number, label, text, math or drop. The default of a run."""
    if question.kind in _NEEDS:
        raise InputError(
            f"question {question.id!r} is of kind {question.kind!r}: grading it needs {_NEEDS[question.kind]}, which "
            "promptlab does not have. Pass a grader of your own: grader=as_grader(function)"
        )
    if question.kind not in _BY_KIND:
        raise unknown(f"kind of question {question.id!r}", question.kind, _BY_KIND)
    return _BY_KIND[question.kind](question, answer_text)


by_kind: Grader = FunctionGrader(_by_kind, "by-kind", ".".join(grader.version for grader in _BY_KIND.values()))

_NAMED = {**_BY_KIND, by_kind.name: by_kind}


def grader_named(name: str) -> Grader:
    """The built-in grader of this name: number, label, text, math, drop or by-kind.

    Examples
    --------
    >>> grader_named("number")
    <grader 'number', version '5'>
    """
    if name not in _NAMED:
        raise unknown("grader", name, _NAMED)
    return _NAMED[name]


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
        If it is not callable, has no name (a lambda) and none is given, or the name of a built-in grader.

    Examples
    --------
    >>> short = as_grader(lambda question, text: len(text) < 10, name="short")
    >>> short(Question("q", "?", ()), "yes").score
    1.0
    """
    if not callable(function):
        raise InputError(f"as_grader needs a function (question, answer_text); got {type(function).__name__}")
    if name is None and hasattr(function, "name") and hasattr(function, "version"):
        return _own(cast(Grader, function))
    name = str(name or getattr(function, "__name__", "<lambda>"))
    if name == "<lambda>":
        raise InputError("as_grader: this function has no name of its own: pass name='...'")
    return _own(FunctionGrader(function, name, str(version)))


def _own(grader: Grader) -> Grader:
    """A name stands for one rule, in records and in registered designs."""
    if _NAMED.get(grader.name, grader) != grader:
        raise InputError(
            f"as_grader: {grader.name!r} is the name of a built-in grader, and this is another one: give it a name of "
            f"its own, as_grader(function, name='my-{grader.name}')"
        )
    return grader


def check_gradable(grader: Grader, questions: Iterable[Question]) -> None:
    """Raise before the first paid call what a built-in grader would raise at the first completion.

    A kind that it does not grade, a gold answer that it cannot read, a package that is missing. A grader of the user's
    own is not called: it may be slow, or cost money.

    Raises
    ------
    InputError
        It names the question and what is needed.
    """
    if _NAMED.get(grader.name) == grader:
        for question in questions:
            grader(question, "")
