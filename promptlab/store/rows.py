"""What is stored, and how it becomes rows and comes back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from promptlab.types import Completion, Grade, Message, Prompt, Question


@dataclass(frozen=True, slots=True)
class Sample:
    """One completion and where it stands in the design.

    `origin` names the run that it was copied from, `created` (seconds since 1970) says when it was first stored; None:
    when it is committed.
    """

    key: str
    question: str
    condition: str
    draw: int
    replicate: int
    sample: int
    prompt: str
    seed: int
    completion: Completion  # as `storable` makes it
    origin: str = ""
    created: float | None = None


class Record(NamedTuple):
    """What is committed in one transaction. Without a grade the sample is kept and waits for a grader."""

    sample: Sample
    prompt: Prompt
    grade: Grade | None = None
    features: Mapping[str, Any] | None = None


def storable(completion: Completion) -> Completion:
    """The completion as it will come back from the store, so that a grade does not depend on when it is made."""
    texts = {name: getattr(completion, name) for name in ("text", "reasoning", "finish_reason", "error")}
    changed = {name: new for name, text in texts.items() if (new := storable_text(text)) is not text}
    return replace(completion, **changed) if changed else completion  # type: ignore[arg-type]


def storable_text(text: str) -> str:
    """Text that SQLite takes: half of a surrogate pair, which a model may write as an escape, becomes U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def question_row(question: Question) -> tuple[Any, ...]:
    """A question as it is stored."""
    answers, choices, meta = as_json(question.answers), as_json(question.choices), as_json(dict(question.meta))
    return question.id, storable_text(question.text), answers, question.kind, choices, question.cluster, meta


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's; what JSON does not know as text."""
    return value.item() if hasattr(value, "item") else str(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=_plain)  # made once: every sample has features


def as_json(value: Any) -> str:
    return storable_text(_ENCODER.encode(value))


def _features(features: Mapping[str, Any]) -> str:
    """SQLite's JSON functions refuse NaN."""
    return as_json({name: None if value != value else value for name, value in features.items()})


def prompt_row(hash: str, prompt: Prompt) -> tuple[Any, ...]:
    messages = as_json([(m.role, m.content) for m in prompt.messages])
    text = None if prompt.text is None else storable_text(prompt.text)
    return hash, messages, text, storable_text(prompt.prefill), as_json(prompt.exemplars)


def prompt_of(row: tuple[Any, ...]) -> Prompt:
    messages = tuple(Message(role, content) for role, content in json.loads(row[0]))
    return Prompt(messages, row[1], row[2], tuple(json.loads(row[3])))


def question_of(row: tuple[Any, ...]) -> Question:
    name, text, answers, kind, choices, cluster, meta = row
    return Question(name, text, tuple(json.loads(answers)), kind, tuple(json.loads(choices)), cluster, json.loads(meta))


def sample_row(sample: Sample, now: float) -> tuple[Any, ...]:
    c = sample.completion
    place = sample.key, sample.question, sample.condition, sample.draw, sample.replicate, sample.sample
    texts = c.text, c.reasoning, c.ending, c.finish_reason
    usage = c.prompt_tokens, c.completion_tokens, c.reasoning_tokens, c.cached_tokens, c.seconds
    created = now if sample.created is None else sample.created
    return *place, sample.prompt, sample.seed, *texts, *usage, c.error, sample.origin, created


def sample_of(row: tuple[Any, ...]) -> Sample:
    key, question, condition, draw, replicate, sample, prompt, seed, text, reasoning, ending, *rest = row
    *usage, origin, created = rest
    completion = Completion(text, ending, reasoning, *usage)  # the columns stand in the order of its fields
    return Sample(key, question, condition, draw, replicate, sample, prompt, seed, completion, origin, created)


def storable_grade(grade: Grade) -> Grade:
    """The grade as it will come back from the store: a user's grader may put a number where a text belongs."""
    format_ok = None if grade.format_ok is None else bool(grade.format_ok)
    answer, why = (storable_text(str(text)) for text in (grade.answer, grade.why))
    return Grade(grade.score, answer, bool(grade.answered), format_ok, why)


def grade_rows(records: Sequence[Record], grader: tuple[str, str]) -> Iterator[tuple[Any, ...]]:
    """The grades of those that have one."""
    for sample, _, grade, features in records:
        if grade is not None:
            g = storable_grade(grade)
            score = None if math.isnan(g.score) else g.score
            yield sample.key, *grader, score, g.answer, g.answered, g.format_ok, g.why, _features(features or {})


def grade_of(row: tuple[Any, ...]) -> Grade:
    score, answer, answered, format_ok, why = row
    score = math.nan if score is None else score
    return Grade(score, answer, bool(answered), None if format_ok is None else bool(format_ok), why)
