"""The cold start: cross-entropy on worked answers, the prompt itself left out of the loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

import torch

from experiments.r1_miniature.chains import thinking, worked
from experiments.r1_miniature.mixing import Task, draw_task, exemplar_pool, training_questions
from experiments.r1_miniature.network import Network
from experiments.r1_miniature.passes import Example, update
from experiments.r1_miniature.recipe import Recipe, Sft
from experiments.r1_miniature.tokens import END_OF_TURN, Tokens
from promptlab.models.chatml import render

BY_RULE = ("thinking", "worked")
_SORTED = 16  # batches within which examples are sorted by length, so that little is padded


def build_examples(recipe: Recipe, tokens: Tokens) -> list[Example]:
    """Every training example of the recipe, in the order of the questions; its answers are written by rule."""
    rng = Random(f"sft/{recipe.seed}")
    tasks = draw_tasks(recipe, rng)
    prompts = tokens.encode_all([render(task.prompt) for task in tasks])
    answers = tokens.encode_all([answer(task, recipe, rng) + END_OF_TURN for task in tasks])
    return [Example(p, a) for p, a in zip(prompts, answers, strict=True)]


def draw_tasks(recipe: Recipe, rng: Random) -> list[Task]:
    """The prompts of the recipe's questions."""
    assert recipe.sft is not None
    pool = exemplar_pool(recipe.seed + 1000) if recipe.mix.few_shot else ()
    return [draw_task(q, recipe.mix, pool, rng) for q in training_questions(recipe.sft.questions, recipe.seed)]


def answer(task: Task, recipe: Recipe, rng: Random) -> str:
    """What the model should say, by rule: `answers` is one of `BY_RULE`."""
    sft = recipe.sft
    assert sft is not None
    if sft.answers == "worked":
        return worked(task.question, task.answer_format)
    return thinking(task.question, task.answer_format, rng, sft.slips, recipe.german or 0.0)


def plan(examples: Sequence[Example], sft: Sft, seed: int) -> list[list[int]]:
    """The batches of all epochs as indices: shuffled, then grouped by length, then shuffled again."""
    rng, batches = Random(f"plan/{seed}"), []
    for _ in range(sft.epochs):
        order = rng.sample(range(len(examples)), len(examples))
        for i in range(0, len(order), _SORTED * sft.batch):
            near = sorted(order[i : i + _SORTED * sft.batch], key=lambda index: len(examples[index]))
            pieces = [near[j : j + sft.batch] for j in range(0, len(near), sft.batch)]
            batches += rng.sample(pieces, len(pieces))
    return batches


def rate(step: int, steps: int, sft: Sft) -> float:
    """Learning rate of a step: linear warm-up, then a cosine to zero."""
    warm = max(1, round(sft.warmup * steps))
    if step < warm:
        return sft.lr * (step + 1) / warm
    return sft.lr * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def sft_step(
    network: Network, optimiser: torch.optim.Optimizer, examples: Sequence[Example], lr: float, clip_norm: float
) -> float:
    """One update; returns the mean loss a token."""
    for group in optimiser.param_groups:
        group["lr"] = lr
    total = sum(len(example.answer) for example in examples)
    return update(network, optimiser, examples, lambda _, found: {"loss": -found.sum() / total}, clip_norm)["loss"]
