"""Processes that compare expressions: started when first needed, killed when one takes too long or too much."""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from functools import cache
from pathlib import Path

from promptlab.errors import InputError, PromptlabError

SECONDS = 5.0  # of computing, for one comparison
MEBIBYTES = 1024  # of address space
_PATIENCE = 12  # times SECONDS on the wall clock: only a stopped process, or a system without limits, gets there
_START = 120  # seconds on the wall clock: SymPy takes one, or many on a cold and busy disk
_ALGEBRA = Path(__file__).with_name("algebra.py")


class Worker:
    """One process and its pipes. It ends when its standard input does: with this process at the latest.

    Every verdict bears the number of its question: one that belongs to another, whatever has become of the pipes, must
    not be taken for it. They have no buffers, which a forked child would flush into them once more.
    """

    def __init__(self, seconds: float, mebibytes: int) -> None:
        self.seconds, self._asked = seconds, 0
        # -P: the script's folder stays off the path
        command = [sys.executable, "-P", str(_ALGEBRA), str(seconds), str(mebibytes)]
        env = {**os.environ, "PYTHONHASHSEED": "0"}  # SymPy's order of terms must not change from worker to worker
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=null, env=env, bufsize=0)
        if self._line(_START) != "ready":
            self.stop()
            raise PromptlabError("math-verify does not start: `python -c 'import math_verify'` may say why")

    def ask(self, gold: str, said: str) -> str:
        """A verdict of `algebra.compared`; else "timeout" or "crash", and the process is gone."""
        assert self._process.stdin  # narrows the type: it was opened as a pipe
        self._asked += 1
        try:
            self._process.stdin.write(f"{json.dumps([self._asked, gold, said])}\n".encode())
        except OSError:
            self.stop()
            return "crash"
        number, _, verdict = self._line(_PATIENCE * self.seconds).partition(" ")
        return verdict if number == str(self._asked) else self._epitaph()

    def _line(self, patience: float) -> str:
        """The next line; nothing if the process ends, or is killed for taking longer."""
        assert self._process.stdout  # narrows the type: it was opened as a pipe
        self.late = False
        timer = threading.Timer(patience, self._kill)
        timer.daemon = True
        timer.start()
        try:
            return self._process.stdout.readline().decode().strip()
        finally:
            timer.cancel()

    def _kill(self) -> None:
        self.late = True
        self._process.kill()

    def _epitaph(self) -> str:
        ended_by = -self.stop()
        return "timeout" if self.late or ended_by == getattr(signal, "SIGPROF", None) else "crash"

    def stop(self) -> int:
        """End the process, which has nothing to save, and wait for it."""
        self._process.kill()
        self._process.communicate()
        return self._process.returncode


class Pool:
    """As many workers as threads ask at once, one a core at most; an idle one serves whoever comes next."""

    def __init__(self, seconds: float = SECONDS, mebibytes: int = MEBIBYTES) -> None:
        self.seconds, self.mebibytes = seconds, mebibytes
        self.forget()

    def forget(self) -> None:
        """Begin anew: a forked child must not talk through its parent's pipes, nor wait for lost threads."""
        self._idle: deque[Worker] = deque()
        self._free = threading.BoundedSemaphore(os.cpu_count() or 1)

    def compare(self, gold: str, said: str) -> str:
        """One of equal, different, unreadable, memory, timeout, crash."""
        with self._free:
            verdict = self._asked(gold, said)
            return self._asked(gold, said) if verdict == "crash" else verdict  # others kill processes too: once more

    def _asked(self, gold: str, said: str) -> str:
        try:
            worker = self._idle.pop()
        except IndexError:
            worker = Worker(self.seconds, self.mebibytes)
        verdict = worker.ask(gold, said)
        if verdict not in ("timeout", "crash"):
            self._idle.append(worker)
        return verdict

    def close(self) -> None:
        while self._idle:
            self._idle.pop().stop()


@cache
def check_installed() -> None:
    """Raise `InputError` where math-verify is missing; does not import it."""
    if importlib.util.find_spec("math_verify") is None:
        raise InputError(
            "grading maths needs math-verify (the extra `maths`): run `python -m pip install 'math-verify>=0.9'`"
        )


POOL = Pool()
atexit.register(POOL.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=POOL.forget)
