"""The same question with its options in another order, and the way back from an answer to the order as given."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from math import factorial
from typing import Any

from promptlab.choices import gold_label, options_of
from promptlab.errors import InputError
from promptlab.types import Grade, Question, digest

Order = tuple[int, ...]  # for each place the option that stands there

# An option that speaks of others, by their letters, places or as a whole, would say something else in another order.
_REFERS = re.compile(
    r"\b[A-Z]\)?,? ?(?:\b(?:and|or|nor|und|oder|noch|als auch|et|ou|ni|y|o)\b|[&和或与]) ?\(?[A-Z]\b|"
    r"(?i:\b(?:same|identical|equal|like|option|choice|answer)s?(?: as| to)?) (?:\(?[A-Z]\b|\([a-z]\))|"
    r"(?i:\b(?:first|last|other|previous|preceding|former) (?:two|three|four|five|options?|choices?|answers?)\b)|"
    r"(?i:\b(?:all|none|any|both|either|neither) (?:of (?:the|them|these|those)|above)\b|"
    r"^(?:all|none|both|neither|alle|keine?[rs]?|beides?|toutes|tous|aucune?|todos|todas|ninguno|ninguna|ambos|ambas)\W*$|"
    r"\b(?:alle[rs]?|keine?[rs]?|beides?|nichts) (?:davon|dieser|der|oben|vo[nr]|obigen|genannten|antworten)\b|"
    r"\b(?:toutes|tous|aucune?) (?:(?:de |d['’])?(?:les|ces|cela|des|elles|eux) ?(?:réponses|choix|options)?\W*$|"
    r"(?:(?:de )?(?:les|ces|des) )?(?:réponses|choix|options|propositions|ci-dessus|deux)\b)|\bles deux\W*$|"
    r"\b(?:todas|todos|ninguna|ninguno|ambas|ambos) (?:(?:de )?(?:las|los|estas|estos) )?"
    r"(?:anteriores|opciones|respuestas|son|es)\b|\bthe above\b|"
    r"^(?:all|none|both|neither)(?: the)?(?: answers?| options?| choices?| statements?)? (?:is|are) "
    r"(?:correct|right|true|incorrect|wrong|false)\b|"
    r"\b(?:first|second|third|fourth) (?:and|or|nor) (?:the )?(?:second|third|fourth|last)(?: ones?| options?)?\W*$)|"
    r"^\(?[A-Z]\)?(?: ?[,/+] ?\(?[A-Z]\)?)+\W*$|^[Oo]nly \(?[A-Z]\)?(?: is\b|\W*$)|^\(?[A-Z]\)? only\W*$|"
    r"以上|上述|^[都皆均全]"
)
_LETTERS = string.ascii_uppercase


@lru_cache(maxsize=65_536)
def unlettered(choices: tuple[str, ...]) -> tuple[str, ...]:
    """The options without letters of their own, where most of them have the one of their place: "A. Paris".

    Examples
    --------
    >>> unlettered(("a) Paris", "B. Rome")), unlettered(("A. Einstein", "Bohr", "Curie"))
    (('Paris', 'Rome'), ('A. Einstein', 'Bohr', 'Curie'))
    """
    bare = tuple(re.sub(rf"(?i:^\(?{_LETTERS[i % 26]}[).:]\s+)", "", choice) for i, choice in enumerate(choices))
    carried = sum(one != other for one, other in zip(bare, choices, strict=True))
    return bare if 2 * carried > len(choices) else choices


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
    if any(map(_refers, choices)):
        return (given,) * variants
    found, tried = [given], 0
    while len(found) < min(variants, factorial(len(choices))):
        tried += 1
        order = _order(len(choices), f"{name}/{seed}/{tried}")
        found += [] if order in found else [order]
    return tuple(found[i % len(found)] for i in range(variants))


def _refers(choice: str) -> bool:
    """Whether it speaks of others, with its own letter or without: "C. None"."""
    return any(map(_REFERS.search, (choice, re.sub(r"^\(?[A-Za-z][).:]\s+", "", choice))))


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
