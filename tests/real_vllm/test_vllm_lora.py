"""A LoRA adapter is the same model under vLLM as under llama.cpp: log-probabilities of fixed answers, by token."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from asking import chat
from making import OPTIONS

import promptlab as lab
from promptlab.models.embedded import EmbeddedModel
from promptlab.models.vllm_engine import Ask
from promptlab.models.vllm_offline import VllmModel
from promptlab.types import Prompt, Request, Sampling

# One prompt at a time: vLLM 0.32 on a CPU cannot score several at once where LoRA is on.
ENGINE = {**OPTIONS, "enable_lora": True, "max_lora_rank": 8, "max_loras": 1, "max_num_seqs": 1}
WARM = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0, "n_predict": 16, "n_probs": 1}
Answer = tuple[Prompt, list[int]]  # a prompt, and the tokens behind it


def by_llama_cpp(adapter: Path | None) -> tuple[list[Answer], list[float]]:
    """50 answers that this model has written itself, and their scores.

    On questions for which it was not trained: there an adapter is sure of nearly every token, and all engines agree.
    """
    answers, scores = [], []
    with EmbeddedModel(adapter, workers=1) as model:
        for seed in range(50):
            prompt = chat(f"Tell me something about the number {seed}.")
            found = model._engine().post("/completion", {"prompt": model.as_sent(prompt), "seed": seed, **WARM})
            tokens = found["completion_probabilities"]
            answers.append((prompt, [token["id"] for token in tokens]))
            scores += [token["logprob"] for token in tokens]
    return answers, scores


def by_vllm(model: Any, answers: Sequence[Answer]) -> list[float]:
    """The scores of the same tokens."""
    from vllm import SamplingParams

    assert isinstance(model, VllmModel)
    params = SamplingParams(max_tokens=1, prompt_logprobs=0, temperature=0)

    def prepare(request: Request) -> Ask:
        return Ask([*model._text.tokens(request.prompt), *answers[request.index][1]], params, model._lora)

    async def outputs() -> dict[int, Any]:
        stream = model._engine().stream(asked, prepare)
        return {answer.request.index: answer.output async for group in stream for answer in group}

    asked = [Request(str(i), prompt, Sampling(max_tokens=1), 0, i) for i, (prompt, _) in enumerate(answers)]
    found = asyncio.run(outputs())
    ends = [(tokens, found[i].prompt_logprobs[-len(tokens) :]) for i, (_, tokens) in enumerate(answers)]
    return [table[token].logprob for tokens, tables in ends for token, table in zip(tokens, tables, strict=True)]


def median_gap(one: Sequence[float], other: Sequence[float], *, unsure: bool = False) -> float:
    """The median difference of all tokens, or of those with a probability under 0.9 in `one`."""
    gaps = np.abs(np.subtract(one, other))
    return float(np.median(gaps[np.array(one) < np.log(0.9)] if unsure else gaps))


def test_an_adapter_is_the_same_model_under_both_engines(base: Path, plain: Path) -> None:
    """An adapter that is sure of nearly all it writes agrees trivially: the unsure tokens are looked at as well."""
    models = [lab.open_model(f"vllm:{base}", lora=lora, **ENGINE) for lora in (None, plain)]
    written = [by_llama_cpp(adapter) for adapter in (None, Path("data/adapters/plain.gguf"))]
    ours = [by_vllm(model, answers) for model, (answers, _) in zip(models, written, strict=True)]
    pairs = [(scores, own) for (_, scores), own in zip(written, ours, strict=True)]
    engines, unsure = [median_gap(*pair) for pair in pairs], [median_gap(*pair, unsure=True) for pair in pairs]
    apart = median_gap(ours[0], by_vllm(models[1], written[0][0]))
    models[1].close()
    print(f"median difference a token, (base, adapter): all {engines}, unsure {unsure}; base - adapter {apart:.3f}")
    assert min(map(len, ours)) > 300
    assert max(engines) <= 0.05
    assert max(unsure) <= 0.1
    assert apart >= 10 * max(*engines, *unsure)
