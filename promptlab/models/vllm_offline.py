"""``vllm:MODEL``: vLLM's offline engine in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from promptlab.models.failures import Failure
from promptlab.models.modes import mode_of
from promptlab.models.profiles import Profile
from promptlab.models.replies import read_replies
from promptlab.models.settings import VLLM, check_sampling
from promptlab.models.vllm_engine import Answer, Ask, Engine, held_engine, let_go
from promptlab.models.vllm_files import find_adapter, find_weights
from promptlab.models.vllm_options import Facts, check_options, read_facts, to_engine, vllm_version
from promptlab.models.vllm_sampling import known_settings, to_params
from promptlab.models.vllm_text import Text
from promptlab.reasoning import split_reasoning
from promptlab.types import Answers, Completion, ModelId, Prompt, Request, Sampling


class VllmModel:
    """A model run by vLLM in this process.

    Parameters
    ----------
    model
        A name on the Hugging Face hub, or a folder; ``NAME#no-think`` and ``NAME#high`` are short for the options.
    name
        Short name in columns and legends; default the adapter's name, or the last part of `model`.
    lora
        A folder with a LoRA adapter in peft's form.
    revision
        Branch, tag or commit on the hub; the commit is what is recorded.
    profile, thinking, reasoning_effort
        As for `OpenAIModel`.
    engine
        Options of vLLM's engine (``EngineArgs``): ``dtype``, ``max_model_len``, ``tensor_parallel_size``,
        ``gpu_memory_utilization``, ``enforce_eager``, ``enable_prefix_caching`` (on by default), ...

    Raises
    ------
    ModelError
        vLLM is not installed, the model cannot be had, or vLLM cannot run it so.

    Notes
    -----
    The engine starts with the first call. A process has one engine at a time: the next model's takes its place, and
    models with equal options share it (open the base with ``enable_lora=True`` and ``max_lora_rank=...`` to have it
    share one with its adapters).

    Each sample is a request of its own, with its own recorded seed: vLLM makes the same of a request for n choices
    (n requests, with seeds s, s + 1, ...), and its prefix cache reads a prompt once for all of them. A seed fixes the
    text as long as the arithmetic does not depend on what is computed together: so in float32 (tested); in float16
    or bfloat16 near-ties can go either way.
    """

    def __init__(
        self,
        model: str,
        *,
        name: str | None = None,
        lora: str | Path | None = None,
        revision: str | None = None,
        profile: str | None = None,
        thinking: bool | None = None,
        reasoning_effort: str | None = None,
        **engine: Any,
    ) -> None:
        vllm_version()
        self.model, self.mode = mode_of(model, profile, thinking, reasoning_effort)
        check_options(engine, "VllmModel")
        self._weights = find_weights(self.model, revision)
        self._adapter = find_adapter(lora) if lora is not None else None
        own = self._adapter.name if self._adapter else self._weights.name.rsplit("/", 1)[-1]
        self._name = name or self.mode.named(own, "-")
        adapters = [self._adapter] if self._adapter else []
        self._options = to_engine(self._weights, adapters, {"disable_log_stats": True, **engine})
        self._notes: tuple[str, ...] = ()

    @cached_property
    def id(self) -> ModelId:
        adapter = self._adapter.hash if self._adapter else ""
        name = self.mode.named(self._weights.name)
        return ModelId(name, self._weights.revision, adapter, self._text.template_hash, self._facts.engine)

    @property
    def profile(self) -> Profile:
        """What the family of this model wants; ``model.profile.sampling()`` is the recommended sampling."""
        return self.mode.profile

    @property
    def name(self) -> str:
        return self._name

    @property
    def context(self) -> int:
        return self._facts.context

    @property
    def settings(self) -> dict[str, Any]:
        """The engine's options, and what is sent with every request; for a manifest."""
        hidden = ("model", "revision", "tokenizer_revision")
        options = {name: value for name, value in self._options.items() if name not in hidden}
        template = {"template": self.mode.template, "notes": list(self._notes)}
        counts = {"reasoning_tokens": "counted by the model's tokeniser"}
        return {"engine": options, "added": dict(VLLM), "profile": self.profile.name, **template, **counts}

    def check(self, sampling: Sampling, prompts: Sequence[Prompt]) -> None:
        """Raise `InputError` for unknown settings, control tokens in messages, and a prompt that does not fit."""
        check_sampling(sampling, known_settings(), self.mode.refused())
        self.mode.check(self.name, sampling, prompts)
        to_params(sampling, 0)
        self._text.check(self.name, prompts, self.context, sampling.max_tokens)
        self._notes = self.mode.notes(self.name, sampling, prompts)

    def as_sent(self, prompt: Prompt) -> str:
        """The text that the model reads, to the letter."""
        return self._text.render(prompt)

    def count_tokens(self, prompt: Prompt) -> int:
        """Tokens of `as_sent`, exactly."""
        return len(self._text.tokens(prompt))

    async def generate(self, requests: Sequence[Request]) -> AsyncGenerator[Answers, None]:
        """Answer all requests; of requests with a common beginning it is read once."""
        engine = await asyncio.to_thread(self._engine)
        async with aclosing(engine.stream(requests, self._prepare)) as groups:
            async for group in groups:
                yield [(answer.request.key, self._completion(answer)) for answer in group]

    def _prepare(self, request: Request) -> Ask:
        tokens, params = self._text.tokens(request.prompt), to_params(request.sampling, request.seed)
        return Ask(tokens, params, self._lora)

    def _completion(self, answer: Answer) -> Completion:
        prompt = answer.request.prompt
        found = _read(answer, self._text.opened(prompt) + prompt.prefill)
        reasoning, _ = split_reasoning(found)
        return replace(found, reasoning_tokens=self._text.count(reasoning)) if found.ending != "error" else found

    def _engine(self) -> Engine:
        return held_engine(self._options)

    @cached_property
    def _lora(self) -> Any:
        from vllm.lora.request import LoRARequest

        if self._adapter is None:
            return None
        number = int(self._adapter.hash[:7], 16) + 1  # models that share an engine must not share a number
        return LoRARequest(self._adapter.name, number, str(self._adapter.folder))

    @cached_property
    def _text(self) -> Text:
        return Text(self._weights, self.mode, trust_remote_code=bool(self._options.get("trust_remote_code")))

    @cached_property
    def _facts(self) -> Facts:
        return read_facts(self._options)

    def close(self) -> None:
        """Let go of the engine; a later call starts it anew."""
        let_go(self._options)

    def __repr__(self) -> str:
        return f"VllmModel({self.mode.named(self._weights.name)!r})"


def _read(answer: Answer, opening: str) -> Completion:
    """Read by the same rules as a server's reply."""
    if answer.output is None:
        return Completion("", "error", error=f"vLLM refuses the request: {answer.refused}")
    (choice,) = answer.output.outputs
    usage = {
        "prompt_tokens": len(answer.output.prompt_token_ids),
        "completion_tokens": len(choice.token_ids),
        "prompt_tokens_details": {"cached_tokens": answer.output.num_cached_tokens},
    }
    body = {"choices": [{"text": choice.text, "finish_reason": choice.finish_reason or ""}], "usage": usage}
    found = read_replies(body, prefill=opening, seconds=answer.seconds)
    if isinstance(found, Failure):
        return Completion("", "error", error=found.message, seconds=answer.seconds)
    return found[0]
