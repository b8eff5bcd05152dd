"""What stands where the exemplars would: controls that keep all but one property of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from itertools import cycle

from promptlab.choices import gold_label, label_alone, options_of
from promptlab.errors import InputError
from promptlab.numberwords import in_digits
from promptlab.numerals import clean, written
from promptlab.onenumber import one_number
from promptlab.prompts.foreign import PROSE
from promptlab.textnorm import normalise
from promptlab.types import Question

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"  # written without spaces between words
_TOKEN = re.compile(rf"[{CJK}]|[^\W\d_{CJK}]+|\d|[^\w\s]|_|\n|[^\S\n](?=\d)")
_ARTICLE = re.compile(r"\b(?:an?|the)\b")
_QUIET = re.compile(r"[\s$\\{}()\[\]]")
_OPERATOR = re.compile(r"[-+*/^=,_]")

Shown = list[tuple[str, str]]  # the exemplars as they are shown: what is asked, what is answered


def labelled(shown: Shown) -> Shown:
    """The exemplars as they read inside a text."""
    return [(f"Question: {asked}", f"Answer: {answer}" if answer else "") for asked, answer in shown]


def approximate_tokens(text: str) -> int:
    """Words, digits, marks, line ends and spaces before numbers: about a text's tokens where digits are read singly.

    Where words are not set apart (Chinese, Japanese, Korean) every character counts.

    Examples
    --------
    >>> approximate_tokens("The cost: 12 * 3 = 36.")
    14
    """
    return len(_TOKEN.findall(text))


def unrelated(shown: Shown) -> Shown:
    """Prose in the place of every exemplar, as long as that is; the text runs on from one to the next."""
    words = cycle(PROSE.split())
    return [(_passage(words, asked), _passage(words, answer)) for asked, answer in shown]


def _passage(words: Iterator[str], as_long_as: str) -> str:
    taken: list[str] = []
    tokens = approximate_tokens(as_long_as)
    while tokens > 0:
        taken.append(next(words))
        tokens -= approximate_tokens(taken[-1])
    return " ".join(taken)


def first_answer(exemplar: Question) -> str:
    if not exemplar.answers:
        raise InputError(f"exemplar {exemplar.id!r} has no answer to show")
    return exemplar.answers[0]


def wrong_answers(chosen: Sequence[Question], others: Sequence[Question]) -> tuple[Question, ...]:
    """The exemplars, each with a wrong answer: the answers change places among them so that none is right.

    Wrong is what neither a grader nor a reader could take for a right one: another value, not another way to write it.
    Formulas of the same characters count as the same; others are not worked out, so x(x+1) may stand for x^2+x. Where
    answers cannot change places (one exemplar, or too many with the same answer) an exemplar gets a wrong one of its
    own choices, or the first answer among `others` that is wrong for it, or among the exemplars.
    """
    moved = _moved([first_answer(exemplar) for exemplar in chosen])
    rest = (*others, *chosen)
    pairs = zip(chosen, moved, strict=True)
    return tuple(replace(each, answers=(new if _wrong(new, each) else _another(each, rest),)) for each, new in pairs)


def _moved(answers: Sequence[str]) -> list[str]:
    """The same answers in other places: in order of their value, each moves on past the most frequent one."""
    places = sorted(range(len(answers)), key=lambda place: _meaning(answers[place]))
    step = max(Counter(map(_meaning, answers)).values())
    moved = dict(zip(places, [*places[step:], *places[:step]], strict=True))
    return [answers[moved[place]] for place in range(len(answers))]


def _wrong(answer: str, exemplar: Question) -> bool:
    if not exemplar.choices:
        return not any(_readings(answer) & _readings(right) for right in exemplar.answers)
    named = label_alone(clean(answer), options_of(exemplar.choices))
    return named is not None and named not in (gold_label(right, exemplar.choices) for right in exemplar.answers)


def _meaning(answer: str) -> str:
    value = _number(answer)
    return normalise(answer) if value is None else written(value)


@lru_cache(maxsize=16_384)
def _readings(answer: str) -> frozenset[Fraction | str]:
    """What an answer may be taken for: its number, of a percentage also the share, and its text."""
    value = _number(answer)
    numbers = () if value is None else (value, value / 100) if "%" in answer else (value,)
    text = _QUIET.sub("", _ARTICLE.sub(" ", normalise(in_digits(clean(answer)))))
    return frozenset((*numbers, "".join(sorted(text)) if _OPERATOR.search(text) else text))


def _number(answer: str) -> Fraction | None:
    found = one_number(answer)
    return found.value if found else None


def _another(exemplar: Question, others: Sequence[Question]) -> str:
    answers = list(options_of(exemplar.choices)) if exemplar.choices else (a for o in others for a in o.answers[:1])
    found = next((answer for answer in answers if _wrong(answer, exemplar)), None)
    if found is None:
        raise InputError(f"content='wrong-answers': there is no other answer to give to exemplar {exemplar.id!r}")
    return found
