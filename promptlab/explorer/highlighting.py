"""What to look at in an output: markers of self-verification, what was copied, other languages; all else escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from promptlab import markup
from promptlab.numerals import numerals
from promptlab.traces.copying import copied_numbers
from promptlab.traces.languages import home_of
from promptlab.traces.markers import markers, without_code
from promptlab.types import Prompt, Question

LIMIT = 12_000  # characters of one part that are shown
LEGEND = {
    "check": "announces a check of the own work",
    "doubt": "doubts or turns",
    "copied": "stands in the exemplars and nowhere else in the prompt: a number, or five words in a row",
    "foreign": "another language or script than the question's",
}
_RUN = 5  # words that count as a passage: three or four agree by chance
_WORD = re.compile(r"\w+")
_SENTENCE = re.compile(r"[^.!?\n。！？]+[.!?。！？]*")


class Span(NamedTuple):
    """A part of a text and why it is marked."""

    start: int
    end: int
    kind: str


def spans(question: Question, prompt: Prompt, text: str) -> list[Span]:
    """The marked parts from left to right; where two overlap, the one that begins first, or is the shorter, stays."""
    found = [
        *(Span(m.start, m.end, m.kind) for m in markers(without_code(text), question.text)),
        *_copied(question, prompt, text),
        *_foreign(question, prompt, text),
    ]
    kept: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, span.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def _copied(question: Question, prompt: Prompt, text: str) -> Iterator[Span]:
    if not prompt.exemplars:
        return
    numbers = copied_numbers(question, prompt, text)
    yield from (Span(n.start, n.end, "copied") for n in numerals(text) if n.value in numbers)
    shown = passages(*prompt.exemplars).keys() - passages(question.text, *_besides(prompt)).keys()
    words = list(_WORD.finditer(text))
    said = [word.group().casefold() for word in words]
    starts = [i for i in range(len(said)) if tuple(said[i : i + _RUN]) in shown]
    for first, last in _runs(starts):
        yield Span(words[first].start(), words[last + _RUN - 1].end(), "copied")


def passages(*texts: str) -> dict[tuple[str, ...], None]:
    """Every five words in a row, in their order."""
    lists = [[word.casefold() for word in _WORD.findall(text)] for text in texts]
    return dict.fromkeys(tuple(words[i : i + _RUN]) for words in lists for i in range(len(words) - _RUN + 1))


def _besides(prompt: Prompt) -> list[str]:
    """The lines of a prompt that are no exemplar's."""
    exemplars = {line.strip() for exemplar in prompt.exemplars for line in exemplar.splitlines()}
    lines = [line for _, text in prompt.turns for line in text.splitlines()]
    return [line for line in lines if not any(len(shown) > 12 and shown in line for shown in exemplars)]


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of neighbours that lie less than a passage apart."""
    breaks = [i for i in range(1, len(numbers)) if numbers[i] - numbers[i - 1] >= _RUN]
    for start, end in zip([0, *breaks], [*breaks, len(numbers)], strict=True):
        if numbers:
            yield numbers[start], numbers[end - 1]


def _foreign(question: Question, prompt: Prompt, text: str) -> Iterator[Span]:
    home = home_of(question.text, prompt.turns[-1][1] if prompt.turns else "")
    for sentence in _SENTENCE.finditer(text):
        if home.foreign(sentence.group()) > 0 or home.other_script(sentence.group()) > 0.5:
            yield Span(*sentence.span(), "foreign")
        elif home.other_script(sentence.group()) > 0:
            words = re.compile(r"\S+").finditer(text, *sentence.span())
            yield from (Span(*word.span(), "foreign") for word in words if home.other_script(word.group()) > 0)


def marked(question: Question, prompt: Prompt, text: str) -> str:
    """The text as an escaped block with its marks; what is too long is cut, and says so."""
    shown = markup.visible(text[:LIMIT])
    pieces, at = [], 0
    for span in spans(question, prompt, shown):
        pieces += [markup.escape(shown[at : span.start]), _mark(span.kind, shown[span.start : span.end])]
        at = span.end
    more = markup.muted(f" [... {len(text) - LIMIT:,} more characters]") if len(text) > LIMIT else ""
    return _pre("".join(pieces) + markup.escape(shown[at:]) + more)


def legend(kinds: Iterable[str] = LEGEND) -> str:
    """What the marks mean."""
    return " ".join(f"{_mark(kind, kind)} {markup.muted(LEGEND[kind])}<br>" for kind in kinds)


def _mark(kind: str, text: str) -> str:
    return f'<mark class="pl-{kind}" title="{markup.escape(LEGEND[kind])}">{markup.escape(text)}</mark>'


def _pre(inner: str) -> str:
    return f'<pre class="pl-text" dir="auto">{inner}</pre>'
