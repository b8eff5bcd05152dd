"""Which exemplars a question is shown, and how one exemplar reads."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Literal, get_args

from promptlab.errors import InputError, unknown
from promptlab.textnorm import normalise
from promptlab.types import AnswerFormat, Question, digest
from promptlab.wording import counted

Style = Literal["worked", "answers"]
Select = Literal["random", "own-kind", "given"]


@dataclass(frozen=True, kw_only=True)
class Exemplars:
    """A rule that picks `k` exemplars for a question.

    Parameters
    ----------
    k
        Shots, at least 1.
    style
        ``worked``: the rationale, then the answer; ``answers``: the answer alone.
    select
        ``random``: drawn from the whole pool; ``own-kind``: from those of the question's own `cluster`;
        ``given``: always the questions in `given`, in their order.
    draws
        How many random choices there are. A question's draw follows from its id alone, so neither the order of the
        questions nor an extension of the run changes what a question is shown. Draws are nested: the exemplars of
        k = 1 are the first of k = 3.
    """

    k: int
    style: Style = "worked"
    select: Select = "random"
    draws: int = 8
    seed: int = 0
    given: tuple[Question, ...] = ()

    def __post_init__(self) -> None:
        if self.style not in get_args(Style):
            raise unknown("style of few_shot", self.style, get_args(Style))
        if self.select not in get_args(Select):
            raise unknown("select of few_shot", self.select, get_args(Select))
        if self.k < 1 or self.draws < 1:
            raise InputError(f"few_shot needs k >= 1 and draws >= 1; got k={self.k}, draws={self.draws}")
        if self.given and self.k > len(self.given):
            raise InputError(f"few_shot: k={self.k}, but exemplars= gives only {counted(len(self.given), 'exemplar')}")

    def draw_of(self, question: Question) -> int:
        """The draw that this question belongs to, in [0, draws)."""
        return 0 if self.given else int(digest(question.id)[:8], 16) % self.draws

    def pick(self, question: Question, pool: Sequence[Question]) -> tuple[Question, ...]:
        """The k exemplars for a question, in the order shown.

        None of them repeats the question: a draw passes over such a one, a given one is an `InputError`.
        """
        if self.given:
            chosen = self.given[: self.k]
            for exemplar in chosen:
                if _repeats(question, exemplar):
                    raise InputError(
                        f"exemplar {exemplar.id!r} repeats the test question {question.id!r}: {question.text[:80]!r}"
                    )
            return chosen
        candidates = self._candidates(question, pool)
        order = _order(len(candidates), f"{self.seed}/{self.draw_of(question)}")
        allowed = (candidates[i] for i in order if not _repeats(question, candidates[i]))
        drawn = tuple(islice(allowed, self.k))
        if len(drawn) < self.k:
            raise InputError(self._too_few(question, pool, len(drawn)))
        return drawn

    def show(self, exemplar: Question, answer_format: AnswerFormat | None) -> str:
        """The answer side of an exemplar, in the very format that the run asks for."""
        if not exemplar.answers:
            raise InputError(f"exemplar {exemplar.id!r} has no answer to show")
        answer = exemplar.answers[0]
        if self.style == "answers":
            return answer_format.wrap.replace("{answer}", answer) if answer_format else answer
        rationale = str(exemplar.meta.get("rationale") or "").strip()
        if not rationale:
            raise InputError(f"exemplar {exemplar.id!r} has no rationale: use few_shot(style='answers') or add one")
        final = answer_format.wrap.replace("{answer}", answer) if answer_format else f"The answer is {answer}."
        return f"{rationale} {final}"

    def _candidates(self, question: Question, pool: Sequence[Question]) -> Sequence[Question]:
        if self.select != "own-kind":
            return pool
        return [other for other in pool if other.cluster is not None and other.cluster == question.cluster]

    def _too_few(self, question: Question, pool: Sequence[Question], found: int) -> str:
        if not pool:
            return (
                "few_shot has no exemplars: render with pool=questions.pool (load_questions(..., pool=FILE) gives"
                " questions one), or name them in few_shot(exemplars=[...])"
            )
        kind = f" of kind {question.cluster!r}" if self.select == "own-kind" else ""
        return f"few_shot(k={self.k}): the pool has {counted(found, 'exemplar')}{kind} for question {question.id!r}"


@lru_cache(maxsize=65_536)
def _order(n: int, key: str) -> tuple[int, ...]:
    return tuple(random.Random(key).sample(range(n), n))


def _repeats(question: Question, exemplar: Question) -> bool:
    """Whether an exemplar would give the answer away: the question itself, inside more text or in another order."""
    asked, shown = normalise(question.text), normalise(exemplar.text)
    return sorted(asked.split()) == sorted(shown.split()) or f" {asked} " in f" {shown} "
