"""Training prompts: the package's own conditions, drawn by a recipe's `Mix`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from experiments.r1_miniature.recipe import Mix
from promptlab.errors import InputError
from promptlab.formats import FORMATS
from promptlab.prompts import Condition, chain_of_thought, concise, few_shot, r1_zero_template, zero_shot
from promptlab.questions import load_questions
from promptlab.types import AnswerFormat, Prompt, Question

PLAIN = {"zero-shot": zero_shot(), "concise": concise(), "chain-of-thought": chain_of_thought()}
# The small model's own R1-Zero condition: as a chat, since of raw text it ends 8 % of its answers and uses the answer's
# tags in 5 % (as a chat 47 and 38 %); with its thought opened, or it never finds the tags by chance.
OPENED = r1_zero_template(chat=True, prefill="<think>\n", name="r1-zero-opened")
SPECIAL = {"r1-zero": r1_zero_template(), OPENED.name: OPENED}
_DRAWS = 512  # different random choices of exemplars
_POOL_PER_TEMPLATE = 32


@dataclass(frozen=True)
class Task:
    """One training prompt and what it asks for."""

    question: Question
    prompt: Prompt
    answer_format: AnswerFormat | None


def training_questions(n: int, seed: int, levels: Sequence[int] | None = None) -> tuple[Question, ...]:
    """Questions of the train split: seen templates only, texts that are in no other split."""
    return load_questions("arithmetic", split="train", n=n, seed=seed, levels=levels).questions


@lru_cache(maxsize=4)
def exemplar_pool(seed: int) -> tuple[Question, ...]:
    """Exemplars to train with: from the train split too, so that no exemplar of a test run was ever trained on."""
    templates = {question.cluster for question in training_questions(500, seed)}
    return training_questions(_POOL_PER_TEMPLATE * len(templates), seed)


def pick(weights: Mapping[str, float], rng: Random) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def draw_task(question: Question, mix: Mix, pool: Sequence[Question], rng: Random) -> Task:
    """A prompt for a question; with exemplars in `mix.few_shot` of the cases."""
    named = pick(mix.formats, rng)
    answer_format = None if named == "none" else FORMATS[named]
    base = (PLAIN | SPECIAL)[pick(mix.conditions, rng)]
    shown = rng.random() < mix.few_shot
    while True:
        condition = base + _exemplars(mix, rng) if shown else base
        try:
            return Task(question, condition.render(question, pool=pool, answer_format=answer_format), answer_format)
        except InputError:  # an exemplar repeats the question, or its own kind has too few: draw others
            if not shown:
                raise


def _exemplars(mix: Mix, rng: Random) -> Condition:
    return few_shot(
        k=rng.choice(list(mix.shots)),
        style=pick(mix.styles, rng),  # type: ignore[arg-type]
        select=pick(mix.selects, rng),
        layout=pick(mix.layouts, rng),  # type: ignore[arg-type]
        draws=_DRAWS,
        seed=rng.randrange(4),
    )
