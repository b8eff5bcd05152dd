"""The profiles: facts from the makers' pages, each with its source."""

from __future__ import annotations

from dataclasses import replace

from promptlab.errors import unknown
from promptlab.models.profiles import Profile

_R1 = Profile(
    name="r1",
    about="DeepSeek-R1, R1-Zero and the distilled models: everything in the user's message, no system message",
    source="https://github.com/deepseek-ai/DeepSeek-R1#usage-recommendations",
    pattern=r"deepseek-r1|r1-distill",
    system="avoid",
    prefill="<think>\n",
)
_R1_0528 = replace(
    _R1,
    name="r1-0528",
    about="DeepSeek-R1-0528 and its distilled model: a system message is welcome",
    source="https://huggingface.co/deepseek-ai/DeepSeek-R1-0528",
    pattern=r"deepseek-r1-0528",
    max_tokens=65_536,
    system="system",
    prefill="",
)
# Of these settings DeepSeek's page says that they raise no error and have no effect; of a seed it does not speak.
_DEEPSEEK_API = Profile(
    name="deepseek-api",
    about="deepseek-reasoner at DeepSeek's own API, which takes no sampling settings",
    source="https://api-docs.deepseek.com/guides/reasoning_model",
    pattern=r"^deepseek-reasoner$",
    temperature=1.0,
    top_p=1.0,
    unsent=("temperature", "top_p", "seed"),
    refused=("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs"),
    continues=False,
)

_QWEN3 = Profile(
    name="qwen3",
    about="Qwen3, thinking on; thinking=False opens its control, the same weights with thinking off",
    source="https://huggingface.co/Qwen/Qwen3-8B#best-practices",
    pattern=r"^qwen3[-:]\d+(\.\d+)?b(?!.*(base|instruct|thinking|embedding|reranker))",
    extra={"top_k": 20},
    off="qwen3-no-think",
    switch={"enable_thinking": True},
    soft="/think",
)
_QWEN3_OFF = replace(
    _QWEN3,
    name="qwen3-no-think",
    about="Qwen3, thinking off",
    pattern="",
    temperature=0.7,
    top_p=0.8,
    thinks=False,
    off="",
    mode="no-think",
    switch={"enable_thinking": False},
    soft="/no_think",
)
_QWEN_THINKING = replace(
    _QWEN3,
    name="qwen-thinking",
    about="QwQ and Qwen3-*-Thinking, which always think",
    source="https://huggingface.co/Qwen/QwQ-32B#usage-guidelines",
    pattern=r"^(qwen-)?qwq|^qwen3-.*thinking",
    off="",
    switch={},
    soft="",
)

# The tags are control tokens: a server that keeps those apart reads the same text in a message as mere text.
_MAGISTRAL = Profile(
    name="magistral",
    about="Magistral from 2507 on, which thinks in [THINK] and [/THINK]; its page also recommends a system prompt",
    source="https://huggingface.co/mistralai/Magistral-Small-2507",
    pattern=r"^magistral(?!.*2506)",
    max_tokens=40_960,
    temperature=0.7,
    think_tags=("[THINK]", "[/THINK]"),
)

_GPT_OSS = Profile(
    name="gpt-oss",
    about="OpenAI's open models: reasoning_effort low, medium or high",
    source="https://github.com/openai/gpt-oss#recommended-sampling-parameters",
    pattern=r"^gpt-oss",
    temperature=1.0,
    top_p=1.0,
    effort="medium",
    efforts=("low", "medium", "high"),
    continues=False,  # servers render its Harmony format from whole messages
    think_tags=(),
)

# Refused settings, and what the first models lack, stand in the tables of Azure's page,
# https://learn.microsoft.com/azure/ai-services/openai/how-to/reasoning. OpenAI's own advises to reserve 25,000 tokens.
_O_SERIES = Profile(
    name="o-series",
    about="OpenAI's o1, o3, o4: no temperature, no top_p; reasoning_effort low, medium or high",
    source="https://platform.openai.com/docs/guides/reasoning",
    pattern=r"^o\d([-:]|$)",
    max_tokens=25_000,
    temperature=1.0,
    top_p=1.0,
    effort="medium",
    efforts=("low", "medium", "high"),
    unsent=("temperature", "top_p"),
    refused=("presence_penalty", "frequency_penalty", "logprobs", "top_logprobs", "logit_bias", "stop"),
    limit="max_completion_tokens",
    system="developer",
    continues=False,
    think_tags=(),
)
_FIRST_O = replace(
    _O_SERIES,
    name="first-o",
    about="OpenAI's o1-preview and o1-mini: as the o-series, without reasoning_effort and without a system message",
    source="https://learn.microsoft.com/azure/ai-services/openai/how-to/reasoning",
    pattern=r"^o1-(mini|preview)",
    effort="",
    efforts=(),
    system="refused",
)
# gpt-5.1 and later reason only where they are asked to, so that an effort is always sent; which ones a model has,
# differs: https://learn.microsoft.com/javascript/api/@azure/ai-projects/reasoningeffort
_GPT_5 = replace(
    _O_SERIES,
    name="gpt-5",
    about="OpenAI's gpt-5: no temperature, no top_p; reasoning_effort minimal, low, medium, high or xhigh",
    pattern=r"^gpt-5(?!.*chat)",
    off="gpt-5-no-think",
    efforts=("minimal", "low", "medium", "high", "xhigh"),
)
# https://platform.openai.com/docs/guides/latest-model#gpt-5-1-parameter-compatibility
_GPT_5_OFF = replace(
    _GPT_5,
    name="gpt-5-no-think",
    about="OpenAI's gpt-5.1 and later with reasoning_effort none: they take a temperature",
    pattern="",
    thinks=False,
    off="",
    mode="no-think",
    effort="none",
    efforts=("none",),
    unsent=(),
)

_CHAT = Profile(
    name="chat",
    about="any other model, as its server has it; the sampling is the default of this library",
    source="",
    max_tokens=8192,
    thinks=None,
)

_BY_NAME = {
    profile.name: profile  # the first pattern that is found counts
    for profile in (
        *(_R1_0528, _R1, _DEEPSEEK_API, _QWEN_THINKING, _QWEN3, _QWEN3_OFF),
        *(_MAGISTRAL, _GPT_OSS, _FIRST_O, _O_SERIES, _GPT_5, _GPT_5_OFF, _CHAT),
    )
}


def available_profiles() -> dict[str, Profile]:
    """All profiles by name, for ``open_model(..., profile=NAME)``; the one that fits a model's name is the default."""
    return dict(_BY_NAME)


def profile_named(name: str) -> Profile:
    """A profile by its own name."""
    if name not in _BY_NAME:
        raise unknown("profile", name, _BY_NAME)
    return _BY_NAME[name]
