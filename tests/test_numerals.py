"""What counts as a number, and its exact value."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.numerals import _CLEANING, _FRACTION, _UNCLEAN, MAX_EXPONENT, clean, numerals, written


def values(text: str) -> list[Fraction | None]:
    return [n.value for n in numerals(clean(text))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", "12"), ("12.", "12"), ("**12**", "12"), ("`12`", "12"), ("12th", "12"), ("12km", "12"), ("x=12", "12"),
        ("-5", "-5"), ("−5", "-5"), ("–5", "-5"), ("-$5", "-5"), ("$-5$", "-5"), ("x = - 5", "-5"), ("+5", "5"),
        ("--5", "5"), ("(-5)", "-5"),
        ("1,234", "1234"), ("1,234,567.5", "1234567.5"), ("1\u202f234", "1234"), ("1\xa0234\xa0567", "1234567"),
        ("1\u2009234", "1234"), ("1{,}234", "1234"), ("1\\,234", "1234"),
        (".5", "0.5"), ("0.50", "0.5"), ("3/4", "3/4"), ("-3/4", "-3/4"), ("1 1/2", "3/2"), ("½", "1/2"), ("1½", "3/2"),
        ("3⁄4", "3/4"), ("\\frac{3}{4}", "3/4"), ("-\\dfrac{3}{4}", "-3/4"), ("\\frac12", "1/2"),
        ("1\\frac{1}{2}", "3/2"),
        ("$12.50", "12.5"), ("\\$12.50", "12.5"), ("€3", "3"), ("US$5", "5"), ("50%", "50"), ("50\\%", "50"),
        ("12 dollars", "12"),
        ("10 dollars and 50 cents", "10.5"), ("$1,000 and 5 cents", "1000.05"),
        ("5 km/h", "5"), ("5 m²", "5"), ("5\\text{ cm}^2", "5"), ("90^\\circ", "90"),
        ("90°", "90"),
        ("1e3", "1000"), ("1.5E-2", "0.015"), ("3 \\times 10^{5}", "300000"), ("3×10⁸", "300000000"), ("10^3", "1000"),
        ("١٢٣", "123"), ("१२", "12"), ("１２", "12"), ("٣٫٥", "3.5"), ("1\u200b2", "12"), ("so...12", "12"),
        ("5 million", "5000000"), ("1.5 Million", "1500000"), ("-2 billion", "-2000000000"), ("5 m", "5"),
        ("1 1/2 dozen", "18"), ("12 dozens", "144"), ("2 hundred thousand", "200000"), ("5-million", "5000000"),
        ("5k", "5000"), ("5M", "5000000"), ("5bn", "5000000000"), ("5 km", "5"), ("5kg", "5"), ("5m", "5"),
        ("1,5", "1.5"), ("-12,50 euros", "-12.5"), ("0,125", "0.125"), ("1.234,50", "1234.5"), ("1.234", "1.234"),
    ],
)  # fmt: skip
def test_one_number(text: str, value: str):
    assert values(text) == [Fraction(value)]


@pytest.mark.parametrize(
    "text",
    [
        "12:30", "1/2/2026", "1.2.3", "(3,5)", "[ 3,5 )", "\\left(3,5\\right)", "\\{3,5\\}", "1,2345", "1234,567",
        "1,2,3", "1,234,5", "H2O", "x_1", "no digit",
    ],
)  # fmt: skip
def test_not_a_number(text: str):
    assert values(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3, 4", [3, 4]),
        ("10 and 50 cents", [10, 50]),
        ("2.5 dollars and 50 cents", [Fraction(5, 2), 50]),
        ("10-15", [10, 15]),
        ("5 - 3", [5, 3]),
        ("(5)-3", [5, 3]),
        ("1 234", [1, 234]),
        ("25", [25]),
        ("2 hundred-dollar bills", [2]),
        ("5 million and 200 thousand", [5_000_000, 200_000]),
    ],
)
def test_several_numbers(text: str, expected: list[int]):
    assert values(text) == expected


@pytest.mark.parametrize("text", ["2\\sqrt{3}", "\\sqrt{16}", "2π", "2\\pi", "2^{10}", "\\frac{x}{2}", "1/0", "9" * 61])
def test_recognised_but_without_value(text: str):
    assert set(values(text)) == {None}


def test_exponents_are_bounded():
    assert values(f"1e{MAX_EXPONENT}") == [Fraction(10) ** MAX_EXPONENT]
    assert values(f"1e{MAX_EXPONENT + 1}") == [None]
    assert values("1e-999999999999") == values("1e" + "9" * 100_000) == [None]


@settings(deadline=None)
@given(st.fractions(max_denominator=10**6))
def test_written_reads_back(value: Fraction):
    assert values(written(value)) == [value]


@settings(deadline=None)
@given(st.integers(-(10**12), 10**12))
def test_thousands_separators_change_nothing(value: int):
    assert values(f"{value:,}") == values(str(value)) == [value]


@settings(deadline=None)
@given(st.integers(1, 10**6), st.integers(0, 99), st.sampled_from(["{}", "{:02}"]))
def test_a_comma_with_one_or_two_digits_behind_it_is_a_decimal_comma(whole: int, rest: int, form: str):
    text = f"{whole},{form.format(rest)}"
    assert values(text) == [Fraction(text.replace(",", "."))]


@settings(deadline=None)
@given(st.fractions(max_denominator=1000), st.sampled_from(["hundred", "thousand", "million", "dozen"]))
def test_a_scale_multiplies(value: Fraction, word: str):
    size = {"hundred": 100, "thousand": 1000, "million": 10**6, "dozen": 12}[word]
    assert values(f"{written(value)} {word}") == values(f"{written(value)} {word.upper()}s") == [value * size]


@settings(deadline=None)
@given(st.text())
def test_any_text_is_read(text: str):
    cleaned = clean(text)
    for n in numerals(cleaned):
        assert any(c.isdigit() for c in cleaned[n.start : n.end])
        assert (n.value is None) == bool(n.why)


_PIECES = ("5", "1,234", "10", " ", ".", "..", "dollars", "euro", "cents", " and ", "x", "=", "- 3", "-", "+", "e5",
           "kg", "%", "#", "{,}", "frac", "(", ")", "/", ":", "US", "·", "$", "^2", "\\,", "**", "`", "~")  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.sampled_from(_PIECES), max_size=9).map("".join) | st.text())
def test_what_is_passed_over_as_clean_is_clean(text: str):
    if not _UNCLEAN.search(text):
        assert not any(pattern.search(text) for pattern, _ in _CLEANING)
        assert not _FRACTION.search(text)
