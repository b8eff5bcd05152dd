"""Cycles in which an output got stuck."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

LEAST = 40  # words of a cycle with its repetitions: a product of ten factors and a table's rule are no loop
_TIMES = 3
_ENDLESS = 100  # characters of one word, which are looked at one by one
_LONGEST = 400  # words of one round
# A word, a character of a script without spaces, or a mark; lines drawn with marks are no words.
_WORD = re.compile(r"[぀-ヿ㐀-鿿]|\w+|[^\w\s\-=_*#~|.]")


def looped(text: str) -> tuple[float, bool]:
    """Share of the words in a cycle that is said three times or more in a row, and whether the text ends in one.

    Examples
    --------
    >>> looped("Now add. " + "So it is 39, I think. " * 9)[1]
    True
    >>> looped("1 * 1 * 1 * 1 * 1 * 1 * 1 * 1 = 1")
    (0.0, False)
    """
    words = [part for word in _WORD.findall(text) for part in (word if len(word) > _ENDLESS else (word,))]
    if len(words) < LEAST:
        return 0.0, False
    inside = _inside(_numbered(words))
    return float(inside.mean()), bool(inside[-1])


def _numbered(words: list[str]) -> NDArray[np.int32]:
    codes: dict[str, int] = {}
    return np.array([codes.setdefault(word, len(codes)) for word in words], dtype=np.int32)


def _inside(codes: NDArray[np.int32]) -> NDArray[np.bool_]:
    """For each word whether it belongs to a cycle; a period is tried only where enough words repeat at all."""
    inside = np.zeros(len(codes), dtype=bool)
    for period in range(1, min(_LONGEST, len(codes) // _TIMES) + 1):
        same = codes[period:] == codes[:-period]
        least = max((_TIMES - 1) * period, LEAST - period)
        if np.count_nonzero(same) >= least:
            _mark(inside, same, period, least)
    return inside


def _mark(inside: NDArray[np.bool_], same: NDArray[np.bool_], period: int, least: int) -> None:
    """Mark each run of at least `least` words that equal the word one period before, and its first round."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], same, [False]]).astype(np.int8)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        if end - start >= least:
            inside[start : end + period] = True
