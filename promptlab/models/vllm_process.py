"""A `vllm serve` process: started, waited for, logged, and stopped whatever happens."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptlab.errors import ModelError
from promptlab.models.engine import Servers
from promptlab.models.failures import one_line

SERVE = (sys.executable, "-m", "vllm.entrypoints.cli.main", "serve")  # this environment's, whatever PATH says
_WATCHDOG = Path(__file__).with_name("vllm_watchdog.py")
_PATIENCE = 30.0  # seconds for the watchdog to end the server
_TAIL = 20_000  # bytes of the log that are looked at
Process = subprocess.Popen[bytes]


@dataclass(frozen=True)
class Server:
    """A server that has come up."""

    base_url: str
    log: Path
    process: Process

    def check(self) -> None:
        """Raise `ModelError` where it runs no more."""
        if self.process.poll() is not None:
            raise _ended("the vLLM server has ended", self.log)


@dataclass(frozen=True)
class LentServer:
    """A server of the process that started this one, which ends it."""

    base_url: str

    def check(self) -> None:
        """Raise `ModelError` where it answers no more."""
        if not Servers([self.base_url]).alive():
            raise ModelError(f"the vLLM server at {self.base_url}, which another process runs, has ended")


@contextmanager
def serving(arguments: Sequence[str], port: int, log: Path, timeout: float, *, progress: bool) -> Iterator[Server]:
    """Run ``vllm serve`` while the block runs; gives it once it answers.

    Raises
    ------
    ModelError
        It has not come up; the message ends with the last lines of its log.
    """
    port = port or _free_port()
    with log.open("ab") as output, contextlib.ExitStack() as stack:
        process = _start([*arguments, "--host", "127.0.0.1", "--port", str(port)], output.fileno())
        stack.callback(_stop, process)
        _wait(process, port, log, timeout, progress=progress)
        yield Server(f"http://127.0.0.1:{port}/v1", log, process)


def to_flags(options: Mapping[str, Any]) -> list[str]:
    """Options as the command line has them.

    Examples
    --------
    >>> to_flags({"max_model_len": 4096, "enforce_eager": True, "enable_prefix_caching": False, "quantization": None})
    ['--max-model-len', '4096', '--enforce-eager', '--no-enable-prefix-caching']
    >>> to_flags({"override_generation_config": {"top_k": -1}, "middleware": ["a", "b"]})
    ['--override-generation-config', '{"top_k": -1}', '--middleware', 'a', 'b']
    """
    return [word for name, value in options.items() if value is not None for word in _flag(name, value)]


def _flag(name: str, value: Any) -> list[str]:
    word = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{word}" if value else f"--no-{word}"]
    if isinstance(value, Mapping):
        return [f"--{word}", json.dumps(value)]
    return [f"--{word}", *map(str, value if isinstance(value, list | tuple) else [value])]


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _start(arguments: Sequence[str], output: int) -> Process:
    """A key in ``VLLM_API_KEY`` would lock this process out of its own server on loopback."""
    environment = {name: value for name, value in os.environ.items() if name != "VLLM_API_KEY"}
    command = [sys.executable, "-P", str(_WATCHDOG), *SERVE, *arguments]  # -P: the script's folder stays off the path
    group: dict[str, Any] = {"start_new_session": True}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, stderr=output, env=environment, **group)


def _stop(process: Process) -> None:
    """Close the pipe that the watchdog waits for; what is left of the group after that is killed."""
    assert process.stdin is not None  # narrows the type: it was opened as a pipe
    process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(_PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for _ in range(20):  # the rest of the group dies in its own time, and holds port and GPU until then
            os.killpg(process.pid, 0)
            time.sleep(0.1)
    process.wait()


def _wait(process: Process, port: int, log: Path, timeout: float, *, progress: bool) -> None:
    """Until the server says that it is well."""
    from tqdm.auto import tqdm

    pause = 0.2 if sys.stderr.isatty() else 10
    started = time.monotonic()
    with tqdm(
        desc="vllm serve", bar_format="{desc}: {elapsed} {postfix}", mininterval=pause, disable=not progress
    ) as bar:
        while not _is_well(port):
            if process.poll() is not None:
                raise _ended("the vLLM server has ended before it was ready", log)
            if time.monotonic() - started > timeout:
                raise _ended(f"the vLLM server is not ready after {timeout:g} s (startup_timeout)", log)
            bar.set_postfix_str(one_line(_lines(log)[-1], 100), refresh=False)
            bar.update()
            time.sleep(0.2)


def _is_well(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _ended(what: str, log: Path) -> ModelError:
    """The lines that name an error, else the last ones: vLLM ends with several stacks of one and the same error."""
    if not log.exists():
        return ModelError(f"{what}: its block is over")
    lines = _lines(log)
    telling = [line for line in lines if _ERROR.search(line)] or lines
    said = "\n".join(f"  {one_line(line)}" for line in telling[-5:])
    return ModelError(
        f"{what}; its log is {log}. Where memory is short: a smaller max_model_len or gpu_memory_utilization, or more"
        f" GPUs with tensor_parallel_size. The log says:\n{said}"
    )


_ERROR = re.compile(r"(error|exception)\b.*:|unrecognized arguments", re.IGNORECASE)


def _lines(log: Path) -> list[str]:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return [line for line in lines if line.strip()] or ["(nothing yet)"]
