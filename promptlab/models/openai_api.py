"""Any OpenAI-compatible server: a hosted API, vLLM, llama.cpp, Ollama, LM Studio, ..."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any, get_args

from promptlab import given
from promptlab.errors import InputError
from promptlab.models.accepting import may_cut, unchecked
from promptlab.models.cards import checked_key_env, checked_url
from promptlab.models.counting import counting, source_of_counts
from promptlab.models.dialects import Dialect
from promptlab.models.endpoints import OPENAI_URL, Endpoint
from promptlab.models.modes import Way, mode_of
from promptlab.models.profiles import Profile
from promptlab.models.transport import Call, Lane, Pace, Policy, stream
from promptlab.types import Answers, ModelId, Prompt, Request, Sampling

MOST_SAMPLES = 128  # what OpenAI's API allows as n


class OpenAIModel:
    """A model behind the OpenAI protocol.

    Parameters
    ----------
    model
        The server's name for it; ``NAME#no-think`` and ``NAME#high`` are short for the options below.
    base_url
        For example ``http://localhost:8000/v1``; default ``OPENAI_BASE_URL``, else OpenAI's own.
    name
        Short name in columns and legends; default the last part of `model`.
    key_env
        The environment variable that holds the API key. The key itself is never stored: where an answer or an error
        repeats it, ``[key]`` stands in its place. Default ``OPENAI_API_KEY``; a server on this machine needs none.
    max_in_flight
        Requests that wait for an answer at the same time.
    requests_per_minute
        Attempts a minute at most, evenly spaced; None: no limit.
    timeout
        Seconds for one attempt.
    retries, patience
        How often a failed request is tried again, and for how many seconds of pauses in all (see `Policy`).
    profile
        What the family of the model wants, by name (see `available_profiles`); default by the model's name.
    thinking
        False turns the thinking of Qwen3 or gpt-5 off: a model of its own, ``NAME-no-think``, with its own samples.
    reasoning_effort
        For the families that have one; another than the usual is part of the name: ``gpt-oss-20b-high``.
    thinking_by
        How the server is told to think or not: ``template`` (variables of the chat template), ``field`` (a field of
        the request) or ``text`` (``/think`` or ``/no_think`` after the question). Known for vLLM, SGLang, llama.cpp
        and DashScope; with others thinking=False is an error until you say it.
    seeds
        False: send no seed, to a server that refuses one. Samples then differ by the server's own chance.
    samples_per_request
        Samples of one prompt that one request asks for (``n``), up to 128, where the server can (vLLM, OpenAI's chat
        models). The prompt is then read, paid and counted once: with the first of them. What each took is known on
        vLLM only, and limits of a run count the rest at its worst. Fewer choices than asked: the rest is asked again.
    answers_as
        The name that the server gives in its answers, where that is not `model`, perhaps with a date or without a
        folder (an alias; a deployment). Another model's answer stops a run at its start; later it is tried again, and
        at last an error: a router's fallback is no sample of this model. llama.cpp may answer under any name.

    Notes
    -----
    A request's seed is that of its first sample; choice i of vLLM has that seed + i. The same run asked again in an
    empty directory is then the same run. A run that was interrupted groups what is left anew: its samples are drawn as
    well, and stay what they are, but are not those of an undisturbed run.
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
        profile: str | None = None,
        thinking: bool | None = None,
        reasoning_effort: str | None = None,
        thinking_by: Way | None = None,
        seeds: bool = True,
        samples_per_request: int = 1,
        answers_as: str | None = None,
    ) -> None:
        self.base_url = checked_url(base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL)
        limits = {"timeout": timeout, "requests_per_minute": 1 if requests_per_minute is None else requests_per_minute}
        for parameter, value in limits.items():
            given.real(f"OpenAIModel: {parameter}", value, lambda number: number > 0, "a number > 0")
        given.real("OpenAIModel: patience", patience, lambda seconds: seconds >= 0, "a number of seconds >= 0")
        given.instance("OpenAIModel: seeds", seeds, bool, "True or False")
        self.model, self.mode = mode_of(model, profile, thinking, reasoning_effort)
        if thinking_by is not None:
            given.one_of("OpenAIModel: thinking_by", thinking_by, get_args(Way))
            self.mode.check_way(self.model, thinking_by)
        self._name = name or self.mode.named(self.model.rsplit("/", 1)[-1], "-")
        self.key_env = checked_key_env(key_env)
        self._endpoint = Endpoint(self.base_url, self.model, self._name, self.key_env)
        self._known = Dialect(self.mode, self._endpoint.hosted, self.base_url, thinking_by, seeds)  # before it is asked
        self._notes: tuple[str, ...] = ()
        self.max_in_flight = given.whole("OpenAIModel: max_in_flight", max_in_flight, 1)
        self.requests_per_minute = requests_per_minute
        self.policy = Policy(timeout, given.whole("OpenAIModel: retries", retries, 0), patience)
        self._pace = Pace(requests_per_minute)
        self.samples_per_request = given.whole("OpenAIModel: samples_per_request", samples_per_request, 1)
        if self.samples_per_request > MOST_SAMPLES:
            raise InputError(f"OpenAIModel: samples_per_request is {samples_per_request}: at most {MOST_SAMPLES}")
        self.answers_as = answers_as

    @property
    def id(self) -> ModelId:
        return ModelId(self.mode.named(self.model), engine=f"OpenAI-compatible server {self.base_url}")

    @property
    def profile(self) -> Profile:
        """What the family of this model wants; ``model.profile.sampling()`` is the recommended sampling."""
        return self.mode.profile

    @property
    def name(self) -> str:
        return self._name

    @property
    def kind(self) -> str:
        """What runs the model: "openai", "vllm", "llamacpp", or what else the server says of itself."""
        return self._endpoint.kind

    @property
    def context(self) -> int | None:
        """Tokens for prompt and output together, where the server tells (vLLM, SGLang, llama.cpp)."""
        return self._endpoint.context

    @property
    def settings(self) -> dict[str, Any]:
        """What is sent with every request because of the kind of server and the profile, and how; for a manifest.

        `substituted` says what goes out otherwise than it was said, and `notes` where the last `check` saw the run
        differ from the profile's recommendations, or could not tell whether the server heeds a setting.
        """
        return {
            **{"server": self.kind, "base_url": self.base_url, "model": self.model, "profile": self.profile.name},
            **{"added": self._dialect.added(), "substituted": self._dialect.substituted(), "notes": [*self._notes]},
            **{"reasoning_tokens": source_of_counts(self._endpoint.counts)},
            **{"max_in_flight": self.max_in_flight, "requests_per_minute": self.requests_per_minute},
            **{"samples_per_request": self.samples_per_request, "answers_as": self._expected_name},
            **asdict(self.policy),
        }

    def check(self, sampling: Sampling, prompts: Sequence[Prompt]) -> None:
        """Raise `InputError` for what the server or the model would reject or ignore, a missing key included.

        A system message for models that want none is a warning.

        Raises
        ------
        ModelError
            The server cannot be reached, or refuses the key.
        """
        self._endpoint.key()
        accepted = self._endpoint.accepted(prompts) if sampling.extra else None
        self._dialect.check(self.name, sampling, prompts, accepted)
        if self.context is not None and sampling.max_tokens >= self.context:
            raise InputError(
                f"max_tokens={sampling.max_tokens} leaves no room in {self.name!r}'s {self.context} tokens"
            )
        told = self.mode.notes(self.name, sampling, prompts)
        unknown = unchecked(sampling, accepted, self.kind, self.mode.effort)
        self._notes = (*told, *unknown, *may_cut(self.kind, self.context))

    def as_sent(self, prompt: Prompt) -> str:
        """The messages as they go out; which template the server applies to them is not known here."""
        if prompt.text is not None:
            return prompt.text + prompt.prefill
        turns = [f"[{message['role']}]\n{message['content']}" for message in self._known.messages(prompt)]
        return "\n\n".join([*turns, f"[assistant]\n{prompt.prefill}"] if prompt.prefill else turns)

    def count_tokens(self, prompt: Prompt) -> None:
        """None: a remote server's tokeniser is not at hand."""

    async def generate(self, requests: Sequence[Request]) -> AsyncGenerator[Answers, None]:
        """Answer all requests; see `transport.stream`."""
        key = self._endpoint.key()
        counts = await asyncio.to_thread(lambda: self._endpoint.counts)  # asked once, not in the event loop
        lanes = [Lane(self.base_url, self.max_in_flight, key)]
        greedy = any(request.sampling.temperature == 0 for request in requests[:1])  # vLLM refuses n then
        together = 1 if greedy else self.samples_per_request
        async with (
            aclosing(stream(requests, lanes, self._prepare, self.policy, self._pace, together)) as groups,
            counting(self.kind if counts else "", self.base_url, self.model, key) as counted,
        ):
            async for group in groups:
                yield await counted(group)

    def _prepare(self, request: Request) -> Call:
        call = self._dialect.call(self.model, request)
        listed = self.samples_per_request > 1 and self.kind == "vllm"  # so that each choice's tokens can be counted
        body = {**call.body, "return_token_ids": True} if listed else call.body
        prefill = request.prompt.prefill
        return replace(
            call, body=body, answers_as=self._expected_name, finish=lambda found: self._dialect.read(found, prefill)
        )

    @property
    def _expected_name(self) -> str:
        return self.answers_as or ("" if self.kind == "llamacpp" else self.model)

    @cached_property
    def _dialect(self) -> Dialect:
        return replace(self._known, kind=self.kind)

    def close(self) -> None:
        """Nothing is held between calls."""

    def __repr__(self) -> str:
        return f"OpenAIModel({self.mode.named(self.model)!r}, {self.base_url!r})"
