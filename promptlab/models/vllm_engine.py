"""vLLM's offline engine as a stream: one engine a process, in a thread of its own, never idle while work remains."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import threading
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from promptlab.errors import ModelError
from promptlab.models.failures import one_line
from promptlab.models.vllm_options import in_this_process, make_config
from promptlab.types import Request


@dataclass(frozen=True)
class Ask:
    """One request as the engine gets it."""

    tokens: Sequence[int]
    params: Any
    lora: Any = None


@dataclass(frozen=True)
class Answer:
    """The engine's output for one request; None: it has refused it, for this reason."""

    request: Request
    output: Any
    seconds: float
    refused: str = ""


class Engine:
    """The engine of one set of options; building it takes from seconds to minutes.

    All calls to vLLM come from one thread, since a GPU's state belongs to a thread.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.options, self.usable, self.busy, self.owner = options, True, False, os.getpid()
        self._thread = ThreadPoolExecutor(1, "vllm")
        self._open: dict[str, tuple[Request, float]] = {}
        self._stop = threading.Event()
        try:
            self._core = self._thread.submit(_build, options).result()
        except Exception as problem:
            self.usable = False
            self._thread.shutdown(wait=False)
            raise ModelError(
                f"vLLM could not start {options['model']}: {type(problem).__name__}: {one_line(problem, 600)}. Where"
                " memory is short: a smaller max_model_len, gpu_memory_utilization, or more GPUs with"
                " tensor_parallel_size; what else holds the GPU, shows nvidia-smi"
            ) from problem
        self.most = 2 * self._core.vllm_config.scheduler_config.max_num_seqs  # in work, and ready to follow

    async def stream(
        self, requests: Sequence[Request], prepare: Callable[[Request], Ask]
    ) -> AsyncGenerator[list[Answer], None]:
        """Answer all requests; groups as they complete. The engine goes on while the reader has a group in hand.

        Raises
        ------
        ModelError
            The engine has failed, and cannot be used any more; or another call is being answered.
        """
        if self.busy:
            raise ModelError(f"the engine of {self.options['model']} is answering another call: one after the other")
        start, held, group = 0, 0, list[Answer]()  # a request is made when its turn comes
        self.busy = True
        try:
            while start < len(requests) or held or group:
                new = list(requests[start : start + self.most - held - len(group)])
                start, held = start + len(new), held + len(new)
                reader = threading.Event()
                work = asyncio.wrap_future(self._thread.submit(self._work, new, prepare, reader))
                if group:
                    yield group
                reader.set()
                group = await work
                held -= len(group)
        finally:
            self._stop.set()
            await asyncio.shield(asyncio.wrap_future(self._thread.submit(self._end)))

    def _work(self, new: Sequence[Request], prepare: Callable[[Request], Ask], reader: threading.Event) -> list[Answer]:
        """Take `new` requests in, and compute until some are done and the reader waits for them."""
        try:
            done = [answer for request in new if (answer := self._add(request, prepare))]
            while self._open and not self._stop.is_set() and not (done and reader.is_set()):
                done += [self._answer(output) for output in self._core.step() if output.finished]
        except Exception as problem:
            self.usable = False
            raise ModelError(
                f"vLLM's engine has failed ({type(problem).__name__}: {one_line(problem)}); the next call starts a new"
                " one, after an error of the GPU only a new process can"
            ) from problem
        return done

    def _add(self, request: Request, prepare: Callable[[Request], Ask]) -> Answer | None:
        try:
            ask = prepare(request)
            prompt = {"prompt_token_ids": list(ask.tokens)}
            self._core.add_request(request.key, prompt, ask.params, lora_request=ask.lora)
        except _refusals() as problem:
            return Answer(request, None, 0.0, one_line(problem))
        self._open[request.key] = (request, time.monotonic())
        return None

    def _answer(self, output: Any) -> Answer:
        request, started = self._open.pop(output.request_id)
        return Answer(request, output, time.monotonic() - started)

    def _end(self) -> None:
        """Drop what nobody waits for any more."""
        if self._open and self.usable:
            self._core.abort_request(list(self._open))
        self._open.clear()
        self._stop.clear()
        self.busy = False

    def close(self) -> None:
        """Let go of the weights and of the memory, as far as a failed engine can."""
        self.usable = False
        with contextlib.suppress(Exception):
            self._thread.submit(self._drop).result()
        self._thread.shutdown()

    def _drop(self) -> None:
        from vllm.distributed import cleanup_dist_env_and_memory

        self._core.engine_core.shutdown()
        del self._core
        gc.collect()
        cleanup_dist_env_and_memory()


_held: Engine | None = None
_lock = threading.Lock()


def held_engine(options: Mapping[str, Any]) -> Engine:
    """The engine of these options. There is one a process: it holds nearly all of a GPU, so the last one goes first.

    Raises
    ------
    ModelError
        Another model's engine is answering, or this one cannot start.
    """
    global _held
    with _lock:
        if _held and _held.owner != os.getpid():
            _held = None  # of the process that this one was forked from
        if _held and _held.usable and _held.options == options:
            return _held
        if _held and _held.busy:
            raise ModelError(
                f"the engine of {_held.options['model']} is answering in this process, and there is one at a time: run"
                " one after the other, or serve each with lab.serve_vllm"
            )
        if _held:
            _held.close()
        _held = None
        _held = Engine(options)
        return _held


def let_go(options: Mapping[str, Any]) -> None:
    """Close the engine of these options, if it is there and idle."""
    global _held
    with _lock:
        if _held and _held.options == options and not _held.busy:
            _held.close()
            _held = None


def _build(options: Mapping[str, Any]) -> Any:
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.llm_engine import LLMEngine

    config = make_config(options)
    with in_this_process():
        return LLMEngine.from_vllm_config(config, usage_context=UsageContext.LLM_CLASS, disable_log_stats=True)


def _refusals() -> tuple[type[Exception], ...]:
    """What vLLM raises for one bad request; its own error is a ValueError in some versions only."""
    import vllm.exceptions

    return (ValueError, getattr(vllm.exceptions, "VLLMValidationError", ValueError))
