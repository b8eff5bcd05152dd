"""Requests to OpenAI-compatible servers: a fixed number in flight, spread over lanes, and one way to stop.

Remote servers and the in-process engine alike are `Lane`s of this one transport.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from itertools import cycle
from typing import TYPE_CHECKING, Any

from promptlab.models.calling import Call, Caller, Pace, Policy, is_loopback, open_client
from promptlab.models.redacting import redact
from promptlab.types import Answers, Completion, Request

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["Blocks", "Call", "Lane", "Pace", "Policy", "is_loopback", "redact", "stream"]

_FRAME, _TOKEN = 2**20, 128  # bytes of an answer beside its texts, and of one token: more is no honest answer

_A_CLIENT = 16  # requests in flight: a client looks at all its connections for every request


@dataclass(frozen=True)
class Lane:
    """One server, or one slot of it, and how many requests it may hold.

    `body` is added to every request of the lane; the key is known to the lane for one batch only.
    """

    base_url: str | None
    in_flight: int
    key: str = field(default="none", repr=False)
    body: Mapping[str, Any] = field(default_factory=dict)


class Blocks:
    """Numbers in contiguous blocks, one a lane, so that a lane keeps the prompt prefixes it has read.

    A lane whose block is done takes the second half of the longest rest: none is idle while work remains.

    Examples
    --------
    >>> blocks = Blocks(range(6), 2)
    >>> [blocks.take(0) for _ in range(4)], blocks.take(1)
    ([0, 1, 2, 4], 3)
    """

    def __init__(self, numbers: range, lanes: int) -> None:
        n = len(numbers)
        self._blocks = [numbers[i * n // lanes : (i + 1) * n // lanes] for i in range(lanes)]

    def next(self, lane: int) -> int | None:
        """The next number for a lane, which stays where it is; None when all are taken."""
        if not self._blocks[lane]:
            longest = max(range(len(self._blocks)), key=lambda i: len(self._blocks[i]))
            rest = self._blocks[longest]
            self._blocks[longest], self._blocks[lane] = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        return next(iter(self._blocks[lane]), None)

    def take(self, lane: int) -> int | None:
        """The next number for a lane; None when all are taken."""
        number = self.next(lane)
        self._blocks[lane] = self._blocks[lane][1:]
        return number


def together(requests: Sequence[Request], blocks: Blocks, lane: int, most: int) -> list[Request]:
    """The next requests for a lane that differ only in their sample, at most so many; none when all are taken."""
    group: list[Request] = []
    while len(group) < most and (number := blocks.next(lane)) is not None:
        request = requests[number]
        if group and (request.prompt, request.sampling) != (group[0].prompt, group[0].sampling):
            break
        blocks.take(lane)
        group.append(request)
    return group


async def stream(
    requests: Sequence[Request],
    lanes: Sequence[Lane],
    prepare: Callable[[Request], Call],
    policy: Policy,
    pace: Pace,
    samples_per_request: int = 1,
) -> AsyncGenerator[Answers, None]:
    """Send all requests and yield groups of (key, completion): all that has completed since the last group.

    The number of tasks is the number of calls in flight, however many requests there are; a task goes on when the
    reader asks for the group after its own. Closing the iterator, or cancelling the task that reads it, ends them all
    before it returns. One call asks for up to `samples_per_request` samples of one prompt. All have one sampling.

    Raises
    ------
    ModelError
        The server refuses every request (key, model name). Completions that came before are yielded first.
    """
    blocks = Blocks(range(len(requests)), len(lanes))
    done: asyncio.Queue[_Done | Exception] = asyncio.Queue()  # at most one entry a task
    limit = _FRAME + _TOKEN * samples_per_request * max((r.sampling.max_tokens for r in requests[:1]), default=0)

    async def work(number: int, caller: Caller, lane: Lane) -> None:
        try:
            while left := together(requests, blocks, number, samples_per_request):
                while left:
                    call = prepare(left[0])
                    several = {"n": len(left)} if len(left) > 1 else {}
                    call = replace(call, body={**call.body, **lane.body, **several})
                    completions = await caller.answer(call, len(left))
                    safe = asyncio.Event()
                    keys = [request.key for request in left]
                    done.put_nowait(_Done(list(zip(keys, completions, strict=False)), safe))
                    await safe.wait()
                    left = left[len(completions) :]
        except Exception as error:  # noqa: BLE001 (handed to the reader, who raises it)
            done.put_nowait(error)

    async with AsyncExitStack() as stack:
        callers = [Caller(await _clients(stack, lane, policy, limit), policy, pace, lane.key) for lane in lanes]
        tasks = [
            asyncio.create_task(work(number, callers[number], lane))
            for number, lane in enumerate(lanes)
            for _ in range(min(lane.in_flight, len(requests)))
        ]
        stack.push_async_callback(_cancel, tasks)
        left = len(requests)
        while left:
            arrived, error = await _waiting(done)
            if arrived:
                yield [answer for item in arrived for answer in item.answers]
            if error:
                raise error
            for item in arrived:
                item.safe.set()
                left -= len(item.answers)


async def _clients(stack: AsyncExitStack, lane: Lane, policy: Policy, limit: int) -> Iterator[AsyncOpenAI]:
    """Clients in turn, each for some of the requests in flight."""
    some = [open_client(lane.base_url, lane.key, policy.timeout, limit) for _ in range(0, lane.in_flight, _A_CLIENT)]
    return cycle([await stack.enter_async_context(client) for client in some])


@dataclass(frozen=True)
class _Done:
    answers: list[tuple[str, Completion]]
    safe: asyncio.Event = field(repr=False)  # set when the reader has them for good


async def _waiting(done: asyncio.Queue[_Done | Exception]) -> tuple[list[_Done], Exception | None]:
    """Everything that is in the queue, at least one entry; up to the first error."""
    arrived: list[_Done] = []
    while not arrived or not done.empty():
        item = await done.get()
        if isinstance(item, Exception):
            return arrived, item
        arrived.append(item)
    return arrived, None


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
