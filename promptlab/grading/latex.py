"""LaTeX answers compared without algebra: most are equal as text, or are plain numbers."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate

from promptlab.numerals import numerals
from promptlab.onenumber import clean_tex, joined_thousands
from promptlab.textnorm import normalise

_SIGNS = {"−": "-", "–": "-", "×": r"\times ", "·": r"\cdot ", "÷": "/", "π": r"\pi ", "√": r"\sqrt", "∞": r"\infty ",
          "≤": r"\le ", "≥": r"\ge ", "≠": r"\ne ", "±": r"\pm ", "∪": r"\cup ", "∩": r"\cap ", "∈": r"\in ",
          "°": r"^\circ", "⁄": "/"}  # fmt: skip
_TEXT = r"\\(?:text|mbox|mathrm|textbf|textit|mathbf)\s*\{([^{}]*)\}"
_WORDS = re.compile(rf"{_TEXT}|[A-Za-z]{{3,}}(?: [A-Za-z]+)*")
_FUNCTION = r"(?:arc)?(?:sin|cos|tan|cot|sec|csc)|log|exp|sqrt|mod"
_UNIT = re.compile(
    rf"(?<=[\d)}}.])\s*(?:\\(?:text|mbox|mathrm)\s*\{{(?!\s*(?:or|and|to)\b)[^{{}}\d]*\}}"
    rf"|(?:\s(?!(?:{_FUNCTION})\b)[A-Za-z]{{3,}}){{1,2}})(?:\^\{{?\d\}}?)?\Z"
)
_BASED = re.compile(r"(\d+)(?:_(\d+))?")
_THOUSANDS = re.compile(r",(?!\d{3}(?!\d))")
_MEMBER = re.compile(r"\A\s*[A-Za-z]\s*(?:\\in(?![A-Za-z])|∈)")  # x \in [0, 1] is said to be [0, 1]
_TUPLE = re.compile(r"\([^()]*,[^()]*\)")
_SET = re.compile(r"\\\{[^{}()]*\\\}")
_COMMAND = re.compile(r"\\[A-Za-z]+")
_SIDE = re.compile(r"(?:[A-Za-z\d\s.+\-*/^|(){}]|\\(?:[lr]?vert|[dt]?frac|sqrt|cdot|times|left|right)(?![A-Za-z]))+")
_ENDS = re.compile(r"\A(?:[*_`$\s]|\\\()+|(?:[*_`\s]|(?<!\\)\$|\\\))+\Z")  # Markdown's emphasis, a formula's marks
_PLAIN_LENGTH = 80
_STRANGE = re.compile(
    r"[^\n\x20-\x7e]|\\(?:input|include|write\d*|def|boxed|catcode|newcommand)(?![A-Za-z])|_\Z|\^\Z|\\\Z"
)
_ENDLESS = re.compile(r"(?:[\^_]\s?(?:\d+|[A-Za-z])\s?){3}[\^_]|(?:\|[^|]*){20}")  # a^a^a^a^..., |a|a|a|: no LaTeX
_STEP = {"{": 1, "}": -1}
_DEEPEST = 20

# In this order: each line may rely on what the lines above have removed. What comes out is LaTeX still.
_REWRITING = tuple(
    (re.compile(pattern), new)
    for pattern, new in (
        (r"\\[()]", ""),
        (r"\*\*", "^"),
        (r"\\(?:left|right|big|Big|bigg|Bigg|displaystyle|limits)(?![A-Za-z])|\\!", ""),
        (r"(?<!\\)\\[,;: ]|~|\\q?quad(?![A-Za-z])", " "),
        (r"\^\s*(?:\{\s*\\circ\s*\}|\\circ(?![A-Za-z]))|\\degree(?![A-Za-z])|\\?[$%]", ""),
        (_TEXT, r"\1"),
        (r"\((\d+)\)(?=_)", r"\1"),
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"(?<![A-Za-z\\])(sqrt|pi)(?![A-Za-z])", r"\\\1"),  # without the backslash, as in plain text
        (r"\\sqrt\s*(?:\(([^()]*)\)|(\d+))", lambda found: rf"\sqrt{{{found[1] or found[2]}}}"),
        (r"\\frac\s*(\d)\s*(\d)", r"\\frac{\1}{\2}"),
        (r"\\frac\s*(\d)\s*\{", r"\\frac{\1}{"),
        (r"(\\frac\s*\{[^{}]*\})\s*(\d)", r"\1{\2}"),
        (r"\\(le|ge|ne)q(?![A-Za-z])", r"\\\1"),
        (r"(?<![\d.])\.(?=\d)", "0."),
        (r"[.,;:]+\Z", ""),
    )
)
_SQUEEZING = (
    (re.compile(r"([\^_])\s*\{\s*(\w+)\s*\}"), r"\1\2"),
    (re.compile(r"\s+(?!\d)|(?<!\d)\s+"), ""),  # between digits a space is no matter of style: 1 2
)


def plain_signs(text: str) -> str:
    """Signs beyond ASCII as LaTeX, digits of every script as 0-9, powers as ``^2``.

    Examples
    --------
    >>> plain_signs("2π ≤ x²"), plain_signs("١٢")
    ('2\\\\pi  \\\\le  x^2', '12')
    """
    return re.sub(r"[^\x00-\x7f]", lambda found: _plain(found.group()), text)


def canonical(latex: str) -> str:
    """One way to write what differs in style only: spacing, brackets' size, short fractions, units, degrees, money.

    Examples
    --------
    >>> canonical(r"\\left( 3, \\dfrac\\pi2 \\right)"), canonical("10,\\\\!080"), canonical(r"15\\mbox{ cm}^2")
    ('(3,\\\\frac\\\\pi2)', '10,080', '15')
    """
    text = styled(latex)
    for pattern, new in _SQUEEZING:
        text = pattern.sub(new, text)
    return text


def styled(latex: str) -> str:
    """LaTeX in one style, spaces aside: what algebra is asked about."""
    text = _UNIT.sub("", _ENDS.sub("", plain_signs(latex)).rstrip("."))
    for pattern, new in _REWRITING:
        text = pattern.sub(new, text)
    return text


@lru_cache(maxsize=65_536)
def plain_number(latex: str) -> Fraction | None:
    """The value of what is nothing but a number: whole, decimal, a fraction, with thousands or a unit."""
    bare = _ENDS.sub("", latex)
    if len(bare) > _PLAIN_LENGTH or "**" in bare:  # 2**3
        return None
    cleaned = joined_thousands(clean_tex(_UNIT.sub("", bare.rstrip("."))).strip())
    found = next(numerals(cleaned), None)
    whole = found is not None and (found.start, found.end) == (0, len(cleaned)) and not _THOUSANDS.search(cleaned)
    return found.value if found and whole else None


def is_formula(styled: str) -> bool:
    """Whether it can be one at all: plain characters, braces in pairs and not nested beyond reason.

    Examples
    --------
    >>> [is_formula(text) for text in (r"\\frac{1}{2}", r"\\frac{1}{2", "é", "{" * 50 + "}" * 50)]
    [True, False, False, False]
    """
    depths = list(accumulate(_STEP.get(character, 0) for character in re.sub(r"\\[{}]", "", styled)))
    nested = max(depths, default=0) <= _DEEPEST and min(depths, default=0) == 0
    return nested and depths[-1:] == [0] and not (_STRANGE.search(styled) or _ENDLESS.search(styled))


def same(gold: str, said: str) -> bool | None:
    """Whether two answers are the same, as text or as exact numbers; None where that takes algebra.

    Examples
    --------
    >>> same(r"\\frac{3}{2}", "1.5"), same("4", "5"), same("52_8", "52_9"), same(r"2\\sqrt{2}", r"\\sqrt{8}")
    (True, False, False, None)
    """
    one, other = canonical(gold), canonical(said)
    if one == other:
        return bool(one)
    if any(_TUPLE.fullmatch(a) and _SET.fullmatch(b) for a, b in ((one, other), (other, one))):
        return False
    if "=" not in gold and _in_unknown(said.partition("=")[0]) and said.count("=") == 1:
        return False  # algebra would compare the right side
    values = plain_number(gold), plain_number(said)
    if None not in values:
        return values[0] == values[1]
    if "_" in one + other and (bases := _based(one, other)):
        return bases[0][0] == bases[1][0] and bases[1][1] in (None, bases[0][1])  # the question names the base
    return normalise(_unwrapped(gold)) == normalise(_unwrapped(said)) if _WORDS.fullmatch(gold.strip()) else None


def comparable(gold: str, said: str) -> tuple[str, str]:
    """Of "x = 3 + 4 = 7" what the gold answer 7 is compared with; of a gold answer "x = 7" what 7 is."""
    gold, said = _MEMBER.sub("", gold), _MEMBER.sub("", said)
    if "=" in gold and "=" not in said:
        return (result(gold) if re.match(r"\s*\w\s*=", gold) else gold), said
    if "=" in said and "=" not in gold:
        return gold, result(said)
    name, _, rest = said.partition("=")
    named = "=" in rest and len(name.strip()) == 1 and name.strip() != gold.partition("=")[0].strip()
    return gold, rest if named else said  # "z = x + y = 3" says that x + y = 3


def result(latex: str) -> str:
    """What stands after the last ``=`` of one chain of equations; of several (x = 1, y = 2) all that is there."""
    before, sign, after = latex.rpartition("=")
    flat = re.sub(r"\([^()]*\)", "", before)
    chain = sign and not re.search(r"[,;]|\band\b|\bor\b", flat) and before[-1:] not in tuple("<>!")
    return after if chain and not _in_unknown(before) else latex


def _in_unknown(side: str) -> bool:
    """Whether of "side = 3" the unknown is another number: of x^2, |x|, 2x and x + 1, but not of x, f(2), AB, x + y."""
    symbols = _COMMAND.sub(" ", side)
    applied = re.search(r"[A-Za-z]\s*\(|[A-Za-z]{2}", symbols)
    alone = len(side.strip("(){} ")) == 1
    return len(set(re.findall(r"[A-Za-z]", symbols))) == 1 and not (alone or applied) and bool(_SIDE.fullmatch(side))


def _based(*numbers: str) -> list[tuple[str, str | None]]:
    """Digits and base of each; nothing unless all are whole numbers."""
    found = [_BASED.fullmatch(number) for number in numbers]
    return [(each[1], each[2]) for each in found if each] if all(found) else []


def _unwrapped(text: str) -> str:
    return re.sub(r"[()]", " ", re.sub(_TEXT, r"\1", text))


@lru_cache(maxsize=4096)
def _plain(character: str) -> str:
    if character in _SIGNS:
        return _SIGNS[character]
    if unicodedata.category(character) == "Cf":
        return ""
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    plain = unicodedata.normalize("NFKC", character).replace("⁄", "/")
    return f"^{plain}" if unicodedata.decomposition(character).startswith("<super>") else plain
