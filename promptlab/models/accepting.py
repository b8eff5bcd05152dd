"""Which settings a server takes, as it says itself: most servers ignore a key that they do not know, without a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from promptlab.models.cards import ask
from promptlab.models.dialects import HOSTED, TEMPLATE
from promptlab.types import Prompt, Sampling

_SCHEMAS = ("vllm", "sglang")  # servers that publish the schema of a request, and obey all of it
# What llama.cpp's server takes for a request beside the settings of its sampling, which it lists
# (https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md).
_LLAMA_CPP = (
    *("stop", "logit_bias", "logprobs", "top_logprobs", "grammar", "json_schema", "response_format", "cache_prompt"),
    *("dry_sequence_breakers", "chat_template_kwargs", "reasoning_budget_tokens", "t_max_predict_ms", "id_slot"),
)


def accepted_keys(kind: str, base_url: str, key: str, prompts: Sequence[Prompt]) -> list[str] | None:
    """The names that a request for such prompts may hold; None: this server does not tell."""
    root = base_url.removesuffix("/v1")
    if kind in _SCHEMAS:
        return _in_schema(ask(root, "/openapi.json", key), {prompt.text is None for prompt in prompts} or {True})
    if kind == "llamacpp":
        listed = _at(ask(root, "/props", key), "default_generation_settings", "params")
        return sorted({*listed, *_LLAMA_CPP}) if listed else None
    return None


def unchecked(sampling: Sampling, accepted: Sequence[str] | None, kind: str, effort: str = "") -> tuple[str, ...]:
    """A note for the manifest where nobody knows whether the server heeds what it gets."""
    keys = list(sampling.extra) if accepted is None else []
    keys += ["reasoning_effort"] if effort and kind not in TEMPLATE else []
    if not keys or kind == HOSTED:  # OpenAI refuses what it does not know
        return ()
    server = f"a server of kind {kind!r}" if kind else "a server of unknown kind"
    return (f"not checked whether {server} takes {', '.join(keys)}: it might ignore it",)


def may_cut(kind: str, context: int | None) -> tuple[str, ...]:
    """A note for the manifest where the server does not say how much it holds."""
    if context is not None or kind == HOSTED:  # OpenAI refuses what is too long
        return ()
    return (
        "the server does not say how many tokens it holds: it might cut longer prompts without a word, as Ollama does"
        " (OLLAMA_CONTEXT_LENGTH)",
    )


def _in_schema(schema: object, chats: set[bool]) -> list[str] | None:
    """The properties that the bodies of the routes in use have in common."""
    routes = ["/v1/chat/completions" if chat else "/v1/completions" for chat in chats]
    names = [set(_properties(schema, route)) for route in routes]
    return sorted(set.intersection(*names)) if all(names) else None


def _properties(schema: object, route: str) -> Mapping[str, Any]:
    body = _at(schema, "paths", route, "post", "requestBody", "content", "application/json", "schema")
    name = str(body.get("$ref", "")).rpartition("/")[2]
    return _at(schema, "components", "schemas", name, "properties")


def _at(value: object, *path: str) -> Mapping[str, Any]:
    """What stands there in an answer that may hold anything; empty where it is nothing to look into."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}
