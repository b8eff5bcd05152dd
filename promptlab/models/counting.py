"""Reasoning tokens, counted by the server's own tokeniser where it has a route for that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from promptlab.models.transport import is_loopback
from promptlab.reasoning import split_reasoning
from promptlab.types import Answers, Completion

# The route lies beside /v1. What such servers report is not used: without its own parser of reasoning a server says
# nothing, and vLLM 0.32 says 0 where the chat template opened the reasoning.
_BODIES: Mapping[str, Callable[[str, str], dict[str, Any]]] = {
    "vllm": lambda model, text: {"model": model, "prompt": text, "add_special_tokens": False},
    "llamacpp": lambda _, text: {"content": text},
}


def source_of_counts(kind: str) -> str:
    """Where `Completion.reasoning_tokens` comes from; for a manifest."""
    return "counted by the server's tokeniser" if kind in _BODIES else "as reported by the server"


@asynccontextmanager
async def counting(
    kind: str, base_url: str, model: str, key: str
) -> AsyncGenerator[Callable[[Answers], Awaitable[Answers]], None]:
    """A function that counts the reasoning of a group of completions; other kinds of servers: that changes nothing."""
    if kind not in _BODIES:
        yield _unchanged
        return
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    root = base_url.removesuffix("/v1")
    http = DefaultAsyncHttpxClient(trust_env=False, verify=False) if is_loopback(base_url) else None
    async with AsyncOpenAI(base_url=root, api_key=key, timeout=60, max_retries=2, http_client=http) as client:

        async def tokens(text: str) -> object:
            return await client.post("/tokenize", cast_to=object, body=_BODIES[kind](model, text))

        async def counted(group: Answers) -> Answers:
            found = await asyncio.gather(*(_counted(completion, tokens) for _, completion in group))
            return [(name, completion) for (name, _), completion in zip(group, found, strict=True)]

        yield counted


async def _unchanged(group: Answers) -> Answers:
    return group


async def _counted(completion: Completion, tokens: Callable[[str], Awaitable[object]]) -> Completion:
    """A sample is kept whatever becomes of its count; then it has none."""
    import openai

    if completion.ending == "error":
        return completion
    reasoning, _ = split_reasoning(completion)
    try:
        answer = await tokens(reasoning) if reasoning else {"count": 0}
    except (openai.OpenAIError, ValueError):
        answer = None
    return replace(completion, reasoning_tokens=_number(answer))


def _number(answer: object) -> int | None:
    """vLLM gives the count, llama.cpp the tokens."""
    told = answer if isinstance(answer, Mapping) else {}
    count, listed = told.get("count"), told.get("tokens")
    if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
        return count
    return len(listed) if isinstance(listed, list) else None
