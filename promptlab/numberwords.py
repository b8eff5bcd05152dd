"""English number words as digits: what stands in an answer's place may be spelled out."""

from __future__ import annotations

import re
from collections.abc import Iterator

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
_ONES += "seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: n for n, word in enumerate(_ONES.split())} | {word: 10 * n for n, word in enumerate(_TENS.split(), 2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}

_WORD = "|".join([*_SMALL, "hundred", *_SCALES])
_LARGE = "|".join(["hundred", *_SCALES])
_SPELLED = re.compile(
    rf"\b(?P<sign>(?:minus|negative)\s)?(?P<words>(?:an?\s(?=(?:{_LARGE})\b)|(?:{_WORD})\b)"
    rf"(?:(?:\s|-|\sand\s)?(?:{_WORD})\b)*)",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"\b(?:half|halves|thirds?|quarters?|(?:four|fif|six|seven|eigh|nin|ten)ths?|point|no one|one of)\b",
    re.IGNORECASE,
)
_A_DOZEN = re.compile(r"\ba(?= dozen\b)", re.IGNORECASE)


def in_digits(text: str) -> str:
    """The text with its whole numbers in digits; words that make no number (twenty twelve) are kept.

    So is a text that speaks of parts (half, quarters, point), or of "no one" and "one of" them. A dozen is a scale
    that `numerals` reads beside digits.

    Examples
    --------
    >>> in_digits("a hundred and five"), in_digits("Minus twenty-one apples"), in_digits("twelve million and six")
    ('105', '-21 apples', '12000006')
    >>> in_digits("three or four"), in_digits("twenty twelve"), in_digits("two and a half"), in_digits("a dozen")
    ('3 or 4', 'twenty twelve', 'two and a half', '1 dozen')
    """
    return text if _OTHERWISE.search(text) else _SPELLED.sub(_digits, _A_DOZEN.sub("one", text))


def spelled(text: str) -> Iterator[tuple[int, str]]:
    """Where each number in words begins, and its digits.

    Examples
    --------
    >>> list(spelled("two or twenty-one"))
    [(0, '2'), (7, '21')]
    """
    for found in _SPELLED.finditer(text):
        digits = _digits(found)
        if digits != found.group():
            yield found.start(), digits


def _digits(found: re.Match[str]) -> str:
    value = _value(re.split(r"[\s-]+", found["words"].lower()))
    return found.group() if value is None else f"{'-' if found['sign'] else ''}{value}"


def _value(words: list[str]) -> int | None:
    """The number that the words make when each adds to a larger part before it; None where one does not."""
    total, group, room, scale = 0, 0, 1000, 10**15  # `room`: what is added to the group stays below it
    for before, word in zip(["", *words], words, strict=False):
        small = 1 if word in ("a", "an") else _SMALL.get(word)
        if word == "and":
            if before not in ("hundred", *_SCALES):
                return None
        elif small is not None:
            if small >= room or (small == 0 and len(words) > 1):
                return None
            group, room = group + small, 10 if small in range(20, 100, 10) else 0
        elif word == "hundred":
            if not 0 < group < 100:
                return None
            group, room = 100 * group, 100
        else:
            if not group or _SCALES[word] >= scale:
                return None
            total, group, room, scale = total + group * _SCALES[word], 0, 1000, _SCALES[word]
    return total + group
