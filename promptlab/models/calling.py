"""One request to one server: a bounded answer, one policy of retries, one reading of what came back."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promptlab.errors import ModelError
from promptlab.models.cut_prompts import cut_prompt
from promptlab.models.failures import Failure, one_line, read_status
from promptlab.models.redacting import redact, without
from promptlab.models.replies import read_replies
from promptlab.types import Completion

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_jitter = random.Random()  # of its own: the user's `random.seed` is neither used nor disturbed


@dataclass(frozen=True)
class Call:
    """One request as it goes out.

    `answers_as` is the name under which the server must answer; empty: any. `finish` has the last word on what came.
    """

    path: str  # /chat/completions or /completions
    body: Mapping[str, Any]
    prefill: str = ""
    echoes: bool = False
    answers_as: str = ""
    finish: Callable[[Completion], Completion] = lambda found: found


@dataclass(frozen=True)
class Policy:
    """How long to wait for one request, how often to try again, and for how long in all.

    The pause before attempt n is 0.5 s * 2**n, at most 60 s, times a random factor in [0.5, 1]; a server's
    Retry-After is honoured. Pauses of one request add up to `patience` seconds at most, so that a request ends within
    ``(retries + 1) * timeout + patience`` seconds whatever the server does.
    """

    timeout: float = 600.0
    retries: int = 6
    patience: float = 180.0

    def pause(self, attempt: int, after: float | None) -> float:
        backoff = min(60.0, 0.5 * 2**attempt) * _jitter.uniform(0.5, 1.0)
        return max(backoff, after or 0.0)


class Pace:
    """At most so many requests a minute, evenly spaced; None: no limit."""

    def __init__(self, per_minute: float | None) -> None:
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._next = 0.0

    async def turn(self) -> None:
        if self._gap:
            now = time.monotonic()
            start = max(now, self._next)
            self._next = start + self._gap
            await asyncio.sleep(start - now)


@dataclass
class Caller:
    """Calls one server, through its clients in turn; `recognised` once it has answered under the right name."""

    clients: Iterator[AsyncOpenAI]
    policy: Policy
    pace: Pace
    key: str = field(repr=False)
    recognised: bool = False

    async def answer(self, call: Call, asked: int = 1) -> list[Completion]:
        """Try until there is a completion, a failure that lasts, or no patience left.

        Returns
        -------
        list of Completion
            At least one; fewer than `asked` where the server gave fewer, as many errors where it failed.

        Raises
        ------
        ModelError
            The server refuses every request, or another model answers.
        """
        waited = 0.0
        for attempt in range(self.policy.retries + 1):
            await self.pace.turn()
            started = time.monotonic()
            outcome = await self._attempt(call, asked)
            if not isinstance(outcome, Failure):
                self.recognised = True
                return [call.finish(without(self.key, completion)) for completion in outcome]
            seconds = time.monotonic() - started
            message, ending = redact(outcome.message, self.key), outcome.ending
            waits = outcome.perhaps and not attempt and not self.recognised  # for the others' answers
            if outcome.fatal or ((outcome.stranger or outcome.perhaps) and not self.recognised and not waits):
                does = "answers as another model" if outcome.stranger else "refuses every request"
                raise ModelError(f"the server at {next(self.clients).base_url} {does}: {message}")
            pause = self.policy.pause(attempt, outcome.after)
            if not (outcome.retry or waits) or attempt == self.policy.retries or waited + pause > self.policy.patience:
                break
            waited += pause
            await asyncio.sleep(pause)
        tried = f" (after {attempt + 1} attempts)" if attempt else ""
        return [Completion("", ending, error=message + tried, seconds=seconds)] * asked

    async def _attempt(self, call: Call, asked: int) -> list[Completion] | Failure:
        """One call. The JSON is taken as it is (`cast_to=object`): faster than the client's models, and complete."""
        import openai

        started = time.monotonic()
        try:
            async with asyncio.timeout(self.policy.timeout):  # the client's own timeout starts again with every byte
                body = await next(self.clients).post(call.path, cast_to=object, body=call.body)
        except openai.APIStatusError as error:
            after, path = _retry_after(error.response.headers), error.request.url.path
            return read_status(error.status_code, error.body, after, path)
        except (TimeoutError, openai.APITimeoutError):
            return Failure("no answer in time")
        except (openai.APIConnectionError, _TooLong) as error:
            cause = error.__cause__ or error  # some versions of the client wrap what is raised inside it
            if isinstance(cause, _TooLong):
                return Failure(str(cause), retry=False)
            return Failure(f"no connection: {one_line(cause)}")
        except (ValueError, RecursionError) as error:
            return Failure(f"the answer is not JSON: {one_line(error)}")
        how: dict[str, Any] = {"prefill": call.prefill, "echoes": call.echoes, "answers_as": call.answers_as}
        answers = read_replies(body, asked, **how, seconds=time.monotonic() - started)
        return cut_prompt(call.body, answers) or answers


class _TooLong(Exception):
    """The server sends more than any honest answer can have."""


def open_client(base_url: str | None, key: str, timeout: float, limit: int) -> AsyncOpenAI:
    """A client whose answers hold at most `limit` bytes.

    Its own retries are off: there is one policy. Loopback goes through no proxy and needs no TLS.
    """
    import openai

    class Bounded(openai.DefaultAsyncHttpxClient):
        async def send(self, request: Any, *, stream: bool = False, **options: Any) -> Any:
            response = await super().send(request, stream=True, **options)
            try:
                content = await _read(response, limit)
            finally:
                await response.aclose()
            kept = [(name, value) for name, value in response.headers.items() if name.lower() not in _OF_THE_WIRE]
            return type(response)(response.status_code, headers=kept, content=content, request=response.request)

    local: dict[str, Any] = {"trust_env": False, "verify": False} if is_loopback(base_url) else {}
    http = Bounded(**local)
    return openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0, timeout=timeout, http_client=http)


_OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding")  # no longer true of what was read


async def _read(response: Any, limit: int) -> bytes:
    content = bytearray()
    async for part in response.aiter_bytes():
        content += part
        if len(content) > limit:
            raise _TooLong(f"status {response.status_code}: the answer has more than {limit:,} bytes")
    return bytes(content)


def is_loopback(base_url: str | None) -> bool:
    """Whether a URL stays on this machine."""
    host = urlsplit(base_url or "").hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a number of seconds or an HTTP date; None where absent or unreadable."""
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
