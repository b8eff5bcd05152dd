"""The asynchronous part: requests go out in waves that a budget allows; what comes back is committed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from promptlab.errors import ModelError
from promptlab.runner.budgets import Budgets
from promptlab.runner.planning import Planned
from promptlab.runner.recording import Arrived, Recorder
from promptlab.types import Answers, Completion, Model, Request, Sampling


async def send(
    model: Model, sampling: Sampling, pending: Sequence[Planned], budgets: Budgets, recorder: Recorder
) -> Planned | None:
    """Send everything, in waves whose worst case fits the budgets; return the first request that does not fit."""
    start = 0
    while start < len(pending):
        n = budgets.fitting([planned.cell.prompt for planned in pending[start:]])
        if n == 0:
            return pending[start]
        await _wave(model, sampling, pending[start : start + n], budgets, recorder)
        start += n
    return None


async def _wave(
    model: Model, sampling: Sampling, wave: Sequence[Planned], budgets: Budgets, recorder: Recorder
) -> None:
    """Commit each group before the next is asked for: that tells the model to go on (`Model.generate`)."""
    asked = {planned.key: planned for planned in wave}
    stream = _stream(model, [planned.request(sampling) for planned in wave])
    stopping = False
    try:
        async for group in stream:
            _check_group(model, group)
            arrived = _expected(model, asked, group)
            for planned, completion in arrived:
                budgets.pay(planned.cell.prompt, completion)
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
    if asked:
        raise ModelError(f"model {model.name!r} returned nothing for {len(asked)} of {len(wave)} requests")


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


def _expected(model: Model, asked: dict[str, Planned], group: Answers) -> list[Arrived]:
    """The answers that were asked for, each once."""
    return [(asked.pop(key), completion) for key, completion in group if key in asked]


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
