"""The two languages that a chain may be in, and how much of a thought is in the first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from random import Random
from typing import NamedTuple

from experiments.r1_miniature import german


class Language(NamedTuple):
    """How a chain words its sentences."""

    label: Callable[[str], str]  # of a step, from the English one
    doubts: tuple[str, ...]
    checks: tuple[str, ...]


ENGLISH = Language(
    str,
    ("Wait, that is wrong.", "Wait, that is not right.", "No, that is a mistake."),
    ("Check: {}. Right.", "Let me check: {}. Good.", "Check: {}. That fits."),
)
GERMAN = Language(german.in_german, german.DOUBTS, german.CHECKS)

_WORD = re.compile(r"[^\W\d_]{2,}")
_PLACE = re.compile(r"\{\w*\}")


def drawn(share: float, rng: Random) -> Language:
    """German for a `share` of the sentences; with none of it nothing is drawn, so that a seed stays what it was."""
    return GERMAN if share and rng.random() < share else ENGLISH


def words(texts: Iterable[str]) -> list[str]:
    """The words of texts: two letters or more, in small letters; neither numbers nor signs."""
    return [word.lower() for text in texts for word in _WORD.findall(_PLACE.sub(" ", text))]


_OURS = frozenset(words([*german.PAIRS, *ENGLISH.doubts, *ENGLISH.checks]))
_THEIRS = frozenset(words([*german.PAIRS.values(), *GERMAN.doubts, *GERMAN.checks]))
_ONLY_OURS, _ONLY_THEIRS = _OURS - _THEIRS, _THEIRS - _OURS


def english_share(thought: str) -> float:
    """Share of English among the words of either language, by the words that chains are written with.

    Words that both have (minus), and those of neither (names, things), tell nothing. A thought without a word is not
    English: else a model could earn the whole share with silence.

    Examples
    --------
    >>> english_share("Left: 7 - 2 = 5.\\nWir machen die Probe: 5 + 2 = 7. Right.")
    0.3333333333333333
    >>> english_share("7 - 2 = 5")
    0.0
    """
    found = words([thought])
    ours = sum(word in _ONLY_OURS for word in found)
    theirs = sum(word in _ONLY_THEIRS for word in found)
    return ours / (ours + theirs) if ours else 0.0
