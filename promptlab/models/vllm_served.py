"""The models of one's own vLLM server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Any

from promptlab.models.modes import Mode
from promptlab.models.openai_api import OpenAIModel
from promptlab.models.transport import Call
from promptlab.models.vllm_files import Adapter, Weights
from promptlab.models.vllm_options import Facts
from promptlab.models.vllm_process import LentServer, Server
from promptlab.models.vllm_text import Text
from promptlab.types import Answers, ModelId, Prompt, Request, Sampling


@dataclass(frozen=True)
class Served:
    """What a server was started with."""

    weights: Weights
    mode: Mode
    facts: Facts
    text: Text
    flags: Mapping[str, Any]
    parses: bool  # the server puts the reasoning into a field of its own
    max_in_flight: int


class ServedModel(OpenAIModel):
    """A model of one's own vLLM server: what a remote server would keep to itself is known.

    `adapters` are the models of the server's LoRA adapters, by name.
    """

    def __init__(
        self, served: Served, server: Server | LentServer, adapter: Adapter | None = None, name: str | None = None
    ) -> None:
        mode, own = served.mode, adapter.name if adapter else served.weights.name
        super().__init__(
            own,
            server.base_url,
            name=name,
            max_in_flight=served.max_in_flight,
            timeout=3600.0,  # a busy machine is slow, not broken; a server that has ended is seen
            profile=mode.profile.name,
            reasoning_effort=mode.effort or None,
        )
        self._served, self._server, self._adapter = served, server, adapter
        self.adapters: Mapping[str, ServedModel] = MappingProxyType({})

    @cached_property
    def id(self) -> ModelId:
        """Equal to that of ``vllm:MODEL`` but for the engine, so that either can go on with the other's run."""
        weights, adapter = self._served.weights, self._adapter.hash if self._adapter else ""
        name, template = self.mode.named(weights.name), self._served.text.template_hash
        return ModelId(name, weights.revision, adapter, template, f"{self._served.facts.engine}, server")

    @property
    def context(self) -> int:
        return self._served.facts.context

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "flags": dict(self._served.flags)}

    def check(self, sampling: Sampling, prompts: Sequence[Prompt]) -> None:
        """As `OpenAIModel.check`; also a control token in a message, and a prompt that does not fit."""
        super().check(sampling, prompts)
        self._served.text.check(self.name, prompts, self.context, sampling.max_tokens)

    def as_sent(self, prompt: Prompt) -> str:
        """The text that the model reads, to the letter."""
        return self._served.text.render(prompt)

    def count_tokens(self, prompt: Prompt) -> int:  # type: ignore[override]
        """Tokens of `as_sent`, exactly."""
        return len(self._served.text.tokens(prompt))

    async def generate(self, requests: Sequence[Request]) -> AsyncGenerator[Answers, None]:
        """As `OpenAIModel.generate`, but a server that ends in the middle ends it at once with a `ModelError`."""
        async with aclosing(super().generate(requests)) as groups:
            while (group := await self._while_it_runs(anext(groups, None))) is not None:
                yield group

    async def _while_it_runs(self, step: Awaitable[Answers | None]) -> Answers | None:
        task = asyncio.ensure_future(step)
        try:
            while not (await asyncio.wait({task}, timeout=0.5))[0]:
                self._server.check()
            return task.result()
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    def _prepare(self, request: Request) -> Call:
        call = super()._prepare(request)
        opened = "" if self._served.parses else self._served.text.opened(request.prompt)
        return replace(call, prefill=opened + call.prefill)
