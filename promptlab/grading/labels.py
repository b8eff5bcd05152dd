"""The grader for questions that are answered by choosing a label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from promptlab.choices import Options, gold_label, label_alone, options_of, plain
from promptlab.errors import InputError
from promptlab.grading.claims import Claim, asked, claims, doubted, settled
from promptlab.grading.functions import FunctionGrader
from promptlab.grading.marking import READ, marked, unmarked
from promptlab.grading.places import SENTENCE, SHOWN, Refusal, declared, explicit, first_answer, last_line
from promptlab.grading.vocabulary import BECAUSE
from promptlab.numerals import clean
from promptlab.types import Grade, Grader, Question

_PHRASES = 50  # places with "the answer is" that are read
_COLON_BREAK = re.compile(r"(:|\bis)[ \t]*\n\s*")
_SENTENCE_END = re.compile(r"[.!?](?:\s|\Z)")
_REASON = re.compile(rf",?\s{BECAUSE}\b")
_HEADED = re.compile(r"\W{0,9}(?:(?:option|choice)\W{1,9})?([A-Z])\s?[).:\]]", re.IGNORECASE)
_HEADINGS = re.compile(r"(?:\A\W{0,9}|[.;,] )([A-Z])\s?[).:\]](?!\w\.)", re.IGNORECASE)
_MARKED = re.compile(r"\(([A-Z])\)")
_DENIED = re.compile(r"(?:\b(?:not|neither|nor)|n['’]t)\s{1,9}(?:(?:option|choice|the)\s{1,9})?\S{1,99}", re.IGNORECASE)
_QUESTION = re.compile(r"[^.!?\n]{0,300}\?")
_NO_SUCH = re.compile(r"(?<=\w )no (?!(?:because|since|as|is)\b)[\w¬]{1,99}", re.IGNORECASE)  # I have no idea
_MARKED_RIGHT = re.compile(
    r"(?:[(:–—]|\bis)\s*(?:the )?(?:correct|right)(?: (?:answer|one|choice|option))?\W*\Z", re.IGNORECASE
)
_LAST_COLON = re.compile(r"[^\W\d_]{2}\s?:([^:]{1,300})\Z")  # after a word: "A: yes, B: no" lists the options


def _label(question: Question, answer_text: str) -> Grade:
    """Grade a choice: its letter (A for the first of `question.choices`) or its full text.

    Read from the last ``<answer>`` tag, else the last ``\\boxed{}``, else the whole text when it is nothing but a
    label, else from what the text claims: a conclusion ("the answer is B", "I choose B", "so B", "not A but B") before
    a judgement ("B is correct", "B fits best"), in English, German, French, Spanish or Chinese. Two claims on one line
    that contradict each other are no answer, and wrong, unless "wait" or "no" stands between them; of two lines that
    conclude, the last counts. No claim is what is asked (is it B?), supposed (if B is correct), denied, said by others,
    or a name (plan B, vitamin C).

    Where nothing is claimed the last line counts when it names one label only: as "(B)", "option B" or by the choice's
    text. Where it names several, what stands alone after its last colon counts ("no doubt: yes"), else there is no
    single answer; so it is where the text ends in a list of options, unless one alone is marked in it ("A. Paris
    (correct)"). "A" before a word is an article, no label; so is "no" ("I have no idea").

    Without `choices` the labels are the letters A to Z; a text that two choices share names neither.

    Examples
    --------
    >>> question = Question("q", "Capital of France?", ("B",), "label", ("London", "Paris"))
    >>> [label(question, text).score for text in ("**B**", "Paris.", "So B, not A.", "A city.", "A or B")]
    [1.0, 1.0, 1.0, 0.0, 0.0]
    """
    options = _options(question)
    gold = {_gold(question, answer) for answer in question.answers}
    found = first_answer(answer_text, lambda text: _read(text, options))
    if isinstance(found, Refusal):
        return Grade(0.0, found.answer[:SHOWN], found.answered, why=found.why)
    right = found in gold
    return Grade(float(right), found, True, why="" if right else f"expected {' or '.join(sorted(gold))}")


label: Grader = FunctionGrader(_label, "label", "5")


def _read(text: str, options: Options) -> str | Refusal:
    place = explicit(text)
    if place:
        inside = clean(place.text[:SENTENCE])
        found = (
            label_alone(inside, options) or _claimed(marked(inside, options), options) or _mentioned(inside, options)
        )
        return found or Refusal(place.text, False, f"the {place.name} holds no label")
    cleaned = clean(text)
    body, items = _split_list(cleaned, options)
    said = marked(_COLON_BREAK.sub(r"\1 ", body), options)
    line = last_line(cleaned)
    found = (
        label_alone(cleaned.strip(), options)
        or _claimed(said, options)
        or _declared(said, options)
        or (_listed(items, options) if items else label_alone(line, options) or _mentioned(line, options))
    )
    return found or Refusal("", False, "no label in the answer text")


def _claimed(said: str, options: Options) -> str | Refusal | None:
    """The one label that a marked text says to be the answer; claims that contradict each other are none."""
    found = [*claims(said), *_named_claims(said, options)]
    labels = settled(said, found)
    if len(labels) > 1:
        return Refusal(unmarked(last_line(said)), True, f"several labels: {', '.join(sorted(labels))}")
    return next(iter(labels), None)


def _named_claims(said: str, options: Options) -> Iterator[Claim]:
    """Claims by a choice's text: "the answer is Paris"."""
    for start, line in _certain(said):
        for text in (line, *(cut.split(line, maxsplit=1)[0] for cut in (_SENTENCE_END, _REASON))):
            if named := label_alone(unmarked(text).strip(), options):
                yield Claim(start, start + len(text), frozenset(named), True)
                break


def _declared(said: str, options: Options) -> str | Refusal | None:
    """What a marked text mentions after "the answer is", where no claim was understood."""
    for _, line in _certain(said):
        if found := _mentioned(unmarked(line), options):
            return found
    return None


def _certain(said: str) -> Iterator[tuple[int, str]]:
    """Where "the answer is" stands, the last place first, and what follows; not after "if", nor in a question."""
    places = islice(declared(said), _PHRASES)
    return ((start, line) for start, line in places if not (doubted(said, start) or asked(said, start)))


def _split_list(cleaned: str, options: Options) -> tuple[str, dict[str, str]]:
    """What stands before the list of options in which a text ends, and the list: letter -> line."""
    items: dict[str, str] = {}
    body = cleaned.rstrip()
    while len(cleaned) - len(body) < READ:
        before, _, line = body.rpartition("\n")
        headed = _HEADED.match(line)
        letter = headed[1].upper() if headed and re.search(r"\w", line[headed.end() :]) else ""
        if letter not in options or (items and letter >= min(items)):
            break
        items[letter], body = line.strip(), before.rstrip()
    return (body, items) if len(items) > 1 else (cleaned, {})


def _listed(items: Mapping[str, str], options: Options) -> str | Refusal:
    """The only option of a list that is marked as correct, else none of them."""
    right = [a for a, line in items.items() if not label_alone(line, options) and _is_right(a, line, options)]
    several = Refusal(next(iter(items.values())), True, f"several labels: {', '.join(sorted(items))}")
    return right[0] if len(right) == 1 else several


def _is_right(letter: str, line: str, options: Options) -> bool:
    return _MARKED_RIGHT.search(line) is not None or _claimed(marked(line, options), options) == letter


def _mentioned(text: str, options: Options) -> str | Refusal | None:
    """The only label that a sentence marks as one, or names by a choice's text, and does not deny ("not B")."""
    text = marked(_QUESTION.sub("", text), options)
    text = _NO_SUCH.sub(" ", _DENIED.sub(" ", unmarked(text)))
    letters = {letter.upper() for letter in (*_MARKED.findall(text), *_HEADINGS.findall(text))}
    found = (letters & set(options)) | _named(plain(text), options)
    if len(found) > 1:
        last = _LAST_COLON.search(text)
        alone = label_alone(last[1].strip(), options) if last else None
        return alone or Refusal(text, True, f"several labels: {', '.join(sorted(found))}")
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
