"""The embedded model: SmolLM2-135M-Instruct, alone or with a LoRA adapter, run on this machine's cores."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from functools import lru_cache
from pathlib import Path
from typing import Any

from promptlab import given
from promptlab.errors import InputError
from promptlab.models.chatml import TEMPLATE_HASH, check_contents, render
from promptlab.models.engine import Servers, Spec, engine_version, shared_engine
from promptlab.models.fetching import GGUF_SHA256, base_path
from promptlab.models.gguf import check_adapter
from promptlab.models.settings import LLAMA_CPP, check_prompt, check_sampling, sampling_body
from promptlab.models.transport import Call, Lane, Pace, Policy, stream
from promptlab.types import Answers, ModelId, Prompt, Request, Sampling

TRAINED_CONTEXT = 8192
_EXTRA = (*LLAMA_CPP, "stop", "grammar", "logit_bias", "ignore_eos", "repeat_last_n")
_POLICY = Policy(timeout=3600.0, retries=2)  # a busy machine is slow, not broken


class EmbeddedModel:
    """A small model that needs no server, no key and no GPU.

    Parameters
    ----------
    adapter
        A LoRA adapter as a GGUF file; None is the base model.
    name
        Short name in columns and legends; default "instruct", or the adapter's file name without its suffix.
    workers
        Single-threaded servers; default one a core, at most 8. Each takes about 0.1 GB and its slots.
    slots
        Requests that a worker answers at a time; each takes 23 KB a token of context.
    context
        Tokens for prompt and output together, up to 8,192.

    Raises
    ------
    ModelError
        The weights or the engine are missing, or the adapter is not one for this model.

    Notes
    -----
    Messages without a system message get the model's own default system text; an empty system message means no
    system turn; `Prompt.text` is sent as it is. The servers start with the first call, and models that are open at
    the same time with the same adapter share them.

    On one machine the base gives the same text for the same prompt, settings and seed, whatever else is in flight or
    cached and whatever `workers` and `slots` are (tested: up to 4 slots). So do adapters of rank 7 with one slot
    (tested: ``plain`` and ``r1``); with more slots, and for some other ranks, near-ties can go either way, depending
    on what is in flight and cached. A run keeps its samples: they are not asked for again.
    """

    def __init__(
        self,
        adapter: str | Path | None = None,
        *,
        name: str | None = None,
        workers: int | None = None,
        slots: int = 1,
        context: int = 2048,
    ) -> None:
        workers = min(os.cpu_count() or 1, 8) if workers is None else workers
        for parameter, value, most in (("workers", workers, 256), ("slots", slots, 256), ("context", context, 8192)):
            if given.whole(f"EmbeddedModel: {parameter}", value, 1) > most:
                raise InputError(f"EmbeddedModel: {parameter} is {value}: it must be between 1 and {most}")
        self._spec = make_spec(adapter, workers=workers, slots=slots, context=context)
        self._name = name or (self._spec.adapter.stem if self._spec.adapter else "instruct")
        self._version = engine_version()
        self._running: Servers | None = None

    @property
    def id(self) -> ModelId:
        adapter = self._spec.adapter_hash
        return ModelId("smollm2-135m-instruct", GGUF_SHA256, adapter, TEMPLATE_HASH, self._version)

    @property
    def name(self) -> str:
        return self._name

    @property
    def context(self) -> int:
        return self._spec.context

    @property
    def settings(self) -> dict[str, Any]:
        """What is sent with every request, and how the engine runs; for a manifest."""
        spec = self._spec
        return {"workers": spec.workers, "slots": spec.slots, "context": spec.context, "added": dict(LLAMA_CPP)}

    def check(self, sampling: Sampling, prompts: Sequence[Prompt]) -> None:
        """Raise `InputError` for unknown settings, control tokens in messages, and a prompt that does not fit."""
        check_sampling(sampling, _EXTRA)
        for prompt in prompts:
            check_prompt(prompt)
            check_contents(prompt)
        # A token is at least one byte, so that only long prompts need to be counted.
        room = self.context - sampling.max_tokens
        texts = [text for text in map(render, prompts) if len(text.encode()) > room]
        longest, text = max(((self._engine().count_tokens(text), text) for text in texts), default=(0, ""))
        if longest > room or room < 1:
            raise InputError(
                f"the longest prompt has {longest} tokens; with max_tokens={sampling.max_tokens} that is over the"
                f" context of {self.context} of {self.name!r}: show fewer exemplars, lower max_tokens, or open the"
                f" model with context=... (up to {TRAINED_CONTEXT}). It ends: {text[-80:]!r}"
            )

    def as_sent(self, prompt: Prompt) -> str:
        """The text that the engine reads, to the letter."""
        return render(prompt)

    def count_tokens(self, prompt: Prompt) -> int:
        """Tokens of `as_sent`, counted by the engine's own tokeniser."""
        return self._engine().count_tokens(render(prompt))

    async def generate(self, requests: Sequence[Request]) -> AsyncGenerator[Answers, None]:
        """Answer all requests; of contiguous requests with a common beginning it is read once a slot."""
        engine = await asyncio.to_thread(self._engine)
        slots = range(self._spec.slots)
        lanes = [Lane(f"{address}/v1", 1, body={"id_slot": i}) for address in engine.addresses for i in slots]
        async with aclosing(stream(requests, lanes, self._prepare, _POLICY, Pace(None))) as groups:
            async for group in groups:
                yield group

    def _prepare(self, request: Request) -> Call:
        body = {"prompt": render(request.prompt), **sampling_body(request.sampling, request.seed, LLAMA_CPP)}
        return Call("/completions", body, prefill=request.prompt.prefill)

    def _engine(self) -> Servers:
        if self._running is None or not self._running.alive():
            self._running = shared_engine(self._spec)
        return self._running

    def lend(self) -> dict[str, list[str]]:
        """Start the servers now: their addresses, by what `lent` will ask for in a child process (see `shared`)."""
        return {self._spec.key: self._engine().addresses}

    def close(self) -> None:
        """Let go of the servers; they end unless another open model shares them. A later call starts them anew."""
        self._running = None

    def __enter__(self) -> EmbeddedModel:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"EmbeddedModel({self.name!r}, workers={self._spec.workers}, context={self.context})"


def make_spec(adapter: str | Path | None, *, workers: int, slots: int, context: int) -> Spec:
    """Check the files behind a model and name them by content."""
    path = Path(adapter).expanduser().resolve() if adapter is not None else None
    adapter_hash = ""
    if path is not None:
        check_adapter(path)
        stat = path.stat()
        adapter_hash = _file_hash(path, stat.st_mtime_ns, stat.st_size)
    return Spec(base_path(), path, adapter_hash, workers, slots, context)


@lru_cache(maxsize=64)
def _file_hash(path: Path, mtime_ns: int, size: int) -> str:
    """SHA-256 of a file; time and size are part of the cache's key, so that a changed file is read again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
