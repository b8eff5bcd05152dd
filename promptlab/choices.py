"""The labels of a question's choices, and which one a text names when it is nothing else."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from promptlab.errors import InputError
from promptlab.numerals import clean
from promptlab.textnorm import normalise

# letter -> normalised text of the choice; "" where only the letter names it: no text, or one that two choices share
Options = Mapping[str, str]

LONGEST = 300  # characters of a text that may be nothing but a label

_ALONE = re.compile(r"\W{0,9}(?:(?:option|choice|answer)\W{1,9})?([A-Za-z])\W{0,9}", re.IGNORECASE)
_BRACKETS = re.compile(r"[()\[\]]")


@lru_cache(maxsize=65_536)
def options_of(choices: tuple[str, ...]) -> Options:
    """The letters A, B, ... with what they stand for; all 26 where there are no choices.

    Raises
    ------
    InputError
        More choices than letters, or a choice that reads as another one's letter.
    """
    if not choices:
        return dict.fromkeys(string.ascii_uppercase, "")
    if len(choices) > 26:
        raise InputError(f"{len(choices)} choices, but letters (A to Z) for 26 only")
    texts = {
        letter: clean(re.sub(rf"(?i:^\(?{letter}[).:]\s+)", "", choice))
        for letter, choice in zip(string.ascii_uppercase, choices, strict=False)
    }
    _check_letters(texts)
    named = Counter(map(plain, texts.values()))
    return {letter: plain(text) if named[plain(text)] == 1 else "" for letter, text in texts.items()}


def _check_letters(texts: Mapping[str, str]) -> None:
    """Which choice would an answer "B" be, if choice A were called B?"""
    for letter, text in texts.items():
        found = _ALONE.fullmatch(text)
        if found and found[1].upper() in texts and found[1].upper() != letter:
            raise InputError(
                f"choice {letter} is called {text!r}, which is the letter of another choice, so an answer "
                f"{found[1].upper()!r} could mean either: reorder or reword the choices"
            )


def label_alone(text: str, options: Options) -> str | None:
    """The label when a cleaned text is nothing else: "B", "(B)", "B. Paris", "Paris".

    Examples
    --------
    >>> [label_alone(text, options_of(("London", "Paris"))) for text in ("(b)", "Paris.", "It is B", "C")]
    ['B', 'B', None, None]
    """
    if len(text) > LONGEST:
        return None
    bare = plain(text)
    for letter, choice in options.items():
        if choice and bare in (choice, f"{letter.casefold()} {choice}"):
            return letter
    found = _ALONE.fullmatch(text)
    return found[1].upper() if found and found[1].upper() in options else None


def gold_label(answer: str, choices: tuple[str, ...]) -> str:
    """The label of a gold answer.

    Raises
    ------
    InputError
        It is none of the choices.
    """
    found = label_alone(clean(answer), options_of(choices))
    if found:
        return found
    if not choices:
        raise InputError(
            f"the answer {answer!r:.100} is no letter A to Z, and the question has no choices: give choices, or kind "
            "'text'"
        )
    listed = ", ".join(f"{choice!r:.40}" for choice in choices)
    raise InputError(
        f"the answer {answer!r:.100} is none of the choices {listed}: give a letter (A is the first) or the text of a "
        "choice"
    )


def plain(text: str) -> str:
    """A text as choices are compared: normalised, without brackets."""
    return " ".join(_BRACKETS.sub(" ", normalise(text)).split())
