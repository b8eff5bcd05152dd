"""The grader for questions whose answer is one number."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from promptlab.errors import InputError
from promptlab.grading.functions import FunctionGrader
from promptlab.grading.places import SHOWN, Refusal, explicit, first_answer, phrases
from promptlab.numerals import Numeral, clean, numerals, written
from promptlab.types import Grade, Grader, Question

_ALTERNATIVES = re.compile(r"\bor\b|\band\b|[;\n]|,\s", re.IGNORECASE)
_JOINED = re.compile(r"\s*(?:or|and|to|[-+*/×·÷x,;&]|)\s*", re.IGNORECASE)  # 3 or 4, 12 + 3: not yet an answer
_RESULT = re.compile(r"=|\b(?:is|equals|gives|makes)\b", re.IGNORECASE)
_SENTENCE = re.compile(r".*?\d.*?[.!?](?=\s|\Z)")


def _number(question: Question, answer_text: str) -> Grade:
    """Grade an answer that is one number, compared exactly (no rounding, no tolerance).

    The final answer is what stands in the last ``<answer>`` tag; else in the last ``\\boxed{}``; else after the last
    "the answer is", "answer:" or "####" that a number follows; else the last number of the text. A tag or box
    settles it: when it holds no number there is no answer, and several different numbers in it (3 or 4) are wrong,
    whatever they are. In a chain of equations the number after the last ``=`` counts. Where the model goes on with a
    "Question:" of its own, only what stands before it is read.

    Understood: signs, thousands separators (1,234), decimals, fractions (3/4, 1 1/2, LaTeX), exponents up to 30,
    digits of every script. Units, currency and the percent sign are left aside: "50%" equals 50, not 0.5. Not
    understood: numbers in words, a decimal comma (3,5), times (12:30), sums that are not worked out (12 + 3), roots.
    A number of more than 60 characters counts as answered and wrong. Any of several gold answers is right.

    Examples
    --------
    >>> question = Question("q", "7 + 5?", ("12",))
    >>> number(question, "7 + 5 = 12.").score, number(question, "It is not 12 but 13.").score
    (1.0, 0.0)
    """
    gold = _gold(question.id, question.answers)
    found = final_number(answer_text)
    if isinstance(found, Refusal):
        return Grade(0.0, found.answer[:SHOWN], found.answered, why=found.why)
    right = found in gold
    return Grade(float(right), written(found), True, why="" if right else f"expected {' or '.join(map(written, gold))}")


number: Grader = FunctionGrader(_number, "number", "1")


def final_number(answer_text: str) -> Fraction | Refusal:
    """The number that an answer text gives as its answer."""
    return first_answer(answer_text, _read)


def _read(text: str) -> Fraction | Refusal:
    place = explicit(text)
    if place:
        found = single_number(place.text)
        return found._replace(why=f"the {place.name} holds {found.why}") if isinstance(found, Refusal) else found
    cleaned = clean(text)
    for line in phrases(cleaned):
        if any(numerals(line)):
            return _after_phrase(line)
    every = list(numerals(cleaned))
    return _taken(cleaned, every[-1]) if every else Refusal("", False, "no number in the answer text")


def single_number(text: str) -> Fraction | Refusal:
    """The one number that a short text states, after the last ``=`` of each of its parts."""
    cleaned = clean(text)
    found = [n for part in _ALTERNATIVES.split(cleaned) for n in _results(part)]
    if not found:
        return Refusal(text, False, "no number")
    doubtful = next((n for n in found if n.value is None), None)
    if doubtful:
        return Refusal(text, True, doubtful.why)
    values = {n.value for n in found}
    return found[0].value if len(values) == 1 and found[0].value is not None else Refusal(text, True, "several numbers")


def _results(part: str) -> list[Numeral]:
    """The numbers after the last ``=`` when there are any, else all."""
    return list(numerals(part.rpartition("=")[2])) or list(numerals(part))


def _after_phrase(line: str) -> Fraction | Refusal:
    """In a sentence: the number right after the phrase; a sum's result; else the sentence's last number."""
    whole = _SENTENCE.match(line)
    sentence = whole.group() if whole and any(numerals(whole.group())) else line
    found = list(numerals(sentence))
    direct = not re.search(r"\w", sentence[: found[0].start])
    joined = len(found) > 1 and _JOINED.fullmatch(sentence, found[0].end, found[1].start)
    if direct and not joined:
        return _taken(sentence, found[0])
    if direct and not _RESULT.search(sentence, found[0].end):
        return Refusal(sentence, True, "several numbers where one answer should be")
    return _taken(sentence, _results(sentence)[-1])


def _taken(text: str, found: Numeral) -> Fraction | Refusal:
    if found.value is None:
        return Refusal(text[found.start : found.end], True, found.why)
    return found.value


@lru_cache(maxsize=65_536)
def _gold(question: str, answers: tuple[str, ...]) -> tuple[Fraction, ...]:
    values = []
    for answer in answers:
        value = single_number(answer)
        if isinstance(value, Refusal):
            raise InputError(f"gold answer {answer!r:.100} of question {question!r} is not one number ({value.why})")
        values.append(value)
    if not values:
        raise InputError(f"question {question!r} has no gold answer")
    return tuple(dict.fromkeys(values))
