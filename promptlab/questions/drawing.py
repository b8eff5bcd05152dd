"""The machine of the built-in word problems: it reads the templates and draws the numbers.

Nothing here is evaluated as code: a step is one operation from a table of four.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from promptlab.questions.held_out import HELD_OUT
from promptlab.questions.templates import SEEN

_LARGEST = 9_999
_SHE, _HE = ("she", "her", "her"), ("he", "his", "him")
_PEOPLE = dict.fromkeys(("Anna", "Clara", "Emma", "Kate", "Lucy", "Maria", "Rosa", "Tina"), _SHE)
_PEOPLE |= dict.fromkeys(("Ben", "David", "Jack", "Leo", "Noah", "Paul", "Sam", "Tom"), _HE)
_NAMES = tuple(sorted(_PEOPLE))
_OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.floordiv,
}
_SENTENCE = re.compile(r"(?:^|[.?!] )[a-z]")

Values = dict[str, Any]


@dataclass(frozen=True)
class Template:
    """One situation: its numbers, its wordings, and its steps as (what, name, expression)."""

    name: str
    levels: tuple[int, ...]
    numbers: tuple[str, ...]
    wordings: tuple[str, ...]
    steps: tuple[tuple[str, str, str], ...]
    held_out: bool


@dataclass(frozen=True)
class Draft:
    """One draw: the text and the values of the steps that lead to its answer."""

    text: str
    level: int
    wording: int
    steps: tuple[tuple[str, str, int], ...]  # what, expression with numbers, value


class Unsuitable(ValueError):
    """The numbers drawn do not make a question with positive whole steps: draw again."""


@lru_cache(maxsize=1)
def all_templates() -> tuple[Template, ...]:
    """Every template, seen ones first."""
    blocks = [(block, held_out) for data, held_out in ((SEEN, False), (HELD_OUT, True)) for block in data.split("@ ")]
    return tuple(_parse(block, held_out) for block, held_out in blocks if block.strip())


def _parse(block: str, held_out: bool) -> Template:
    head, *lines = block.strip().splitlines()
    name, *levels = head.split()
    marked = {mark: [line[2:] for line in lines if line[0] == mark] for mark in "?-="}
    numbers = tuple(re.split(r", (?=\w+ |\w+:)", marked["?"][0]))
    steps = tuple(_step(line) for line in marked["="])
    return Template(name, tuple(map(int, levels)), numbers, tuple(marked["-"]), steps, held_out)


def _step(line: str) -> tuple[str, str, str]:
    what, name, expression = re.split(": | = ", line)
    return what, name, expression


def evaluate(expression: str) -> int:
    """The value of one operation on whole numbers, ``"12 / 3"``.

    Raises
    ------
    Unsuitable
        Where a division is not exact, or the value is not in 1 to 9,999.

    Examples
    --------
    >>> evaluate("12 / 3")
    4
    """
    left, sign, right = expression.split()
    a, b = int(left), int(right)
    if sign == "/" and (b == 0 or a % b):
        raise Unsuitable
    value = _OPERATORS[sign](a, b)
    if not 1 <= value <= _LARGEST:
        raise Unsuitable
    return value


def _with_values(expression: str, values: Values) -> str:
    return " ".join(str(values.get(word, word)) for word in expression.split())


def _draw_number(spec: str, level: int, values: Values, rng: Random) -> None:
    """Add one entry of a template's ``?`` line to the values."""
    name, rest = spec.split(" ", 1)
    if name.endswith(":"):
        values[name[:-1]] = rng.choice(rest.split("/"))
    elif rest.startswith("= "):
        values[name] = evaluate(_with_values(rest[2:], values))
    else:
        small, _, large = rest.partition("|")
        low, high = (large if large and level == 4 else small).split("-")
        values[name] = rng.randint(int(low), int(high))


def _people(rng: Random) -> Values:
    names = rng.sample(_NAMES, 3)
    he, his, him = _PEOPLE[names[0]]
    return dict(zip("ABC", names, strict=True)) | {
        "he": he,
        "his": his,
        "him": him,
        "He": he.title(),
        "His": his.title(),
    }


def _sentences(text: str) -> str:
    """Capital letters where sentences start."""
    return _SENTENCE.sub(lambda found: found[0].upper(), text)


def draw(template: Template, level: int, rng: Random) -> Draft | None:
    """Draw one question, or None where the numbers drawn do not fit."""
    values = _people(rng)
    wording = rng.randrange(len(template.wordings))
    steps = []
    try:
        for spec in template.numbers:
            _draw_number(spec, level, values, rng)
        for what, name, expression in template.steps:
            shown = _with_values(expression, values)
            values[name] = evaluate(shown)
            steps.append((_sentences(what.format_map(values)), shown, values[name]))
    except Unsuitable:
        return None
    return Draft(_sentences(template.wordings[wording].format_map(values)), level, wording, tuple(steps))
