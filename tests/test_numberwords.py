"""English number words: whole numbers, as they are written, and nothing that only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.numberwords import in_digits, spelled

ONES = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
ONES = ["", *ONES.split(), "eighteen", "nineteen"]
TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def in_words(n: int) -> str:
    """Written independently of the module: 1 <= n < 10^12."""
    for size, name in ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (100, "hundred")):
        if n >= size:
            rest = n % size
            joint = " and " if 0 < rest < 100 else " "
            return f"{in_words(n // size)} {name}" + (joint + in_words(rest) if rest else "")
    return ONES[n] if n < 20 else "-".join(filter(None, (TENS[n // 10], ONES[n % 10])))


@settings(deadline=None)
@given(st.integers(1, 10**12 - 1) | st.integers(1, 2000))
def test_every_whole_number_is_read(n: int):
    words = in_words(n)
    for form in (words, words.upper(), words.replace("-", " "), words.replace(" and ", " ")):
        assert in_digits(f"It is {form}.") == f"It is {n}."


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("a hundred", "100"), ("a thousand and one", "1001"), ("nineteen hundred", "1900"), ("zero", "0"),
        ("twelve months", "12 months"), ("negative five", "-5"), ("five minus three", "5 -3"), ("a million", "1000000"),
        ("two dozen eggs", "2 dozen eggs"), ("A dozen", "1 dozen"), ("a trillion and six", "1000000000006"),
    ],
)  # fmt: skip
def test_forms(text: str, digits: str):
    assert in_digits(text) == digits


@pytest.mark.parametrize(
    "text",
    [
        "twenty twelve", "one two", "twenty and five", "three and four", "hundreds", "thousand",
        "five thousand million", "zero five", "two and a half", "one third", "three quarters", "dozens",
        "twelve point five", "twelfth", "someone", "no one", "one of them", "tend", "a", "and", "a hundred hundred", "",
        "half a dozen",
    ],
)  # fmt: skip
def test_what_is_no_whole_number_stays(text: str):
    assert in_digits(text) == text


@settings(deadline=None)
@given(st.lists(st.sampled_from([*ONES, *TENS, "hundred", "thousand", "and", "a", "-", "minus", "half"])).map(" ".join))
def test_any_words_are_read(text: str):
    for start, digits in spelled(text):
        assert int(digits) in range(-(10**15), 10**15)
        assert text[start].isalpha()
    assert in_digits(in_digits(text)) == in_digits(text)
