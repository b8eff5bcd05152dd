"""The sampler behind the package's `Model` protocol: `promptlab.run` on a GPU, with the live demo's very prompts."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from pathlib import Path

import torch

from experiments.r1_miniature.convert import gguf_size, read_gguf
from experiments.r1_miniature.network import load_network
from experiments.r1_miniature.rollout import Settings
from experiments.r1_miniature.sampler import Sampler
from experiments.r1_miniature.tokens import Tokens
from promptlab.errors import InputError
from promptlab.models.chatml import TEMPLATE_HASH, check_contents, render
from promptlab.models.fetching import GGUF_SHA256, base_path
from promptlab.models.settings import check_prompt, check_sampling
from promptlab.types import Answers, Completion, ModelId, Prompt, Request, Sampling

GROUPS = 400  # prompts in one batch


class GpuModel:
    """The embedded model with an adapter (None: the base), sampled by PyTorch.

    Its identity is the embedded model's own, since weights, template and settings are; only the engine differs. The
    samples of one batch share a random generator that starts from the first request's seed, so the same call gives
    the same samples, and a call that resumes half way gives others, just as independent. All requests of a call share
    their sampling settings, as they do in a run.
    """

    def __init__(self, name: str, adapter: Path | None, device: str, groups: int = GROUPS) -> None:
        self.name, self.context, self._groups = name, 8192, groups
        self._tokens = Tokens(base_path())
        self._adapter_hash = hashlib.sha256(adapter.read_bytes()).hexdigest() if adapter else ""
        rank, alpha = gguf_size(adapter) if adapter else (1, 1.0)
        network = load_network(base_path(), rank=rank, alpha=alpha, device=device)
        if adapter:
            read_gguf(network, adapter)
        self._sampler = Sampler(network, keep=1)
        self._device = torch.cuda.get_device_name() if device.startswith("cuda") else device

    @property
    def id(self) -> ModelId:
        engine = f"torch {torch.__version__}, {self._device}"
        return ModelId("smollm2-135m-instruct", GGUF_SHA256, self._adapter_hash, TEMPLATE_HASH, engine)

    def check(self, sampling: Sampling, prompts: Sequence[Prompt]) -> None:
        """Raise `InputError` for what would be ignored or misread."""
        check_sampling(sampling, ())
        for prompt in prompts:
            check_prompt(prompt)
            check_contents(prompt)
        longest = max(map(self.count_tokens, prompts), default=0)
        if longest + sampling.max_tokens > self.context:
            raise InputError(f"the longest prompt has {longest} tokens: over the context of {self.context}")

    def as_sent(self, prompt: Prompt) -> str:
        return render(prompt)

    def count_tokens(self, prompt: Prompt) -> int:
        return len(self._tokens.encode(render(prompt)))

    def close(self) -> None:
        """Nothing to release before the process ends."""

    async def generate(self, requests: Sequence[Request]) -> AsyncIterator[Answers]:
        """Answer all requests in batches of prompts of about equal length; a batch is yielded when it is done."""
        for batch in self._batches(requests):
            yield await asyncio.to_thread(self._answer, batch)

    def _batches(self, requests: Sequence[Request]) -> Iterator[list[list[Request]]]:
        """Groups of requests that share a prompt; batches of equally large groups, short prompts first."""
        groups: dict[str, list[Request]] = {}
        for request in requests:
            groups.setdefault(request.prompt.hash, []).append(request)
        ordered = sorted(groups.values(), key=lambda group: (len(group), len(render(group[0].prompt))))
        for _, same in groupby(ordered, key=len):
            while batch := list(islice(same, self._groups)):
                yield batch

    def _answer(self, batch: list[list[Request]]) -> list[tuple[str, Completion]]:
        first = batch[0][0]
        prompts = self._tokens.encode_all([render(group[0].prompt) for group in batch])
        wanted = first.sampling
        settings = Settings(wanted.temperature, wanted.top_p, wanted.max_tokens, self._tokens.ends)
        rollout = self._sampler.sample(prompts, len(batch[0]), settings, first.seed)
        asked = [(request, len(prompt)) for group, prompt in zip(batch, prompts, strict=True) for request in group]
        texts = self._tokens.decode_all(rollout.rows())
        made = zip(asked, texts, rollout.ended.tolist(), rollout.lengths.tolist(), strict=True)
        return [
            (request.key, _completion(request, text, ended, size, length))
            for (request, size), text, ended, length in made
        ]


def _completion(request: Request, text: str, ended: bool, prompt_tokens: int, length: int) -> Completion:
    done = Completion(
        request.prompt.prefill + text,
        "complete" if ended else "truncated",
        finish_reason="stop" if ended else "length",
        prompt_tokens=prompt_tokens,
        completion_tokens=length,
    )
    return done if text.strip() else replace(done, ending="empty")
