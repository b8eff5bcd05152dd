"""Tiny models in this process: their text depends on prompt and seed alone, and they count what they are asked."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence

from promptlab.types import Answers, Completion, ModelId, Prompt, Question, Request, Sampling

QUESTIONS = [Question(f"q{i}", f"What is {i} + {i + 1}?", (str(2 * i + 1),), cluster=f"c{i % 3}") for i in range(12)]
SAMPLING = Sampling(max_tokens=50)


def text_of(request: Request) -> str:
    digest = hashlib.sha256(f"{request.prompt.hash}|{request.seed}".encode()).hexdigest()
    return f"Thinking of {digest[:6]}. The answer is {int(digest[:8], 16) % 30}."


def complete(request: Request) -> Completion:
    return Completion(text_of(request), "complete", finish_reason="stop", prompt_tokens=20, completion_tokens=10)


class LocalModel:
    """A `Model`; `reply` makes a completion, `delay` seconds pass before each, `fail_after` answers it gives up.

    It answers `together` requests at a time.
    """

    def __init__(
        self,
        name: str = "local",
        reply: Callable[[Request], Completion] = complete,
        delay: float = 0.0,
        fail_after: tuple[int, BaseException] | None = None,
        counts: bool = True,
        together: int = 1,
    ) -> None:
        self.name, self.reply, self.delay, self.fail_after, self.counts = name, reply, delay, fail_after, counts
        self.together = together
        self.id = ModelId(name, engine="python")
        self.context = None
        self.settings = {"base_url": "http://user:pw@host/v1", "api_key": "sk-hidden"}
        self.asked: Counter[str] = Counter()
        self.waves: list[int] = []
        self.cleaned = 0

    def check(self, sampling: Sampling, prompts: Sequence[Prompt]) -> None:
        self.checked = (sampling, len(prompts))

    def as_sent(self, prompt: Prompt) -> str:
        return "\n".join(m.content for m in prompt.messages) or str(prompt.text)

    def count_tokens(self, prompt: Prompt) -> int | None:
        return 20 if self.counts else None

    async def generate(self, requests: Sequence[Request]) -> AsyncIterator[Answers]:
        self.waves.append(len(requests))
        group: list[tuple[str, Completion]] = []
        try:
            for n, request in enumerate(requests, 1):
                if self.fail_after and self.asked.total() >= self.fail_after[0]:
                    raise self.fail_after[1]
                self.asked[request.key] += 1
                if self.delay:
                    await asyncio.sleep(self.delay)
                group.append((request.key, self.reply(request)))
                if len(group) == self.together or n == len(requests):
                    yield group
                    group = []
        finally:
            self.cleaned += 1

    def close(self) -> None: ...
