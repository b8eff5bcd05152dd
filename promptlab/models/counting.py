"""Reasoning tokens: counted by the server's own tokeniser where it has a route for that, else as it reports them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from promptlab.models.cards import ask
from promptlab.models.transport import is_loopback
from promptlab.reasoning import split_reasoning
from promptlab.types import Answers, Completion


def _as_vllm(model: str, text: str) -> dict[str, Any]:
    return {"model": model, "prompt": text, "add_special_tokens": False}


# The route lies beside /v1. What such servers report is not used where they count: without its own parser of reasoning
# a server says nothing, vLLM 0.32 says 0 where the chat template opened the reasoning, SGLang where it has not counted.
_BODIES: Mapping[str, Callable[[str, str], dict[str, Any]]] = {
    "vllm": _as_vllm,
    "sglang": _as_vllm,
    "llamacpp": lambda _, text: {"content": text},
}


def tokenises(kind: str, base_url: str, model: str, key: str) -> bool:
    """Whether the server counts a text: older ones, and proxies before others, have no such route."""
    if kind not in _BODIES:
        return False
    return bool(_number(ask(base_url.removesuffix("/v1"), "/tokenize", key, _BODIES[kind](model, "one"))))


def source_of_counts(counted: bool) -> str:
    """Where `Completion.reasoning_tokens` comes from; for a manifest."""
    reported = "as reported by the server; none where it reports none, or 0 beside reasoning that can be read"
    return "counted by the server's tokeniser" if counted else reported


@asynccontextmanager
async def counting(
    kind: str, base_url: str, model: str, key: str
) -> AsyncGenerator[Callable[[Answers], Awaitable[Answers]], None]:
    """A function that counts the reasoning of a group of completions; an empty `kind` keeps what was reported."""
    if kind not in _BODIES:
        yield _as_reported
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


async def _as_reported(group: Answers) -> Answers:
    return [(name, _plausible(completion)) for name, completion in group]


def _plausible(completion: Completion) -> Completion:
    """Without a 0 that the text belies."""
    if completion.reasoning_tokens != 0 or not split_reasoning(completion)[0]:
        return completion
    return replace(completion, reasoning_tokens=None)


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
    """vLLM and SGLang give the count, llama.cpp the tokens."""
    told = answer if isinstance(answer, Mapping) else {}
    count, listed = told.get("count"), told.get("tokens")
    if isinstance(count, int) and not isinstance(count, bool) and count >= 0:
        return count
    return len(listed) if isinstance(listed, list) else None
