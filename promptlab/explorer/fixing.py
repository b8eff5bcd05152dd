"""Text of one question that an edited prompt would send with all questions: an error, before it is a condition."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from promptlab.errors import InputError
from promptlab.explorer.highlighting import passages
from promptlab.types import Question

_SHORT = 4  # characters: one shorter option counts only with its letter before it, since "a" and "no" stand anywhere


def check_fixed(question: Question, questions: Iterable[Question], before: Sequence[str], after: Sequence[str]) -> None:
    """Compare the texts that are no variables before and after the edit.

    Raises
    ------
    InputError
        An option, or five words in a row, of the question have come to stand in them.
    """
    others = [other for other in questions if other.id != question.id]
    found = [*_options(question, others, before, after), *_words(question, before, after)]
    if found:
        said = ", ".join(repr(text) for text in found[:4])
        raise InputError(
            f"this text of the question would be the same for all questions: {said}. Repeat the question whole, its "
            "options right after it as they were, or without that text"
        )


def _options(
    question: Question, others: Sequence[Question], before: Sequence[str], after: Sequence[str]
) -> Iterator[str]:
    """Options, unless all questions have the same: one that is everywhere may stand in a list that is not."""
    if all(other.choices == question.choices for other in others):
        return
    letters = f"[A-{chr(64 + len(question.choices))}]"
    bare = [choice for choice in filter(None, question.choices) if _more("", choice, before, after)]
    for choice in bare:  # two of them are a list, however it is written
        if len(bare) > 1 or len(choice) >= _SHORT or _more(rf"{letters}\W{{1,3}}", choice, before, after):
            yield choice


def _more(label: str, choice: str, before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether an option, after its label and in any case, stands in the texts more often than it did."""
    pattern = re.compile(rf"(?<!\w){label}{re.escape(choice)}(?!\w)", re.IGNORECASE)
    old, new = (sum(len(pattern.findall(text)) for text in texts) for texts in (before, after))
    return new > old


def _words(question: Question, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Runs of five words and more."""
    repeated = passages(*after).keys() - passages(*before).keys()
    run: list[str] = []
    for passage in [*passages(question.text), ()]:
        if passage in repeated:
            run = [*run, passage[-1]] if run else [*passage]
        elif run:
            yield " ".join(run)
            run = []
