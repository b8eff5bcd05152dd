"""Each step of an answer checked exactly: ``Question.meta["steps"]`` holds the true operations and their results.

A calculation of a trace does a true step if it has its operation and its operands. The first step that is not done
right is where an answer goes wrong, and what stands in its place says how. A step whose result is used all the same is
left out, not wrong, however its number was reached: in the head, by a product in another order, or by chance. Not read
(0.2 % of what is recorded): units or brackets within a calculation, two operations in one, and steps that stand in
one sentence after "check". Pure, and linear in what is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from promptlab.errors import InputError
from promptlab.numerals import clean
from promptlab.reasoning import split_reasoning
from promptlab.traces.copying import copied_numbers
from promptlab.types import Completion, Grade, Prompt, Question

# How an answer goes wrong, exclusive; what is said of the first step that is not done right.
RIGHT = "right"
UNANSWERED = "no answer"  # truncated, empty, or nothing that reads as one
BYPASSED = "no calculation"
SLIPPED = "wrong result"  # the true operands, another result, and not mended
COPIED = "number of an exemplar"  # an operand that only the exemplars hold
OPERATED = "wrong operation"  # the true operands
OPERANDS = "wrong operands"  # the true operation
ASTRAY = "another calculation"
SKIPPED = "step left out"
WENT_ON = "went on after the last step"
AFTER = "another answer after right steps"
WAYS = (UNANSWERED, BYPASSED, SLIPPED, COPIED, OPERATED, OPERANDS, ASTRAY, SKIPPED, WENT_ON, AFTER)

READ = 20_000  # characters of an output: 256 tokens have some 1,000
_NUMBER = r"\d{1,12}(?:,\d{3}){0,3}(?:\.\d{1,6})?"
_SIDE = rf"{_NUMBER}(?:\s?[-+*/×÷x·]\s?{_NUMBER}){{0,3}}"
_CHAIN = re.compile(rf"(?<![\w.,])(?<![-+*/×÷·]\s)(?<![-+*/×÷·])(?P<chain>{_SIDE}(?:\s?=\s?-?{_SIDE}){{1,4}})(?![\w])")
_OPERATION = re.compile(rf"({_NUMBER})\s?([-+*/×÷x·])\s?({_NUMBER})")
_LAST = re.compile(rf"-?{_NUMBER}")
_SIGNS = {"×": "*", "x": "*", "·": "*", "÷": "/"}
_CHECK = re.compile(r"\b(?:check|verify)\b[^\n.]{0,200}", re.IGNORECASE)

What = tuple[Fraction, str, Fraction]


class Calculation(NamedTuple):
    """``a + b = ... = c``: the operation and what is said to come out."""

    what: What
    result: Fraction


@dataclass(frozen=True)
class Checked:
    """What one answer did of the true steps."""

    way: str  # RIGHT, or one of WAYS
    steps: int  # true ones
    done: int  # of these, worked out with the right result
    skipped: int  # of these, not worked out, and a later step uses the result all the same
    mended: int  # worked out with a wrong result first, and a right one after that
    first_wrong: int | None  # the first step that is neither done nor skipped, from 1; in a right answer, too
    calculations: int  # without those of a check
    copied: bool  # some operand only the exemplars hold


def check(question: Question, prompt: Prompt, completion: Completion, grade: Grade) -> Checked:
    """Check one completion.

    Examples
    --------
    >>> steps = [{"expression": "4 * 6", "value": 24}, {"expression": "24 - 9", "value": 15}]
    >>> question = Question("q", "4 boxes of 6 pens, 9 are sold. How many are left?", ("15",), meta={"steps": steps})
    >>> wrong = Completion("Pens: 4 * 6 = 24. Left: 24 - 9 = 14. The answer is 14.", "complete")
    >>> found = check(question, Prompt(), wrong, Grade(0.0, "14", answered=True))
    >>> found.way, found.done, found.first_wrong
    ('wrong result', 1, 2)
    """
    text = "\n".join(clean(part[:READ]) for part in split_reasoning(completion))
    true, done = _true_steps(question), calculations(text)
    foreign = copied_numbers(question, prompt, text)
    states = _states(true, done)
    first = next((i for i, state in enumerate(states) if state in ("wrong", "absent")), None)
    copied = any(operand in foreign for found in done for operand in found.what[::2])
    way = RIGHT if grade.score >= 1 else _way(grade, true, done, states, first, foreign)
    return Checked(
        way,
        steps=len(true),
        done=states.count("right"),
        skipped=states.count("skipped"),
        mended=sum(_mended(step, done) for step in true),
        first_wrong=None if first is None else first + 1,
        calculations=len(done),
        copied=copied,
    )


def with_steps(questions: Iterable[Question], path: Path) -> dict[str, Question]:
    """A run's questions by id; an error where the true steps of one are not known."""
    asked = {question.id: question for question in questions}
    if any("steps" not in question.meta for question in asked.values()):
        raise InputError(f"{path} has questions without steps: only those of the built-in generator have them")
    return asked


def calculations(cleaned: str) -> list[Calculation]:
    """Those of a cleaned text, a product worked out in parts as one; not those of a check, which undo the last step.

    Examples
    --------
    >>> found = calculations("21 * 52 = 52 * 20 + 52 * 1 = 1040 + 52 = 1092. Check: 1092 / 52 = 21.")
    >>> [str(one.result) for one in found]
    ['1092']
    """
    chains = (found["chain"].split("=") for found in _CHAIN.finditer(_CHECK.sub("", cleaned)))
    return [found for first, *_, last in chains if (found := _calculation(first.strip(), last.strip()))]


def _calculation(first: str, last: str) -> Calculation | None:
    """None where it is not one operation, or no number comes out; ``47 = 94 / 2`` is read, too."""
    if _LAST.fullmatch(first):
        first, last = last, first
    operation, result = _OPERATION.fullmatch(first), _LAST.fullmatch(last)
    if not operation or not result:
        return None
    left, sign, right = operation.groups()
    return Calculation(_what(left, _SIGNS.get(sign, sign), right), _value(result[0]))


def _what(left: str, sign: str, right: str) -> What:
    """Of a sum or product the order does not count."""
    a, b = _value(left), _value(right)
    return (min(a, b), sign, max(a, b)) if sign in "+*" else (a, sign, b)


def _value(text: str) -> Fraction:
    return Fraction(text.replace(",", ""))


def _true_steps(question: Question) -> list[Calculation]:
    steps: Sequence[dict[str, Any]] = question.meta["steps"]
    return [Calculation(_what(*step["expression"].split()), Fraction(step["value"])) for step in steps]


def _results(step: Calculation, done: Sequence[Calculation]) -> list[Fraction]:
    return [found.result for found in done if found.what == step.what]


def _states(true: Sequence[Calculation], done: Sequence[Calculation]) -> list[str]:
    """Of each step ``right | wrong | skipped | absent``; the last result counts, so what was mended is right."""
    found: list[str] = []
    used: set[Fraction] = set()  # operands of the later steps that are worked out, or left out in their turn
    for step in reversed(true):
        if results := _results(step, done):
            found.append("right" if results[-1] == step.result else "wrong")
        else:
            found.append("skipped" if step.result in used else "absent")
        if found[-1] != "absent":
            used |= {step.what[0], step.what[2]}
    return found[::-1]


def _mended(step: Calculation, done: Sequence[Calculation]) -> bool:
    results = _results(step, done)
    return len(results) > 1 and results[-1] == step.result and any(result != step.result for result in results)


def _way(
    grade: Grade,
    true: Sequence[Calculation],
    done: Sequence[Calculation],
    states: Sequence[str],
    first: int | None,
    foreign: frozenset[Fraction],
) -> str:
    if not grade.answered:
        return UNANSWERED
    if not done:
        return BYPASSED
    if first is None:
        return AFTER if done[-1].what in {step.what for step in true} else WENT_ON
    if states[first] == "wrong":
        return SLIPPED
    instead = _instead(true, done, first)
    return SKIPPED if instead is None else _deviation(true[first].what, instead.what, foreign)


def _instead(true: Sequence[Calculation], done: Sequence[Calculation], first: int) -> Calculation | None:
    """What stands where the step should: the first calculation after the steps before it that is no true step."""
    whats, before = {step.what for step in true}, {step.what for step in true[:first]}
    start = max((i + 1 for i, found in enumerate(done) if found.what in before), default=0)
    others = [(i, found) for i, found in enumerate(done) if found.what not in whats]
    later = [found for i, found in others if i >= start]
    return later[0] if later else others[0][1] if others else None


def _deviation(wanted: What, found: What, foreign: frozenset[Fraction]) -> str:
    if foreign & {found[0], found[2]}:
        return COPIED
    if wanted[1] == found[1]:
        return OPERANDS
    return OPERATED if {wanted[0], wanted[2]} == {found[0], found[2]} else ASTRAY
