"""Which grader: by the question's kind, or by name."""

from __future__ import annotations

from promptlab.errors import unknown
from promptlab.grading.functions import FunctionGrader
from promptlab.grading.labels import label
from promptlab.grading.numeric import number
from promptlab.grading.texts import text
from promptlab.types import Grade, Grader, Question

_BY_KIND = {grader.name: grader for grader in (number, label, text)}


def _by_kind(question: Question, answer_text: str) -> Grade:
    """Grade by the question's own `kind`: number, label or text. The default of a run."""
    if question.kind not in _BY_KIND:
        raise unknown(f"kind of question {question.id!r}", question.kind, _BY_KIND)
    return _BY_KIND[question.kind](question, answer_text)


by_kind: Grader = FunctionGrader(_by_kind, "by-kind", ".".join(grader.version for grader in _BY_KIND.values()))

_NAMED = {**_BY_KIND, by_kind.name: by_kind}


def grader_named(name: str) -> Grader:
    """The built-in grader of this name: number, label, text or by-kind.

    Examples
    --------
    >>> grader_named("number")
    <grader 'number', version '3'>
    """
    if name not in _NAMED:
        raise unknown("grader", name, _NAMED)
    return _NAMED[name]
