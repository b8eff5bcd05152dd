"""Lines that begin with an option's letter: the list in which a text ends, and the option at a text's head."""

from __future__ import annotations

import re

from promptlab.choices import Options, label_alone
from promptlab.grading import vocabulary as w
from promptlab.grading.marking import READ
from promptlab.grading.stating import first_sentence

_HEADED = re.compile(r"\W{0,9}(?:(?:option|choice)\W{1,9})?([A-Z])\s?[).:\]]", re.IGNORECASE)
_NEXT_HEADED = re.compile(rf"\n{_HEADED.pattern}(?=\s?\w)", re.IGNORECASE)
_NUMBERED = re.compile(r"\W{0,9}\d{1,2}[).:]\s")
_NEXT_NUMBERED = re.compile(rf"\n{_NUMBERED.pattern}")
_WORDED = re.compile(r"(?=.*[^\W\d]).*\w.*\w")  # not "1. We find", nor a letter alone
_DOUBTED = re.compile(
    rf"\?|\W{{0,9}}(?:this|that|it)(?:\s(?:option|choice|answer|statement|one))?\s?{w.IS_WRONG}", re.IGNORECASE
)


def split_list(cleaned: str, options: Options) -> tuple[str, dict[str, str]]:
    """What stands before the list of options in which a text ends, and the list: letter -> line."""
    items: dict[str, str] = {}
    body = cleaned.rstrip()
    while len(cleaned) - len(body) < READ:
        before, _, line = body.rpartition("\n")
        headed = _HEADED.match(line)
        letter = headed[1].upper() if headed and re.search(r"\w", line[headed.end() :]) else ""
        if letter not in options or (items and letter >= min(items)):
            break
        items[letter], body = line.strip(), before.rstrip()
    return (body, items) if len(items) > 1 else (cleaned, {})


def headline(cleaned: str, options: Options) -> str | None:
    """The option with which a cleaned text begins before it gives reasons: "B. Paris", then more.

    It is none where it is the first of a list, or where the text goes on to say that it is wrong.
    """
    line = cleaned[:READ].partition("\n")[0]
    for text in (line, first_sentence(line)):
        letter, after = label_alone(text.strip(), options), cleaned[len(text) : READ]
        if letter and _WORDED.match(text) and re.search(r"\w\w", after):
            return letter if not (_goes_on(letter, after) or _counts_on(text, after)) else None
    return None


def _goes_on(letter: str, after: str) -> bool:
    """Whether what follows makes an option a question, wrong, or the first of a list."""
    following = _NEXT_HEADED.search(after)
    return _DOUBTED.match(after) is not None or (following is not None and following[1].upper() >= letter)


def _counts_on(text: str, after: str) -> bool:
    return _NUMBERED.match(text) is not None and _NEXT_NUMBERED.search(after) is not None
