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

_FORMULA = re.compile(r"\A\W{0,4}\$([^$]+)\$\W{0,4}\Z")  # $5$ is 5, and $5 is money
_FRAMES = re.compile(r"\s|\*\*|`|\\[()\[\]]|(?<!\\)\$(?!\d)|(?<=\d)\$")
_ALONE = re.compile(r"\W{0,9}(?:(?:option|choice|answer)\W{1,9})?([A-Za-z])\W{0,9}", re.IGNORECASE)
_SIGN = re.compile(  # in words, not between two numbers
    r"((?:\A|\n|[:=(]|\b(?:is|be|equals|to|at|get|gives|answer|option|choice|ist|est|es)) ?)minus\s+(?=\.?\d)"
    r"|(?<![\w-])negative\s+(?=\.?\d)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\(?(\d{1,2})[).:]\s+(.+)")
_LETTERED = re.compile(r"(.*\w\S*)\s\(([A-Za-z])\)\W{0,9}", re.DOTALL)  # Paris (B)
_BRACKETS = re.compile(r"[()\[\]]")

# Labels of a place that a choice carries along. "A - B" and "1 - 2" are no labelled choices.
_LETTER = r"(?i:^\(?{letter}(?:[).:]|\s[-–—](?!\s*[A-Z]\W*$))\s+)"
_NUMBER = r"^\(?{number}(?:[).]|(?::|\s[-–—])(?=\s*[^\W\d]))\s+"
_OF_NUMBERS = re.compile(
    r"(?i:\b\d+\)? ?(?:and|or|nor|und|oder|et|ou|[,&]) ?\(?\d+\b|\bonly \(?\d+\b|^\(?\d+\)? only\b|"
    r"\b(?:options?|choices?|answers?|but|except(?: for)?|same as) \(?\d+\b)"
)


@lru_cache(maxsize=65_536)
def unlettered(choices: tuple[str, ...]) -> tuple[str, ...]:
    """The choices without labels of their own, where most of them have the one of their place: "A. Paris", "2) Rome".

    Numbers stay where choices speak of them ("both 1 and 2"), or are all that tells two apart ("1. May", "2. May").

    Examples
    --------
    >>> unlettered(("a) Paris", "B - Rome")), unlettered(("1. Paris", "2. Rome"))
    (('Paris', 'Rome'), ('Paris', 'Rome'))
    >>> unlettered(("A. Einstein", "Bohr", "Curie"))
    ('A. Einstein', 'Bohr', 'Curie')
    """
    bare = _without(_LETTER, choices)
    if _most_differ(bare, choices):
        return bare
    bare = _without(_NUMBER, choices)
    told = len(set(bare)) == len(bare) and not any(map(_OF_NUMBERS.search, bare))
    return bare if told and _most_differ(bare, choices) else choices


def numbered(choices: tuple[str, ...]) -> bool:
    """Whether most of them have the number of their place as a label of their own."""
    return _most_differ(_without(_NUMBER, choices), choices)


def _without(label: str, choices: tuple[str, ...]) -> tuple[str, ...]:
    """Each without the label of its place, if it has one."""
    names = ((string.ascii_uppercase[i % 26], i + 1) for i in range(len(choices)))
    return tuple(
        re.sub(label.format(letter=letter, number=number), "", choice)
        for choice, (letter, number) in zip(choices, names, strict=True)
    )


def _most_differ(ones: tuple[str, ...], others: tuple[str, ...]) -> bool:
    return 2 * sum(one != other for one, other in zip(ones, others, strict=True)) > len(ones)


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
    bare = unlettered(choices)
    bare = _without(_LETTER, choices) if bare == choices else bare  # "A. Einstein" may be A or a name
    texts = dict(zip(string.ascii_uppercase, (signed(clean(choice)) for choice in bare), strict=False))
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
    """The label when a cleaned text is nothing else: "B", "(B)", "B. Paris", "2. Paris", "Paris".

    Examples
    --------
    >>> [label_alone(text, options_of(("London", "Paris"))) for text in ("(b)", "Paris.", "It is B", "C")]
    ['B', 'B', None, None]
    """
    if len(text) > LONGEST:
        return None
    bare, numbered, lettered = plain(text), _NUMBERED.fullmatch(text), _LETTERED.fullmatch(text)
    for number, (letter, choice) in enumerate(options.items(), start=1):
        if choice and bare in (choice, f"{letter.casefold()} {choice}"):
            return letter
        if choice and lettered and (lettered[2].upper(), plain(lettered[1])) == (letter, choice):
            return letter
        if choice and numbered and (int(numbered[1]), plain(numbered[2])) == (number, choice):
            return letter
    found = _ALONE.fullmatch(text)
    return found[1].upper() if found and found[1].upper() in options else None


def verbatim(text: str, choices: tuple[str, ...]) -> str | None:
    """The label of the choice that a text is, sign by sign, where `options_of` cannot tell it from another.

    Examples
    --------
    >>> [verbatim(text, ("O(n)", "O(n^2)", "O(1)")) for text in ("**O(n^2)**.", "O(n^3)", "O(1)")]
    ['B', None, None]
    """
    return _signs(choices).get(_sign_by_sign(text)) if len(text) <= LONGEST else None


@lru_cache(maxsize=65_536)
def _signs(choices: tuple[str, ...]) -> Mapping[str, str]:
    """Choice -> label, of those that only cleaning makes equal: "Paris" and "paris!" are equal without it."""
    alike = [letter for letter, text in options_of(choices).items() if not text] if choices else []
    texts = dict(zip(string.ascii_uppercase, unlettered(choices), strict=False))
    said, signs = (Counter(map(form, texts.values())) for form in (normalise, _sign_by_sign))
    apart = (letter for letter in alike if said[normalise(texts[letter])] == signs[_sign_by_sign(texts[letter])] == 1)
    return {_sign_by_sign(texts[letter]): letter for letter in apart}


def _sign_by_sign(text: str) -> str:
    """Without white space, bold print and the marks around a formula, or a full stop at the end."""
    return _FRAMES.sub("", _FORMULA.sub(r"\1", text)).rstrip(".")


def gold_label(answer: str, choices: tuple[str, ...]) -> str:
    """The label of a gold answer.

    Raises
    ------
    InputError
        It is none of the choices.
    """
    options = options_of(choices)
    found = string.ascii_uppercase[choices.index(answer)] if choices.count(answer) == 1 else None
    found = found or label_alone(signed(clean(answer)), options)
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


def signed(cleaned: str) -> str:
    """A cleaned text with signs for the words of a negative number.

    Examples
    --------
    >>> signed("minus 2"), signed("It is negative 2"), signed("4 minus 2")
    ('-2', 'It is -2', '4 minus 2')
    """
    return _SIGN.sub(lambda found: (found[1] or "") + "-", cleaned)


def plain(text: str) -> str:
    """A text as choices are compared: normalised, without brackets."""
    return " ".join(_BRACKETS.sub(" ", normalise(text)).split())
