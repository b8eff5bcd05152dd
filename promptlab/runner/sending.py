"""The asynchronous part: requests go out in waves that a budget allows; what comes back is committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from promptlab.errors import ModelError
from promptlab.runner.budgets import Budgets
from promptlab.runner.lazy import Lazy
from promptlab.runner.planning import Planned
from promptlab.runner.recording import Arrived, Recorder
from promptlab.types import Answers, Completion, Model, Prompt, Request, Sampling


async def send(
    model: Model, sampling: Sampling, pending: Sequence[Planned], budgets: Budgets, recorder: Recorder
) -> Planned | None:
    """Send everything, in waves whose worst case fits the budgets; return the first request that does not fit."""
    start = 0
    while start < len(pending):
        rest = pending[start:]
        n = budgets.fitting(_prompts(rest))
        if n == 0:
            return rest[0]
        await _wave(model, sampling, rest[:n], budgets, recorder)
        start += n
    return None


def _prompts(planned: Sequence[Planned]) -> Lazy[Prompt]:
    return Lazy(range(len(planned)), lambda n: planned[n].prompt)


class _Asked:
    """The requests of a wave, made as the model looks at them, and which of them are open."""

    def __init__(self, wave: Sequence[Planned], sampling: Sampling) -> None:
        self._wave, self._sampling = wave, sampling
        self._open: dict[str, tuple[int, Planned]] = {}
        self._answered = bytearray(len(wave))
        self.requests = Lazy(range(len(wave)), self._request)

    def _request(self, n: int) -> Request:
        planned = self._wave[n]
        if not self._answered[n]:
            self._open[planned.key] = n, planned
        return planned.request(self._sampling)

    def take(self, group: Answers) -> list[Arrived]:
        """The answers that were asked for, each once."""
        arrived = []
        for key, completion in group:
            if found := self._open.pop(key, None):
                self._answered[found[0]] = True
                arrived.append((found[1], completion))
        return arrived

    @property
    def left(self) -> int:
        return len(self._wave) - sum(self._answered)


async def _wave(
    model: Model, sampling: Sampling, wave: Sequence[Planned], budgets: Budgets, recorder: Recorder
) -> None:
    """Commit each group before the next is asked for: that tells the model to go on (`Model.generate`)."""
    asked = _Asked(wave, sampling)
    stream, stopping = _stream(model, asked.requests), False
    try:
        async for group in stream:
            _check_group(model, group)
            arrived = asked.take(group)
            for planned, completion in arrived:
                budgets.pay(planned.prompt, completion)
            stopping |= await _commit(arrived, recorder, stopping=stopping)
            if len(arrived) < len(group):
                raise _unexpected(model, group, arrived)
        if recorder.failure:
            raise recorder.failure
    except asyncio.CancelledError:
        raise recorder.failure or asyncio.CancelledError from None
    finally:
        if hasattr(stream, "aclose"):  # a generator cleans up now, not when it is collected
            await stream.aclose()
    if asked.left:
        raise ModelError(f"model {model.name!r} returned nothing for {asked.left} of {len(wave)} requests")


def _stream(model: Model, requests: Sequence[Request]) -> AsyncIterator[Answers]:
    stream = model.generate(requests)
    if not hasattr(stream, "__aiter__"):
        kind = type(stream).__name__
        raise ModelError(f"model {model.name!r}: generate must be an async generator; it returned a {kind}")
    return stream


def _check_group(model: Model, group: object) -> None:
    """A group is a list of pairs, also where it holds one."""
    pairs = group if isinstance(group, list | tuple) else [group]
    if not all(isinstance(pair, list | tuple) and [type(part) for part in pair] == [str, Completion] for pair in pairs):
        raise ModelError(
            f"model {model.name!r}: generate must yield lists of (key, Completion), [(key, completion)] for one; it "
            f"yielded {group!r:.100}"
        )


def _unexpected(model: Model, group: Answers, arrived: Sequence[Arrived]) -> ModelError:
    expected = {planned.key: completion for planned, completion in arrived}
    key = next(key for key, completion in group if expected.get(key) is not completion)
    return ModelError(f"model {model.name!r} returned sample {key!r}, which was not asked for or came twice")


async def _commit(arrived: Sequence[Arrived], recorder: Recorder, *, stopping: bool) -> bool:
    """Commit in a worker thread, to the end, also after Ctrl-C; return whether to stop.

    To stop, the task is cancelled at its next wait: what completed during this commit needs no waiting, comes out as
    one last group and is committed too.
    """
    work = asyncio.ensure_future(asyncio.to_thread(recorder.commit, arrived))
    interrupted = False
    while not work.done():
        try:
            await asyncio.wait({work})
        except asyncio.CancelledError:
            interrupted = True
            recorder.hurry()
    work.result()
    if stopping:
        raise asyncio.CancelledError
    if interrupted or recorder.failure:
        task = asyncio.current_task()
        assert task
        task.cancel()
    return interrupted or bool(recorder.failure)
