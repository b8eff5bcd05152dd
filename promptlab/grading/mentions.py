"""Which option a sentence names without claiming it: as "(B)", or by its text; not within a sum, or as its subject."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from promptlab.choices import Options, label_alone, plain
from promptlab.grading import vocabulary as w
from promptlab.grading.marking import marked, unmarked
from promptlab.grading.places import Refusal

_UNREAL = r"(?!\s(?:would|could|might|may|is what (?:one|you|some|many|people))\b)"  # (B) would follow
_HEADINGS = re.compile(rf"(?:\A\W{{0,30}}|[.;,] )([A-Z])\s?[).:\]](?!\w\.){_UNREAL}", re.IGNORECASE)
_MARKED = re.compile(rf"\(([A-Z])\){_UNREAL}")
_DENIED = re.compile(
    r"(?:\b(?:not|neither|nor|cannot|never|nicht)|n['’]t)\s{1,9}"
    r"(?:(?:option|choice|the|be|equal|to|quite|exactly|start|begin|give|use|perform|prescribe|administer|order|need|have)"
    r"\s{1,9}){0,2}\S{1,99}",
    re.IGNORECASE,
)
_APPOSED = re.compile(r"¬ ?[,(][^.;:?\n]{1,60}?[,)]|¬[):]? \w{1,60}")  # B, Paris, is wrong; not (B) Paris
_ASIDE = re.compile(
    r"\((?:(?:it|which)\s)?(?:was|were|is not|not|up|down|from|before|formerly|previously)\b[^()]{0,99}\)"
)
_QUESTION = re.compile(r"[^.!?\n]{0,300}\?")
_SUPPOSED = re.compile(  # if it is Paris; I doubt that it is Paris
    rf"\b(?:{w.IF}(?!\s(?:i (?:re(?:call|member)|am not)|i['’]m not|not))|{w.SURE}doubt(?:s|ed)?|unlikely|tempting"
    r"|(?:some|many|people|others) (?:say|think|believe|claim))\b[^.,;:!?\n]{1,160}",
    re.IGNORECASE,
)
_NO_SUCH = re.compile(  # I have no idea; there is no sign of Paris
    r"(?<=\w )no (?:(?:evidence|signs?|history|indication|role|need) (?:of|for) )?"
    r"(?!(?:because|since|as|is)\b)[\w¬]{1,99}",
    re.IGNORECASE,
)
_LAST_COLON = re.compile(r"[^\W\d_]{2}\s?:([^:]{1,300})\Z")  # after a word: "A: yes, B: no" lists the options

_STOPS = re.compile(r"[.,;:!?)\]][\"'”’)*_]{0,3}\Z")
_EQUALS = frozenset("=≈→")
_OPERATORS = frozenset("+-−–*×·/÷^") | _EQUALS
_NEAR = 2  # words between a number and its operator: 67 kg + 17 kg
_GOES_ON = re.compile(
    rf"¬|(?:{w.CONNECTIVE}|{w.BECAUSE})\b|{w.COPULA}\s(?:{w.ADVERB}\s){{0,3}}{w.PREDICATE}|{w.FITS}|{w.PREDICATE_CJK}"
)
_REJECTED = re.compile(  # 67 kg is too low
    rf"(?:[^\W\d¬]\S{{0,9}}\s)?(?:(?:{w.COPULA}|was|were|ca|could|does|do|did|would)\s"
    rf"(?:(?:{w.ADVERB}|be|far|much|way)\s){{0,3}}"
    r"(?:¬|(?:too|zu|trop|demasiado|wrong|incorrect|false|falsch|faux|out|excluded|eliminated|impossible|unlikely)\b)"
    rf"|fails?\b|{w.CROSS})"
)
_ELSEWHERE = re.compile(  # bigger than Paris; to find 67, we add; another could be Rome
    r"\b(?:than|als|unlike|instead of|rul(?:e|es|ed|ing) out|exclud(?:e|es|ed|ing)|avoid(?:s|ing)?|looks? for"
    r"|to (?:find|get|compute|calculate|determine|evaluate|show)"
    r"|(?:could|might|may)(?: also)? be)(?: the)?\Z"
)
_BOUND = re.compile(
    r"\b(?:above|below|over|under|exceeds|from|until|at (?:least|most)|up to|between \S{1,20} and|más de|menos de"
    r"|(?:plus|moins) de|(?:beg[aiu]n|start)\w{0,3} (?:at|with|as))\Z"
)
_LITTLE = frozenset(
    ("a", "an", "the", "is", "are", "was", "were", "be", "of", "in", "to", "for", "it", "that", "this", "ist", "est",
     "es")
)  # fmt: skip


class _Word(NamedTuple):
    text: str
    stops: bool  # whether a mark follows


class _Named(NamedTuple):
    letter: str
    start: int
    end: int


def mentioned(text: str, options: Options, question: str) -> str | Refusal | None:
    """The only label that a sentence marks as one, or names by a choice's text, and does not deny ("not B").

    A number within a sum is none (67 + 17 = 84), nor one that another number follows, or that is a bound ("above 67").
    A choice that the sentence says something of ("a photon is emitted") is named only where that restates the question.
    """
    text = _QUESTION.sub("", text)
    text = marked(text if any(map(_SUPPOSED.search, options.values())) else _SUPPOSED.sub(" ", text), options)
    text = _APPOSED.sub(" ¬ ", _ASIDE.sub(" ", unmarked(text)))
    text = _NO_SUCH.sub(" ¬ ", _DENIED.sub(" ¬ ", text))
    words = list(_words(text))
    letters = {letter.upper() for letter in (*_MARKED.findall(text), *_HEADINGS.findall(text))} & set(options)
    named = [one for one in _named(words, options) if not _worked_with(words, one)]
    found = letters | {one.letter for one in named}
    if len(found) > 1:
        last = _LAST_COLON.search(text)
        alone = label_alone(last[1].strip(), options) if last else None
        return alone or Refusal(text, True, f"several labels: {', '.join(sorted(found))}")
    sound = [one for one in named if not _rejected(words, one)]
    if (letters and len(sound) == len(named)) or any(_concludes(words, one, question) for one in sound):
        return found.pop()
    return None


def lettered(text: str, options: Options) -> str:
    """A text with letters for the choices that it names: rules for "the most likely cause is (B)" then hold for both.

    Examples
    --------
    >>> lettered("Asthma is likely, not a cold.", {"A": "asthma", "B": "a cold"})
    '(A) is likely, not (B).'
    """
    for letter, choice in sorted(options.items(), key=lambda item: -len(item[1])):
        if choice and not any(map(str.isdigit, choice)):
            words = r"\W{1,3}".join(map(re.escape, choice.split()))
            text = re.sub(rf"(?<![\w(]){words}(?![\w)])", f"({letter})", text, flags=re.IGNORECASE)
    return text


def _words(text: str) -> Iterator[_Word]:
    """The words of a text as choices are compared, and after which of them a mark stands."""
    for raw in text.split():
        parts = plain(raw).split()
        stops = _STOPS.search(raw) is not None
        yield from (_Word(part, stops and i == len(parts)) for i, part in enumerate(parts, start=1))


def _named(words: list[_Word], options: Options) -> list[_Named]:
    """Where choices' texts occur; "Paris" inside the longer choice "Paris, Texas" does not count."""
    left = [word.text for word in words]
    found = []
    for letter, choice in sorted(options.items(), key=lambda item: -len(item[1])):
        parts = choice.split()
        for i in range(len(left) - len(parts) + 1) if parts else ():
            if left[i : i + len(parts)] == parts:
                found.append(_Named(letter, i, i + len(parts)))
                left[i : i + len(parts)] = ["|"] * len(parts)
    return found


def _worked_with(words: list[_Word], one: _Named) -> bool:
    """Whether a number stands in a calculation, and is not its result."""
    if not _has_number(words[one.start : one.end]):
        return False
    before = _texts(words[max(0, one.start - _NEAR) : one.start]) - _EQUALS
    after = _texts(words[one.end : one.end + _NEAR])
    return bool((before | after) & _OPERATORS) or bool(_texts(words[one.end :]) & _EQUALS)


def _rejected(words: list[_Word], one: _Named) -> bool:
    """Whether a choice is said to be wrong: "67 kg is too low"."""
    return not words[one.end - 1].stops and _REJECTED.match(_said(words[one.end :])) is not None


def _concludes(words: list[_Word], one: _Named, question: str) -> bool:
    """Whether a choice is what the sentence comes to: the result, its last number, what it says nothing more of."""
    before, after = words[: one.start], words[one.end :]
    number = _has_number(words[one.start : one.end])
    led = " ".join(word.text for word in before[-4:])
    if _ELSEWHERE.search(led) or (number and _BOUND.search(led)) or _within_a_list(before, after):
        return False
    if number:
        result = [*takewhile(lambda word: word.text not in _EQUALS, reversed(before))]
        return not _has_number(result) if len(result) < len(before) else not _has_number(after)
    if words[one.end - 1].stops or not after:
        return True
    said = _said(after)
    return _GOES_ON.match(said) is not None or set(said.split()) <= _LITTLE | set(plain(question).split())


def _within_a_list(before: list[_Word], after: list[_Word]) -> bool:
    """Whether a choice stands among others: "love, care, and attention"."""
    return bool(before and after) and before[-1].stops and after[0].text in ("and", "or")


def _said(words: list[_Word]) -> str:
    """The words up to the first mark."""
    cut = next((i for i, word in enumerate(words, start=1) if word.stops), len(words))
    return " ".join(word.text for word in words[:cut])


def _has_number(words: list[_Word]) -> bool:
    return any(c.isdigit() for word in words for c in word.text)


def _texts(words: list[_Word]) -> set[str]:
    return {word.text for word in words}
