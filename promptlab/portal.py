"""One background event loop, so that scripts and JupyterLab (whose own loop already runs) share one code path."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T")


@lru_cache(maxsize=1)
def _loop(pid: int) -> asyncio.AbstractEventLoop:
    """The loop of this process: threads do not survive a fork, so a forked child starts its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="promptlab", daemon=True).start()
    return loop


class _Ended(Exception):
    """Carries a SystemExit or KeyboardInterrupt of a coroutine: on the loop it would end that, for every later call."""


async def _contained(coroutine: Coroutine[Any, Any, T]) -> T:
    try:
        return await coroutine
    except (SystemExit, KeyboardInterrupt) as ended:
        raise _Ended(ended) from None


def call(coroutine: Coroutine[Any, Any, T], tick: Callable[[], object] = lambda: None) -> T:
    """Run a coroutine on the background loop and wait for its result.

    `tick` runs about five times a second in the *calling* thread: in a notebook only output of that thread is sure
    to reach the right cell. Ctrl-C cancels the coroutine and waits for its clean-up before it goes on.
    """
    loop, finished = _loop(os.getpid()), threading.Event()
    started: list[asyncio.Task[T]] = []

    def start() -> None:
        started.append(loop.create_task(_contained(coroutine)))
        started[0].add_done_callback(lambda _: finished.set())

    def stop() -> None:  # after `start`, if that was handed over at all: Ctrl-C may come at any moment
        if started:
            started[0].cancel()
        else:
            coroutine.close()
            finished.set()

    try:
        loop.call_soon_threadsafe(start)
        while not finished.wait(0.2):
            tick()
    except BaseException:
        loop.call_soon_threadsafe(stop)
        finished.wait()
        raise
    try:
        return started[0].result()
    except _Ended as ended:
        raise ended.args[0] from None


def start(coroutine: Coroutine[Any, Any, Any], ended: Callable[[BaseException | None], object]) -> Callable[[], object]:
    """Run a coroutine on the background loop without waiting for it; returns what cancels it.

    `ended` is called on the loop, in the end, with the error or None, also when it was cancelled before it began.
    """
    loop, started = _loop(os.getpid()), list[asyncio.Task[Any]]()

    def begin() -> None:
        started.append(loop.create_task(_contained(coroutine)))
        started[0].add_done_callback(end)

    def end(task: asyncio.Task[Any]) -> None:
        coroutine.close()  # one that was cancelled before its first step would complain that nobody awaited it
        ended(asyncio.CancelledError() if task.cancelled() else task.exception())

    loop.call_soon_threadsafe(begin)
    return lambda: loop.call_soon_threadsafe(lambda: started[0].cancel())
