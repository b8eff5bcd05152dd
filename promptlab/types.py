"""The whole contract on one screen: what flows from questions to records."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol, get_args, runtime_checkable

from promptlab import given

Role = Literal["system", "user", "assistant"]
Ending = Literal["complete", "truncated", "empty", "refused", "error"]


def digest(value: object) -> str:
    """SHA-256 (32 hex digits) of a JSON-able value: equal values, equal digest, on every machine."""
    return _hashed(_canonical(value))


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _hashed(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True)
class Question:
    """One question with its gold answers; `cluster` is what questions share (template, passage)."""

    id: str
    text: str
    answers: tuple[str, ...]
    kind: str = "number"  # number | label | text | math | drop: which grader fits; judge | code: none here
    choices: tuple[str, ...] = ()
    cluster: str | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)  # "rationale": a worked solution, if there is one

    def __post_init__(self) -> None:
        for name in ("answers", "choices"):  # "42" is one answer, not "4" and "2"
            object.__setattr__(self, name, given.texts(f"Question.{name}", getattr(self, name)))


@dataclass(frozen=True)
class Message:
    role: Role
    content: str


@dataclass(frozen=True)
class Prompt:
    """What is sent: chat `messages`, or a raw `text` to which no chat template is applied."""

    messages: tuple[Message, ...] = ()
    text: str | None = None
    prefill: str = ""  # the start of the model's own turn; part of `Completion.text`
    exemplars: tuple[str, ...] = ()  # the exemplars as shown, kept to trace copying; already inside the prompt

    @property
    def turns(self) -> list[tuple[str, str]]:
        """What is sent as (role, text), for people to read."""
        sent = [(m.role, m.content) for m in self.messages] if self.text is None else [("raw text", self.text)]
        return [*sent, ("prefill", self.prefill)] if self.prefill else list(sent)

    @cached_property
    def hash(self) -> str:
        """Digest of what is sent: `exemplars` repeats a part of it and does not count."""
        return digest([[(m.role, m.content) for m in self.messages], self.text, self.prefill])


@dataclass(frozen=True)
class AnswerFormat:
    """The sentence that asks for a format, and the `wrap` in which an answer then stands: ``{answer}``."""

    name: str
    sentence: str
    wrap: str


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """Sampling settings, the same in every arm; `extra` goes to the server as it is (``top_k``, ...)."""

    max_tokens: int
    temperature: float = 0.6
    top_p: float = 0.95
    seed: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        t, p = self.temperature, self.top_p
        checked = {
            "max_tokens": given.whole("Sampling.max_tokens", self.max_tokens, 1),
            "temperature": given.real("Sampling.temperature", t, lambda t: t >= 0, "a number >= 0"),
            "top_p": given.real("Sampling.top_p", p, lambda p: 0 < p <= 1, "a number above 0 and at most 1"),
            "seed": given.whole("Sampling.seed", self.seed),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        given.instance("Sampling.extra", self.extra, Mapping, "a mapping of names to values")


@dataclass(frozen=True)
class ModelId:
    """Which weights answered. `engine` says what ran them; it is recorded, and is not part of a key."""

    name: str
    revision: str = ""
    adapter: str = ""
    template_hash: str = ""
    engine: str = ""


@dataclass(frozen=True)
class Request:
    key: str
    prompt: Prompt
    sampling: Sampling
    seed: int  # this sample's own seed, derived from the key's parts
    index: int  # 0..K-1


@dataclass(frozen=True)
class Completion:
    """One sampled output. `reasoning` is the server's own field; tags inside `text` are left alone."""

    text: str
    ending: Ending
    reasoning: str = ""
    finish_reason: str = ""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None
    seconds: float | None = None
    error: str = ""

    def __post_init__(self) -> None:
        """What could not be stored, or read again, is refused where it is made."""
        for name in ("text", "reasoning", "finish_reason", "error"):
            given.instance(f"Completion.{name}", getattr(self, name), str, "a text")
        given.one_of("Completion.ending", self.ending, get_args(Ending))
        for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cached_tokens"):
            object.__setattr__(self, name, given.count(f"Completion.{name}", getattr(self, name)))
        if self.seconds is not None:
            object.__setattr__(
                self, "seconds", given.real("Completion.seconds", self.seconds, lambda s: s >= 0, "a number >= 0")
            )


@dataclass(frozen=True)
class Grade:
    """`score` in [0, 1], NaN where the sample is missing (an error); format is kept apart from correctness.

    `answered`: the grader found an answer and could judge it. One that it cannot read, or options that are mentioned
    and none of them claimed, scores 0 and is not answered: `compare` asks what if it had been right.
    """

    score: float
    answer: str = ""
    answered: bool = False
    format_ok: bool | None = None  # None: the run asked for no format
    why: str = ""


Answers = Sequence[tuple[str, Completion]]  # a group of (key, completion), never empty


@runtime_checkable
class Model(Protocol):
    """Anything that turns requests into completions; retries and concurrency are its own affair."""

    @property
    def id(self) -> ModelId: ...
    @property
    def name(self) -> str: ...  # short, unique within an experiment: a column, a legend
    @property
    def context(self) -> int | None: ...  # tokens for prompt and output together; None: not known

    def check(self, sampling: Sampling, prompts: Sequence[Prompt]) -> None:
        """Raise `InputError` for what this model would reject or silently ignore. Makes no paid call."""

    def as_sent(self, prompt: Prompt) -> str:
        """The prompt exactly as the model reads it, chat template applied where that is known."""

    def count_tokens(self, prompt: Prompt) -> int | None:
        """Tokens of the prompt as sent; None where that cannot be known before the call."""

    def generate(self, requests: Sequence[Request]) -> AsyncIterator[Answers]:
        """Batch in; groups out as they complete. A failed sample has the ending ``error``.

        Requests may be made anew each time they are looked at: equal, not identical, and none is kept for the model.

        Asking for the next group says that the last one is committed. Until then its requests count as in flight, so
        that a killed process never has to repeat more requests than a model may have in flight.
        """

    def close(self) -> None: ...


class Grader(Protocol):
    """Pure: the same question and answer text give the same grade. A new rule needs a new `version`."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...

    def __call__(self, question: Question, answer_text: str) -> Grade: ...


def status(ending: Ending, score: float, answered: bool) -> str:
    """One word for display. Precedence: error, refused, empty, correct, truncated, no answer, wrong.

    A truncated output may hold a right answer: it is then ``correct`` here, and still counted by its ending.
    """
    if ending in ("error", "refused", "empty"):
        return ending
    if score >= 1:
        return "correct"
    if ending == "truncated":
        return "truncated"
    return "wrong" if answered else "no answer"


def request_keys(model: ModelId, sampling: Sampling) -> Callable[[Prompt, int, int], str]:
    """The key of a sample by (prompt, replicate, index): what makes two samples the same sample.

    `engine` is left out, so an upgrade does not orphan a run.
    """
    identity = _canonical([model.name, model.revision, model.adapter, model.template_hash])
    settings = _canonical(asdict(sampling))  # written once: a run asks for the key of every sample
    return lambda prompt, replicate, index: _hashed(f'[{identity},"{prompt.hash}",{settings},{replicate},{index}]')


def request_key(model: ModelId, prompt: Prompt, sampling: Sampling, replicate: int, index: int) -> str:
    """The key of one sample; see `request_keys`."""
    return request_keys(model, sampling)(prompt, replicate, index)


def request_seed(key: str) -> int:
    """The sample's seed, in [0, 2**31): derived from its key, so samples are independent and repeatable."""
    return int(key[:8], 16) & 0x7FFFFFFF
