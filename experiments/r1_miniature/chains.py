"""Worked answers to train on, written by rule from a question's own steps (``Question.meta["steps"]``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from experiments.r1_miniature.languages import Language, drawn
from promptlab.formats import ANSWER_TAGS
from promptlab.prompts import Exemplars
from promptlab.types import AnswerFormat, Question

_INVERSE = {"+": "-", "-": "+", "*": "/", "/": "*"}


def worked(question: Question, answer_format: AnswerFormat | None) -> str:
    """The worked solution without think tags: letter for letter what a worked exemplar shows."""
    return Exemplars(k=1, style="worked").show(question, answer_format)


def thinking(
    question: Question, answer_format: AnswerFormat | None, rng: Random, slips: float, german: float = 0.0
) -> str:
    """Reasoning in think tags (one line a step, sometimes a slip that is mended, a check), then the answer.

    Parameters
    ----------
    slips
        Probability, for each chain, that one of its steps first goes wrong and is then corrected.
    german
        Probability, for each sentence of the reasoning, that it is in German.
    """
    language = partial(drawn, german, rng)
    steps = question.meta["steps"]
    wrong = rng.randrange(len(steps)) if rng.random() < slips else -1
    lines = [_line(step, language, rng if i == wrong else None) for i, step in enumerate(steps)]
    lines.append(rng.choice(language().checks).format(check(steps[-1])))
    return f"<think>\n{chr(10).join(lines)}\n</think>\n{final(question, answer_format)}"


def final(question: Question, answer_format: AnswerFormat | None) -> str:
    """The answer as a reasoning model gives it: in the format that was asked for, else in answer tags."""
    return wrap_of(answer_format).replace("{answer}", question.answers[0])


def wrap_of(answer_format: AnswerFormat | None) -> str:
    return (answer_format or ANSWER_TAGS).wrap


def calculation(expression: str, value: int) -> str:
    """The expression worked out; a product of two large numbers is split at the tens of the smaller one.

    Examples
    --------
    >>> calculation("21 * 52", 1092)
    '21 * 52 = 52 * 20 + 52 * 1 = 1040 + 52 = 1092'
    >>> calculation("12 + 30", 42)
    '12 + 30 = 42'
    """
    left, sign, right = expression.split()
    large, small = sorted((int(left), int(right)), reverse=True)
    if sign != "*" or small < 11 or small % 10 == 0:
        return f"{expression} = {value}"
    tens, ones = small // 10 * 10, small % 10
    return f"{expression} = {large} * {tens} + {large} * {ones} = {large * tens} + {large * ones} = {value}"


def check(step: dict[str, Any]) -> str:
    """The last step undone: ``48 - 6 = 42`` is checked by ``42 + 6 = 48``.

    Examples
    --------
    >>> check({"expression": "48 - 6", "value": 42})
    '42 + 6 = 48'
    """
    left, sign, right = step["expression"].split()
    return f"{step['value']} {_INVERSE[sign]} {right} = {left}"


def _line(step: dict[str, Any], language: Callable[[], Language], rng: Random | None) -> str:
    what, right = language().label(step["what"]), calculation(step["expression"], step["value"])
    if rng is None:
        return f"{what}: {right}."
    return f"{what}: {step['expression']} = {_slip(step['value'], rng)}. {rng.choice(language().doubts)} {right}."


def _slip(value: int, rng: Random) -> int:
    """A near miss: off by one or by ten, never the value itself and never negative."""
    return rng.choice([other for other in (value - 10, value - 1, value + 1, value + 10) if other >= 0])
