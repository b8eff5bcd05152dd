"""What stands where the exemplars would: controls that keep all but one property of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import cycle

from promptlab.choices import gold_label, label_alone, options_of
from promptlab.errors import InputError
from promptlab.numerals import clean
from promptlab.prompts.foreign import PROSE
from promptlab.textnorm import normalise
from promptlab.types import Question

_TOKEN = re.compile(r"[^\W\d_]+|\d|[^\w\s]|_|\n|[^\S\n](?=\d)")

Shown = list[tuple[str, str]]  # the exemplars as they are shown: what is asked, what is answered


def labelled(shown: Shown) -> Shown:
    """The exemplars as they read inside a text."""
    return [(f"Question: {asked}", f"Answer: {answer}" if answer else "") for asked, answer in shown]


def approximate_tokens(text: str) -> int:
    """Words, digits, marks, line ends and spaces before numbers: about a text's tokens where digits are read singly.

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

    Where that cannot be (one exemplar, or too many with the same answer) an exemplar gets a wrong one of its own
    choices, or the first answer among `others` that is wrong for it.
    """
    moved = _moved([first_answer(exemplar) for exemplar in chosen])
    pairs = zip(chosen, moved, strict=True)
    return tuple(replace(each, answers=(new if _wrong(new, each) else _another(each, others),)) for each, new in pairs)


def _moved(answers: Sequence[str]) -> list[str]:
    """The same answers in other places: in order of their value, each moves on past the most frequent one."""
    places = sorted(range(len(answers)), key=lambda place: normalise(answers[place]))
    step = max(Counter(map(normalise, answers)).values())
    moved = dict(zip(places, [*places[step:], *places[:step]], strict=True))
    return [answers[moved[place]] for place in range(len(answers))]


def _wrong(answer: str, exemplar: Question) -> bool:
    if not exemplar.choices:
        return _value(answer) not in map(_value, exemplar.answers)
    named = label_alone(clean(answer), options_of(exemplar.choices))
    return named is not None and named not in (gold_label(right, exemplar.choices) for right in exemplar.answers)


def _value(answer: str) -> float | str:
    try:
        return float(answer)
    except ValueError:
        return normalise(answer)


def _another(exemplar: Question, others: Sequence[Question]) -> str:
    answers = list(options_of(exemplar.choices)) if exemplar.choices else (a for o in others for a in o.answers[:1])
    found = next((answer for answer in answers if _wrong(answer, exemplar)), None)
    if found is None:
        raise InputError(f"content='wrong-answers': there is no other answer to give to exemplar {exemplar.id!r}")
    return found
