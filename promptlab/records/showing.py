"""The outputs of one question side by side, escaped for a notebook and made safe for a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from promptlab import markup
from promptlab.reasoning import split_reasoning
from promptlab.store import Sample, Store
from promptlab.types import Grade, Prompt, Question, status

_LIMIT = 4_000  # characters of one part in a terminal


def plain(text: object, limit: int = _LIMIT) -> str:
    """Text for a terminal, cut where it is long."""
    return markup.shortened(text, limit)


@dataclass(frozen=True)
class Card:
    """One sample with what was sent and how it was graded; without a `grade` it waits for a grader."""

    sample: Sample
    prompt: Prompt
    grade: Grade | None

    @property
    def status(self) -> str:
        if self.grade is None:
            return "ungraded"
        return status(self.sample.completion.ending, self.grade.score, self.grade.answered)

    @property
    def facts(self) -> list[str]:
        """Status, answer and tokens: one line each."""
        c, found = self.sample.completion, self.grade
        tokens = f"{_number(c.prompt_tokens)} prompt + {_number(c.completion_tokens)} completion tokens"
        answer = [f"answer: {found.answer}"] if found and found.answered else []
        why = [f"why: {found.why}"] if found and found.why else []
        error = [f"error: {c.error}"] if c.error else []
        return [self.status, *answer, *why, *error, tokens]

    def html(self) -> str:
        reasoning, answer_text = split_reasoning(self.sample.completion)
        facts = "".join(f"<div>{markup.escape(fact)}</div>" for fact in self.facts)
        folded = [markup.folded("prompt", markup.turns(self.prompt.turns))]
        folded += [markup.folded("reasoning", markup.pre(reasoning))] if reasoning else []
        return markup.card(self.sample.condition, facts, *folded, markup.pre(answer_text))

    def text(self) -> str:
        reasoning, answer_text = split_reasoning(self.sample.completion)
        parts = [f"=== {self.sample.condition} (sample {self.sample.sample})", *self.facts]
        parts += [f"--- {role}\n{plain(text)}" for role, text in self.prompt.turns]
        parts += [f"--- reasoning\n{plain(reasoning)}"] if reasoning else []
        return "\n".join([plain(part, 10**6) for part in [*parts, "--- answer text", plain(answer_text)]])


@dataclass(frozen=True, repr=False)
class Shown:
    """One question's samples, a card a condition. Print it, or let Jupyter display it."""

    model: str
    question: Question
    cards: tuple[Card, ...]

    @property
    def _gold(self) -> str:
        return "gold: " + " | ".join(self.question.answers)

    def __str__(self) -> str:
        head = f"question {self.question.id}, model {self.model}\n{self.question.text}\n{self._gold}"
        return "\n\n".join([plain(head), *(card.text() for card in self.cards)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = markup.muted(f"question {self.question.id}, model {self.model}; {self._gold}")
        return head + markup.pre(self.question.text) + markup.columns(card.html() for card in self.cards)


def cards_of(store: Store, grader: tuple[str, str], question: str, condition: str, sample: int) -> list[Card]:
    """The cards of one cell's sample: one, or none while it is not stored."""
    where = "question = ? AND condition = ? AND sample = ?"
    query = f"SELECT key FROM samples WHERE {where} ORDER BY replicate"
    keys = [key for (key,) in store.rows(query, (question, condition, sample))]
    return [Card(s, store.prompt(s.prompt), store.grade(s.key, grader)) for s in store.samples(keys)]


def _number(n: int | None) -> str:
    return "?" if n is None else f"{n:,}"
