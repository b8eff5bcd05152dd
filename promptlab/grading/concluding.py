"""Of several numbers in an answer's place, or after it, the one that the text comes to: a correction, a conclusion."""

from __future__ import annotations

import re
from collections.abc import Iterator

from promptlab.grading.places import certain
from promptlab.onenumber import clean_tex

LONGEST = 1_000  # characters in which a conclusion is looked for

_SENTENCE_END = re.compile(r"[.!?](?=\s|\Z)")
_DENIES = (  # "no, it is 12"; not "no apples are left"
    r"(?:no(?=[,.;:!]|\s[—–-]|\s(?:wait|it|that|this)\b|\s\W{0,3}\d)|sorry|correction|scratch that"
    r"|rather(?! than\b)|i meant?)"
)
_BACK = rf"(?:{_DENIES}|wait|actually|hmm+)"
_CLAUSE = (
    r"(?:\A|[.,;:!?—–-]\s{1,3}|\n\s{0,3}|\s(?=(?:wait|no),\s))(?:(?:and|but|oh|or|so|thus|hence|therefore|then),?\s)?"
)
_TAKEN_BACK = re.compile(rf"{_CLAUSE}(?:{_BACK}|let me (?:re-?)?check)\b", re.IGNORECASE)
_DENIED = re.compile(rf"{_CLAUSE}{_DENIES}\b", re.IGNORECASE)
_RESULT = r"(?:correct |right |final )?(?:answer|total|result|number|value|sum)"
_SAID_ANEW = re.compile(  # of one number and its unit, as a whole clause: "it is 12 apples.", not "it is 8 for Tom"
    _CLAUSE + rf"(?:{_BACK}[,:]?|(?:it|that|this)(?:['’]s|\s(?:is|was|makes|gives|should be|must be))|so"
    rf"|the {_RESULT}\s(?:is|should be|must be)):?\s"
    r"(?P<said>[-+]?[\d.,/]*\d(?:\s(?!(?:for|in|at|on|of|from|to|than|or|and|if|when|with|by|per|each|more|less|not|too"
    r"|plus|minus|times|x)\b)[^\W\d]{1,20}){0,2})\s?(?=[.!](?:\s|\Z)|\n|\Z)",
    re.IGNORECASE,
)
_MAKES = r"(?:mak|giv|leav|equal|yield)e?s?"
_SO = re.compile(
    r"\b(?:so|thus|hence|therefore|namely|i\.e\.|(?:which|that) is|(?:(?:which|that) )?"
    rf"(?<!to ){_MAKES})\b[:,]?",
    re.IGNORECASE,
)
_MADE = re.compile(rf"{_MAKES}\Z", re.IGNORECASE)
_SHARE = re.compile(r"[^\d]*[\d.,]*\d\s(?:more|less|fewer|(?:[^\W\d]+\s)?(?:each|apiece|per))\b", re.IGNORECASE)
_SEVERAL = re.compile(r"\d[^\d.,][^\d]*\d")
_RANGE = re.compile(  # between 3 and 5: 4
    r"\b(?:between [^\s]{1,20} and|from [^\s]{1,20} to) [-+]?[\d.,/]*\d(?=\s?:|,? (?:is|are|there (?:is|are))\b)",
    re.IGNORECASE,
)
_ASIDE = re.compile(
    r"\s\((?=[^()]*(?:[^\W\d_]{2}|=))(?![^()]*\b(?:or|if|and|to)\b)[^()]{1,99}\)\W{0,3}\Z", re.IGNORECASE
)


def corrected(said: str) -> str | None:
    """The number that a cleaned text puts in the place of one that it takes back; None where it does not.

    A text that only checks what it said ("wait, let me check") comes to another number only where it ends with that.

    Examples
    --------
    >>> [corrected(text) for text in ("8. Wait, no, it is 12.", "8, or rather 12", "12. Let me check: it is 8. And 4.")]
    ['12', '12', None]
    """
    back = _TAKEN_BACK.search(said)
    anew = [*_SAID_ANEW.finditer(said, back.start())] if back else []
    if not (back and anew):
        return None
    denied = _DENIED.search(said, back.start(), anew[-1].start("said"))
    return anew[-1]["said"] if denied or not re.search(r"[\w✓✔✅]", said[anew[-1].end() :]) else None


def conclusions(text: str) -> Iterator[str]:
    """What of an answer's place may be the answer alone, where it holds several numbers; the surest first.

    Examples
    --------
    >>> [next(conclusions(text)).strip() for text in ("x = 3, so the total is 12", "12 hours (720 minutes)")]
    ['the total is 12', '12 hours']
    """
    if len(text) > LONGEST:
        return
    said = clean_tex(text)
    if anew := corrected(said):
        yield anew
        return
    yield from (_SENTENCE_END.split(line, maxsplit=1)[0] for _, line in certain(said))
    yield from _results(said)
    yield from (new for new in (_RANGE.sub("", said), _ASIDE.sub("", said)) if new != said)


def _results(said: str) -> Iterator[str]:
    """What follows the one "so" or "gives"; nothing in "Ann has 8 and Tom makes 12", or "12, which makes 3 each"."""
    verbs = [*_SO.finditer(said)]
    if len(verbs) != 1:
        return
    before, rest = said[: verbs[0].start()], said[verbs[0].end() :]
    told = _MADE.match(verbs[0].group()) and not _SEVERAL.search(before)
    if "=" in rest or not (told or _SHARE.match(rest)):
        yield rest
