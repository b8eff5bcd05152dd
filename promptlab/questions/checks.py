"""What a question may not be: each problem is one `InputError` that names the place (or both places)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from promptlab.choices import gold_label
from promptlab.errors import InputError
from promptlab.onenumber import gold_number
from promptlab.textnorm import normalise
from promptlab.types import Question
from promptlab.wording import counted


def check_count(n: object, where: str, available: int | None = None) -> None:
    """Raise unless 1 <= `n` <= `available`."""
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise InputError(f"n={n!r}: expected a whole number of at least 1")
    if available is not None and n > available:
        raise InputError(f"n={n}, but {where} has {counted(available, 'question')}")


def check_questions(questions: Sequence[Question], places: Sequence[str]) -> None:
    """Raise one `InputError` for the first question that cannot stand; `places` say where each came from."""
    ids: dict[str, str] = {}
    texts: dict[str, str] = {}
    for question, place in zip(questions, places, strict=True):
        check_one(question, place)
        if question.id in ids:
            raise InputError(f"two questions have the id {question.id!r}: {ids[question.id]} and {place}")
        key = prompt_key(question)
        if key in texts:
            raise InputError(f"the same question stands twice: {texts[key]} and {place}: {shortened(question.text)}")
        ids[question.id], texts[key] = place, place


def prompt_key(question: Question) -> str:
    """What two questions share if they ask the same: with other choices, the same text is another question."""
    return normalise("\n".join((question.text, *question.choices)))


def check_one(question: Question, place: str) -> None:
    """Raise `InputError` if the question cannot stand by itself."""
    if not isinstance(question, Question):
        raise InputError(f"{place}: expected a Question, found {type(question).__name__}")
    if not question.text.strip():
        raise InputError(f"{place}: the question is empty")
    if not question.answers or not all(answer.strip() for answer in question.answers):
        raise InputError(f"{place}: the question has no answer, or an empty one")
    rationale = str(question.meta.get("rationale", ""))
    for text in (question.id, question.text, *question.answers, *question.choices, rationale):
        check_unicode(text, place)
    _check_gold(question, place)


def _check_gold(question: Question, place: str) -> None:
    """Seen when the question is loaded, not when the first completion has been paid for."""
    try:
        for answer in question.answers:
            if question.kind == "label":
                gold_label(answer, question.choices)
            if question.kind == "number":
                gold_number(answer)
    except InputError as problem:
        raise InputError(f"{place}: {problem}") from None


def warn_of_mixture(guessed: Sequence[tuple[Question, str]]) -> None:
    """A slip like "10 to 12" among numbers would be graded as text, and every answer to it be wrong, in silence."""
    texts = [f"{place}: {q.answers[0]!r:.40}" for q, place in guessed if q.kind == "text"]
    numbers = sum(q.kind == "number" for q, _ in guessed)
    if texts and numbers:
        more = f"; {len(texts) - 3:,} more" if len(texts) > 3 else ""
        warnings.warn(
            f"{len(texts):,} of {numbers + len(texts):,} answers will be graded as text, since they are not one number "
            f"as the others are ({'; '.join(texts[:3])}{more}): mend them, or say what is meant with kind='text' or a "
            "column kind",
            stacklevel=6,  # the caller of load_questions
        )


def check_unicode(text: str, place: str) -> None:
    """Raise for half a surrogate pair, which no file, database or server can carry."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as problem:
        half = f"U+{ord(text[problem.start]):04X}"
        raise InputError(
            f"{place}: half a surrogate pair ({half}) at character {problem.start + 1}: the text was cut inside "
            "a character; mend or drop it"
        ) from None


def shortened(text: str, limit: int = 60) -> str:
    return repr(text if len(text) <= limit else text[: limit - 3] + "...")
