"""Which label a marked text says to be the answer: "B is correct", "I choose B", "so B"; not "plan B", "if B", "B?".

Each rule looks from a label a few words backwards or forwards, so that a long text costs little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from promptlab.grading import vocabulary as w
from promptlab.grading.marking import BACK, GAP, LABEL, NOUN, TEXT

_AND_MORE = rf"\)\s(?:(?!\b{w.BECAUSE}\b)[^⟦⟨⟬.,;:?\n]){{1,80}}?\s{w.AND}\s{LABEL}(?=\))"  # B) Paris and C) Rome
_MORE = rf"\)?\s?(?:{w.AND}|[,/])\s?{LABEL}|{TEXT}\s{w.OR}\s?{LABEL}|{_AND_MORE}"
_LABELS = rf"(?P<labels>{LABEL}(?:{_MORE}){{0,9}})"
_END = (
    rf"(?=[\s)\]\"'”’]{{0,5}}(?:\Z|\n|[.;:!(（…⟬。、]|,(?!\s?{LABEL})|[—–-]\s|<[/|]?[a-z])"
    rf"|\)\s[^\W\d]|\s(?!{w.AND}\s{LABEL}){w.CONNECTIVE}\b|[因而不]|\s?选?项\s?(?:\Z|[.。,;!\n<]))"
)
_ADVERBS = rf"(?:{w.ADVERB}\s){{0,3}}"
_OPENS = rf"(?:\A|[\n.;:,!?…—–⟭-]\s{{0,3}}|\b{w.OPENER}\s)"

# Judgements on an option: what follows the label, and what leads to it
_JUDGED = re.compile(
    rf"{_LABELS}(?:{GAP}\s?{w.COPULA}\s{_ADVERBS}{w.PREDICATE}|{GAP}{w.PREDICATE_CJK}|\s{w.FITS}"
    rf"|{GAP}{w.ITSELF}\s{w.COPULA}\s{_ADVERBS}(?!true\b){w.PREDICATE}|\s{_ADVERBS}(?:richtig|korrekt)\s(?:ist|sind))"
)
_SUBJECT = re.compile(
    rf"(?:⟦|(?:\A|[\n.;:!?…()\"“—–*-]\s{{0,3}}|(?<![⟧⟩]),\s{{0,3}}|(?<![⟧⟩]\s)\b{w.BEFORE_SUBJECT}\s"
    rf"|{w.BEFORE_SUBJECT_CJK})⟨)\Z"
)
_MADE = re.compile(rf"{_LABELS}\s{_ADVERBS}{w.PREDICATE}")
_MAKES = re.compile(r"(?:\bmak(?:es|ing)|\w\s(?:ist|sind))\s[⟦⟨]\Z")  # that makes B the answer; somit ist B richtig
_HEAD = re.compile(  # B, because ...; alone on a line, with reasons below
    rf"{_LABELS}[.)]?(?:,?(?:\s[—–-])?\s(?:{w.BECAUSE}|{w.I_THINK})\b|(?=\s{{0,3}}\n(?s:.*)\w\w[^\n]*\Z))"
)
_HEADS = re.compile(r"(?:\A|\n|[.!?]\s)[⟦⟨]\Z")
_TICKED = re.compile(rf"(?P<labels>{LABEL})[).:]?(?: ?{w.TICK}|[^⟦⟨⟬\n]{{0,{BACK}}}{w.TICK}\W{{0,3}}(?=\n|\Z))")
_ROW = r"(?:\A|\n)[^\w⟦⟨⟬]{0,9}(?:(?:option|choice)\s)?"
_HEADS_ROW = re.compile(rf"{_ROW}[⟦⟨]\Z")
_TICK_AHEAD = re.compile(rf"(?:\A|\n){w.TICK}[^\w⟦⟨⟬]{{0,9}}[⟦⟨]\Z")
_VERDICT = re.compile(
    rf"{_ROW}(?P<labels>[⟦⟨⟬][a-z][⟧⟩⟭])\s?[).:]?\s?[-–—]?\s?"
    r"(?:[^⟦⟨⟬\n]{0,80}\|\s?)?"  # a row of a table
    r"(?:(?P<right>yes|true|correct|right)|no|false|incorrect|wrong)[.!]?\s?\|?\s{0,3}(?=\n|\Z)"
)

# Conclusions: what leads to the label
_THING = rf"(?:{w.SOUGHT}(?:\s[a-z ]{{1,40}})?|{w.THAT}[a-z ]{{1,40}})"
_CONCLUDED = re.compile(_LABELS + _END)
_CONCLUDES = re.compile(
    rf"(?:(?:\b(?:{w.CHOOSE}|{w.POINTER}|{w.HENCE}|{w.LEAVES}|(?:richtig|korrekt) (?:ist|sind)"
    rf"|{w.ANSWER}\b[^⟦⟨⟬.;:,?\n]{{0,40}}(?:,\s[a-z ]{{1,20}},)?\s{w.COPULA}(?:\s{w.ADVERB}){{0,2}}"
    rf"|(?:{w.ANSWER}|{w.HEADING})(?:\s{w.FINAL})? ?[:=-]|{_THING}(?:\s{w.COPULA}(?:\s{w.ADVERB}){{0,2}}| ?:))"
    rf"|{w.EXCEPT}|{_OPENS}(?:{w.IMPERATIVE}|{w.FIRST})|⟭(?:\s(?:not|nicht|pas|no))?,?\s?{w.BUT}"
    rf"|{w.CHOOSE_CJK}|{w.HENCE_CJK}|{w.ANSWER_CJK}[是为】]?)[\s,:→]{{0,3}}{NOUN})[⟦⟨]\Z"
)
_NAMED = re.compile(rf"{_LABELS}(?=\s(?!{w.AND}|{w.OR}|{w.IF}\b|when\b|for\b|in\b)\w)")  # (B) Paris
_NAMES = re.compile(
    rf"(?:{_THING}\s{w.COPULA}|\banswer (?:to|for) [^⟦⟨⟬.;:,?\n]{{1,40}} is|{w.ANSWER_CJK}[是为])\s?⟦\Z"
)
_WISHED = re.compile(rf"{_LABELS}\s(?:wählen|nehmen|sagen)\b")
_WISHES = re.compile(r"\b(?:würden?|werden?|will|wollen)\s[⟦⟨]\Z")
_LAST = re.compile(rf"{_LABELS}[\s.)!]{{0,3}}\Z")
_LASTS = re.compile(r"(?:\A|(?:(?<![a-z⟧⟩⟭]\.)(?<=\w\w[.)])|[!?。]|⟭\.?) {1,3})[⟦⟨]\Z")  # Not A. B.
_BRACKETED = re.compile(rf"{_LABELS}(?=\s{{0,3}}(?:[.;!\n]|\Z))")
_SUMS_UP = re.compile(
    rf"(?:\b(?:thus|therefore|hence|consequently)\b[^⟦⟨⟬.;:?\n]{{1,70}}[a-z](?<!option)(?<!choice)|{w.CORRESPONDS}"
    rf"(?:\s{w.LABEL_NOUN})?)\s⟦\Z"
)
_VERB_LEFT_OUT = re.compile(rf"{_LABELS}\s(?:is|does|ist|est|lo es|es)(?=\s?[.!]|\Z|\n)")
_AFTER_DENIAL = re.compile(r"⟭[^.?\n]{0,40}[;,.]\s(?:but\s)?[⟦⟨]\Z")  # A is not, B is

_RULES = (
    (_JUDGED, _SUBJECT, False),
    (_MADE, _MAKES, False),
    (_HEAD, _HEADS, False),
    (_TICKED, _HEADS_ROW, False),
    (_CONCLUDED, _TICK_AHEAD, False),
    (_CONCLUDED, _CONCLUDES, True),
    (_NAMED, _NAMES, True),
    (_BRACKETED, _SUMS_UP, True),
    (_WISHED, _WISHES, True),
    (_LAST, _LASTS, True),
    (_VERB_LEFT_OUT, _AFTER_DENIAL, True),
)

_ASKED = re.compile(r"[^.!;?\n]{0,200}\?")
_BREAK = re.compile(rf"[.;!?。；！？\n]|\b{w.TURN}\b|但")
_LEFT = re.compile(rf"\b(?:{w.LEAVES}|down)\b[^⟦⟨⟬.;\n]{{0,30}}[⟦⟨]\Z")  # leaves B and C: the choice is still to come
_CLAUSE = re.compile(r"[,:]\s?(?!that\b|dass\b|que\b)|\bthen\b")
_DOUBT = re.compile(rf"\b(?:{w.IF}|{w.HEDGE})\b|{w.IF_CJK}")
_UNREAL = re.compile(rf"{w.UNREAL}|{w.THEN_CJK}")
_CORRECTED = re.compile(rf"\b{w.CORRECTION}\b|{w.CORRECTION_CJK}")


class Claim(NamedTuple):
    """Labels said to be the answer, in a conclusion ("so B") or in a judgement on one option ("B is correct")."""

    start: int
    end: int
    labels: frozenset[str]
    final: bool


def claims(said: str) -> Iterator[Claim]:
    """What a marked text claims, in no order: neither asked, nor supposed, nor said by others.

    Examples
    --------
    >>> from promptlab.grading.marking import marked
    >>> [sorted(claim.labels) for claim in claims(marked("If A is right, B is wrong. So it is C or D.", "ABCD"))]
    [['C', 'D']]
    """
    low = said.lower()
    for pattern, leads, final in _RULES:
        for found in pattern.finditer(low):
            start, end = found.span("labels")
            led = leads.search(low, max(0, start - BACK), start + 1)
            letters = _letters(said[start:end])
            undecided = len(letters) > 1 and _LEFT.search(low, max(0, start - BACK), start + 1)
            if led and not (undecided or asked(low, found.end()) or doubted(low, start)):
                yield Claim(start, end, letters, final)
    yield from _only_right(said, low)


def _only_right(said: str, low: str) -> Iterator[Claim]:
    """The one option of a list that is judged right: "A: no", "B: yes", "C: no"; two may be called True and False."""
    rows = list(_VERDICT.finditer(low))
    right = [row.span("labels") for row in rows if row["right"]]
    if len(right) == 1 and len(rows) != 2:
        start, end = right[0]
        yield Claim(start, end, _letters(said[start:end]), False)


def _letters(labels: str) -> frozenset[str]:
    return frozenset(re.findall("[A-Z]", labels))


def settled(said: str, found: Iterable[Claim]) -> frozenset[str]:
    """The labels that all claims together leave: several where they contradict each other.

    A conclusion overrules the judgements before it, and what an earlier line concluded; what stands after a word of
    correction ("wait", "no") overrules all before it. One of those that "or" left open decides.
    """
    last: Claim | None = None
    for claim in sorted(found):
        if last is None or claim.labels == last.labels or _overrules(claim, last, said):
            last = claim
        else:
            last = claim._replace(labels=claim.labels | last.labels, final=claim.final or last.final)
    return last.labels if last else frozenset()


def asked(said: str, end: int) -> bool:
    """Whether the sentence of a claim ends in a question mark."""
    return _ASKED.match(said, end) is not None


def doubted(said: str, start: int) -> bool:
    """Whether what leads to a claim makes it a supposition, or the opinion of others."""
    sentence = _BREAK.split(said[max(0, start - 2 * BACK) : start].lower())[-1]
    return (_DOUBT.search(_CLAUSE.split(sentence)[-1]) or _UNREAL.search(sentence)) is not None


def _overrules(claim: Claim, last: Claim, said: str) -> bool:
    between = said[last.end : claim.start].lower()
    decides = claim.labels < last.labels and re.search(w.OR, said[last.start : last.end].lower()) is not None
    concludes = claim.final and (not last.final or "\n" in between)
    return decides or concludes or _CORRECTED.search(between) is not None
