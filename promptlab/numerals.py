"""What counts as a number in a text, and its exact value: one rule for graders and traces alike."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import prod

MAX_CHARACTERS = 60  # of one numeral; longer ones are recognised, but have no value
MAX_EXPONENT = 30

_OTHER = {"−": "-", "–": "-", "﹣": "-", "－": "-", "⁻": "-", "＋": "+", "⁺": "+", "．": ".", "，": ",", "٫": ".",
          "٬": ",", "％": "%", "：": ":", "／": "/", "⁄": "/", "…": " ", "≈": "=", "＝": "="}  # fmt: skip
_THIN = "\N{NO-BREAK SPACE}\N{THIN SPACE}\N{NARROW NO-BREAK SPACE}\N{FIGURE SPACE}"
_CURRENCY = "$€£¥₹"
_NUMERIC = re.compile(r"\s*(-?[\d.,]+)\s*")
_BRACED = r"(?:\{([^{}]*)\}|(\d))"
_FRACTION = re.compile(rf"(\d?)\\[dtc]?frac\s*{_BRACED}\s*{_BRACED}")

# In this order: each line may rely on what the lines above have removed.
_CLEANING = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (rf"(?<=\d)(?:[{_THIN}]|\\,|\{{,\}}|,\\!)(?=\d{{3}}(?!\d))", ","),  # thousands: 1 234, 1\,234, 1{,}234
        (r"\*\*|__|`", ""),
        (r"\\(?:left|right|displaystyle|boxed|fbox)(?![A-Za-z])", ""),
        (r"\\(?:text|textbf|textit|mathrm|mathbf|mathit|boldsymbol|operatorname)\s*\{([^{}]*)\}", r" \1"),
        (r"\^\s*(?:\{\s*\\circ\s*\}|\\circ)|\\(?:degree|quad|qquad)(?![A-Za-z])|\\[,!;: ]|~", " "),
        (r"\\(?:times|cdot)(?![A-Za-z])", "×"),
        (r"\\approx(?![A-Za-z])", "="),
        (r"\\([%#&_])", r"\1"),
        (r"(?<=\$)(\d[\d,]*) and (?=\d\d? cents?\b)", r"\1 dollars and "),
        (r"(?<![\w.,])(\d[\d,]*) (?:dollar|euro)s?(?: and)? (\d\d) cents?\b", r"\1.\2"),  # one amount: 10.50
        (r"(?<![\w.,])(\d[\d,]*) (?:dollar|euro)s?(?: and)? (\d) cents?\b", r"\1.0\2"),
        (rf"(?<=[A-Za-z])\\?[{_CURRENCY}]", " "),  # US$5
        (rf"\\?[{_CURRENCY}]|\\(?:pounds|euro)(?![A-Za-z])", ""),
        (r"([\d.])\s*[×·*x]\s*10\s*\^\s*\{?([-+]?\d+)\}?", r"\1e\2"),  # 3 × 10^5
        (r"(?<![\w.])10\s*\^\s*\{?([-+]?\d+)\}?", r"1e\1"),
        (r"(?<=[A-Za-z])\^\{?-?\d+\}?", ""),  # the power of a unit: cm^2
        (r"\\[A-Za-z]+", "√"),  # any other command: what stands beside it is no plain number
        (r"\.{2,}", " "),
        (r"=\s*-\s+(?=[\d.])", "= -"),
    )
)

_UNCLEAN = re.compile(r"[^\x00-\x7f]|[\\{*_`~^$]|\.\.|=\s*-|dollar|euro")  # without these no rule above finds anything

_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12,
           "k": 10**3, "K": 10**3, "M": 10**6, "bn": 10**9}  # fmt: skip
_TOKEN = re.compile(
    r"""(?<![\w/])(?<!\w\.)
    (?P<sign>(?<![)\]}%-])[-+])?
    (?P<body>\d+(?:[.,:/]\d+)*|\.\d+)
    (?P<exponent>[eE][-+]?\d+(?!\w))?
    (?P<fraction>\ \d+/\d+(?![\d/]))?
    (?P<scale>(?:\ {1,3}SCALE(?i:s?)(?![\w-])|-SCALE(?!\w))+|(?:[kKM]|bn)(?!\w))?""".replace(
        "SCALE", "(?i:hundred|thousand|million|billion|trillion|dozen)"
    ),
    re.VERBOSE,
)
_DECIMAL = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+")
_COMMA = re.compile(r"(?:[1-9]\d{0,2}(?:\.\d{3})+|\d+),\d{1,2}|0,\d+")  # a decimal comma: 3,5 or 1.234,50 or 0,125
_MATHS_BEFORE = re.compile(r"[√π^}]\s?[({]\Z|[√π^]\s?\Z")
_MATHS_AFTER = re.compile(r"\s?[√π^]")


@dataclass(frozen=True)
class Numeral:
    """One number in a cleaned text; `value` is None, and `why` says so, where its value is not taken."""

    start: int
    end: int
    value: Fraction | None
    why: str = ""


@lru_cache(maxsize=64)  # grading and tracing read the same output
def clean(text: str) -> str:
    """Rewrite Unicode, LaTeX and Markdown so that every number reads as plain ASCII.

    Decimal digits of every script become 0-9 (Unicode's own digit value), vulgar fractions are written out, minus
    signs become ``-``, invisible format characters vanish, currency signs too. A LaTeX command that is not understood
    becomes ``√``: a number beside it is not a plain one.

    Examples
    --------
    >>> clean("$-\\\\dfrac{3}{4}$"), clean("1½"), clean("١٢"), clean("1{,}234 \\\\text{km}")
    ('-3/4', '1 1/2', '12', '1,234  km')
    """
    if not _UNCLEAN.search(text):
        return text
    text = re.sub(r"[^\x00-\x7f]", lambda found: _plain(found.group()), text)
    text = re.sub(r"[⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: "^" + unicodedata.normalize("NFKC", found.group()), text)
    text = _FRACTION.sub(_plain_fraction, text)
    for pattern, new in _CLEANING:
        text = pattern.sub(new, text)
    return text


def numerals(cleaned: str) -> Iterator[Numeral]:
    """The numbers of a cleaned text, from left to right.

    A number may have a sign, thousands separators, decimals, an exponent, or be a fraction (3/4, 1 1/2). A word or
    letter of scale is a part of it: 5 million, 12 dozen (144), 2 hundred thousand, 5k, 5M, 5bn. A percent sign and
    units are left aside. Times (12:30), dates and versions (1/2/2026, 1.2.3), unspaced lists (1,2,3) and digits inside
    words (x2) are not numbers.

    Groups of exactly three digits after a comma are thousands (1,500). A single comma with one or two digits behind
    it, or with 0 before it, is a decimal comma (1,5 and 0,125; 1.234,50 as well), unless brackets make it a pair (3,5).
    Whatever else has a comma in it (1,2345) is no number.

    Examples
    --------
    >>> [str(n.value) for n in numerals("1,500 or 1,5 or 2.5 million or 3 dozen")]
    ['1500', '3/2', '2500000', '36']
    >>> [str(n.value) for n in numerals("-1,234.50 and 3/4, 1 1/2 or .5 at 12:30, 25% of x2")]
    ['-2469/2', '3/4', '3/2', '1/2', '25']
    """
    for found in _TOKEN.finditer(cleaned):
        body = found["body"]
        before = cleaned[max(0, found.start() - 3) : found.start()]
        if _COMMA.fullmatch(body) and not _is_pair(before, cleaned[found.end() : found.end() + 3]):
            body = body.replace(".", "").replace(",", ".")
        if ":" in body or body.count("/") > 1 or not all(map(_DECIMAL.fullmatch, body.split("/"))):
            continue
        value, why = _value(found, body)
        if _MATHS_AFTER.match(cleaned, found.end()) or _MATHS_BEFORE.search(before):
            value, why = None, "not a plain number"
        yield Numeral(found.start(), found.end(), value, why)


def written(value: Fraction) -> str:
    """One way to write each value, so that equal numbers are equal strings: 12, -0.5, 1/3.

    Examples
    --------
    >>> written(Fraction("12.50")), written(Fraction(-1, 3)), written(Fraction("1e3"))
    ('12.5', '-1/3', '1000')
    """
    numerator, rest, places = value.numerator, value.denominator, 0
    while rest % 10 == 0 or rest % 2 == 0 or rest % 5 == 0:
        factor = next(f for f in (10, 2, 5) if rest % f == 0)
        rest, numerator, places = rest // factor, numerator * (10 // factor), places + 1
    if rest != 1:
        return str(value)
    digits = str(abs(numerator)).rjust(places + 1, "0")
    whole, decimals = digits[: len(digits) - places], digits[len(digits) - places :]
    return "-" * (value < 0) + whole + (f".{decimals}" if decimals else "")


def _is_pair(before: str, after: str) -> bool:
    return before.rstrip()[-1:] in tuple("([{") and after.lstrip("\\ ")[:1] in tuple(")]}")


def _value(found: re.Match[str], body: str) -> tuple[Fraction | None, str]:
    if len(found.group()) > MAX_CHARACTERS:
        return None, f"a number of more than {MAX_CHARACTERS} characters"
    return _worth(body, found["exponent"] or "e0", found["fraction"] or "", found["scale"] or "", found["sign"] == "-")


@lru_cache(maxsize=4096)  # an output repeats its numbers, and is read several times
def _worth(body: str, exponent: str, fraction: str, scale: str, negative: bool) -> tuple[Fraction | None, str]:
    if abs(int(exponent[1:])) > MAX_EXPONENT:
        return None, f"an exponent beyond {MAX_EXPONENT}"
    try:
        value = _ratio(body) * Fraction(10) ** int(exponent[1:])
        value += _ratio(fraction.strip()) if fraction else 0
        value *= _scale(scale)
    except ZeroDivisionError:
        return None, "a division by zero"
    return (-value if negative else value), ""


def _scale(text: str) -> int:
    return prod(_SCALES.get(word) or _SCALES[word.lower().rstrip("s")] for word in re.findall(r"[A-Za-z]+", text))


def _ratio(text: str) -> Fraction:
    above, _, below = text.replace(",", "").partition("/")
    return Fraction(above) / Fraction(below or "1")


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    if character in _OTHER:
        return _OTHER[character]
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Cf":
        return ""
    if "VULGAR FRACTION" in unicodedata.name(character, ""):
        return " " + unicodedata.normalize("NFKC", character).replace("⁄", "/")
    return character


def _plain_fraction(found: re.Match[str]) -> str:
    """``\\frac{3}{4}`` as 3/4; with anything but numbers inside it is left as it is."""
    before, *parts = found.groups()
    above, below = (_NUMERIC.fullmatch(part) for part in (parts[0] or parts[1] or "", parts[2] or parts[3] or ""))
    if not above or not below:
        return found.group()
    return f"{before} " * bool(before) + f"{above[1]}/{below[1]}"
