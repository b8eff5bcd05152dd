"""Where an output announces a check of itself (``check``), and where it doubts or turns (``doubt``).

Rules in five languages; a verb alone is no marker: who says "wait" or "check" must speak of the own reasoning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# Where a rule begins. A clause: at the start, or after a mark with a little space and words of hesitation between.
_HESITATION = r"[\s\"'“*_]{0,3}(?:(?:but|and|so|oh|no|okay|ok|well)\b[,!.]?\s){0,2}"
_CLAUSE = r"(?:\A|(?<=[.!?…:;,\n(。！？，；—–-])|(?<=\*\*))" + _HESITATION
_SENTENCE = r"(?<=[.!?…:\n—–])" + _HESITATION  # not at the very start: "Actually, ..." opens an answer as well
_WORD = r"\b"
_WILL = (
    r"\b(?:let (?:me|us)|let['’]s|(?:i|we)(?:['’]ll| will| should| must| can| could| (?:need|want|have) to)"
    r"|(?:i|we) (?:am|are) going to)(?: (?:just|quickly|now|also|again|first|quick|please)){0,2} "
)
_HAN_CLAUSE = r"(?:\A|(?<=[\s。！？，；：,.!?]))"
_ANYWHERE = ""
_PAUSE = r"(?=\s?(?:[,.!?…:—–-]|\Z))"

_DOUBTS = {
    _CLAUSE: (
        r"wait(?!\s(?:times?|for|at|(?:un)?till?|here|there|in|on|to|and|with|\d|rooms?|lists?|staff)\b)(?!\w)",
        r"(?:hold on(?! to\b)|hang on|oops|whoops|scratch that|oh, i see|oh no|my mistake)\b",
        r"(?:that|this|it) (?:does not|doesn['’]t) (?:add up|match|fit|work|make sense|check out)\b",
        r"(?:moment(?: mal)?|warte(?: mal)?|halt|stopp?)" + _PAUSE,  # German
        r"(?:attends?|attendez|un instant|une minute)" + _PAUSE,  # French
        r"(?:espera|esperad|esperen|un momento)" + _PAUSE,  # Spanish
    ),
    _SENTENCE: (
        r"actually(?=,|\s(?:no|wait|that|i|it|let|we|the|this|she|he|they|there)\b)",
        r"no, (?:no|wait|(?:that|this)(?=['’]s| is| was| can| does)|i (?:should|need|must|have|forgot)|let)\b",
    ),
    _WILL: (
        r"re-?(?:do|calculate|compute|consider|think|count|examine|evaluate|start|work|read|trace)\b",
        r"(?:start (?:over|again)|try again|go back|fix|correct)\b",
    ),
    _WORD: (
        r"(?:(?-i:hm{1,9}|Hm{1,9}|HM{3,9})|aha|huh)\b",  # HMM is a model
        r"i see (?:my|the) (?:error|mistake)\b",
        r"(?:that|this|something)(?:['’]s| is| was| seems| looks)(?: not|n['’]t)(?: quite)? (?:right|correct)\b",
        r"(?:that|this)(?:['’]s| is| was| seems| looks) (?:wrong|incorrect|a mistake|an error)\b",
        r"(?:that|this|it) (?:can['’]?t|cannot|can not|couldn['’]t) be(?: right| correct)?\b",
        r"i(?: have|['’]ve)? (?:made (?:a|an|another) (?:\w{1,12} )?(?:mistake|error|slip)|misread|miscounted"
        r"|miscalculated|misunderstood|overlooked|mixed up|was wrong|am wrong)\b",
        r"(?:on|upon) second thoughts?\b",
        r"(?:das|dies|da) (?:stimmt|passt|kann) (?:so |doch |aber ){0,2}nicht\b",  # German
        r"(?:das|dies) (?:ist|war) (?:doch |aber )?(?:falsch|nicht richtig|ein fehler)\b",
        r"(?:ich habe mich|hab ich mich|habe ich mich) (?:vertan|verrechnet|geirrt|verlesen|verzählt)\b",
        r"(?:ce n['’]est|c['’]est) (?:pas (?:correct|juste|bon|ça)|faux|incorrect)\b|je me suis trompée?\b",  # French
        r"(?:reprenons|recommençons|recalculons)\b",
        r"me (?:he equivocado|equivoqué)\b|(?:eso|esto) (?:no es correcto|está mal|no cuadra)\b",  # Spanish
        r"(?:recalculemos|volvamos a (?:calcular|empezar))\b",
    ),
    _HAN_CLAUSE: (r"(?:等等|等一下|等下|嗯|唔|哦)(?=[\s，。！？…,.!?]|不)",),
    _ANYWHERE: (
        r"(?<!对)不对(?=[\s，。！？；…,.!?]|\Z)|(?:算|弄|搞|看|想|我)错了|重新(?:计算|算|考虑|思考|想)|再想想",
    ),
}
_CHECKS = {
    _CLAUSE: (
        r"(?:just )?to (?:(?:double|re|cross)[- ]?)?(?:check|verify|confirm|make sure|be (?:sure|safe|certain))\b",
        r"(?:check(?:ing)?|verif(?:y|ying|ication)|proof)(?: (?:this|that|it|the (?:answer|result)))?(?=\s?[:,])",
        r"(?:probe|gegenprobe|kontrolle|überprüfung|prüfung)(?=\s?:)",  # German
    ),
    _WILL: (
        r"(?:(?:double|re|triple|cross)[- ]?)?(?:check(?! (?:in|out)\b)|verify|confirm|make sure|validate"
        r"|be (?:sure|safe|certain)|test (?:this|it|that))\b",
    ),
    _WORD: (
        r"(?:double|re|cross)-?check(?:s|ed|ing)?\b|double check(?:s|ed|ing)?\b|(?:sanity|quick) check\b",
        r"as a (?:\w{1,12} )?check\b",
        r"(?:plug|put|substitut)\w{0,4} [^.\n]{1,30}? back\b",
        r"do(?:es)? (?:that|this|it) (?:make sense|add up|check out|work|seem right|look right)\?",
        r"is (?:that|this|it) (?:right|correct)\?|(?:another|one) way to (?:check|verify|confirm)\b",
        r"(?:that|this|it|everything|which|all) (?:checks out|check out|adds up)\b",
        r"(?:lass(?:t)? (?:mich|uns)|ich (?:muss|will|sollte|werde)|wir (?:müssen|sollten)|prüfen wir|ich)"  # German
        r"(?: \w{1,12}){0,3} (?:(?:nach|über)?prüfen?|kontrollieren?|nachrechnen)\b",
        r"(?:zur (?:kontrolle|probe|sicherheit)|ich (?:prüfe|überprüfe|kontrolliere)|prüfen wir)\b",
        r"(?:vérifions|je (?:re)?vérifie|(?:je (?:vais|dois)|il faut|pour) vérifier)\b|vérification(?=\s?:)",  # French
        r"(?:comprobemos|verifiquemos|revisemos)\b|(?:comprobación|verificación)(?=\s?:)",  # Spanish
        r"(?:déjame|voy a|vamos a|para) (?:comprobar|verificar|revisar)(?:lo)?\b",
    ),
    _HAN_CLAUSE: (r"(?:检查|验证|核对|核实|确认)(?:一下|一遍)",),
    _ANYWHERE: (
        r"(?:让我们?|我们?|再|来|需要)(?:来|再|仔细|重新){0,2}(?:检查|验证|验算|核对|核实|确认)(?:一下|一遍)?|验算",
    ),
}


def _one_of(rules: dict[str, tuple[str, ...]]) -> str:
    """Each beginning is tried once at a place, and the rules behind it only where it holds."""
    return "|".join(f"{begin}(?:{'|'.join(behind)})" for begin, behind in rules.items())


_BEGINS = r"(?:(?<!\w)|(?=[一-鿿]))"  # inside a word nothing can, which most places of a text are
_ANY = re.compile(f"{_BEGINS}(?:(?P<doubt>{_one_of(_DOUBTS)})|(?P<check>{_one_of(_CHECKS)}))", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,.!?…—–，。！？-]{0,3}(?:no[,.! ]{0,2})?")
_CODE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_BEFORE, _AFTER = 2, 12  # characters beside a marker that tell whether the question says the same


class Marker(NamedTuple):
    """One marker: ``check`` or ``doubt``, and where it stands."""

    kind: str
    start: int
    end: int


def without_code(text: str) -> str:
    """The text with blanks for its code blocks, so that every place stays where it was."""
    return _CODE.sub(lambda found: " " * len(found.group()), text)


def markers(text: str, question: str) -> list[Marker]:
    """Markers from left to right; two of a kind with nothing between ("Hmm, wait") are one.

    Examples
    --------
    >>> [m.kind for m in markers("38. Hmm, wait. Let me check: 39.", "25 + 14?")]
    ['doubt', 'check']
    >>> markers("They wait for 5 minutes; wait times are long.", "How long do they wait?")
    []
    """
    merged: list[Marker] = []
    for found in _found(text, question.casefold()):
        last = merged[-1] if merged else None
        if last and last.kind == found.kind and _BETWEEN.fullmatch(text, last.end, found.start):
            merged[-1] = last._replace(end=found.end)
        else:
            merged.append(found)
    return merged


def _found(text: str, question: str) -> Iterator[Marker]:
    for match in _ANY.finditer(text):
        near = text[max(0, match.start() - _BEFORE) : match.end() + _AFTER].casefold()
        if near.strip() not in question:
            yield Marker(str(match.lastgroup), match.start(), match.end())
