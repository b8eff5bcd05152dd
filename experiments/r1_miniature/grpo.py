"""Group-relative policy optimisation, by its published formula.

For each question a group of answers is sampled. An answer's advantage is its reward, standardised within its group
(Shao et al. 2024, arXiv 2402.03300, section 4.1.2); the loss is the clipped surrogate, averaged over all tokens of the
update and clipped higher above than below (Yu et al. 2025, arXiv 2503.14476, eq. 8); no KL term. The policy that
sampled is the one that the sampler's own log-probabilities speak of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

from experiments.r1_miniature.mixing import Task, draw_task, exemplar_pool, training_questions
from experiments.r1_miniature.network import Network
from experiments.r1_miniature.passes import Example, update
from experiments.r1_miniature.recipe import Grpo, Recipe
from experiments.r1_miniature.rewards import Reward, reward
from experiments.r1_miniature.rollout import Settings
from experiments.r1_miniature.sampler import Sampler
from experiments.r1_miniature.tokens import Tokens
from promptlab.models.chatml import render
from promptlab.questions.arithmetic import LEVELS
from promptlab.types import Completion, Question

_MEMORY = 0.8  # weight of the past in the running accuracy of a level
_EPSILON = 1e-6


def advantages(rewards: Tensor) -> Tensor:
    """(groups, samples) of rewards, standardised in each group; 0 where all are equal.

    That is asked of the rewards themselves: the mean of sixteen times 1.2 is not 1.2 in fp32, and what is left of
    rounding, over a spread that is of rounding too, came to an advantage of 0.1.

    Examples
    --------
    >>> advantages(torch.tensor([[1.0, 0.0], [1.0, 1.0]])).round(decimals=2)
    tensor([[ 0.7100, -0.7100],
            [ 0.0000,  0.0000]])
    """
    alike = (rewards == rewards[:, :1]).all(1, keepdim=True)
    found = (rewards - rewards.mean(1, keepdim=True)) / (rewards.std(1, keepdim=True) + _EPSILON)
    return found.masked_fill(alike, 0.0)


def surrogate(new: Tensor, old: Tensor, advantage: Tensor, low: float, high: float) -> Tensor:
    """The clipped objective of each token, to be maximised; all (tokens,)."""
    ratio = (new - old).exp()
    return torch.minimum(ratio * advantage, ratio.clamp(1 - low, 1 + high) * advantage)


@dataclass
class Levels:
    """Which levels to ask: those that are neither too easy nor too hard now get more weight, p (1 - p) + floor."""

    pools: Mapping[int, Sequence[Question]]
    floor: float
    accuracy: dict[int, float]

    def draw(self, n: int, rng: Random) -> list[Question]:
        weights = [p * (1 - p) + self.floor for p in self.accuracy.values()]
        return [rng.choice(self.pools[level]) for level in rng.choices(list(self.accuracy), weights, k=n)]

    def update(self, questions: Sequence[Question], correct: Sequence[float]) -> None:
        for level in self.accuracy:
            here = [c for q, c in zip(questions, correct, strict=True) if q.meta["level"] == level]
            if here:
                self.accuracy[level] = _MEMORY * self.accuracy[level] + (1 - _MEMORY) * sum(here) / len(here)


def build_levels(recipe: Recipe, per_level: int = 4000) -> Levels:
    assert recipe.grpo is not None
    pools = {level: training_questions(per_level, recipe.seed, [level]) for level in LEVELS}
    return Levels(pools, recipe.grpo.level_floor, dict.fromkeys(LEVELS, 0.5))


@dataclass(frozen=True)
class Batch:
    """What one step sampled: rows in groups, with their advantages and the sampler's log-probabilities."""

    tasks: Sequence[Task]
    examples: Sequence[Example]
    old: Sequence[Tensor]
    rewards: Sequence[Reward]
    advantages: Tensor  # (rows,)


def sample_batch(recipe: Recipe, sampler: Sampler, tokens: Tokens, levels: Levels, step: int) -> Batch:
    """Draw questions, sample their groups and grade them; everything follows from the seed and the step."""
    grpo = recipe.grpo
    assert grpo is not None
    rng = Random(f"grpo/{recipe.seed}/{step}")
    pool = exemplar_pool(recipe.seed + 1000) if recipe.mix.few_shot else ()
    tasks = [draw_task(q, recipe.mix, pool, rng) for q in levels.draw(grpo.questions, rng)]
    prompts = tokens.encode_all([render(task.prompt) for task in tasks])
    settings = Settings(grpo.temperature, 1.0, grpo.max_tokens, tokens.ends)
    rollout = sampler.sample(prompts, grpo.samples, settings, rng.randrange(2**31))
    answers, ended = rollout.rows(), rollout.ended.tolist()
    graded = [
        reward(tasks[i // grpo.samples], completion(tasks[i // grpo.samples], text, ended[i]), grpo.answers)
        for i, text in enumerate(tokens.decode_all(answers))
    ]
    totals = torch.tensor([r.total(grpo.format_reward, grpo.tag_reward, recipe.english_reward or 0.0) for r in graded])
    levels.update([task.question for task in tasks for _ in range(grpo.samples)], [r.correct for r in graded])
    return Batch(
        tasks,
        [Example(prompts[i // grpo.samples], row) for i, row in enumerate(answers)],
        [rollout.log_probs[i, : len(row)] for i, row in enumerate(answers)],
        graded,
        advantages(totals.view(-1, grpo.samples)).flatten(),
    )


def completion(task: Task, text: str, ended: bool) -> Completion:
    return Completion(task.prompt.prefill + text, "complete" if ended else "truncated")


def grpo_update(
    network: Network, optimiser: torch.optim.Optimizer, batch: Batch, rows: Sequence[int], grpo: Grpo
) -> dict[str, float]:
    """One gradient update on some rows of a batch; groups without any spread have nothing to say and are left out."""
    rows = [i for i in rows if abs(float(batch.advantages[i])) > 0]
    if not rows:
        return {"loss": 0.0, "drift": 0.0, "clipped": 0.0}
    examples = [batch.examples[i] for i in rows]
    total = sum(len(example.answer) for example in examples)

    def share(some: list[int], new: Tensor) -> dict[str, Tensor]:
        lengths = torch.tensor([len(examples[i].answer) for i in some], device=new.device)
        advantage = batch.advantages[[rows[i] for i in some]].to(new.device).repeat_interleave(lengths)
        old = torch.cat([batch.old[rows[i]] for i in some]).to(new.device)
        ratio = (new.detach() - old).exp()
        outside = (ratio < 1 - grpo.clip_low) | (ratio > 1 + grpo.clip_high)
        loss = -surrogate(new, old, advantage, grpo.clip_low, grpo.clip_high).sum() / total
        return {"loss": loss, "drift": (ratio - 1).abs().sum() / total, "clipped": outside.sum() / total}

    return update(network, optimiser, examples, share, grpo.clip_norm)


def train_step(
    recipe: Recipe,
    network: Network,
    optimiser: torch.optim.Optimizer,
    sampler: Sampler,
    tokens: Tokens,
    levels: Levels,
    step: int,
) -> dict[str, float]:
    """Sample, grade and update; returns what the curve records."""
    grpo = recipe.grpo
    assert grpo is not None
    for group in optimiser.param_groups:
        group["lr"] = grpo.lr * min(1.0, (step + 1) / grpo.warmup)
    batch = sample_batch(recipe, sampler, tokens, levels, step)
    rows_each = grpo.questions // grpo.updates * grpo.samples
    parts = [
        grpo_update(network, optimiser, batch, range(i * rows_each, (i + 1) * rows_each), grpo)
        for i in range(grpo.updates)
    ]
    sampler.refresh()
    return {**_summary(batch, recipe), **{f"{name}_{i}": part[name] for i, part in enumerate(parts) for name in part}}


def _summary(batch: Batch, recipe: Recipe) -> dict[str, float]:
    n = len(batch.rewards)
    english = {} if recipe.english_reward is None else {"english": sum(r.english for r in batch.rewards) / n}
    return english | {
        "accuracy": sum(r.correct for r in batch.rewards) / n,
        "well_formed": sum(r.well_formed for r in batch.rewards) / n,
        "tokens": sum(len(e.answer) for e in batch.examples) / n,
        "mixed_groups": float((batch.advantages != 0).float().mean()),
        "entropy": -float(torch.cat(list(batch.old)).mean()),  # of the sampled tokens: an estimate a token, in nats
    }
