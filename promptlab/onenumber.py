"""The one number that a short text states: one rule for an answer's place and for gold answers."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from promptlab.errors import InputError
from promptlab.numberwords import in_digits
from promptlab.numerals import Numeral, clean, numerals

DENIAL = r"(?:is|was)(?: not|n['’]t) (?:the )?(?:(?:correct|right|final) )?(?:answer|solution|correct|right)\b"
_NUMBER = r"[-+]?\.?\d+(?:[.,:/]\d+)*"
_ANY = rf"{_NUMBER}(?: \d{{3}}\b| \d+/\d+)*"  # 12 000 and 1 1/2 as well
_ALTERNATIVES = re.compile(r"\bor\b|\band\b|[;\n]|,\s", re.IGNORECASE)
_SPACED = re.compile(r"(?<![\w.,/:])[1-9]\d{0,2}(?: \d{3})+(?![\w/:]|[.,]?\d{3}\b)")
_DENIED = re.compile(
    r"(?:(?:\b(?:can)?not|n['’]t|\bnever|\bnor|\bneither|\binstead of|\brather than)[ (\"']{1,3}"
    r"(?:(?:the|exactly|equal|equals|to|be|between|from) ){0,3}|(?:≠|!=) ?)"
    rf"{_ANY}(?: (?:or|nor|to|and|[-+*/×]) {_ANY})*",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(rf"(?<![\w.,/:]){_NUMBER}(?: \d{{3}}\b| \d+/\d+){{0,3}} {DENIAL}", re.IGNORECASE)
_SIGN_APART = re.compile(  # not at a line's start, where - 3 is an item of a list
    r"((?:[^\W\d] ?:|\b(?:is|equals|es|est|ist)\b|[=是为為]|^####)[ \t]*)(?:-|\bminus)[ \t]+(?=\.?\d)",
    re.IGNORECASE | re.MULTILINE,
)
_MINUS = re.compile(r"\bminus[ \t]+(?=\.?\d)", re.IGNORECASE)
_SIGN_BEFORE = re.compile(  # after a noun or a number minus is the operation: the total minus 3
    r"(?:['’]s|\b(?:is|was|were|are|be|been|has|have|had|gets?|got|gives?|gave|equals?|yields?|yielded|reach(?:es|ed)?|"
    r"hits?|becomes?|became|makes?|made|shows?|returns?|to|at|of|by|from|about|around|over|under|above|below|between|"
    r"than|least|most|not|or|and))"
    r"(?: (?:about|around|roughly|approximately|nearly|exactly|only|just|now|then|therefore|thus))? \Z",
    re.IGNORECASE,
)
_SIGN_FIRST = re.compile(r"\A\s*(?:-|minus)\s+(?=\.?\d)", re.IGNORECASE)
_NEGATIVE = re.compile(r"(?<![\w-])negative[ \t]+(?=\.?\d)", re.IGNORECASE)
_BOUND_BEFORE = re.compile(
    r"((?:\b(?:at (?:least|most)|(?:more|less|fewer|greater|larger|smaller|higher|lower) than(?: or equal to)?)|"
    r"(?:\A|[:=] |\b(?:is|are|was|were|be) )(?:over|under|above|below|up to)|[≤≥]|(?<=[\w)] )[<>]=?) ?)"
    rf"(?={_NUMBER})",
    re.IGNORECASE,
)
_BOUND_AFTER = re.compile(
    rf"(?<![\w.,/:])({_NUMBER})(?=(?: [^\W\d]{{1,20}}){{0,2}} (?:or|and) (?:more|less|fewer|greater|higher|lower|above|"
    r"below|over|under|up)\b|\+(?=\s{0,3}(?:\Z|[^\W\d]|[.!?)])))",
    re.IGNORECASE,
)


def one_number(text: str) -> Numeral | None:
    """The one number that a short text states, after the last ``=`` of each of its parts.

    Its value is None, and `why` says so, where there are several or it is no plain number; None if there is none.

    Examples
    --------
    >>> [str(one_number(text).value) for text in ("$12", "3 * 4 = 12", "twelve", "12 000", "5 million", "3 or 4")]
    ['12', '12', '12', '12000', '5000000', 'None']
    """
    cleaned = stated(in_place(_SIGN_FIRST.sub("-", clean_tex(text))))
    found = [n for part in _ALTERNATIVES.split(cleaned) for n in _results(part)]
    if len({n.value for n in found}) < 2:
        return found[0] if found else None
    doubtful = next((n for n in found if n.value is None), None)
    return doubtful or Numeral(0, len(cleaned), None, "several numbers")


@lru_cache(maxsize=65_536)
def gold_number(answer: str) -> Fraction:
    """The value of a gold answer.

    Raises
    ------
    InputError
        It is not one number.
    """
    found = one_number(answer)
    if found is None or found.value is None:
        why = found.why if found else "no number"
        raise InputError(f"the answer {answer!r:.100} is not one number ({why}): give one number, or kind 'text'")
    return found.value


def clean_tex(text: str) -> str:
    """As `clean`; in 11,\\! 111 the space is none, since TeX drops it there. Not a rule of traces, which `clean` is."""
    return clean(text.replace(",\\! ", ",\\!"))


def in_place(cleaned: str) -> str:
    """Where only an answer stands, 12 000 is one number (as two it would be refused), and words may say it."""
    joined = joined_thousands(cleaned)
    return joined if any(numerals(joined)) else in_digits(joined)


def joined_thousands(cleaned: str) -> str:
    """A cleaned text in which spaces separate no thousands."""
    return _SPACED.sub(lambda found: found.group().replace(" ", ","), cleaned)


def stated(cleaned: str) -> str:
    """A cleaned text without the numbers that it denies, with signs at their numbers and bounds marked by ``√``.

    A number beside ``√`` is no plain one: a bound is an answer, but not a number.

    Examples
    --------
    >>> [stated(text) for text in ("15, not 12", "at least 5", "5 boys or more", "is - 3", "fell to minus 3")]
    ['15, ', 'at least √5', '5√ boys or more', 'is -3', 'fell to -3']
    """
    said = re.sub(r"[ \t]{2,}", " ", cleaned)
    said = _NEGATIVE.sub("-", _MINUS.sub(_signed, _SIGN_APART.sub(r"\1-", said)))
    said = _DENIED_AFTER.sub("", _DENIED.sub("", said))
    return _BOUND_AFTER.sub(r"\1√", _BOUND_BEFORE.sub(r"\1√", said))


def _signed(found: re.Match[str]) -> str:
    return "-" if _SIGN_BEFORE.search(found.string, max(0, found.start() - 30), found.start()) else found.group()


def _results(part: str) -> list[Numeral]:
    """The numbers after the last ``=`` when there are any, else all."""
    return list(numerals(part.rpartition("=")[2])) or list(numerals(part))
