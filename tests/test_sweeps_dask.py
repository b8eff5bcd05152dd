"""The same sweep on a Dask cluster of two worker processes, one of which is killed on its way."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from processes import SECONDS
from promptlab.errors import ModelError
from promptlab.sweeps import read_state, sweep
from tiny_notebooks import write_notebook, write_sweep

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.notebook
WORKS = """\
import os, time, pathlib
with pathlib.Path(out, "began").open("a") as file:
    file.write(f"{os.getppid()}\\n")
while n == 2 and (pathlib.Path(out).parent / "blocked").exists():
    time.sleep(0.05)"""


@pytest.fixture
def cluster() -> Iterator[str]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
    ) as made:
        yield made.scheduler_address


def test_a_worker_that_is_killed_costs_no_run(cluster: str, tmp_path: Path):
    write_notebook(tmp_path / "tiny.ipynb", WORKS)
    file, root = write_sweep(tmp_path), tmp_path / "runs"
    root.mkdir()
    (root / "blocked").touch()
    killed: list[int] = []
    threading.Thread(target=_kill_the_worker_of_2, args=(root, killed), daemon=True).start()
    swept = sweep(file, out=root, dask=cluster, progress=False, say=lambda _: None)
    assert swept
    assert [state.state for state in swept.states] == ["done", "done"], swept.table.to_string()
    first, second = ((root / state.id / "began").read_text().split() for state in swept.states)
    assert len(first) == 1
    assert [int(second[0])] == killed
    assert len(second) == 2
    assert second[1] != second[0], "another worker"


def _kill_the_worker_of_2(root: Path, killed: list[int]) -> None:
    while not (found := [path for path in root.glob("n-2-*/began") if path.read_text()]):
        time.sleep(0.05)
    worker = psutil.Process(int(found[0].read_text()))
    killed.append(worker.pid)
    os.kill(worker.pid, signal.SIGKILL)
    (root / "blocked").unlink()


def test_after_ctrl_c_a_worker_ends_the_run_in_hand_and_begins_no_other(cluster: str, tmp_path: Path):
    models = [[f"openai:{name}@http://127.0.0.1:9/v1"] for name in "ab"]  # two groups, of which nothing is asked
    write_notebook(tmp_path / "tiny.ipynb", WORKS, parameters=f"models = {models[0]}\nn = 1\nout = ''")
    file, root = write_sweep(tmp_path, grid={"models": models, "n": [2, 3]}), tmp_path / "runs"
    root.mkdir()
    (root / "blocked").touch()
    threading.Thread(target=_press_ctrl_c, args=(root,), daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        sweep(file, out=root, dask=cluster, progress=False, say=lambda _: None)
    (root / "blocked").unlink()
    with distributed.Client(cluster, set_as_default=False) as client:
        _wait(lambda: not any(client.run(_at_work).values()))
    states = {folder.name.rpartition("-")[0]: read_state(folder).state for folder in root.glob("*-*")}
    assert states == {"a-n-2": "done", "b-n-2": "done"}


def _press_ctrl_c(root: Path) -> None:
    _wait(lambda: len(list(root.glob("*-n-2-*/began"))) == 2)
    os.kill(os.getpid(), signal.SIGINT)


def _at_work(dask_worker: distributed.Worker) -> int:
    return len(dask_worker.active_threads)


def _wait(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.1)


def test_a_scheduler_that_is_not_there_is_one_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("promptlab.sweeps.executors._PATIENCE", 1)
    with pytest.raises(ModelError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 "):
        sweep(write_sweep(tmp_path), out=tmp_path, dask="tcp://127.0.0.1:9", progress=False, say=lambda _: None)
