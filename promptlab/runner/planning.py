"""Which requests a run consists of: pure, before any call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from promptlab.errors import InputError
from promptlab.runner.lazy import Lazy
from promptlab.types import AnswerFormat, ModelId, Prompt, Question, Request, Sampling, request_keys, request_seed

if TYPE_CHECKING:
    from promptlab.prompts import Condition


class Asked(NamedTuple):
    """A question as some of its samples show it, and what is sent for them."""

    question: Question
    prompt: Prompt


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One question under one condition; its samples take the variants in turn."""

    condition: str
    replicate: int
    question: Question
    draw: int
    variants: tuple[Asked, ...]


@dataclass(frozen=True, eq=False)
class Planned:
    """One sample of the design."""

    cell: Cell
    index: int  # 0..K-1
    key_of: Callable[[Prompt, int, int], str] = field(repr=False)

    @property
    def asked(self) -> Asked:
        return self.cell.variants[self.index % len(self.cell.variants)]

    @property
    def prompt(self) -> Prompt:
        return self.asked.prompt

    @cached_property
    def key(self) -> str:
        return self.key_of(self.prompt, self.cell.replicate, self.index)

    def request(self, sampling: Sampling) -> Request:
        return Request(self.key, self.prompt, sampling, request_seed(self.key), self.index)


def plan(
    model: ModelId,
    conditions: Sequence[Condition],
    questions: Sequence[Question],
    *,
    samples: int,
    sampling: Sampling,
    answer_format: AnswerFormat | None,
) -> Lazy[Planned]:
    """Every sample of the design, by draw, condition, question and index: K neighbours a cell.

    Within a draw the first k of five exemplars are the k exemplars: a server reads five on top of what it has read.

    Raises
    ------
    InputError
        A name used twice, a prompt that does not render, two cells that would be one sample, or samples that do not
        show every variant equally often.
    """
    _check_once("condition", (condition.name for condition in conditions))
    for condition in conditions:
        condition.check_samples(samples, questions)
    _check_once("question id", (question.id for question in questions))
    cells = sorted(_cells(conditions, questions, answer_format), key=lambda cell: cell.draw)
    _check_distinct(cells)
    key_of = request_keys(model, sampling)
    return Lazy(range(len(cells) * samples), lambda n: Planned(cells[n // samples], n % samples, key_of))


def _check_once(what: str, names: Iterable[str]) -> None:
    twice = [name for name, n in Counter(names).items() if n > 1]
    if twice:
        raise InputError(f"{what} {twice[0]!r} is given more than once: every name must be unique within a run")


def _cells(
    conditions: Sequence[Condition], questions: Sequence[Question], answer_format: AnswerFormat | None
) -> Iterable[Cell]:
    pool = tuple(getattr(questions, "pool", ()))
    for condition in conditions:
        for question in questions:
            asked = tuple(
                Asked(
                    condition.as_shown(question, sample),
                    condition.render(question, pool=pool, answer_format=answer_format, sample=sample),
                )
                for sample in range(condition.variants)
            )
            yield Cell(condition.name, condition.replicate, question, condition.draw_of(question), asked)


def _check_distinct(cells: Sequence[Cell]) -> None:
    """Two cells with one prompt and one replicate would share their samples, as if they had been drawn twice."""
    seen: dict[tuple[str, int], Cell] = {}
    for cell, prompt in ((each, asked.prompt) for each in cells for asked in each.variants):
        first = seen.setdefault((prompt.hash, cell.replicate), cell)
        if first.condition != cell.condition:
            raise InputError(
                f"conditions {first.condition!r} and {cell.condition!r} send the same prompt for question "
                f"{cell.question.id!r}: drop one, or give one another replicate= for an A/A comparison"
            )
        if first is not cell:
            raise InputError(
                f"questions {first.question.id!r} and {cell.question.id!r} send the same prompt under condition "
                f"{cell.condition!r}: drop one of them, a repeated question is not a new one"
            )
