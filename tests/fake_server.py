"""A small OpenAI-compatible server for tests and benchmarks: deterministic replies, faults on schedule.

In a test (pytest puts this folder on the path)::

    from fake_server import FakeServer, Fault

    with FakeServer(script=[Fault(status=429, retry_after=0.1)]) as server:   # the first request fails, the next not
        client = openai.OpenAI(base_url=server.base_url, api_key="none")

In a process of its own, which outlives a client that is killed: ``python -m tests.fake_server --port 0 --log FILE``
prints its base URL; FILE gets one JSON line a request (time, path, digest of the body).
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal[
    "status",  # the HTTP status, with `message` in an error body
    "reset",  # headers and half of the body, then the connection is closed hard
    "cut",  # a complete HTTP answer whose JSON is cut in half
    "no choices",  # "choices": []
    "empty",  # no text, finish_reason "stop"
    "none",  # content null, finish_reason "stop"
    "hang",  # never answers
    "length",  # half of the text, finish_reason "length"
    "content filter",  # no text, finish_reason "content_filter"
    "tool calls",  # no text, finish_reason "tool_calls"
    "error body",  # status 200 that holds an error object
    "page",  # status 200, a page of HTML
    "plain",  # the right JSON, called text/plain
    "nested",  # JSON nested a hundred thousand deep
    "drip",  # the right JSON, a byte every 50 ms
    "huge",  # 8 MB of text
    "stranger",  # another model's name in the answer
]


@dataclass(frozen=True)
class Fault:
    """One bad answer.

    `retry_after` (seconds, or an HTTP date) sets the header; `message` may hold ``{key}``: the client's API key; `code`
    is the error's.
    """

    kind: Kind = "status"
    status: int = 500
    retry_after: float | str | None = None
    message: str = "made to fail"
    code: str | None = None


_HUGE = b'{"choices": "' + b"x" * 8_000_000 + b'"}'

Reply = Callable[[dict[str, Any]], "dict[str, Any] | str | Fault"]


def prompt_of(body: dict[str, Any]) -> str:
    """The prompt of a request body as one string."""
    if "prompt" in body:
        return str(body["prompt"])
    return "\n".join(f"{message['role']}: {message['content']}" for message in body.get("messages", ()))


def answer_is(body: dict[str, Any]) -> str:
    """The default reply: a sentence with a number that depends on the prompt and the seed alone."""
    source = f"{prompt_of(body)}|{body.get('seed')}"
    return f"The answer is {int(hashlib.sha256(source.encode()).hexdigest()[:8], 16) % 1000}."


class FakeServer:
    """A server in a thread of this process.

    Parameters
    ----------
    latency
        Seconds before each answer.
    script
        Faults for the first requests in order of arrival; None, and every request after the script, is for `reply`.
    reply
        The answer to a body: a text, a whole response body, or a `Fault`. Default: `answer_is`. Where a body asks for
        n choices, choice i is the answer to the seed + i, as with vLLM.
    owned_by
        What ``/v1/models`` says ("vllm", "llamacpp", ...); `meta` is merged into that entry, and `models_fault`
        is what that route answers instead.
    routes
        What other paths answer.
    log
        A file that gets one JSON line a request, written when the request has arrived.
    """

    def __init__(
        self,
        latency: float = 0.0,
        script: Iterable[Fault | None] = (),
        reply: Reply = answer_is,
        owned_by: str = "fake",
        meta: dict[str, Any] | None = None,
        models_fault: Fault | None = None,
        routes: dict[str, Any] | None = None,
        port: int = 0,
        log: Path | None = None,
    ) -> None:
        self.latency, self.reply, self.port, self.models_fault = latency, reply, port, models_fault
        self.routes = routes or {}
        self.card = {"id": "fake", "object": "model", "owned_by": owned_by, **(meta or {})}
        self.script = iter(list(script))
        self.bodies: list[dict[str, Any]] = []  # of the completion routes, in order of arrival
        self.counts: Counter[str] = Counter()  # by digest of the body's bytes
        self.in_flight = self.peak = 0
        self.log = log.open("a", encoding="utf-8") if log else None
        self.transports: set[asyncio.Transport] = set()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="fake-server", daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> FakeServer:
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(), self.loop).result()
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._shut(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()
        if self.log:
            self.log.close()

    async def _listen(self) -> asyncio.Server:
        return await self.loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port, backlog=1024)

    async def _shut(self) -> None:
        self._server.close()
        for transport in list(self.transports):
            transport.abort()
        await asyncio.sleep(0)

    def record(self, path: str, raw: bytes) -> dict[str, Any]:
        """Note a request of a completion route before anything is answered."""
        body: dict[str, Any] = json.loads(raw)
        digest = hashlib.sha256(raw).hexdigest()[:32]
        self.bodies.append(body)
        self.counts[digest] += 1
        self.in_flight += 1
        self.peak = max(self.peak, self.in_flight)
        if self.log:
            self.log.write(json.dumps({"time": time.time(), "path": path, "digest": digest}) + "\n")
            self.log.flush()
        return body


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive and bodies of a stated length: all that an OpenAI client sends."""

    def __init__(self, server: FakeServer) -> None:
        self.server, self.buffer = server, b""
        self.pending = False  # a request of this connection is being counted as in flight

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.server.transports.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.transports.discard(self.transport)
        self._done()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            headers = _headers(self.buffer[:end])
            stop = end + 4 + int(headers.get("content-length", 0))
            if len(self.buffer) < stop:
                return
            raw, self.buffer = self.buffer[end + 4 : stop], self.buffer[stop:]
            self._handle(headers, raw)

    def _handle(self, headers: dict[str, str], raw: bytes) -> None:
        path = headers[":path"]
        if path in ("/v1/chat/completions", "/v1/completions"):
            self._complete(path, headers, self.server.record(path, raw))
        elif path == "/v1/models" and self.server.models_fault:
            self._fault(path, {}, self.server.models_fault, _key(headers))
        elif path == "/v1/models":
            self._send(200, {"object": "list", "data": [self.server.card]})
        elif path in self.server.routes:
            self._send(200, self.server.routes[path])
        else:
            self._send(404, _error("no such route"))

    def _complete(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> None:
        self.pending = True
        answer = next(self.server.script, None) or self.server.reply(body)
        if isinstance(answer, Fault) and answer.kind == "hang":
            return
        if self.server.latency:
            self.server.loop.call_later(self.server.latency, self._answer, path, body, answer, headers)
        else:
            self._answer(path, body, answer, headers)

    def _answer(self, path: str, body: dict[str, Any], answer: Any, headers: dict[str, str]) -> None:
        self._done()
        if self.transport.is_closing():
            return
        if isinstance(answer, Fault):
            self._fault(path, body, answer, _key(headers))
        elif isinstance(answer, dict):
            self._send(200, answer)
        else:
            others = [{**body, "seed": body.get("seed", 0) + i} for i in range(1, body.get("n") or 1)]
            self._send(200, completion(path, body, answer, others=[str(self.server.reply(other)) for other in others]))

    def _fault(self, path: str, body: dict[str, Any], fault: Fault, key: str) -> None:
        text = answer_is(body)
        whole = completion(path, body, text)
        data = json.dumps(whole).encode()
        error = _error(fault.message.replace("{key}", key), fault.code)
        if fault.kind == "status":
            self._send(fault.status, error, retry_after=fault.retry_after)
        elif fault.kind == "error body":
            self._send(200, error)
        elif fault.kind == "no choices":
            self._send(200, {**whole, "choices": []})
        elif fault.kind == "stranger":
            self._send(200, {**whole, "model": "another-model"})
        elif fault.kind == "huge":
            self._write(200, _HUGE, len(_HUGE))
        elif fault.kind == "nested":
            self._write(200, b"[" * 100_000, 100_000)
        elif fault.kind == "page":
            page = b"<html>Welcome to the hotel's network</html>"
            self._write(200, page, len(page), kind="text/html")
        elif fault.kind == "plain":
            self._write(200, data, len(data), kind="text/plain")
        elif fault.kind == "cut":
            self._write(200, data[: len(data) // 2], len(data) // 2)
        elif fault.kind == "reset":
            self._write(200, data[: len(data) // 2], len(data))
            self.transport.close()
        elif fault.kind == "drip":
            self._write(200, b"", len(data))
            self._drip(data)
        else:
            texts = {
                "empty": "",
                "none": None,
                "length": text[: len(text) // 2],
                "content filter": "",
                "tool calls": None,
            }
            reason = {kind: kind.replace(" ", "_") for kind in ("length", "content filter", "tool calls")}
            self._send(200, completion(path, body, texts[fault.kind], reason.get(fault.kind, "stop")))

    def _drip(self, data: bytes) -> None:
        if data and not self.transport.is_closing():
            self.transport.write(data[:1])
            self.server.loop.call_later(0.05, self._drip, data[1:])

    def _done(self) -> None:
        self.server.in_flight -= self.pending
        self.pending = False

    def _send(self, status: int, body: dict[str, Any], retry_after: float | str | None = None) -> None:
        data = json.dumps(body).encode()
        self._write(status, data, len(data), "" if retry_after is None else f"retry-after: {retry_after}\r\n")

    def _write(self, status: int, data: bytes, length: int, extra: str = "", kind: str = "application/json") -> None:
        head = f"HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n{extra}\r\n"
        self.transport.write(head.encode() + data)


def _headers(block: bytes) -> dict[str, str]:
    first, *lines = block.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines)
    return {":path": first.split(" ")[1]} | {name.lower(): value.strip() for name, value in pairs}


def _key(headers: dict[str, str]) -> str:
    return headers.get("authorization", "").removeprefix("Bearer ")


def _error(message: str, code: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": "fake", "code": code}}


def completion(
    path: str, body: dict[str, Any], text: str | None, finish_reason: str = "stop", others: Iterable[str] = ()
) -> dict[str, Any]:
    """A whole response body of the chat or of the completions route; a token is a word, `others` are more choices."""
    chat, texts = path.endswith("/chat/completions"), [text, *others]
    prompt, words = len(prompt_of(body).split()), sum(len((text or "").split()) for text in texts)
    usage = {"prompt_tokens": prompt, "completion_tokens": words, "total_tokens": prompt + words}
    choices = [
        {"index": i, "finish_reason": finish_reason, "logprobs": None}
        | ({"message": {"role": "assistant", "content": text}} if chat else {"text": text})
        for i, text in enumerate(texts)
    ]
    kind = "chat.completion" if chat else "text_completion"
    head = {"id": "fake", "object": kind, "created": 0, "model": body.get("model", "fake")}
    return {**head, "choices": choices, "usage": usage}


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve deterministic answers until the process is ended.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--log", type=Path)
    options = parser.parse_args()
    with FakeServer(latency=options.latency, port=options.port, log=options.log) as server:
        print(server.base_url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
