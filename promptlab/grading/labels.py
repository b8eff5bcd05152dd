"""The grader for questions that are answered by choosing a label."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from promptlab.choices import Options, gold_label, label_alone, options_of, verbatim
from promptlab.errors import InputError
from promptlab.grading.claims import Claim, claims, settled
from promptlab.grading.functions import FunctionGrader
from promptlab.grading.listing import headline, split_list
from promptlab.grading.marking import marked, readable, unmarked
from promptlab.grading.mentions import lettered, mentioned
from promptlab.grading.places import (
    SENTENCE,
    SHOWN,
    Refusal,
    certain,
    first_answer,
    innermost,
    last_line,
)
from promptlab.grading.stating import first_sentence, rest, value
from promptlab.grading.vocabulary import BECAUSE, CROSS
from promptlab.types import Grade, Grader, Question

_COLON_BREAK = re.compile(r"(:|\bis)[ \t]*\n\s*")
_REASON = re.compile(rf",?\s{BECAUSE}\b|,\s(?:which|whose|where|while|whereas|although|though|unlike)\b")
_MARKED_RIGHT = re.compile(
    r"(?:[(:.—]|\s-|\bis)\s*(?:the )?(?:correct|right)(?: (?:answer|one|choice|option))?(?:\W*\Z|[.,!)]\s)"
    r"|(?:[(:—]|\s-)\s*yes\W*\Z",
    re.IGNORECASE,
)


def _label(question: Question, answer_text: str) -> Grade:
    """Grade a choice: its letter (A for the first of `question.choices`) or its full text.

    Read from the last ``<answer>`` tag (the box in it, if there is one), else the last ``\\boxed{}``, else the whole
    text when it is nothing but a label, else from what the text claims: a conclusion ("the answer is B", "I choose B",
    "so B", "not A but B") before a judgement ("B is correct", "B fits best") or a beginning ("B. Paris", then reasons),
    in English, German, French, Spanish or Chinese. Two claims on one line that contradict each other are no answer, and
    wrong, unless "wait" or "no" stands between them; of two lines that conclude, the last counts. No claim is what is
    asked (is it B?), supposed (if B is correct), denied, struck out, said by others, or a name (plan B, vitamin C).

    Where nothing is claimed the last line counts when it names one label only: as "(B)", "option B" or by the choice's
    text. So it does not where "the answer is" a value that is none of the options: that is no answer, as in a box,
    unless a denial or correction takes it back ("not Rome", "wait, no"). A choice that is a number is not named by a
    sum (67 + 17 = 84) or before another number, and one that the line says something of ("a photon is emitted") only
    where that restates the question. Where the line names several, what stands alone after its last colon counts ("no
    doubt: yes"), or what it claims with the choices' texts read as letters, else there is no single answer; so it is
    where the text ends in a list of options, unless one alone is marked in it ("A. Paris (correct)"). Several that are
    only mentioned are no answer (not `answered`), while "B and D" after "the answer is" is one, and wrong. "A" before a
    word is an article, no label; so is "no" ("I have no idea").

    Without `choices` the labels are the letters A to Z; a text that two choices share names neither.

    Examples
    --------
    >>> question = Question("q", "Capital of France?", ("B",), "label", ("London", "Paris"))
    >>> [label(question, text).score for text in ("**B**", "Paris.", "So B, not A.", "A city.", "A or B")]
    [1.0, 1.0, 1.0, 0.0, 0.0]
    """
    options = _options(question)
    gold = {_gold(question, answer) for answer in question.answers}
    found = first_answer(
        answer_text, lambda text: _verbatim(text, question.choices, options) or _read(text, options, question.text)
    )
    if isinstance(found, Refusal):
        return Grade(0.0, found.answer[:SHOWN], found.answered, why=found.why)
    right = found in gold
    return Grade(float(right), found, True, why="" if right else f"expected {' or '.join(sorted(gold))}")


label: Grader = FunctionGrader(_label, "label", "7")


def _verbatim(text: str, choices: tuple[str, ...], options: Options) -> str | None:
    """The choice that stands where an answer does, where cleaning would make it equal to another: O(n), O(n^2)."""
    place = innermost(text)
    if place:
        return verbatim(place.text, choices)
    if found := verbatim(text, choices):
        return found
    start, line = next(certain(text), (0, ""))
    said = first_sentence(line)
    found = verbatim(said.rstrip(".*"), choices)
    if not found or rest(text[start:]) is not None:  # "wait, no" takes it back
        return None
    return None if _claimed(marked(readable(text[start + len(said) :]), options), options) else found


def _read(text: str, options: Options, question: str) -> str | Refusal:
    place = innermost(text)
    if place:
        inside = readable(place.text[:SENTENCE])
        found = (
            label_alone(inside, options)
            or _claimed(marked(inside, options), options)
            or mentioned(inside, options, question)
        )
        return found or Refusal(place.text, False, f"the {place.name} holds no label", final=True)
    cleaned = readable(text)
    body, items = split_list(cleaned, options)
    said = marked(_COLON_BREAK.sub(r"\1 ", body), options)
    found = _alone(cleaned, options) or _claimed(said, options, headline(cleaned, options))
    if not found and items:
        return _declared(said, options, question) or _listed(items, options)
    return found or _unclaimed(said, last_line(cleaned), options, question)


def _unclaimed(said: str, line: str, options: Options, question: str) -> str | Refusal:
    """What a text without a claim mentions: after "the answer is", else on its last line.

    A stated answer that is none of the options is no other one that the text goes on to mention, unless that takes it
    back.
    """
    if found := _declared(said, options, question) or _alone(line, options):
        return found
    stated, line = _stated(said, line)
    if stated:
        return Refusal(stated, False, "the stated answer is none of the options", final=True)
    found = mentioned(line, options, question) or Refusal("", False, "no label in the answer text")
    if not (isinstance(found, Refusal) and found.answered):
        return found
    claimed = _claimed(marked(lettered(line, options), options), options)
    if isinstance(claimed, Refusal):
        return found
    return claimed or found._replace(answered=False, final=True)


def _claimed(said: str, options: Options, head: str | None = None) -> str | Refusal | None:
    """The one label that a marked text says to be the answer; claims that contradict each other are none."""
    found = [*claims(said), *_named_claims(said, options)]
    if head:
        found.append(Claim(0, 0, frozenset(head), False))
    labels = settled(said, found)
    if len(labels) > 1:
        return Refusal(unmarked(last_line(said)), True, f"several labels: {', '.join(sorted(labels))}")
    return next(iter(labels), None)


def _named_claims(said: str, options: Options) -> Iterator[Claim]:
    """Claims by a choice's text: "the answer is Paris"."""
    for start, line in certain(said):
        for text in (line, first_sentence(line), _REASON.split(line, maxsplit=1)[0]):
            if named := label_alone(unmarked(text).strip(), options):
                yield Claim(start, start + len(text), frozenset(named), True)
                break


def _declared(said: str, options: Options, question: str) -> str | Refusal | None:
    """What a marked text mentions after "the answer is", where no claim was understood."""
    for _, line in certain(said):
        stated = value(unmarked(line))
        if (found := mentioned(stated or unmarked(line), options, question)) or stated:
            return found
    return None


def _stated(said: str, line: str) -> tuple[str | None, str]:
    """The answer that a marked text states last; where that is taken back, what the last line says after it."""
    for start, text in certain(said):
        if found := value(unmarked(text)):
            after = rest(said[start:])
            return (found, line) if after is None else (None, last_line(unmarked(after)))
    return None, line


def _alone(text: str, options: Options) -> str | None:
    """The label when a text is nothing else; "B ✗" is none."""
    return None if re.search(CROSS, text) else label_alone(text, options)


def _listed(items: Mapping[str, str], options: Options) -> str | Refusal:
    """The only option of a list that is marked as correct, else none of them."""
    right = [a for a, line in items.items() if not label_alone(line, options) and _is_right(a, line, options)]
    several = Refusal(next(iter(items.values())), False, f"several labels: {', '.join(sorted(items))}", final=True)
    return right[0] if len(right) == 1 else several


def _is_right(letter: str, line: str, options: Options) -> bool:
    return _MARKED_RIGHT.search(line) is not None or _claimed(marked(line, options), options) == letter


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
