"""The background loop: inside a running loop, under Ctrl-C, after a fork, with the caller's thread kept busy."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable

import pytest

from promptlab import portal


async def double(x: int) -> int:
    await asyncio.sleep(0)
    return 2 * x


def test_it_returns_what_the_coroutine_returns():
    assert portal.call(double(21)) == 42


def test_it_works_inside_a_running_loop_as_in_jupyter():
    async def cell() -> int:
        return portal.call(double(4))

    assert asyncio.run(cell()) == 8


def test_calls_share_one_loop():
    async def which() -> int:
        return id(asyncio.get_running_loop())

    assert portal.call(which()) == portal.call(which())


def test_an_error_of_the_coroutine_arrives():
    async def fail() -> None:
        raise LookupError("lost")

    with pytest.raises(LookupError, match="lost"):
        portal.call(fail())


def test_tick_runs_in_the_calling_thread():
    seen: list[int] = []
    portal.call(asyncio.sleep(0.5), lambda: seen.append(threading.get_ident()))
    assert set(seen) == {threading.get_ident()}
    assert 1 <= len(seen) <= 3


class Watched:
    """A coroutine that notes its start, and takes a moment to clean up."""

    def __init__(self) -> None:
        self.started, self.cleaned = threading.Event(), False

    async def work(self) -> None:
        self.started.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.2)
            self.cleaned = True


def test_an_error_of_tick_cancels_and_waits_for_the_clean_up():
    watched = Watched()

    def tick() -> None:
        raise ValueError("the bar broke")

    with pytest.raises(ValueError, match="the bar broke"):
        portal.call(watched.work(), tick)
    assert watched.cleaned


@pytest.mark.skipif(sys.platform == "win32", reason="os.kill with SIGINT ends the process on Windows")
def test_ctrl_c_cancels_and_waits_for_the_clean_up():
    watched = Watched()

    def press() -> None:
        watched.started.wait()
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press).start()
    with pytest.raises(KeyboardInterrupt):
        portal.call(watched.work())
    assert watched.cleaned
    assert portal.call(double(1)) == 2, "the loop still works"


def _in_child() -> None:
    os._exit(portal.call(double(21)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_after_a_fork_the_child_has_a_loop_of_its_own():
    portal.call(double(1))  # the parent's loop exists
    child = multiprocessing.get_context("fork").Process(target=_in_child)
    child.start()
    child.join(20)
    assert child.exitcode == 42


@pytest.mark.parametrize("ending", [SystemExit, KeyboardInterrupt])
def test_what_would_end_the_loop_reaches_the_caller_and_the_loop_goes_on(ending: type[BaseException]):
    async def ended() -> None:
        raise ending(3)

    with pytest.raises(ending):
        portal.call(ended())
    assert portal.call(double(2)) == 4


class TestStart:
    """A coroutine that nobody waits for."""

    @staticmethod
    def ended() -> tuple[list[BaseException | None], threading.Event, Callable[[BaseException | None], None]]:
        problems: list[BaseException | None] = []
        done = threading.Event()

        def end(problem: BaseException | None) -> None:
            problems.append(problem)
            done.set()

        return problems, done, end

    def test_it_tells_when_it_has_ended_and_how(self):
        async def wrong() -> None:
            raise ValueError("no")

        for coroutine, kind in ((double(3), type(None)), (wrong(), ValueError)):
            problems, done, end = self.ended()
            portal.start(coroutine, end)
            assert done.wait(10)
            assert [type(problem) for problem in problems] == [kind]

    def test_it_is_cancelled_also_before_it_begins(self):
        for pause in (0.0, 0.05):
            problems, done, end = self.ended()
            cancel = portal.start(asyncio.sleep(30), end)
            done.wait(pause)
            cancel()
            assert done.wait(10)
            assert isinstance(problems[0], asyncio.CancelledError)
