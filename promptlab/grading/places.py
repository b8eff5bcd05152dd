"""Where in a text the final answer is declared."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple, TypeVar

from promptlab.grading.claims import asked, doubted

T = TypeVar("T")

TAIL = 100_000  # characters: a grader reads the end of an answer text, so that endless output costs bounded time
SENTENCE = 300
MOST_PHRASES = 50  # places with "the answer is" that are read
SHOWN = 100  # of an answer that could not be read

_TAG_OPENS = re.compile(r"<answer>", re.IGNORECASE)
_TAG_CLOSES = re.compile(r"</answer>", re.IGNORECASE)
_BRACES = re.compile(r"\\[{}]|\\f?boxed\s{0,5}\{|[{}]")
_SENTENCE_END = re.compile(r"[.!?](?:\s|\Z)")
_OWN_QUESTION = re.compile(r"^[ \t*#]{0,9}(?:Question|Q)[ \t*]{0,9}:|<\|im_start\|>", re.MULTILINE)
_PHRASE = re.compile(
    r"(?:\banswer\b[ \t]{0,9}(?:is|are|was|equals|would be|should be|must be|comes to|[:=])"
    r"|\b(?:respuesta|r[ée]ponse|Antwort)\b[ \t]{0,9}(?:(?:es|est|ist)\b|[:=])|答案[ \t]{0,9}[是为為:：=])[\s:：]{0,9}"
    r"|^####[ \t]{0,9}(?=[-+.]?\d)(?!\d+\.\s)",  # GSM8K's mark, not a heading "#### 1. First"
    re.IGNORECASE | re.MULTILINE,
)


class Place(NamedTuple):
    """A declared place and what stands in it."""

    name: str
    text: str


class Refusal(NamedTuple):
    """Why no answer was read; `answered`: there is one, and it is wrong whatever the gold answer is ("3 or 4").

    `final` says that the reading ends there all the same: what the model goes on with is not looked at.
    """

    answer: str
    answered: bool
    why: str
    final: bool = False


def untagged(text: str) -> str:
    """Without what is left of ``<answer>`` tags, where a stop string has cut the closing one off."""
    return _TAG_CLOSES.sub(" ", _TAG_OPENS.sub(" ", text))


def tail(text: str) -> str:
    """The last `TAIL` characters."""
    return text[-TAIL:]


def readings(text: str) -> Iterator[str]:
    """What to read for an answer: the text before the model goes on with a question of its own; then all of it.

    After exemplars in one message a model often answers, and then writes "Question: ... Answer: ..." as those did.
    Read to the end, its own next question would count as a wrong answer, in the few-shot arms only.

    Examples
    --------
    >>> list(readings("3 + 4 = 7\\n\\nQuestion: 1 + 1?\\nAnswer: 2"))[0].strip()
    '3 + 4 = 7'
    """
    begins = len(text) - len(text.lstrip())
    own = _OWN_QUESTION.search(text, begins + 1)  # at the very beginning it repeats the question that was asked
    if own:
        yield tail(text[: own.start()])
    yield tail(text)


def first_answer(text: str, read: Callable[[str], T | Refusal]) -> T | Refusal:
    """What `read` finds in the first of the `readings` that holds an answer at all."""
    found: T | Refusal = Refusal("", False, "no answer text")
    for part in readings(text):
        found = read(part)
        if not isinstance(found, Refusal) or found.answered or found.final:
            break
    return found


def explicit(text: str) -> Place | None:
    """The last ``<answer>`` tag, else the last ``\\boxed{}``: places that mean nothing but the final answer.

    Examples
    --------
    >>> explicit("<answer>4</answer> or rather <answer>5</answer>").text
    '5'
    >>> explicit("\\\\boxed{\\\\frac{1}{2}}").text
    '\\\\frac{1}{2}'
    """
    return _last_tag(text) or _last_box(text)


def innermost(text: str) -> Place | None:
    """The `explicit` place, or the box in its tag.

    Examples
    --------
    >>> innermost("<answer>$\\\\boxed{4}$</answer>").text
    '4'
    """
    place = explicit(text)
    boxed = _last_box(place.text) if place else None
    return boxed if boxed and boxed.text else place


def in_words(text: str) -> list[str]:
    """What may be the answer in words: what its place holds; what follows "the answer is" there, else anywhere.

    Of a line both its first sentence and all of it.

    Examples
    --------
    >>> in_words("<answer>The answer is Paris. It is.</answer>")
    ['The answer is Paris. It is.', 'Paris', 'Paris. It is.']
    """
    place = innermost(text)
    line = next((line for _, line in certain(place.text if place else untagged(text))), None)
    said = [] if line is None else [_SENTENCE_END.split(line, maxsplit=1)[0].strip(), line]
    return [place.text, *said] if place else said


def phrases(text: str) -> Iterator[str]:
    """What follows "the answer is", "answer:" or "####" on the same line, the last place first.

    Also in Spanish, French, German and Chinese, in which models answer when they are asked so, or lose their way.
    """
    return (said for _, said in declared(text))


def declared(text: str) -> Iterator[tuple[int, str]]:
    """The `phrases`, and where each begins."""
    for found in reversed(list(_PHRASE.finditer(text))):
        yield found.end(), text[found.end() : found.end() + SENTENCE].split("\n", 1)[0]


def certain(said: str) -> Iterator[tuple[int, str]]:
    """The last of the places that are `declared`, and what follows; not after "if", nor in a question."""
    places = islice(declared(said), MOST_PHRASES)
    return ((start, line) for start, line in places if not (doubted(said, start) or asked(said, start)))


def last_line(text: str) -> str:
    """The last line that is not blank, cut to its last characters."""
    return text.rstrip().rpartition("\n")[2].strip()[-SENTENCE:]


def _last_tag(text: str) -> Place | None:
    openings = [found.end() for found in _TAG_OPENS.finditer(text)]
    for closing in reversed([found.start() for found in _TAG_CLOSES.finditer(text)]):
        nearest = bisect_right(openings, closing)
        inside = text[openings[nearest - 1] : closing].strip() if nearest else "and"
        if inside.casefold() != "and":  # "between <answer> and </answer>" speaks of the tags
            return Place("answer tag", inside)
    return None


def _last_box(text: str) -> Place | None:
    """The closed box that begins last, braces balanced, in one pass: nested braces cost no more than others."""
    opened: list[int] = []  # where a box's content begins; -1 for an ordinary brace
    best = (-1, -1)
    for found in _BRACES.finditer(text):
        brace = found.group()
        if brace == "}":
            start = opened.pop() if opened else -1
            best = max(best, (start, found.start()) if start >= 0 else best)
        elif brace not in (r"\{", r"\}"):
            opened.append(found.end() if brace != "{" else -1)
    return Place("box", text[best[0] : best[1]].strip()) if best[0] >= 0 else None
