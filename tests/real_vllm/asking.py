"""Requests to a model, and its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from promptlab.types import Completion, Message, Model, Prompt, Request, Sampling

SAMPLING = Sampling(max_tokens=24)


def chat(text: str, prefill: str = "") -> Prompt:
    return Prompt(messages=(Message("user", text),), prefill=prefill)


def requests(prompts: Sequence[Prompt], samples: int = 1, sampling: Sampling = SAMPLING) -> list[Request]:
    pairs = [(i, prompt, j) for i, prompt in enumerate(prompts) for j in range(samples)]
    return [Request(f"{i}-{j}", prompt, sampling, seed=1000 * i + 7 * j, index=j) for i, prompt, j in pairs]


def answers(model: Model, asked: Sequence[Request]) -> dict[str, Completion]:
    async def collect() -> list[tuple[str, Completion]]:
        return [pair async for group in model.generate(asked) for pair in group]

    pairs = asyncio.run(collect())
    assert sorted(key for key, _ in pairs) == sorted(request.key for request in asked)
    return dict(pairs)
