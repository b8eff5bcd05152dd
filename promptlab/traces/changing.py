"""Answers that are stated on the way, calculations that are done again, and what becomes of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from promptlab.numerals import clean, numerals, written
from promptlab.textnorm import normalise
from promptlab.types import Grade, Question

_SAID = re.compile(
    r"(?:\banswer(?: should| would| must)?(?: then)?(?: is| be|:)|\\boxed\s?\{|\boption|答案(?:应该)?(?:是|为)"
    r"|\bantwort(?: ist| lautet|:)|\bréponse(?: est|:)|\brespuesta(?: es|:))"
    r"[\s:*$(\\]{0,4}(?P<answer>[^\n;!?。]{1,80})",
    re.IGNORECASE,
)
_CONCLUDED = re.compile(
    r"(?:\A|(?<=[.!?\n]))\s{0,2}(?:so|thus|therefore|hence)\b(?P<answer>[^\n;!?]{1,100})", re.IGNORECASE
)
_CHOSEN = re.compile(r"\bso(?: it(?: is|['’]s| must be))?[\s(]{1,2}(?P<answer>[A-Z])(?=[).,;!\n]|\Z)")
_SENTENCE_END = re.compile(r"[.。](?:\s|\Z)|\}")
_LETTER = re.compile(r"(?<!\w)([A-Z])(?!\w)")

_NUMBER = r"\d[\d,]{0,20}(?:\.\d{1,20})?"
_SIGNS = {"+": "+", "plus": "+", "-": "-", "minus": "-", "*": "*", "×": "*", "x": "*", "·": "*", "times": "*",
          "/": "/", "÷": "/", "divided by": "/"}  # fmt: skip
_CALCULATION = re.compile(
    rf"(?<![A-Za-z_\d])(?<!\d[.,])(?<![-+*/×÷·]\s)(?<![-+*/×÷·])(?P<left>{_NUMBER})"
    rf"\s?(?P<sign>[-+*/×÷x·]|plus|minus|times|divided by)\s?(?P<right>{_NUMBER})"
    rf"\s?(?:=|is|equals|makes|gives)\s?(?P<result>-?{_NUMBER})(?![\d,]*\d)(?!\s?[-+*/×÷·]\s?\d)",
    re.IGNORECASE,
)


class Calculation(NamedTuple):
    """Two numbers and what is said to come out; of a sum or product the order does not count."""

    what: tuple[str, str, str]
    result: str
    start: int


def calculations(cleaned: str) -> list[Calculation]:
    """Every ``a + b = c`` of a cleaned text, in figures or with plus, minus, times, divided by.

    Examples
    --------
    >>> [found.result for found in calculations("7 * 6 = 42, and 6 times 7 is 42. 2 * 3 + 4 = 10")]
    ['42', '42']
    """
    return [_calculation(found) for found in _CALCULATION.finditer(cleaned)]


def _calculation(found: re.Match[str]) -> Calculation:
    left, right, result = (found[name].replace(",", "") for name in ("left", "right", "result"))
    sign = _SIGNS[found["sign"].lower()]
    if sign in "+*":
        left, right = sorted((left, right))
    return Calculation((left, sign, right), result, found.start())


def redone(done: Iterable[Calculation]) -> tuple[int, int]:
    """How many different calculations are done more than once, and how many of these with different results."""
    again = [found for found in _results(done).values() if len(found) > 1]
    return len(again), sum(len(set(found)) > 1 for found in again)


def _results(done: Iterable[Calculation]) -> dict[tuple[str, str, str], list[str]]:
    results = defaultdict(list)
    for calculation in done:
        results[calculation.what].append(calculation.result)
    return results


class Changed(NamedTuple):
    """Whether an earlier answer differs from the final one, and between what it changed."""

    changed: bool
    to_right: bool
    to_wrong: bool


def changed(question: Question, text: str, grade: Grade, last_marker: int) -> Changed | None:
    """Compare the answers stated before the last marker with the final one; None where there is none of either."""
    final = _same(question, grade.answer) if grade.answered and last_marker > 0 else ""
    before = list(_stated(question, text[:last_marker], text, final)) if final else []
    if not before:
        return None
    others = [answer for answer in before if answer != final]
    gold = {_same(question, answer) for answer in question.answers}
    was_right, is_right = bool(others) and others[-1] in gold, grade.score >= 1
    return Changed(bool(others), bool(others) and is_right and not was_right, was_right and not is_right)


def _stated(question: Question, before: str, text: str, final: str) -> Iterator[str]:
    """Answers stated in a part of the text, from left to right, each in the one way to write it."""
    found = [(match.start(), _same(question, _first_part(match["answer"]))) for match in _SAID.finditer(before)]
    if question.kind == "number":
        found += _concluded(before, text, final)
    if question.kind == "label":
        found += [(match.start(), match["answer"]) for match in _CHOSEN.finditer(before)]
    return (answer for _, answer in sorted(found) if answer)


def _concluded(before: str, text: str, final: str) -> Iterator[tuple[int, str]]:
    """Numbers at which a sentence with ``so`` arrives, unless a later calculation starts from them.

    A number that is worked out again with another result was an answer all the same: a check starts from it, too.
    """
    places = [(match.start(), _last_number(_first_part(match["answer"]))) for match in _CONCLUDED.finditer(before)]
    done = calculations(text) if places else []
    used = {number: found.start for found in done for number in (found.what[0], found.what[2])}
    kept = {final, *(result for found in _results(done).values() if len(set(found)) > 1 for result in found)}
    return ((place, value) for place, value in places if value and (value in kept or used.get(value, -1) < place))


def _first_part(text: str) -> str:
    """Up to the end of the sentence or of the box."""
    end = _SENTENCE_END.search(text)
    return text[: end.start()] if end else text


def _last_number(text: str) -> str:
    values = [n.value for n in numerals(clean(text)) if n.value is not None]
    return written(values[-1]) if values else ""


def _same(question: Question, answer: str) -> str:
    """An answer in the one way to write it, so that equal answers are equal texts; "" where there is none."""
    if question.kind == "number":
        value = next((n.value for n in numerals(clean(answer[:200])) if n.value is not None), None)
        return "" if value is None else written(value)
    if question.kind == "label":
        return _label(question.choices, answer[:200])
    return normalise(answer[:200])


def _label(choices: Sequence[str], answer: str) -> str:
    letter = _LETTER.search(answer)
    named = [chr(65 + i) for i, choice in enumerate(choices) if normalise(choice) in normalise(answer)]
    return letter[1] if letter else "".join(named[:1])
