"""What goes into a request besides the prompt, so that a `Sampling` means the same thing on every server."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from promptlab.errors import InputError, unknown
from promptlab.types import Prompt, Sampling

# llama.cpp has defaults that nobody asked for (top-k 40, min-p 0.05), and cuts by top-p *before* it applies the
# temperature, where OpenAI, vLLM and Hugging Face do it after.
LLAMA_CPP: Mapping[str, Any] = {
    "top_k": 0,
    "min_p": 0.0,
    "typical_p": 1.0,
    "repeat_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "samplers": ["penalties", "temperature", "top_k", "typ_p", "top_p", "min_p"],
}

# vLLM and SGLang take what a request leaves open from the model's generation_config.json (Qwen: top-k 20, repetition
# penalty 1.05) or from flags of the server (https://github.com/sgl-project/sglang/pull/11304, vLLM's
# --override-generation-config).
VLLM: Mapping[str, Any] = {
    "top_k": -1,
    "min_p": 0.0,
    "repetition_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
}

NEUTRAL: Mapping[str, Mapping[str, Any]] = {"llamacpp": LLAMA_CPP, "vllm": VLLM, "sglang": VLLM}

# What only engines know that one runs oneself; OpenAI's API refuses a request that holds one of them.
ENGINES_ONLY = (
    *("top_k", "min_p", "typical_p", "repetition_penalty", "repeat_penalty", "samplers"),
    *("ignore_eos", "chat_template_kwargs"),
)

_OURS = (
    *("model", "messages", "prompt", "temperature", "top_p", "seed", "n", "stream", "max_tokens"),
    *("max_completion_tokens", "continue_final_message", "add_generation_prompt"),
)


def sampling_body(
    sampling: Sampling,
    seed: int,
    added: Mapping[str, Any],
    limit: str = "max_tokens",
    unsent: Collection[str] = (),
) -> dict[str, Any]:
    """The sampling part of a request body; the user's `extra` wins over what a server kind needs `added`.

    Examples
    --------
    >>> sampling_body(Sampling(max_tokens=9, temperature=0.0, extra={"top_k": 5}), 7, {"top_k": 0})
    {'temperature': 0.0, 'top_p': 0.95, 'max_tokens': 9, 'seed': 7, 'top_k': 5}
    """
    asked = {"temperature": sampling.temperature, "top_p": sampling.top_p, limit: sampling.max_tokens, "seed": seed}
    return {**{name: value for name, value in asked.items() if name not in unsent}, **added, **sampling.extra}


def check_sampling(
    sampling: Sampling, known: Sequence[str] | None = None, refused: Mapping[str, str] | None = None
) -> None:
    """Raise `InputError` for a setting that `extra` must not set, or one not in `known`; `refused` says why."""
    reasons = {**(refused or {}), **dict.fromkeys(_OURS, "promptlab sets it for every request")}
    for key in sampling.extra:
        if key in reasons:
            raise InputError(f"Sampling.extra must not set {key!r}: {reasons[key]}")
        if known is not None and key not in known:
            raise unknown("key in Sampling.extra", key, [name for name in known if name not in reasons])


def check_prompt(prompt: Prompt) -> None:
    """Raise `InputError` for a prompt that no model could answer as it was meant."""
    if (prompt.text is None) == (not prompt.messages):
        raise InputError("Prompt: give either messages (chat) or text (raw), not both and not neither")
    if prompt.messages and prompt.messages[-1].role != "user":
        raise InputError(
            f"Prompt.messages ends with a {prompt.messages[-1].role} message: the last one must be the user's;"
            " the start of the model's own turn goes into prefill"
        )
