"""The embedded engine: single-threaded llama.cpp servers on loopback, one a core, each a process of its own.

Why so: one server of several threads spins while it waits and collapses on busy cores; two of one thread are faster.
Each (base, adapter) has its own servers, because on a shared slot an adapter's key-value cache would answer for the
base; the weights are memory-mapped, so all share them. Inside this process the engine would break every forked child
(it hangs or aborts at exit, waiting for threads that were not copied), and a crash would take the notebook with it.
"""

from __future__ import annotations

import http.client
import importlib.metadata
import importlib.util
import json
import os
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from promptlab.errors import ModelError
from promptlab.types import digest

LENT = "PROMPTLAB_SERVERS"  # the environment's name for servers that a parent process runs: {key: addresses} as JSON
_WORKER = Path(__file__).with_name("worker.py")
Process = subprocess.Popen[str]


@dataclass(frozen=True)
class Spec:
    """What makes two engines the same engine; `context` is a slot's, prompt and output together."""

    base: Path
    adapter: Path | None
    adapter_hash: str
    workers: int
    slots: int
    context: int

    @property
    def key(self) -> str:
        return digest([str(self.base), self.adapter_hash, self.workers, self.slots, self.context])


class Servers:
    """Servers that answer at these addresses; who started them ends them."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses

    def alive(self) -> bool:
        return all(map(_listens, self.addresses))

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """One small synchronous call to the first server."""
        address = urlsplit(self.addresses[0])
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=600)
        try:
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            return json.loads(connection.getresponse().read())
        except OSError as error:
            raise ModelError(f"the embedded engine does not answer any more ({error}): open the model again") from None
        finally:
            connection.close()

    def count_tokens(self, text: str) -> int:
        return len(self.post("/tokenize", {"content": text, "parse_special": True})["tokens"])


class Engine(Servers):
    """The servers of one `Spec`. They end when the last reference goes, and with this process at the latest."""

    def __init__(self, spec: Spec, port: int = 0) -> None:
        self.processes = [_start(spec, port) for _ in range(spec.workers)]  # all at once: they load side by side
        self._owner = os.getpid()
        self.stop = weakref.finalize(self, _stop, self.processes, self._owner)
        try:
            self.addresses = [_address(process) for process in self.processes]
        except RuntimeError as error:
            self.stop()
            part = spec.adapter or spec.base
            raise ModelError(f"the engine could not load {part} (port {port or 'any'}): {error}") from None

    def alive(self) -> bool:
        """Whether all servers run; a forked child uses its parent's, and cannot ask."""
        return os.getpid() != self._owner or all(process.poll() is None for process in self.processes)


_engines: weakref.WeakValueDictionary[Spec, Servers] = weakref.WeakValueDictionary()
_lock = threading.Lock()


def shared_engine(spec: Spec) -> Servers:
    """The running engine of a spec: of this process, else lent by its parent, else started."""
    with _lock:
        engine = _engines.get(spec)
        if engine is None or not engine.alive():
            engine = _engines[spec] = _borrowed(spec) or Engine(spec)
        return engine


def lent(key: str) -> list[str]:
    """The addresses of servers that a parent process runs for this one; none where it runs none."""
    addresses: list[str] = json.loads(os.environ.get(LENT, "{}")).get(key, [])
    return addresses


def _borrowed(spec: Spec) -> Servers | None:
    servers = Servers(lent(spec.key))
    return servers if servers.addresses and servers.alive() else None


def _listens(address: str) -> bool:
    url = urlsplit(address)
    try:
        with socket.create_connection((url.hostname, url.port), timeout=5):
            return True
    except OSError:
        return False


@contextmanager
def served(spec: Spec, port: int) -> Iterator[str]:
    """A server that other programs can talk to, for as long as the block runs; gives its base URL."""
    engine = Engine(spec, port)
    try:
        yield f"{engine.addresses[0]}/v1"
    finally:
        engine.stop()


def engine_version() -> str:
    """Raises `ModelError` where xllamacpp is not installed; does not import it."""
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelError("embedded models need the engine: run `python -m pip install xllamacpp==2026.10.11549`")
    return f"xllamacpp {importlib.metadata.version('xllamacpp')}"


def _start(spec: Spec, port: int) -> Process:
    settings = json.dumps({**asdict(spec), "port": port}, default=str)
    command = [sys.executable, "-P", str(_WORKER), settings]  # -P: the script's folder stays off the path
    pipe, null = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=null, text=True, encoding="utf-8")


def _address(process: Process) -> str:
    """Wait for the worker's one line (about a second)."""
    assert process.stdout is not None  # narrows the type: it was opened as a pipe
    for line in process.stdout:
        word, _, rest = line.strip().partition(" ")
        if word == "ready":
            return rest
        if word == "failed":
            raise RuntimeError(rest)
    raise RuntimeError(f"its process ended with status {process.wait()}")


def _stop(processes: Sequence[Process], owner: int) -> None:
    """End the workers, which have nothing to save, and wait for them; a forked child leaves them to their owner."""
    if os.getpid() != owner:
        return
    for process in processes:
        process.kill()
        process.communicate()  # waits, and closes the pipes
