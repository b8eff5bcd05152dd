"""A key stays in the environment, whatever a server or a model repeats of it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from promptlab.types import Completion

_SHOWS = 12  # characters: so many of its first ones give a key away
_LEAST = 8  # a shorter text is a stand-in such as ``EMPTY``, and a word that an answer may hold


def unquoted(key: str) -> str:
    """A key without the spaces and quotes around it that an ``.env`` file may have brought along.

    Examples
    --------
    >>> unquoted(' "sk-1234567890abcdef"')
    'sk-1234567890abcdef'
    """
    return key.strip(" \t\r\n'\"")


def redact(text: str, key: str) -> str:
    """The text with ``[key]`` for each copy of the key: whole, or 12 of its first characters or more, in any case.

    Examples
    --------
    >>> redact("SK-1234567890ABC... is no key", "sk-1234567890abcdef")
    '[key]... is no key'
    """
    if key in ("", "none"):  # "none" is the stand-in where no key is needed
        return text
    return _cut(text.replace(key, "[key]"), key) if len(key) >= _LEAST else text.replace(key, "[key]")


def without(key: str, completion: Completion) -> Completion:
    """A completion that does not repeat the key."""
    found = (completion.text, completion.reasoning, completion.finish_reason)
    clean = tuple(redact(text, key) for text in found) if len(key) >= _LEAST else found
    if clean == found:
        return completion
    text, reasoning, finish_reason = clean
    return replace(completion, text=text, reasoning=reasoning, finish_reason=finish_reason)


def redact_all(value: Any, key: str) -> Any:
    """What a server says of itself, without the key in any of its texts."""
    if len(key) < _LEAST:
        return value
    if isinstance(value, Mapping):
        return {redact_all(name, key): redact_all(part, key) for name, part in value.items()}
    if isinstance(value, list):
        return [redact_all(part, key) for part in value]
    return redact(value, key) if isinstance(value, str) else value


def _cut(text: str, key: str) -> str:
    parts, end = [], 0
    for found in re.finditer(re.escape(key[:_SHOWS]), text, re.IGNORECASE):
        if found.start() >= end:
            parts += [text[end : found.start()], "[key]"]
            end = found.end() + _common(text[found.end() :], key[_SHOWS:])
    return "".join([*parts, text[end:]])


def _common(text: str, rest: str) -> int:
    """How many characters two texts have in common at their beginning, in any case."""
    pairs = zip(text[: len(rest)].lower(), rest.lower(), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))
