"""After ``kill -9`` at any moment the same command ends with the same records, and pays only for what was in flight."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from promptlab.records import load_run
from promptlab.store import Store

HERE = Path(__file__).parent
IN_FLIGHT = 6
KILLED = """
import os, signal, sys
sys.path.insert(0, {here!r})
from local_models import QUESTIONS, SAMPLING
from promptlab.models import open_model
from promptlab.prompts import concise, zero_shot
from promptlab.runner import run
from promptlab.store import database

url, path, point, n = *sys.argv[1:4], int(sys.argv[4])
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
commit, grade_rows, calls = database.Store.commit, database.grade_rows, 0

def counted(*given):
    global calls
    calls += 1
    if point == "before" and calls == n:
        die()
    commit(*given)
    if point == "after" and calls == n:
        die()

def within(*given):  # its samples are in the transaction already
    if point == "within" and calls == n:
        die()
    return grade_rows(*given)

database.Store.commit, database.grade_rows = counted, within
model = open_model("openai:fake@" + url, max_in_flight={in_flight})
run(model, [zero_shot(), concise()], QUESTIONS, samples=3, sampling=SAMPLING, path=path, progress=False)
"""

# One process imports everything once; the runs that it kills are its forks.
OFTEN = """
import os, random, signal, sys, time
from pathlib import Path
import openai
import promptlab as lab
from promptlab.records import frames
from promptlab.runner import run

url, log, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
questions = [lab.Question(f"q{{i}}", f"What is {{i}} + 1?", (str(i + 1),)) for i in range(25)]
rng = random.Random(0)

def life(path):
    model = lab.open_model("openai:fake@" + url, max_in_flight={in_flight})
    arms = [lab.zero_shot(), lab.concise()]
    run(model, arms, questions, samples=10, sampling=lab.Sampling(max_tokens=50), path=path, progress=False)
    os._exit(0)

def sent():
    return log.read_bytes().count(b"\\n")

for name in ["undisturbed", *["killed"] * 30, "finished"]:
    before, wanted = sent(), rng.randint(1, 16)
    child = os.fork()
    if not child:
        life(folder / ("undisturbed" if name == "undisturbed" else "killed"))
    if name == "killed":
        while sent() < before + wanted:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.04))
        os.kill(child, signal.SIGKILL)
    status = os.waitpid(child, 0)[1]
    assert status == (signal.SIGKILL if name == "killed" else 0), (name, status)
"""


@contextmanager
def serving(folder: Path, latency: float) -> Iterator[tuple[str, Path]]:
    """A server in its own process, which outlives the killed runs; (URL, its log)."""
    log = folder / "log.jsonl"
    command = [sys.executable, "-m", "tests.fake_server", "--latency", str(latency), "--log", str(log)]
    process = subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    yield process.stdout.readline().strip(), log
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    with serving(tmp_path_factory.mktemp("server"), latency=0.08) as served:
        yield served


def start(url: str, path: Path, point: str = "never", n: int = 0) -> subprocess.Popen[str]:
    code = KILLED.format(here=str(HERE), in_flight=IN_FLIGHT)
    command = [sys.executable, "-c", code, url, str(path), point, str(n)]
    return subprocess.Popen(command, cwd=HERE.parent, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> int:
    _, errors = process.communicate(timeout=120)
    assert process.returncode in (0, -signal.SIGKILL), errors
    return process.returncode


def requests(log: Path) -> Counter[str]:
    lines = log.read_text().splitlines() if log.exists() else []
    return Counter(json.loads(line)["digest"] for line in lines)


@pytest.fixture(scope="module")
def undisturbed(server: tuple[str, Path], tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("undisturbed")
    assert finish(start(server[0], path)) == 0
    return comparable(path)


def comparable(path: Path) -> pd.DataFrame:
    return load_run(path).to_frame().drop(columns="seconds")


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 on Windows")
@pytest.mark.parametrize("point", ["before", "after", "within", "any time", "any time again"])
def test_after_kill_9_the_same_command_goes_on(
    server: tuple[str, Path], undisturbed: pd.DataFrame, tmp_path: Path, point: str
):
    url, log = server
    rng = random.Random(point)
    earlier = requests(log)
    process = start(url, tmp_path, point, rng.randint(2, 6))
    if point.startswith("any time"):
        limit = rng.randint(5, 60)
        while (requests(log) - earlier).total() < limit:
            time.sleep(0.005)
        process.kill()
    assert finish(process) == -signal.SIGKILL
    with Store(tmp_path) as store:
        (kept,) = next(store.rows("SELECT count(*) FROM samples"))
        sent = (requests(log) - earlier).total()
    assert sent - kept <= IN_FLIGHT, "what was not committed counts as in flight"
    assert finish(start(url, tmp_path)) == 0
    pd.testing.assert_frame_equal(comparable(tmp_path), undisturbed)
    assert undisturbed["key"].is_unique
    assert len(undisturbed) == 2 * 12 * 3
    assert (requests(log) - earlier).total() - 72 == sent - kept, "repeated: only what was lost"
    sessions = load_run(tmp_path).manifest["sessions"]
    assert [entry.get("ended") for entry in sessions] == [None, "completed"]
    assert [entry["paid"]["requests"] for entry in sessions] == [kept, 72 - kept]
    assert (sessions[0]["paid"]["completion_tokens"] > 0) == (kept > 0)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT for a child on Windows")
def test_after_ctrl_c_in_a_script_too(server: tuple[str, Path], undisturbed: pd.DataFrame, tmp_path: Path):
    url, log = server
    earlier = requests(log)
    process = start(url, tmp_path)
    while (requests(log) - earlier).total() < 20:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert load_run(tmp_path).manifest["sessions"][-1]["ended"] == "interrupted"
    lost = (requests(log) - earlier).total() - len(comparable(tmp_path))
    assert 0 <= lost <= IN_FLIGHT
    assert finish(start(url, tmp_path)) == 0
    pd.testing.assert_frame_equal(comparable(tmp_path), undisturbed)


@pytest.mark.skipif(sys.platform == "win32", reason="no kill -9 on Windows")
def test_thirty_kills_on_the_way_through_500_samples(tmp_path: Path):
    with serving(tmp_path, latency=0.02) as (url, log):
        command = [sys.executable, "-c", OFTEN.format(in_flight=IN_FLIGHT), url, str(log), str(tmp_path)]
        subprocess.run(command, cwd=tmp_path, check=True, timeout=240)
        sent = requests(log).total()
    undisturbed, killed = (comparable(tmp_path / name) for name in ("undisturbed", "killed"))
    pd.testing.assert_frame_equal(killed, undisturbed)
    assert killed["key"].nunique() == len(killed) == 500
    assert 0 <= sent - 2 * 500 <= 30 * IN_FLIGHT, "repeated: at most what was in flight"
    sessions = load_run(tmp_path / "killed").manifest["sessions"]
    assert [entry.get("ended") for entry in sessions] == [None] * 30 + ["completed"]
