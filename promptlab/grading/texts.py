"""Graders that compare text: exactly, or after a user's own pattern."""

from __future__ import annotations

import re
from collections import deque

from promptlab.errors import InputError
from promptlab.grading.functions import FunctionGrader
from promptlab.grading.numeric import single_number
from promptlab.grading.places import SHOWN, Refusal, in_words, readings, untagged
from promptlab.textnorm import normalise
from promptlab.types import Grade, Grader, Question, digest

REGEX_TAIL = 20_000  # characters that a user's pattern is searched in

_BOLD = re.compile(r"(?<!\w)(\*\*|\*|__|_)(?=\S)([^\n]{1,200}?)(?<=\S)\1(?!\w)")  # in pairs; not 2**3
_OPEN = re.compile(r"\s*(?:\*\*|__)\s")
_HALF = re.compile(r"\A\s*(?:\*\*|__)\s|(?<=\w)[.!]?(?:\*\*|__)\s*\Z")  # "**Answer: Paris**" is cut in its middle


def _text(question: Question, answer_text: str) -> Grade:
    """Grade a short text: equal to a gold answer but for case, white space, Unicode form, punctuation and emphasis.

    Read from the last ``<answer>`` tag (the box in it, if there is one), else the last ``\\boxed{}``; there, or else
    anywhere, from what follows the last "the answer is" or "answer:" (to the end of the sentence or line); else from
    the whole answer text. A part of a longer text never counts.
    """
    said = next(readings(answer_text))
    places = [form for place in in_words(said) or [untagged(said)] for form in _forms(place)]
    gold = [normalise(answer) for answer in question.answers]
    right = next((place for place in places if place and place in gold), "")
    answer = right or next(filter(None, places), "")
    why = "" if right else f"expected {' or '.join(question.answers)}" if answer else "no answer text"
    return Grade(float(bool(right)), answer[:SHOWN], bool(answer), why=why)


text: Grader = FunctionGrader(_text, "text", "4")


def regex(pattern: str, group: int | str = 1) -> Grader:
    """A grader that takes the last match of your own pattern as the answer.

    The answer is right if it equals a gold answer as a number (both are one number) or as text (case, white space
    and punctuation aside).

    Parameters
    ----------
    pattern
        A Python regular expression (multi-line mode). Only the last 20,000 characters of the answer text are
        searched. That bounds most patterns, but Python's engine has no time limit: a pattern with nested repeats, such
        as ``(a+)+$``, can still run for ever. Use atomic groups ``(?>...)`` or possessive ``a++`` there.
    group
        Number or name of the group that holds the answer; 0 is the whole match.

    Raises
    ------
    InputError
        If the pattern is not valid or has no such group.

    Examples
    --------
    >>> grader = regex(r"^Total: (.+)$")
    >>> grader(Question("q", "?", ("1200",)), "Total: 3\\nTotal: 1,200").score
    1.0
    """
    try:
        compiled = re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise InputError(f"regex: {pattern!r:.200} is not a regular expression: {error}") from error
    if group not in compiled.groupindex and group not in range(compiled.groups + 1):
        raise InputError(f"regex: {pattern!r:.200} has no group {group!r}; group=0 takes the whole match")

    def match(question: Question, answer_text: str) -> Grade:
        last = deque(compiled.finditer(answer_text[-REGEX_TAIL:]), maxlen=1)
        answer = (last[0][group] or "").strip() if last else ""
        if not answer:
            return Grade(0.0, why="the pattern found nothing")
        right = any(_same(answer, gold) for gold in question.answers)
        why = "" if right else f"expected {' or '.join(question.answers)}"
        return Grade(float(right), answer[:SHOWN], True, why=why)

    return FunctionGrader(match, "regex", f"4-{digest([pattern, group])[:8]}")  # another pattern is another version


def _forms(text: str) -> tuple[str, str]:
    """With and without emphasis: **Paris** is Paris, and A* is not A."""
    opened = _HALF.sub("", text, count=1) if _OPEN.match(text) else text
    return normalise(_HALF.sub("", _BOLD.sub(r"\2", opened))), normalise(text)


def _same(answer: str, gold: str) -> bool:
    values = single_number(answer), single_number(gold)
    if any(isinstance(value, Refusal) for value in values):
        return normalise(answer) == normalise(gold)
    return values[0] == values[1]
