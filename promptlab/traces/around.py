"""Where the final answer stands: how much comes before it, and whether that is reasoning."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable

from promptlab.numberwords import spelled
from promptlab.numerals import numerals
from promptlab.types import Grade, Question


def around_answer(question: Question, reasoning: str, answer_text: str, grade: Grade) -> tuple[str, str]:
    """The output before and from its final answer on."""
    if reasoning:
        return reasoning, answer_text
    if not grade.answered:
        return answer_text, ""
    place = _last_place(question, answer_text, grade.answer)
    return answer_text[:place], answer_text[place:]


def is_bypass(question: Question, before: str) -> bool:
    """Whether what stands before the answer is no reasoning."""
    step = question.kind != "number" or any(c.isdigit() for c in before)
    return len(before.split()) < 3 or not step


def _last_place(question: Question, text: str, answer: str) -> int:
    """Where the answer last stands, as a number of that value, in words or as text; 0 where it is not found."""
    value = next((n.value for n in numerals(answer)), None)
    places = [n.start for n in numerals(text) if value is not None and n.value == value]
    if places:
        return places[-1]
    places = [start for start, digits in spelled(text) if digits == answer]
    forms = [answer, *_choice(question, answer), *_spaced(answer)]
    places += [m.start() for each in forms if each for m in _standing(each).finditer(text)]
    return max(places, default=0)


def _choice(question: Question, answer: str) -> Iterable[str]:
    """The text of the choice whose letter was read as the answer."""
    lettered = zip(string.ascii_uppercase, question.choices, strict=False)
    return (choice for letter, choice in lettered if letter == answer)


def _spaced(answer: str) -> Iterable[str]:
    """12000 as 12 000, which is one number where an answer stands."""
    return [f"{int(answer):,}".replace(",", " ")] if answer.isdecimal() and len(answer) < 20 else []


def _standing(answer: str) -> re.Pattern[str]:
    flags = re.IGNORECASE if len(answer) > 1 else 0  # the label "A" is not the article "a"
    return re.compile(rf"(?<!\w){re.escape(answer)}(?!\w)", flags)
