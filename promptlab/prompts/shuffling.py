"""The same question with its options in another order, and the way back from an answer to the order as given."""

from __future__ import annotations

import string
import sys
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from math import factorial
from typing import Any

from promptlab.choices import gold_label, options_of, unlettered
from promptlab.errors import InputError
from promptlab.prompts.referring import refers
from promptlab.types import Grade, Question, digest
from promptlab.wording import counted

Order = tuple[int, ...]  # for each place the option that stands there

_LETTERS = string.ascii_uppercase


@dataclass(frozen=True)
class Shuffled(Question):
    """A question with its options in another order; its answers are the letters of their new places."""

    order: Order = ()

    def original(self, grade: Grade) -> Grade:
        """The grade with its answer in the letters of the question as given; an answer that is no letter stays.

        The reason speaks of the letters that the model read, and says so.
        """
        told = f"{grade.why} (options in the order {self._told})" if grade.why else ""
        return replace(_renamed(grade, self.order), why=told)

    def as_read(self, grade: Grade) -> Grade:
        """The way back: the answer in the letters that the model read."""
        return _renamed(grade, tuple(map(self.order.index, range(len(self.order)))))

    @property
    def _told(self) -> str:
        return "".join(_LETTERS[i] for i in self.order)


def _renamed(grade: Grade, places: Order) -> Grade:
    place = _LETTERS.find(grade.answer) if len(grade.answer) == 1 else -1
    return replace(grade, answer=_LETTERS[places[place]]) if 0 <= place < len(places) else grade


def variant_of(question: Question, variants: int, seed: int, sample: int) -> Question:
    """The question as one of its samples shows it: they take the variants in turn, the first has the order as given.

    Raises
    ------
    InputError
        There are no options to shuffle, one is blank, as another or called like another's letter, or the answer is
        graded as something else.
    """
    if variants == 1:
        return question
    if len(question.choices) < 2 or question.kind != "label":
        raise InputError(
            f"variants={variants} shuffles options that are answered by label, and question {question.id!r} of kind "
            f"{question.kind!r} has {len(question.choices)} choices: ask it with variants=1"
        )
    texts = [" ".join(choice.split()) for choice in unlettered(question.choices)]
    if "" in texts or len(set(texts)) < len(texts):
        raise InputError(f"question {question.id!r} cannot be shuffled: an option is blank, or stands there twice")
    order = orders(question.id, question.choices, variants, seed)[sample % variants]
    return question if order == tuple(range(len(order))) else _shuffled(question, order)


def warn_of_fixed(variants: int, questions: Iterable[Question]) -> None:
    """Say which questions are shown in one order only, whatever was asked for."""
    options = {question.id: question.choices for question in questions} if variants > 1 else {}
    fixed = {name: option for name, choices in options.items() if (option := refers(choices))}
    if fixed:
        name, option = next(iter(fixed.items()))
        warnings.warn(
            f"variants={variants}: options of {len(fixed)} of {counted(len(options), 'question')} are not shuffled, "
            f"since one of them speaks of others, such as {option!r:.60} of question {name!r}",
            stacklevel=_level(),
        )


def _level() -> int:
    """The `stacklevel` of the user's line, which is further up under `run` than under `preview`."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "promptlab":
        level, frame = level + 1, frame.f_back
    return level


def as_asked(question: Question, factors: Mapping[str, Any], sample: int) -> Question:
    """`variant_of` by the stored factors of a condition; one that was stored before there were variants had one."""
    return variant_of(question, int(factors.get("variants") or 1), int(factors.get("variant_seed") or 0), sample)


@lru_cache(maxsize=65_536)
def orders(name: str, choices: tuple[str, ...], variants: int, seed: int) -> tuple[Order, ...]:
    """The order of each variant, which follows from the question's id and the seed: the order as given, then others.

    No order comes twice before all have come. Where an option speaks of others ("all of the above", "both A and B"),
    every variant has the order as given.
    """
    given = tuple(range(len(choices)))
    if refers(choices):
        return (given,) * variants
    found, tried = [given], 0
    while len(found) < min(variants, factorial(len(choices))):
        tried += 1
        order = _order(len(choices), f"{name}/{seed}/{tried}")
        found += [] if order in found else [order]
    return tuple(found[i % len(found)] for i in range(variants))


def _order(n: int, key: str) -> Order:
    return tuple(sorted(range(n), key=lambda option: digest([key, option])))


def _shuffled(question: Question, order: Order) -> Shuffled:
    known = {field.name: getattr(question, field.name) for field in fields(Question)}
    bare = unlettered(question.choices)  # by its old letters
    choices = tuple(bare[i] for i in order)
    try:
        options_of(choices)
        gold = [gold_label(answer, question.choices) for answer in question.answers]
    except InputError as problem:
        raise InputError(f"question {question.id!r} cannot be shuffled: {problem}") from None
    answers = tuple(_LETTERS[order.index(_LETTERS.index(label))] for label in gold)
    return Shuffled(**known | {"choices": choices, "answers": answers}, order=order)
