"""The asynchronous part: requests go out in waves that a budget allows, completions go to the recorder."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from promptlab.errors import ModelError
from promptlab.runner.budgets import Budgets
from promptlab.runner.planning import Planned
from promptlab.runner.recording import Recorder
from promptlab.types import Model, Sampling

T = TypeVar("T")


async def recorded(sending: Coroutine[Any, Any, T], recorder: Recorder) -> T:
    """Run a sender and its recorder together; however it ends, what has arrived is committed first.

    Ctrl-C cancels this coroutine at any moment, also while the last commit runs: it is passed on to the sender only,
    and raised when all is committed.
    """
    sender = asyncio.ensure_future(sending)
    whole = asyncio.ensure_future(_until_committed(sender, recorder))
    interrupted = False
    while not whole.done():
        try:
            await asyncio.wait({whole})
        except asyncio.CancelledError:
            interrupted = True
            sender.cancel()
            recorder.hurry()
    if interrupted:
        raise asyncio.CancelledError from (None if whole.cancelled() else whole.exception())
    return whole.result()


async def _until_committed(sender: asyncio.Future[T], recorder: Recorder) -> T:
    writer = asyncio.ensure_future(recorder.work())
    both: list[asyncio.Future[Any]] = [writer, sender]
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    sender.cancel()  # without effect when it has ended; else grading or the disk has failed
    await asyncio.wait({sender})
    recorder.finish()
    await asyncio.wait({writer})
    if recorder.failure:  # of grading: the writer has ended, the disk still works
        await recorder.flush()
    _, result = await asyncio.gather(writer, sender)  # the writer's failure first: the sender was only cancelled
    return result


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
    asked = {planned.key: planned for planned in wave}
    stream = model.generate([planned.request(sampling) for planned in wave])
    try:
        async for key, completion in stream:
            if key not in asked:
                raise ModelError(f"model {model.name!r} returned sample {key!r}, which was not asked for or came twice")
            planned = asked.pop(key)
            budgets.pay(planned.cell.prompt, completion)
            await recorder.put((planned, completion))
    finally:
        if hasattr(stream, "aclose"):  # a generator cleans up now, not when it is collected
            await stream.aclose()
    if asked:
        raise ModelError(f"model {model.name!r} returned nothing for {len(asked)} of {len(wave)} requests")
