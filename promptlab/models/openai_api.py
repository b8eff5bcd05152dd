"""Any OpenAI-compatible server: a hosted API, vLLM, llama.cpp, Ollama, LM Studio, ..."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from promptlab import given
from promptlab.errors import InputError, ModelError
from promptlab.models.replies import error_text, one_line
from promptlab.models.settings import NEUTRAL, check_prompt, check_sampling, sampling_body
from promptlab.models.transport import Call, Lane, Pace, Policy, is_loopback, redact, stream
from promptlab.types import Answers, ModelId, Prompt, Request, Sampling

OPENAI_URL = "https://api.openai.com/v1"
_PREFILL = ("vllm", "llamacpp")  # the kinds of servers that continue a started assistant turn


class OpenAIModel:
    """A model behind the OpenAI protocol.

    Parameters
    ----------
    model
        The server's name for it.
    base_url
        For example ``http://localhost:8000/v1``; default ``OPENAI_BASE_URL``, else OpenAI's own.
    name
        Short name in columns and legends; default the last part of `model`.
    key_env
        The environment variable that holds the API key (the key itself is never stored). Default
        ``OPENAI_API_KEY``; a server on this machine needs none.
    max_in_flight
        Requests that wait for an answer at the same time.
    requests_per_minute
        Attempts a minute at most, evenly spaced; None: no limit.
    timeout
        Seconds for one attempt.
    retries, patience
        How often a failed request is tried again, and for how many seconds of pauses in all (see `Policy`).
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        *,
        name: str | None = None,
        key_env: str | None = None,
        max_in_flight: int = 32,
        requests_per_minute: float | None = None,
        timeout: float = 600.0,
        retries: int = 6,
        patience: float = 180.0,
    ) -> None:
        self.base_url = _checked_url(base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
        limits = {"timeout": timeout, "requests_per_minute": 1 if requests_per_minute is None else requests_per_minute}
        for parameter, value in limits.items():
            given.real(f"OpenAIModel: {parameter}", value, lambda number: number > 0, "a number > 0")
        given.real("OpenAIModel: patience", patience, lambda seconds: seconds >= 0, "a number of seconds >= 0")
        self.model, self._name = model, name or model.rsplit("/", 1)[-1]
        self.key_env = key_env
        self.max_in_flight = given.whole("OpenAIModel: max_in_flight", max_in_flight, 1)
        self.requests_per_minute = requests_per_minute
        self.policy = Policy(timeout, given.whole("OpenAIModel: retries", retries, 0), patience)
        self._pace = Pace(requests_per_minute)

    @property
    def id(self) -> ModelId:
        return ModelId(self.model, engine=f"OpenAI-compatible server {self.base_url}")

    @property
    def name(self) -> str:
        return self._name

    @property
    def kind(self) -> str:
        """What runs the model: "openai", "vllm", "llamacpp", or what else the server says of itself."""
        return "openai" if self.base_url.startswith(OPENAI_URL) else str(self._card.get("owned_by", ""))

    @property
    def context(self) -> int | None:
        """Tokens for prompt and output together, where the server tells (vLLM, llama.cpp)."""
        if self.kind == "openai":
            return None
        meta = self._card.get("meta")
        told = self._card.get("max_model_len") or (meta.get("n_ctx") if isinstance(meta, Mapping) else None)
        return told if isinstance(told, int) else None

    @property
    def settings(self) -> dict[str, Any]:
        """What is sent with every request because of the kind of server, and how; for a manifest."""
        sent = {"server": self.kind, "base_url": self.base_url, "added": dict(NEUTRAL.get(self.kind, {}))}
        limits = {"max_in_flight": self.max_in_flight, "requests_per_minute": self.requests_per_minute}
        policy = self.policy
        return sent | limits | {"timeout": policy.timeout, "retries": policy.retries, "patience": policy.patience}

    def check(self, sampling: Sampling, prompts: Sequence[Prompt]) -> None:
        """Raise `InputError` for what the server would reject or ignore, a missing key included.

        Raises
        ------
        ModelError
            The server cannot be reached, or refuses the key.
        """
        check_sampling(sampling)
        self._key()
        for prompt in prompts:
            check_prompt(prompt)
            if prompt.prefill and prompt.text is None and self.kind not in _PREFILL:
                raise InputError(
                    f"{self.name!r}: this server ({self.kind or 'of unknown kind'}) does not continue a started"
                    " assistant turn: leave prefill empty, or serve the model with vLLM or llama.cpp"
                )
        if self.context is not None and sampling.max_tokens >= self.context:
            raise InputError(
                f"max_tokens={sampling.max_tokens} leaves no room in {self.name!r}'s {self.context} tokens"
            )

    def as_sent(self, prompt: Prompt) -> str:
        """The messages as they go out; which template the server applies to them is not known here."""
        if prompt.text is not None:
            return prompt.text + prompt.prefill
        turns = [f"[{message.role}]\n{message.content}" for message in prompt.messages]
        return "\n\n".join([*turns, f"[assistant]\n{prompt.prefill}"] if prompt.prefill else turns)

    def count_tokens(self, prompt: Prompt) -> None:
        """None: a remote server's tokeniser is not at hand."""

    async def generate(self, requests: Sequence[Request]) -> AsyncGenerator[Answers, None]:
        """Answer all requests; see `transport.stream`."""
        lane = Lane(self.base_url, self.max_in_flight, self._key())
        await asyncio.to_thread(lambda: self.kind)  # asked once, not in the event loop
        async with aclosing(stream(requests, [lane], self._prepare, self.policy, self._pace)) as groups:
            async for group in groups:
                yield group

    def _prepare(self, request: Request) -> Call:
        prompt, kind = request.prompt, self.kind
        limit = "max_completion_tokens" if kind == "openai" and prompt.text is None else "max_tokens"
        sampling = sampling_body(request.sampling, request.seed, NEUTRAL.get(kind, {}), limit)
        if prompt.text is not None:
            body = {"model": self.model, "prompt": prompt.text + prompt.prefill, **sampling}
            return Call("/completions", body, prefill=prompt.prefill)
        messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
        if prompt.prefill:
            messages.append({"role": "assistant", "content": prompt.prefill})
            if kind == "vllm":
                sampling |= {"continue_final_message": True, "add_generation_prompt": False}
        body = {"model": self.model, "messages": messages, **sampling}
        return Call("/chat/completions", body, prefill=prompt.prefill, echoes=kind == "llamacpp")

    def _key(self) -> str:
        """Read when needed; a server on this machine gets "none" rather than a key that is meant for others."""
        if self.key_env is None and is_loopback(self.base_url):
            return "none"
        variable = self.key_env or "OPENAI_API_KEY"
        if not (key := os.environ.get(variable)):
            raise InputError(f"{self.name!r} needs an API key: set the environment variable {variable}")
        return key

    @cached_property
    def _card(self) -> Mapping[str, Any]:
        """What ``/models`` says about this model; empty where the server has no such route."""
        import openai

        http = openai.DefaultHttpxClient(trust_env=False, verify=False) if is_loopback(self.base_url) else None
        key = self._key()
        with openai.OpenAI(base_url=self.base_url, api_key=key, timeout=30, max_retries=2, http_client=http) as client:
            try:
                return _find_card(client.get("/models", cast_to=object), self.model)
            except openai.APIStatusError as error:
                status, reason = error.status_code, error_text(error.body)
            except openai.APIConnectionError as error:
                status, reason = 0, str(error.__cause__ or error)
            except ValueError:
                return {}
        if status in (0, 401, 403):
            cause = f"refuses the key (status {status})" if status else "cannot be reached"
            raise ModelError(f"the server at {self.base_url} {cause}: {redact(one_line(reason), key)}")
        return {}

    def close(self) -> None:
        """Nothing is held between calls."""

    def __repr__(self) -> str:
        return f"OpenAIModel({self.model!r}, {self.base_url!r})"


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password or parts.query:
        raise InputError("base_url must not hold a user name, password or query: name the key's variable in key_env")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError(f"base_url is {url!r}: it must look like http://localhost:8000/v1")
    return url.rstrip("/")


def _find_card(listing: object, model: str) -> Mapping[str, Any]:
    """The entry of this model, or the only one (llama.cpp answers to every name)."""
    data = listing.get("data") if isinstance(listing, Mapping) else None
    cards = [card for card in data if isinstance(card, Mapping)] if isinstance(data, list) else []
    named = [card for card in cards if card.get("id") == model]
    return (named or (cards if len(cards) == 1 else [{}]))[0]
