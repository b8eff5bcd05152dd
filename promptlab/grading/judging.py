"""From a completion to its grade: the one place where endings, reasoning and format are handled."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import lru_cache

from promptlab.errors import InputError, PromptlabError
from promptlab.grading.functions import as_grade
from promptlab.grading.places import SENTENCE, tail
from promptlab.reasoning import split_reasoning
from promptlab.types import AnswerFormat, Completion, Grade, Grader, Question


def grade(grader: Grader, question: Question, completion: Completion, answer_format: AnswerFormat | None) -> Grade:
    """Grade one completion.

    A failed sample (ending ``error``) is missing data: its score is NaN. An empty or refused one, and one without
    answer text, scores 0. Otherwise the grader sees the answer text, never the reasoning; a truncated output is
    graded too, since it may hold a right answer. `Grade.format_ok` says whether the answer text holds the run's
    format, apart from correctness; it is None where no format was asked for or the sample is missing.

    Raises
    ------
    PromptlabError
        If the grader raises, or returns anything but a score in [0, 1]: it names the grader and the question.
    """
    if completion.ending == "error":
        return Grade(math.nan, why=f"no sample: {completion.error or 'the request failed'}")
    asked = None if answer_format is None else False
    if completion.ending in ("empty", "refused"):
        return Grade(0.0, format_ok=asked, why=f"the model's output was {completion.ending}")
    reasoning, answer_text = split_reasoning(completion)
    if not answer_text:
        return Grade(0.0, format_ok=asked, why=_why_nothing(completion, reasoning))
    format_ok = None if answer_format is None else has_format(answer_format, answer_text)
    return replace(_judged(grader, question, answer_text), format_ok=format_ok)


def has_format(answer_format: AnswerFormat, answer_text: str) -> bool:
    """Whether an answer stands in the format's wrap, anywhere in the answer text.

    Case, the amount of white space and a final full stop of the wrap are not insisted on.
    """
    return _pattern(answer_format.wrap).search(tail(answer_text)) is not None


def _judged(grader: Grader, question: Question, answer_text: str) -> Grade:
    try:
        return as_grade(grader(question, answer_text), answer_text)
    except Exception as error:  # a user's function may raise anything: it is reported, with its cause
        what = str(error) if isinstance(error, PromptlabError) else f"{type(error).__name__}: {error}"
        raise PromptlabError(f"grader {grader.name!r} on question {question.id!r}: {what}") from error


def _why_nothing(completion: Completion, reasoning: str) -> str:
    if completion.ending == "truncated":
        return "no answer: the token budget ended inside the reasoning"
    if not reasoning:
        return "no answer: the output is blank"
    closed = completion.reasoning or "</think" in completion.text.lower()
    return f"no answer: {'nothing follows the reasoning' if closed else 'the reasoning never closed'}"


@lru_cache(maxsize=64)
def _pattern(wrap: str) -> re.Pattern[str]:
    before, found, after = wrap.partition("{answer}")
    if not found:
        raise InputError(f"answer_format: its wrap {wrap!r} lacks the place {{answer}}")
    if not after.rstrip(". "):
        return re.compile(_flexible(before) + r"\s{0,9}\S", re.IGNORECASE)
    return re.compile(
        _flexible(before) + rf"\s{{0,9}}\S.{{0,{SENTENCE}}}?" + _flexible(after), re.IGNORECASE | re.DOTALL
    )


def _flexible(literal: str) -> str:
    return r"\s{1,9}".join(re.escape(word) for word in literal.split())
