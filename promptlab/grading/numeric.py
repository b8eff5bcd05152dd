"""The grader for questions whose answer is one number."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from itertools import islice

from promptlab.errors import InputError
from promptlab.grading.concluding import LONGEST, conclusions, corrected
from promptlab.grading.functions import FunctionGrader
from promptlab.grading.places import MOST_PHRASES, SENTENCE, SHOWN, Refusal, declared, first_answer, innermost
from promptlab.numerals import Numeral, numerals, written
from promptlab.onenumber import clean_tex, gold_number, in_place, joined_thousands, one_number, stated
from promptlab.types import Grade, Grader, Question

# 3 or 4, 12 + 3: not yet an answer
_JOINED = re.compile(r"\s*(?:or|and|to|plus|minus|times|[-+*/×·÷x,;&]|)\s*", re.IGNORECASE)
_RESULT = re.compile(r"=|\b(?:is|equals|gives|makes)\b", re.IGNORECASE)
_SEVERAL = "several numbers where one answer should be"
_EITHER = re.compile(r"[ \t]?(?:or|to|-)[ \t]?", re.IGNORECASE)  # between two numbers: a range or an alternative
_BETWEEN = re.compile(r"\bbetween\W{1,3}\Z", re.IGNORECASE)
_CHANGE = re.compile(r"\w\W{1,3}from\W{1,3}\Z", re.IGNORECASE)  # "it rises from 10 to 12" ends at 12
_BARE = re.compile(r"[^\w.-]{0,9}-?[\d.,]+(?: [^\W\d]+){0,2}\W{0,9}")
_WORKED_OUT = re.compile(  # 3 + 9, so 12
    r"\s*(?:[.,;]\s*(?:so|thus|hence|therefore|or|i\.e\.|that is|that makes|which is)(?: it is)?,?|:)\s+", re.IGNORECASE
)
_OPERATOR = re.compile(r"\s*(?:plus|minus|times|[-+*/×·÷x])\s*", re.IGNORECASE)
_PRONOUN = re.compile(r"\W{0,9}one\s(?!(?:hundred|thousand|million|billion|dozen)\b)\w", re.IGNORECASE)
_FULL_STOP = re.compile(r"[.!?](?=\s|\Z)")
_SENTENCE = re.compile(r".*?\d.*?[.!?](?=\s|\Z)")


def _number(question: Question, answer_text: str) -> Grade:
    """Grade an answer that is one number, compared exactly (no rounding, no tolerance).

    The final answer is what stands in the last ``<answer>`` tag (the box in it, if there is one); else in the last
    ``\\boxed{}``; else after the last "the answer is", "answer:" or "####" that a number follows, of the last 50,
    unless a correction puts another in its place ("8. Wait, no, it is 12."); else the last number of the text. A tag or
    box settles it: when it holds no number there is no answer. Of several different numbers in it the one counts that a
    sentence there comes to (x = 3, so the total is 12; 12 hours (720 minutes)), else they are wrong, whatever they are
    (3 or 4). In a chain of equations the number after the last ``=`` counts. A text that ends in a range or an
    alternative (between 10 and 12, 10-12, 10 or 12) gives no single number, and is wrong; so does a bound (at least 5,
    5 or more, 5+). A number that is denied (not 12, rather than 12, 12 is not the answer) is passed over. Where the
    model goes on with a "Question:" of its own, only what stands before it is read. "- 3" at a line's start is an item
    of a list, and -3 in a tag or box, after "=", ":" or "is".

    Understood: signs, thousands separators (1,234), decimals, fractions (3/4, 1 1/2, LaTeX), exponents up to 30, scales
    (5 million, 12 dozen is 144, 5k), digits of every script, dollars or euros with cents. A comma before exactly three
    digits separates thousands (1,500 is 1500); before one or two digits, or behind a lone 0, it is a decimal comma (1,5
    is 1.5). In a tag or box, and where a sentence after "the answer is" or the whole text is nothing but the number
    (and two more words), also thousands apart by spaces (12 000) and, where no digit stands, whole numbers in English
    words. Units, currency and the percent sign are left aside: "50%" equals 50, not 0.5. Not understood: times (12:30),
    sums that are not worked out (12 + 3), roots. A number of more than 60 characters counts as answered and wrong. Any
    of several gold answers is right.

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


number: Grader = FunctionGrader(_number, "number", "5")


def final_number(answer_text: str) -> Fraction | Refusal:
    """The number that an answer text gives as its answer."""
    return first_answer(answer_text, _read)


def _read(text: str) -> Fraction | Refusal:
    place = innermost(text)
    if place:
        found = _of_several(place.text)
        if not isinstance(found, Refusal):
            return found
        return found._replace(why=f"the {place.name} holds {found.why}", final=True)
    cleaned = stated(clean_tex(text))
    for start, line in islice(declared(cleaned), MOST_PHRASES):
        if any(numerals(line)):
            anew = corrected(joined_thousands(cleaned[start : start + LONGEST]))
            return single_number(anew) if anew else _after_phrase(joined_thousands(line))
        if bare := _bare(_FULL_STOP.split(line, maxsplit=1)[0]):
            return single_number(bare)
    cleaned = _bare(cleaned) or cleaned
    every = list(numerals(cleaned))
    return _last(cleaned, every) if every else Refusal("", False, "no number in the answer text")


def single_number(text: str) -> Fraction | Refusal:
    """The one number that a short text states."""
    found = one_number(text)
    if found is None:
        return Refusal(text, False, "no number")
    return Refusal(text, True, found.why) if found.value is None else found.value


def _of_several(text: str) -> Fraction | Refusal:
    """The one number of an answer's place, or the one that a sentence there comes to."""
    found = single_number(text)
    if isinstance(found, Refusal) and found.answered:
        better = (said for said in map(single_number, conclusions(text)) if not isinstance(said, Refusal))
        return next(better, found)
    return found


def _bare(cleaned: str) -> str:
    """A text that is nothing but a number and its unit, as in an answer's place; else nothing.

    In a longer text 5 100 may be two numbers, and "one" is mostly a pronoun.
    """
    if len(cleaned) > SENTENCE or _PRONOUN.match(cleaned):
        return ""
    placed = stated(in_place(cleaned))
    return placed if _BARE.fullmatch(placed) else ""


def _after_phrase(line: str) -> Fraction | Refusal:
    """In a sentence: the number right after the phrase; a sum's result; else the sentence's last number."""
    whole = _SENTENCE.match(line)
    sentence = whole.group() if whole else line
    found = list(numerals(sentence))
    if not found:  # its digit is no number, as in "x2."
        sentence, found = line, list(numerals(line))
    direct = not re.search(r"\w", sentence[: found[0].start])
    joined = len(found) > 1 and _JOINED.fullmatch(sentence, found[0].end, found[1].start)
    if direct and not joined:
        return _taken(sentence, found[0])
    if direct and joined and joined.group().strip().casefold() == "or" and not _undecided(sentence, *found[:2]):
        return _taken(sentence, found[1])  # 24/2 or 12
    if direct and not _RESULT.search(sentence, found[0].end):
        return _worked_out(line, Refusal(sentence, True, _SEVERAL))
    part = sentence.rpartition("=")[2]
    return _last(part, list(numerals(part))) if any(numerals(part)) else _last(sentence, found)


def _worked_out(line: str, otherwise: Refusal) -> Fraction | Refusal:
    """The result of a sum with which a line begins, where that follows: "3 + 9, so 12"."""
    found = list(numerals(line))
    n = next((i for i in range(1, len(found)) if not _OPERATOR.fullmatch(line, found[i - 1].end, found[i].start)), 0)
    follows = n > 1 and _WORKED_OUT.fullmatch(line, found[n - 1].end, found[n].start)
    return _taken(line, found[n]) if follows else otherwise


def _last(text: str, found: list[Numeral]) -> Fraction | Refusal:
    """The last number, unless it ends a range or an alternative."""
    if len(found) > 1 and _undecided(text, *found[-2:]):
        return Refusal(text[found[-2].start : found[-1].end], True, _SEVERAL)
    return _taken(text, found[-1])


def _undecided(text: str, first: Numeral, last: Numeral) -> bool:
    between, before = text[first.end : last.start], text[max(0, first.start - 20) : first.start]
    if first.value is None or last.value in (first.value, 100 * first.value):  # 0.5 or 50%
        return False
    if between == " " and text[first.end - 1].isalpha():  # 5 million 200 thousand
        return True
    if _BETWEEN.search(before):
        return between.strip().casefold() == "and"
    return bool(_EITHER.fullmatch(between)) and not _CHANGE.search(before)


def _taken(text: str, found: Numeral) -> Fraction | Refusal:
    if found.value is None:
        return Refusal(text[found.start : found.end], True, found.why)
    return found.value


@lru_cache(maxsize=65_536)
def _gold(question: str, answers: tuple[str, ...]) -> tuple[Fraction, ...]:
    if not answers:
        raise InputError(f"question {question!r} has no gold answer")
    try:
        return tuple(dict.fromkeys(map(gold_number, answers)))
    except InputError as problem:
        raise InputError(f"question {question!r}: {problem}") from None
