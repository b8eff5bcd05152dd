"""Right answers of a trained model to train another on: rejection sampling, as for DeepSeek-R1's distilled models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from experiments.r1_miniature.convert import gguf_size, read_gguf
from experiments.r1_miniature.grpo import completion
from experiments.r1_miniature.mixing import Task
from experiments.r1_miniature.network import load_network
from experiments.r1_miniature.passes import Example
from experiments.r1_miniature.places import adapter_of
from experiments.r1_miniature.recipe import Recipe
from experiments.r1_miniature.rewards import reward
from experiments.r1_miniature.rollout import Settings
from experiments.r1_miniature.sampler import Sampler
from experiments.r1_miniature.sft import BY_RULE, build_examples, draw_tasks
from experiments.r1_miniature.tokens import END_OF_TURN, Tokens
from promptlab.errors import InputError
from promptlab.models.chatml import render
from promptlab.models.fetching import base_path

TRIES, TEMPERATURE, TOP_P, MAX_TOKENS = 2, 0.6, 0.95, 192
EXAMPLES = "examples.jsonl"
_GROUPS = 400  # prompts in one batch


def examples_of(recipe: Recipe, tokens: Tokens, out: Path, device: str) -> list[Example]:
    """Of an SFT: answers by rule, or the right ones of a model, which are sampled once and kept with the checkpoint."""
    assert recipe.sft is not None
    if recipe.sft.answers in BY_RULE:
        return build_examples(recipe, tokens)
    kept = out / recipe.model / EXAMPLES
    if not kept.exists():
        write_right(recipe, tokens, adapter_of(out, recipe.sft.answers), device, kept)
    return read_right(kept, tokens)


def write_right(recipe: Recipe, tokens: Tokens, adapter: Path, device: str, path: Path) -> None:
    """For each of the recipe's prompts the first right and well-formed answer of the adapter's model, if it has one."""
    rank, alpha = gguf_size(adapter)
    network = load_network(base_path(), rank=rank, alpha=alpha, device=device)
    read_gguf(network, adapter)
    sampler, rng = Sampler(network, keep=1), Random(f"sft/{recipe.seed}")
    tasks = draw_tasks(recipe, rng)
    batches = [tasks[i : i + _GROUPS] for i in range(0, len(tasks), _GROUPS)]
    found = [pair for batch in batches for pair in _right(batch, sampler, tokens, rng.randrange(2**31))]
    if not found:
        raise InputError(f"{recipe.model}: none of {len(tasks)} questions has a right answer of {adapter}")
    part = path.with_suffix(".part")
    part.write_text("".join(f"{json.dumps(pair)}\n" for pair in found), encoding="utf-8")
    part.replace(path)


def read_right(path: Path, tokens: Tokens) -> list[Example]:
    """What `write_right` wrote, as examples."""
    pairs = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    prompts, answers = (tokens.encode_all(list(texts)) for texts in zip(*pairs, strict=True))
    return [Example(prompt, answer) for prompt, answer in zip(prompts, answers, strict=True)]


def _right(tasks: Sequence[Task], sampler: Sampler, tokens: Tokens, seed: int) -> Iterator[tuple[str, str]]:
    prompts = [render(task.prompt) for task in tasks]
    settings = Settings(TEMPERATURE, TOP_P, MAX_TOKENS, tokens.ends)
    rollout = sampler.sample(tokens.encode_all(prompts), TRIES, settings, seed)
    texts, ended = tokens.decode_all(rollout.rows()), rollout.ended.tolist()
    for i, (task, prompt) in enumerate(zip(tasks, prompts, strict=True)):
        tried = range(i * TRIES, (i + 1) * TRIES)
        graded = ((texts[row], reward(task, completion(task, texts[row], ended[row]))) for row in tried)
        if kept := next((text for text, found in graded if found.correct and found.well_formed), None):
            yield prompt, kept + END_OF_TURN
