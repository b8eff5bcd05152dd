"""A sweep to its end, whatever happens on the way: resumed, killed, interrupted, failed, begun anew."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest

from processes import SECONDS, until
from promptlab import cli
from promptlab.errors import InputError, StoreError
from promptlab.sweeps import Swept, read_frozen, read_state, read_sweep, sweep
from promptlab.sweeps.expanding import expand
from promptlab.sweeps.scheduling import _tasks
from promptlab.sweeps.working import Group, work
from tiny_notebooks import FAILS, WORKS, write_notebook, write_sweep

SWEEP = [sys.executable, "-m", "promptlab", "sweep", "tiny.yaml"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="no process groups and signals on Windows")


def began(root: Path) -> list[str]:
    """An x for each execution, by run."""
    return [path.read_text() for path in sorted(root.glob("n-*/began"))]


def states(swept: Swept | None) -> list[str]:
    assert swept
    return [state.state for state in swept.states]


def test_done_runs_are_skipped_failed_ones_wait_to_be_asked_for_and_nothing_is_lost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    file, root, said = write_sweep(tmp_path, grid={"n": [1, 3]}), tmp_path / "runs/tiny", []

    def again(**options: object) -> Swept | None:
        return sweep(file, out=root, progress=False, say=said.append, **options)  # type: ignore[arg-type]

    root.mkdir(parents=True)
    (root / "broken").touch()
    first = again()
    assert states(first) == ["done", "failed"]
    done, failed = first.states
    assert (failed.cell, failed.error) == (4, "AssertionError: as it was asked to")
    assert "AssertionError: as it was asked to" in said[-1]
    folder = root / failed.id
    kept = nbformat.read(folder / "executed.ipynb", as_version=4).cells
    assert any("as it was asked to" in str(cell.get("outputs")) for cell in kept), "the partial notebook"
    page = (folder / "executed.html").read_text()
    assert "as it was asked to" in page
    assert "default-src 'none'" in page
    assert not re.search(r"(src=|import\()[\"']https?:", page), "it asks no other machine for anything"
    assert {path.name for path in (root / done.id).iterdir()} >= {"executed.ipynb", "executed.html", "executed.log"}

    assert cli.main(["sweep", str(file), "--out", str(root)]) == 1, "as it was"
    out, errors = capsys.readouterr()
    assert f"- {failed.id}: failed in cell 4 after {failed.seconds:g} s: AssertionError: as it was asked to" in out
    assert (
        errors.splitlines()[-1] == "promptlab: 1 of 2 runs failed; --retry-failed tries them again, from their records"
    )
    assert states(again(only="n-1-*", retry_failed=True)) == ["done"]
    assert began(root) == ["x", "x"]

    (root / "broken").unlink()
    assert states(again(retry_failed=True)) == ["done", "done"]
    assert began(root) == ["x", "xx"]

    assert all("| done" in line for line in said[-1].splitlines()[2:4])
    write_notebook(tmp_path / "tiny.ipynb", WORKS, "print('changed')")
    assert states(again(fresh=True, only="n-3-*")) == ["done"]
    assert "1 of 1 runs ended" in (root / "sweep.log").read_text(), "of those that were asked for"
    assert began(root) == ["x", "x"]
    (aside,) = tmp_path.glob("runs/tiny.before-*")
    assert began(aside) == ["xx"], "moved, not deleted"

    again(dry_run=True)
    assert [word for word in said[-1].split() if word in ("to", "done")] == ["to", "done"], "its source has changed"
    frozen = read_frozen(root)
    assert len(frozen) == 2
    assert "changed 1 times since" in said[-2]
    assert frozen[0]["sweep"]["runs"][done.id]["parameters"] == {"n": 1, "word": "a", "share": 0.5, "many": [1]}
    log = (root / "sweep.log").read_text()
    assert f"{failed.id}: failed in cell 4 after" in log
    assert "2 of 2 runs ended" in log

    (root / "sweep.yaml").write_text((root / "sweep.yaml").read_text().replace("analysis: none", "analysis: later"))
    with pytest.raises(InputError, match=r"was changed after it was frozen.* or take another `out`, or `fresh`"):
        again()


def start(cwd: Path, *words: str) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen([*SWEEP, *words], cwd=cwd, stdout=pipe, stderr=pipe, start_new_session=True)


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def kernels(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    return [child for child in family(process) if "ipykernel_launcher" in " ".join(child.cmdline())]


@posix
def test_killed_its_worker_killed_and_interrupted_the_same_command_goes_on(tmp_path: Path):
    file, root = write_sweep(tmp_path, grid={"n": [1, 2, 4]}), tmp_path / "runs/tiny"
    root.mkdir(parents=True)
    (root / "blocked").touch()

    process = start(tmp_path)
    until(lambda: began(root) == ["x", "x"], process)
    with pytest.raises(StoreError, match="is being written by process"):
        sweep(file, out=root, progress=False, say=lambda _: None)
    descendants = family(process)
    process.kill()
    process.communicate()
    _, left = psutil.wait_procs(descendants, timeout=SECONDS)
    assert left == [], "worker and kernel end with it"

    process = start(tmp_path)
    until(lambda: began(root) == ["x", "xx"], process)
    (kernel,) = kernels(process)
    worker = kernel.parent()
    assert worker
    assert worker.pid != process.pid
    worker.kill()
    until(lambda: began(root) == ["x", "xxx"], process)

    descendants = family(process)
    for _ in range(3):  # as impatient people do
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.1)
    out, errors = process.communicate(timeout=SECONDS)
    _, left = psutil.wait_procs(descendants, timeout=5)
    assert left == []
    assert process.returncode == 130
    *_, message, end = errors.decode().split("\n")
    assert (message, end) == ("promptlab: interrupted; what was done is kept, the same command goes on", "")
    assert "Traceback" not in errors.decode()
    (interrupted,) = root.glob("n-2-*")
    assert read_state(interrupted).state == "interrupted"
    assert "interrupted" in out.decode()
    assert began(root) == ["x", "xxx"], "the next group was not begun"

    (root / "blocked").unlink()
    process = start(tmp_path)
    out, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0, errors
    assert began(root) == ["x", "xxxx", "x"]


def test_bad_input_is_exit_2_with_a_line_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    file = write_sweep(tmp_path, grid={"wrod": [1]}, parameters={"n": "x"})
    assert cli.main(["sweep", str(file)]) == 2
    out, said = capsys.readouterr()
    assert not out
    first, second = said.splitlines()
    assert first.startswith("promptlab: parameter 'n' of tiny.ipynb is 'x'")
    assert second.startswith("promptlab: unknown parameter of tiny.ipynb 'wrod': did you mean 'word'?")


def test_workers_to_spare_share_a_group_behind_its_first_run(tmp_path: Path):
    write_notebook(tmp_path / "tiny.ipynb", FAILS, parameters="models = ['a']\nn = 1")
    runs = expand(read_sweep(write_sweep(tmp_path, grid={"models": [["a"], ["b"]], "n": [1, 2, 3, 4, 5]})), tmp_path)

    def shape(at_a_time: int) -> list[tuple[int, list[int]]]:
        tasks = _tasks(runs, {}, tmp_path, at_a_time)
        return [(len(task.group.runs), [len(group.runs) for group in task.then]) for task in tasks]

    assert shape(1) == shape(3) == [(5, []), (5, [])]
    assert shape(4) == [(1, [2, 2]), (1, [2, 2])]
    assert shape(100) == [(1, [1, 1, 1, 1]), (1, [1, 1, 1, 1])]
    groups = [{run.models for run in task.group.runs} for task in _tasks(runs, {}, tmp_path, 1)]
    assert groups == [{("a",)}, {("b",)}]


def test_what_is_no_fault_of_a_run_stops_the_sweep_and_leaves_it_to_be_done(tmp_path: Path):
    """A full disk, say: here a log that cannot be written."""
    (run,) = expand(read_sweep(write_sweep(tmp_path, grid={"n": [1]})), tmp_path)
    (tmp_path / run.id / "executed.log").mkdir(parents=True)
    with pytest.raises(StoreError, match=r"executed\.log cannot be written .*; what was done is kept: .* goes on$"):
        work(Group((run,), {}, tmp_path, tmp_path))
    assert read_state(tmp_path / run.id).state == "interrupted"


def test_a_disk_that_is_full_in_a_cell_stops_the_sweep_and_the_same_command_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    full = (
        'import errno, os\nif (beside / "full").exists():\n    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))'
    )
    write_notebook(tmp_path / "tiny.ipynb", WORKS, full)
    file, root = write_sweep(tmp_path, grid={"n": [1, 3]}), tmp_path / "runs"
    root.mkdir()
    (root / "full").touch()
    assert cli.main(["sweep", str(file), "--out", str(root)]) == 1
    out, errors = capsys.readouterr()
    assert "interrupted in cell 4" in out
    assert "the disk is full: cell 4 of" in errors.splitlines()[-1]
    assert began(root) == ["x"], "no other run would fare better"
    (root / "full").unlink()
    assert cli.main(["sweep", str(file), "--out", str(root)]) == 0
    assert began(root) == ["xx", "x"]
