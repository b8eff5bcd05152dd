"""The processes that compare expressions: limits, crashes, forks, threads, and what they refuse to do."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context

import psutil
import pytest

from promptlab.errors import InputError
from promptlab.grading import workers
from promptlab.grading.workers import Pool

pytest.importorskip("math_verify")
ENDLESS = "9^{9^{9^{9}}}"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    pool = Pool(seconds=0.4)
    yield pool
    pool.close()


def children() -> list[psutil.Process]:
    """The workers of this process."""
    return [p for p in psutil.Process().children() if "algebra.py" in " ".join(p.cmdline())]


@pytest.mark.parametrize(
    ("gold", "said", "verdict"),
    [
        (r"2\sqrt{3}", r"\sqrt{12}", "equal"), ("(a+5)(b+2)", "ab+2a+5b+10", "equal"), ("1,-2", r"\{-2,1\}", "equal"),
        (r"\frac{\pi}{2}", r"0.5\pi", "equal"), ("(3,4]", r"3<x\le 4", "equal"), ("x+0.5", r"x+\frac{1}{2}", "equal"),
        (r"\sqrt{2}", "1.414213562373095", "different"), ("(3,4]", "[3,4]", "different"), ("2x", "2x+2", "different"),
        ("1,-2", "1", "different"), ("2", r"\frac{", "unreadable"), ("2", "1/0", "unreadable"),
    ],
)  # fmt: skip
def test_verdicts(pool: Pool, gold: str, said: str, verdict: str):
    assert pool.compare(gold, said) == verdict


@pytest.mark.parametrize("said", [ENDLESS, "(x+y)^{100000}", "(" * 200 + "1" + ")" * 200])
def test_what_takes_too_long_is_ended_and_the_next_question_is_answered(pool: Pool, said: str):
    assert pool.compare("12", said) == "timeout"
    assert pool.compare("x+x", "2x") == "equal"


def test_a_worker_that_does_not_even_count_time_is_ended_by_the_wall_clock(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers, "_PATIENCE", 0.05)
    pool = Pool(seconds=20)
    assert pool.compare("12", ENDLESS) == "timeout"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits a process's memory")
def test_memory_is_limited():
    code = "from promptlab.grading.algebra import limit_memory; limit_memory(300); bytearray(400 << 20)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert "MemoryError" in done.stderr
    pool = Pool(mebibytes=1)  # less than a worker has when it starts
    assert pool.compare("12", "10^{10^{7}}") in ("memory", "unreadable", "crash")
    pool.close()


def test_a_worker_killed_by_others_is_replaced(pool: Pool):
    pool.compare("x+x", "2x")
    for child in children():
        child.kill()
    assert pool.compare("x+x", "2x") == "equal"


def test_threads_have_a_worker_each_and_the_right_answers():
    pool = Pool()
    pairs = [(f"{i}(x+1)", f"{i}x+{i}", "equal") for i in range(2, 20)] + [
        (f"{i}x", f"{i}y", "different") for i in range(1, 9)
    ]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(lambda pair: pool.compare(*pair[:2]), pairs)) == [pair[2] for pair in pairs]
    pool.close()
    assert len(pool._idle) == 0


def test_a_verdict_that_belongs_to_another_question_is_not_taken():
    """Once a wrong answer was graded equal: with a line too many in its pipe a worker answers one question late."""
    pool = Pool()
    assert pool.compare("x+x", "2x") == "equal"
    stdin = pool._idle[0]._process.stdin
    assert stdin
    stdin.write(b'[1, "x+x", "2x"]\n')
    assert [pool.compare("x+1", said) for said in ("x+2", "1+x", "y+1")] == ["different", "equal", "different"]
    pool.close()


def _in_a_child(queue) -> None:
    queue.put(workers.POOL.compare("x+x", "2x"))
    workers.POOL.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_has_workers_of_its_own():
    assert workers.POOL.compare("x+x", "2x") == "equal"
    context = get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_a_child, args=(queue,))
    child.start()
    assert workers.POOL.compare("x+x", "3x") == "different"
    assert queue.get(timeout=60) == "equal"
    child.join(timeout=60)
    assert workers.POOL.compare("y+y", "2y") == "equal"


def test_workers_end_with_their_parent_even_when_it_is_killed():
    code = f"""if True:
        import os, signal, threading
        from promptlab.grading.workers import POOL
        POOL.compare("x", "x+1")
        print(POOL._idle[0]._process.pid, flush=True)
        threading.Thread(target=POOL.compare, args=("x", {ENDLESS!r})).start()
        os.kill(os.getpid(), signal.SIGTERM if os.name == "nt" else signal.SIGKILL)"""
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, timeout=120, check=False)
    worker, last = int(done.stdout), time.monotonic() + 60
    while psutil.pid_exists(worker) and psutil.Process(worker).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < last, "the worker outlives its parent"
        time.sleep(0.05)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workers.importlib.util, "find_spec", lambda name: None)
    workers.check_installed.cache_clear()
    with pytest.raises(InputError, match="needs math-verify"):
        workers.check_installed()


FORBIDDEN = {
    "eval": "eval('1 + 1')",
    "exec": "exec('x = 1')",
    "SymPy's parser": "import sympy; sympy.sympify('1 + 1')",
    "a program": "import subprocess; subprocess.run(['true'])",
    "a shell": "import os; os.system('true')",
    "a connection": "import socket; socket.socket()",
    "writing": "open('out.txt', 'w')",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_hook_refuses(what: str, tmp_path):
    code = f"import sys, {'sympy, ' * ('SymPy' in what)}os\nfrom promptlab.grading.algebra import refuse\n"
    code += f"sys.addaudithook(refuse)\ntry:\n    {FORBIDDEN[what]}\nexcept PermissionError:\n    print('refused')"
    script = tmp_path / "script.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60, cwd=tmp_path, check=False
    )
    assert done.stdout == "refused\n", done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["script.py"]


def test_a_verdict_does_not_depend_on_what_was_asked_before():
    asked = [("2x+2y", f"2(x+y{n})") for n in ("", "+z", "-z")] + [("(3,4]", r"3<x\le 4"), ("x^2-1", "(x-1)(x+1)")]
    verdicts = []
    for order in (asked, asked[::-1]):
        pool = Pool()
        verdicts.append({pair: pool.compare(*pair) for pair in order})
        pool.close()
    assert verdicts[0] == verdicts[1]
    assert list(verdicts[0].values()) == ["equal", "different", "different", "equal", "equal"]
