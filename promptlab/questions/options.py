"""Options for the built-in word problems: the answer among what slips on the way to it would give."""

from __future__ import annotations

import string
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain, count, islice
from typing import Any

from promptlab.questions.drawing import Unsuitable, evaluate
from promptlab.types import Question, digest


def with_options(question: Question, n: int) -> Question:
    """The same question with n labelled options; which they are, and their order, follows from the question alone.

    Examples
    --------
    >>> steps = [{"what": "Left", "expression": "9 - 3", "value": 6}]
    >>> with_options(Question("q", "Nine pens, three are lost: left?", ("6",), meta={"steps": steps}), 4).choices
    ('12', '3', '6', '5')
    """
    answer = int(question.answers[0])
    likely = {value for value in _slips(answer, question.meta["steps"]) if value > 0} - {answer}
    ordered = sorted(likely, key=lambda value: digest([question.id, "wrong", value]))
    further = (answer + size for size in count(2) if answer + size not in likely)
    wrong = islice(chain(ordered, further), n - 1)
    values = sorted([answer, *wrong], key=lambda value: digest([question.id, value]))
    label = string.ascii_uppercase[values.index(answer)]
    return replace(
        question, id=f"{question.id}-of-{n}", answers=(label,), kind="label", choices=tuple(map(str, values))
    )


def _slips(answer: int, steps: list[dict[str, Any]]) -> Iterator[int]:
    """A slip of 1 or 10; steps left out at the end; in the last another operation, or its numbers swapped."""
    yield from (answer - 10, answer - 1, answer + 1, answer + 10)
    yield from (step["value"] for step in steps)
    left, sign, right = steps[-1]["expression"].split()
    for other in (*(f"{left} {other} {right}" for other in "+-*/"), f"{right} {sign} {left}"):
        with suppress(Unsuitable):
            yield evaluate(other)
