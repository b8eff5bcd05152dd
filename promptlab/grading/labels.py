"""The grader for questions that are answered by choosing a label."""

from __future__ import annotations

import re

from promptlab.choices import Options, gold_label, label_alone, options_of, plain
from promptlab.errors import InputError
from promptlab.grading.functions import FunctionGrader
from promptlab.grading.places import SENTENCE, SHOWN, Refusal, explicit, first_answer, last_line, phrases
from promptlab.numerals import clean
from promptlab.types import Grade, Grader, Question

_LIST = 5_000  # characters of a list of options
_HEADED = re.compile(r"\W{0,9}(?:(?:option|choice)\W{1,9})?([A-Z])\s?[).:\]]", re.IGNORECASE)
_DIRECT = re.compile(r"\W{0,9}(?:(?:option|choice)\W{1,9})?([A-Z])(?![\w'’])(?P<after>.{0,20})", re.DOTALL)
_NOT_AN_ARTICLE = re.compile(r"\s*(?:[^\w\s]|\Z|(?:because|since|as|is)\b)")
_MARKED = re.compile(
    r"[(\[]([A-Z])[)\]]|\b(?:[Oo]ption|[Cc]hoice)\s(?:(?:is|must be|would be|should be)\s(?=[A-Z]\W{0,3}\Z))?([A-Z])\b"
)
_DENIED = re.compile(r"(?:\b(?:not|neither|nor)|n['’]t)\s{1,9}(?:(?:option|choice|the)\s{1,9})?\S{1,99}", re.IGNORECASE)
_NO_SUCH = re.compile(r"(?<=\w )no (?!(?:because|since|as|is)\b)\w{1,99}", re.IGNORECASE)  # I have no idea
_MARKED_RIGHT = re.compile(
    r"(?:[(:–—]|\bis)\s*(?:the )?(?:correct|right)(?: (?:answer|one|choice|option))?\W*\Z", re.IGNORECASE
)
_LAST_COLON = re.compile(r"[^\W\d_]{2}\s?:([^:]{1,300})\Z")  # after a word: "A: yes, B: no" lists the options


def _label(question: Question, answer_text: str) -> Grade:
    """Grade a choice: its letter (A for the first of `question.choices`) or its full text.

    Read from the last ``<answer>`` tag, else the last ``\\boxed{}``, else what follows the last "the answer is" or
    "answer:", else the whole text when it is nothing but a label, else the last line when it names one label only:
    as "(B)", "option B", "the option is B" at its end, or by the choice's text. Where a line names several, what stands
    alone after its last colon counts ("no doubt: yes"), else there is no single answer, and it is wrong; so it is where
    the text ends in a list of options, unless one alone is marked in it ("A. Paris (correct)"). "A" at the head of a
    sentence is an article, no label; so is "no" before a word ("I have no idea"). A label that is denied (not B) is
    passed over.
    Without `choices` the labels are the letters A to Z; a text that two choices share names neither.

    Examples
    --------
    >>> question = Question("q", "Capital of France?", ("B",), "label", ("London", "Paris"))
    >>> [label(question, text).score for text in ("**B**", "The answer is Paris.", "A city.", "(A) or (B)")]
    [1.0, 1.0, 0.0, 0.0]
    """
    options = _options(question)
    gold = {_gold(question, answer) for answer in question.answers}
    found = first_answer(answer_text, lambda text: _read(text, options))
    if isinstance(found, Refusal):
        return Grade(0.0, found.answer[:SHOWN], found.answered, why=found.why)
    right = found in gold
    return Grade(float(right), found, True, why="" if right else f"expected {' or '.join(sorted(gold))}")


label: Grader = FunctionGrader(_label, "label", "4")


def _read(text: str, options: Options) -> str | Refusal:
    place = explicit(text)
    if place:
        inside = clean(place.text[:SENTENCE])
        found = label_alone(inside, options) or _mentioned(inside, options)
        return found or Refusal(place.text, False, f"the {place.name} holds no label")
    cleaned = clean(text)
    for line in phrases(cleaned):
        found = label_alone(line, options) or _direct(line, options) or _mentioned(line, options)
        if found:
            return found
    line = last_line(cleaned)
    found = (
        label_alone(cleaned.strip(), options)
        or _listed(cleaned, options)
        or label_alone(line, options)
        or _mentioned(line, options)
    )
    return found or Refusal("", False, "no label in the answer text")


def _direct(text: str, options: Options) -> str | None:
    """The letter that stands first: "B because ...", "(A), since ..."; but "A cat" begins with an article."""
    found = _DIRECT.match(text)
    if not found or found[1] not in options:
        return None
    article = found[1] in "AI" and not _NOT_AN_ARTICLE.match(found["after"])
    return None if article else found[1]


def _listed(cleaned: str, options: Options) -> str | Refusal | None:
    """Where the text ends in a list of options: the only one that is marked as correct, else none of them."""
    items: dict[str, str] = {}
    for line in filter(None, map(str.strip, reversed(cleaned[-_LIST:].split("\n")))):
        headed = _HEADED.match(line)
        letter = headed[1].upper() if headed and re.search(r"\w", line[headed.end() :]) else ""
        if letter not in options or (items and letter >= min(items)):
            break
        items[letter] = line
    if len(items) < 2:
        return None
    marked = [a for a, line in items.items() if _MARKED_RIGHT.search(line) and not label_alone(line, options)]
    return marked[0] if len(marked) == 1 else Refusal(line, True, f"several labels: {', '.join(sorted(items))}")


def _mentioned(text: str, options: Options) -> str | Refusal | None:
    """The only label that a sentence marks as one, or names by a choice's text, and does not deny ("not B")."""
    text = _NO_SUCH.sub(" ", _DENIED.sub(" ", text))
    headed = _HEADED.match(text)
    letters = {a or b for a, b in _MARKED.findall(text)} | ({headed[1].upper()} if headed else set())
    found = (letters & set(options)) | _named(plain(text), options)
    if len(found) > 1:
        last = _LAST_COLON.search(text)
        declared = label_alone(last[1].strip(), options) if last else None
        return declared or Refusal(text, True, f"several labels: {', '.join(sorted(found))}")
    return found.pop() if found else None


def _named(plain: str, options: Options) -> set[str]:
    """Letters of the choices whose text occurs; "Paris" inside the longer choice "Paris, Texas" does not count."""
    named, rest = set(), f" {plain} "
    for letter, choice in sorted(options.items(), key=lambda item: -len(item[1])):
        if choice and f" {choice} " in rest:
            named.add(letter)
            rest = rest.replace(f" {choice} ", " | ")
    return named


def _options(question: Question) -> Options:
    try:
        return options_of(question.choices)
    except InputError as problem:
        raise InputError(f"question {question.id!r}: {problem}") from None


def _gold(question: Question, answer: str) -> str:
    try:
        return gold_label(answer, question.choices)
    except InputError as problem:
        raise InputError(f"question {question.id!r}: {problem}") from None
