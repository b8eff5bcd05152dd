"""What a completion looks like, apart from whether it is right: features, each with its limits in its description."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from promptlab.numberwords import spelled
from promptlab.numerals import clean, numerals
from promptlab.reasoning import split_reasoning
from promptlab.types import Completion, Grade, Prompt, Question

VERSION = "1"
READ = 100_000  # characters of an output that are read, from its start

DESCRIPTIONS = {
    "reasoning_words": "words before the final answer: the reasoning, or else the answer text up to the last place "
    "where the answer stands (all of it when there is no answer)",
    "answer_words": "the other words: from the final answer on",
    "bypassed": "answered without reasoning: fewer than 3 words before the answer or, for a number, no digit there; a "
    "restated question counts as reasoning",
    "verification": "markers of self-verification (wait, let me check, double-check, hmm, aha, actually, on second "
    "thought); the words alone: it does not tell whether anything was checked",
    "copied_number": "whether exemplar_numbers is above 0",
    "exemplar_numbers": "distinct numbers of the output that stand in the exemplars, but not in the question, its gold "
    "answers, steps or rationale, are not 0 to 10, and do not enter the output right after an equals sign, as a "
    "result (right or wrong); some still agree by chance, so compare with the same model elsewhere",
}

_MARKERS = re.compile(
    r"\b(?:wait|let me (?:check|verify)|double[- ]check(?:s|ed|ing)?|hm+|aha|actually|on second thoughts?)\b",
    re.IGNORECASE,
)
_COUNTING = frozenset(map(Fraction, range(11)))  # "this needs 3 steps", "4. Now add": said without a model to copy


def features(question: Question, prompt: Prompt, completion: Completion, grade: Grade) -> dict[str, float | bool | int]:
    """Features of one completion, by the names in `DESCRIPTIONS`; of an endless output the first part is read.

    Examples
    --------
    >>> question = Question("q", "Ann has 5 coins and gets 4. How many?", ("9",))
    >>> shown = Prompt(exemplars=("Q: 30 + 7? A: 37",))
    >>> output = Completion("She has 5 + 30 = 35. Wait, 35.", "complete")
    >>> features(question, shown, output, Grade(0.0, "35", answered=True))["exemplar_numbers"]
    1
    """
    reasoning, answer_text = (clean(part[:READ]) for part in split_reasoning(completion))
    before, after = _around_answer(question, reasoning, answer_text, grade)
    whole = f"{reasoning}\n{answer_text}"
    copied = _copied(question, prompt, whole)
    return {
        "reasoning_words": len(before.split()),
        "answer_words": len(after.split()),
        "bypassed": grade.answered and _is_bypass(question, before),
        "verification": len(_MARKERS.findall(whole)),
        "copied_number": bool(copied),
        "exemplar_numbers": len(copied),
    }


def _around_answer(question: Question, reasoning: str, answer_text: str, grade: Grade) -> tuple[str, str]:
    """The output before and from its final answer on."""
    if reasoning:
        return reasoning, answer_text
    if not grade.answered:
        return answer_text, ""
    place = _last_place(question, answer_text, grade.answer)
    return answer_text[:place], answer_text[place:]


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


def _is_bypass(question: Question, before: str) -> bool:
    step = question.kind != "number" or any(c.isdigit() for c in before)
    return len(before.split()) < 3 or not step


def _copied(question: Question, prompt: Prompt, output: str) -> frozenset[Fraction]:
    if not prompt.exemplars:
        return frozenset()
    foreign = _values(*prompt.exemplars) - _COUNTING
    return (foreign & _brought_in(output)) - _of_question(question)


def _brought_in(output: str) -> frozenset[Fraction]:
    """The numbers that do not enter the output as a result, right after ``=``: a slip is not a copy."""
    first: dict[Fraction, int] = {}
    for n in numerals(output):
        if n.value is not None:
            first.setdefault(n.value, n.start)
    return frozenset(
        value for value, start in first.items() if not output[max(0, start - 5) : start].rstrip().endswith("=")
    )


def _of_question(question: Question) -> frozenset[Fraction]:
    """Numbers that a right output may well hold: those of the question, its answers, steps and rationale."""
    steps = [part for step in question.meta.get("steps", ()) for part in _step_texts(step)]
    return _values(question.text, *question.answers, str(question.meta.get("rationale") or ""), *steps)


def _step_texts(step: Any) -> Iterable[str]:
    return [str(part) for part in step.values()] if isinstance(step, Mapping) else [str(step)]


@lru_cache(maxsize=4096)  # the same exemplars and question come back for every sample
def _values(*texts: str) -> frozenset[Fraction]:
    return frozenset(n.value for n in numerals("\n".join(map(clean, texts))) if n.value is not None)
