"""Requests to OpenAI-compatible servers: a fixed number in flight, one policy of retries, one way to stop.

Remote servers and the in-process engine alike are `Lane`s of this one transport.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from promptlab.errors import ModelError
from promptlab.models.replies import Failure, one_line, read_reply, read_status
from promptlab.types import Answers, Completion, Request

if TYPE_CHECKING:
    from openai import AsyncOpenAI

_jitter = random.Random()  # of its own: the user's `random.seed` is neither used nor disturbed


@dataclass(frozen=True)
class Call:
    """One request as it goes out."""

    path: str  # /chat/completions or /completions
    body: Mapping[str, Any]
    prefill: str = ""
    echoes: bool = False


@dataclass(frozen=True)
class Lane:
    """One server, or one slot of it, and how many requests it may hold.

    `body` is added to every request of the lane; the key is known to the lane for one batch only.
    """

    base_url: str | None
    in_flight: int
    key: str = field(default="none", repr=False)
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Policy:
    """How long to wait for one request, how often to try again, and for how long in all.

    The pause before attempt n is 0.5 s * 2**n, at most 60 s, times a random factor in [0.5, 1]; a server's
    Retry-After is honoured. Pauses of one request add up to `patience` seconds at most.
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


class Blocks:
    """Requests in contiguous blocks, one a lane, so that a lane keeps the prompt prefixes it has read.

    A lane whose block is done takes the second half of the longest rest: none is idle while work remains.

    Examples
    --------
    >>> blocks = Blocks(range(6), 2)
    >>> [blocks.take(0) for _ in range(4)], blocks.take(1)
    ([0, 1, 2, 4], 3)
    """

    def __init__(self, items: Sequence[Any], lanes: int) -> None:
        cuts = [i * len(items) // lanes for i in range(lanes + 1)]
        self._blocks = [deque(items[start:stop]) for start, stop in pairwise(cuts)]

    def take(self, lane: int) -> Any:
        """The next item for a lane; None when all are taken."""
        block = self._blocks[lane]
        if not block:
            longest = max(self._blocks, key=len)
            block.extendleft([longest.pop() for _ in range((len(longest) + 1) // 2)])
        return block.popleft() if block else None


async def stream(
    requests: Sequence[Request],
    lanes: Sequence[Lane],
    prepare: Callable[[Request], Call],
    policy: Policy,
    pace: Pace,
) -> AsyncGenerator[Answers, None]:
    """Send all requests and yield groups of (key, completion): all that has completed since the last group.

    The number of tasks is the number of requests in flight, however many requests there are; a task goes on when the
    reader asks for the group after its own. Closing the iterator, or cancelling the task that reads it, ends them all
    before it returns.

    Raises
    ------
    ModelError
        The server refuses every request (key, model name). Completions that came before are yielded first.
    """
    blocks = Blocks(requests, len(lanes))
    done: asyncio.Queue[_Done | Exception] = asyncio.Queue()  # at most one entry a task

    async def work(number: int, client: AsyncOpenAI, lane: Lane) -> None:
        try:
            while (request := blocks.take(number)) is not None:
                call = prepare(request)
                call = replace(call, body={**call.body, **lane.body})
                safe = asyncio.Event()
                done.put_nowait(_Done(request.key, await _complete(client, call, policy, pace, lane.key), safe))
                await safe.wait()
        except Exception as error:  # noqa: BLE001 (handed to the reader, who raises it)
            done.put_nowait(error)

    async with AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(_client(lane, policy)) for lane in lanes]
        tasks = [
            asyncio.create_task(work(number, clients[number], lane))
            for number, lane in enumerate(lanes)
            for _ in range(min(lane.in_flight, len(requests)))
        ]
        stack.push_async_callback(_cancel, tasks)
        left = len(requests)
        while left:
            group, error = await _waiting(done)
            if group:
                yield [(item.key, item.completion) for item in group]
            if error:
                raise error
            for item in group:
                item.safe.set()
            left -= len(group)


@dataclass(frozen=True)
class _Done:
    key: str
    completion: Completion
    safe: asyncio.Event = field(repr=False)  # set when the reader has it for good


async def _waiting(done: asyncio.Queue[_Done | Exception]) -> tuple[list[_Done], Exception | None]:
    """Everything that is in the queue, at least one entry; up to the first error."""
    group: list[_Done] = []
    while not group or not done.empty():
        item = await done.get()
        if isinstance(item, Exception):
            return group, item
        group.append(item)
    return group, None


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _client(lane: Lane, policy: Policy) -> AsyncOpenAI:
    """The client's own retries are off: there is one policy. Loopback goes through no proxy and needs no TLS."""
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    http = DefaultAsyncHttpxClient(trust_env=False, verify=False) if is_loopback(lane.base_url) else None
    return AsyncOpenAI(
        base_url=lane.base_url, api_key=lane.key, max_retries=0, timeout=policy.timeout, http_client=http
    )


def is_loopback(base_url: str | None) -> bool:
    """Whether a URL stays on this machine."""
    host = urlsplit(base_url or "").hostname or ""
    return host in ("localhost", "::1") or host.startswith("127.")


async def _complete(client: AsyncOpenAI, call: Call, policy: Policy, pace: Pace, key: str) -> Completion:
    """Try until there is a completion, a failure that lasts, or no patience left."""
    waited = 0.0
    for attempt in range(policy.retries + 1):
        await pace.turn()
        started = time.monotonic()
        outcome = await _attempt(client, call)
        if isinstance(outcome, Completion):
            return replace(outcome, seconds=time.monotonic() - started)
        message = redact(outcome.message, key)
        if outcome.fatal:
            raise ModelError(f"the server at {client.base_url} refuses every request: {message}")
        pause = policy.pause(attempt, outcome.after)
        if not outcome.retry or attempt == policy.retries or waited + pause > policy.patience:
            break
        waited += pause
        await asyncio.sleep(pause)
    tried = f" (after {attempt + 1} attempts)" if attempt else ""
    return Completion("", "error", error=message + tried, seconds=time.monotonic() - started)


async def _attempt(client: AsyncOpenAI, call: Call) -> Completion | Failure:
    """One call. The JSON is taken as it is (`cast_to=object`): faster than the client's models, and complete."""
    import openai

    try:
        body = await client.post(call.path, cast_to=object, body=call.body)
    except openai.APIStatusError as error:
        return read_status(error.status_code, error.body, _retry_after(error.response.headers))
    except openai.APITimeoutError:
        return Failure("no answer in time")
    except openai.APIConnectionError as error:
        return Failure(f"no connection: {one_line(error.__cause__ or error)}")
    except ValueError as error:
        return Failure(f"the answer is not JSON: {one_line(error)}")
    return read_reply(body, prefill=call.prefill, echoes=call.echoes)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from a number of seconds or an HTTP date; None where absent or unreadable."""
    value = headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def redact(text: str, key: str) -> str:
    """A server may echo the key in its error; "none" is the stand-in where no key is needed."""
    return text.replace(key, "[key]") if key and key != "none" else text
