"""Accuracy on the development set: the only numbers that choices may be made on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from experiments.r1_miniature.mixing import OPENED
from experiments.r1_miniature.rollout import Settings
from experiments.r1_miniature.sampler import Sampler
from experiments.r1_miniature.tokens import Tokens
from promptlab.grading import number
from promptlab.models.chatml import check_contents, render
from promptlab.prompts import Condition, few_shot, zero_shot
from promptlab.questions import QuestionSet, load_questions
from promptlab.questions.arithmetic import LEVELS
from promptlab.reasoning import split_reasoning
from promptlab.types import Completion, Question

SEED = 7  # of the dev questions and of their sampling
QUICK = (zero_shot(),)
THOROUGH = (
    zero_shot(),
    few_shot(k=3),
    few_shot(k=3, layout="one-message"),
    few_shot(k=3, style="answers"),
    few_shot(k=3, style="answers", layout="one-message"),
)
ZERO = (OPENED,)


@dataclass(frozen=True)
class Score:
    """Mean over the answers to one condition on the seen or the held-out templates."""

    condition: str
    templates: str
    accuracy: float
    tokens: float
    ended: float  # share not cut by the token budget
    by_level: dict[int, float]

    def row(self) -> dict[str, Any]:
        """A row of dev.csv."""
        levels = {f"level_{level}": self.by_level.get(level, "") for level in LEVELS}
        return {name: value for name, value in asdict(self).items() if name != "by_level"} | levels

    def __str__(self) -> str:
        return (
            f"{self.condition}, {self.templates}: {self.accuracy:.3f} right, {self.tokens:.0f} tokens,"
            f" {self.ended:.3f} ended; by level {', '.join(f'{p:.2f}' for p in self.by_level.values())}"
        )


@lru_cache(maxsize=4)
def dev_set(n: int, templates: str) -> QuestionSet:
    return load_questions("arithmetic", split="dev", n=n, seed=SEED, templates=templates)


def evaluate(
    sampler: Sampler, tokens: Tokens, conditions: Sequence[Condition], *, n: int, samples: int, max_tokens: int
) -> list[Score]:
    """Score the conditions, without an answer-format sentence, on `n` seen and `n` / 2 held-out dev questions."""
    families = {"seen": n, "held-out": max(1, n // 2)}
    settings = Settings(0.6, 0.95, max_tokens, tokens.ends)
    return [
        _score(sampler, tokens, condition, dev_set(size, family), samples, settings, family)
        for condition in conditions
        for family, size in families.items()
    ]


def _score(
    sampler: Sampler,
    tokens: Tokens,
    condition: Condition,
    questions: QuestionSet,
    samples: int,
    settings: Settings,
    family: str,
) -> Score:
    prompts = [condition.render(question, pool=questions.pool) for question in questions]
    for prompt in prompts:
        check_contents(prompt)
    rollout = sampler.sample(tokens.encode_all([render(p) for p in prompts]), samples, settings, SEED)
    texts, ended = tokens.decode_all(rollout.rows()), rollout.ended.tolist()
    asked: list[Question] = [question for question in questions for _ in range(samples)]
    right = [
        grade(question, condition.prefill + text, end) for question, text, end in zip(asked, texts, ended, strict=True)
    ]
    levels = sorted({question.meta["level"] for question in asked})
    return Score(
        condition.name,
        family,
        _mean(right),
        float(rollout.lengths.float().mean()),
        _mean(ended),
        {level: _mean([r for q, r in zip(asked, right, strict=True) if q.meta["level"] == level]) for level in levels},
    )


def grade(question: Question, text: str, ended: bool) -> float:
    """The package's verdict on one output."""
    _, answer_text = split_reasoning(Completion(text, "complete" if ended else "truncated"))
    return number(question, answer_text).score


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
