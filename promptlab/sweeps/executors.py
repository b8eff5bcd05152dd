"""Where a sweep's groups are worked on: any `concurrent.futures.Executor`; here local processes and a Dask cluster."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import wait

from promptlab.errors import InputError, ModelError

_PATIENCE = 30  # seconds for a scheduler to answer


@dataclass(frozen=True)
class Workers:
    """A pool, how much it can do at a time, and what tells a task there that its result is no longer wanted."""

    pool: Executor
    at_a_time: int
    stopped: Callable[[], bool] | None = None


def executor(jobs: int, dask: str | None) -> AbstractContextManager[Workers]:
    """For the length of a block: `jobs` processes of this machine, or the workers of a Dask scheduler."""
    return _on_dask(dask, jobs) if dask else _here(jobs)


@contextmanager
def interrupted_once() -> Iterator[None]:
    """For the length of a block the first Ctrl-C counts: further ones would cut short the seconds in which all ends."""
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _interrupt_once)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt_once(*_: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


@contextmanager
def _here(jobs: int) -> Iterator[Workers]:
    """Fresh processes: a fork would copy threads and locks. After an error or Ctrl-C they first end their kernels."""
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        yield Workers(pool, jobs)
    except BaseException:
        for worker in set(multiprocessing.active_children()) - others:
            worker.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _on_dask(address: str, jobs: int) -> Iterator[Workers]:
    """More workers may join while it runs, so that `jobs` may be more than there are now."""
    try:
        from distributed import Client
    except ImportError:
        raise InputError("a Dask cluster needs `distributed`: install promptlab with its extra `dask`") from None
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as problem:
        raise ModelError(f"no Dask scheduler answers at {address} ({problem})") from None
    with client:
        yield Workers(client.get_executor(pure=False), max(jobs, sum(client.nthreads().values())), _is_cancelled)


def _is_cancelled() -> bool:
    """Of a task on a Dask worker: its sweep was interrupted or killed. Nothing else tells a task that has begun."""
    from distributed import get_worker

    worker = get_worker()
    task = worker.state.tasks.get(worker.get_current_task())
    return task is None or task.state == "cancelled"


def _begin() -> None:
    """Of a worker: Ctrl-C is for its parent, which asks it to end; it ends with its parent, also after ``kill -9``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _interrupt)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _interrupt(*_: object) -> None:
    """Once: what it interrupts ends its kernel, and must be left alone while it does."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(143)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None  # narrows the type: a worker has one
    wait([parent.sentinel])
    os._exit(1)  # the kernel and the models' servers watch for the end of this process
