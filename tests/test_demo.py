"""The demo's terminal: one clear line whatever happens to the notebook's kernel, and nothing left running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import psutil
import pytest

from processes import SECONDS, until
from promptlab.demo import execute
from promptlab.errors import PromptlabError
from promptlab.records import load_run

MODEL = "--models=embedded:instruct"
DEMO = [sys.executable, "-m", "promptlab", "demo", MODEL, "--questions=4", "--out=out"]
EXECUTE = """
import sys
from pathlib import Path
from promptlab.demo import execute
execute(Path(sys.argv[1]), Path("target.ipynb"), {})
"""
INTERRUPTED = "promptlab: interrupted; what was done is kept, the same command goes on"
posix = pytest.mark.skipif(sys.platform == "win32", reason="no process groups and signals on Windows")


def notebook(path: Path, source: str, kernel: str = "python3") -> Path:
    spec = {"name": kernel, "language": "python", "display_name": kernel}
    cells = [nbformat.v4.new_code_cell(source)]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": spec}), path)
    return path


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[list[str]], str]:
    """Installs a kernel that is any command, and returns its name."""

    def install(argv: list[str]) -> str:
        spec = tmp_path / "jupyter/kernels/odd/kernel.json"
        spec.parent.mkdir(parents=True)
        spec.write_text(json.dumps({"argv": argv, "display_name": "odd", "language": "python"}))
        monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
        return "odd"

    return install


def ctrl_c(process: subprocess.Popen[bytes]) -> str:
    """What a terminal does with Ctrl-C; returns the whole of stderr. No descendant may be left."""
    family = psutil.Process(process.pid).children(recursive=True)
    assert family
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=SECONDS)
    _, left = psutil.wait_procs(family, timeout=3)
    assert left == []
    return errors.decode()  # bytes, as text mode would make new lines of the bar's carriage returns


def start(command: list[str], cwd: Path) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=cwd, stdout=pipe, stderr=pipe, start_new_session=True)


@posix
@pytest.mark.embedded
@pytest.mark.notebook
def test_after_ctrl_c_one_line_nothing_running_and_the_same_command_goes_on(tmp_path: Path, base_weights: Path):
    records = tmp_path / "out/runs/instruct"

    def stored() -> int:
        try:
            return len(load_run(records).to_frame())
        except PromptlabError:  # not there yet
            return 0

    process = start(DEMO, tmp_path)
    until(lambda: stored() >= 2, process)
    errors = ctrl_c(process)
    assert process.returncode == 130
    assert "\x1b" not in errors
    kept = stored()
    assert 2 <= kept < 20
    bar, *message = errors.split("\n")
    assert message == [INTERRUPTED, ""]
    assert f"| {kept}/20 [" in bar.rpartition("\r")[2]
    cells = nbformat.read(tmp_path / "out/few_shot_degradation.ipynb", as_version=4).cells
    assert any(cell.get("outputs") for cell in cells), "what ran before Ctrl-C is kept in the notebook too"

    process = start(DEMO, tmp_path)
    _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    assert errors.count(b"\n") == 1, "the bar alone"
    assert stored() == 20
    sessions = load_run(records).manifest["sessions"]
    assert [session["ended"] for session in sessions] == ["interrupted", "completed"]


@posix
def test_ctrl_c_while_the_kernel_starts_leaves_no_kernel(tmp_path: Path, kernel: Callable[[list[str]], str]):
    started = tmp_path / "started"
    code = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep({SECONDS})"
    source = notebook(tmp_path / "source.ipynb", "1", kernel([sys.executable, "-c", code]))
    process = start([sys.executable, "-c", EXECUTE, str(source)], tmp_path)
    until(started.exists, process)
    assert ctrl_c(process).endswith("KeyboardInterrupt\n")


@posix
def test_a_second_ctrl_c_leaves_no_kernel_either(tmp_path: Path):
    code = "import pathlib, time\npathlib.Path('started').touch()\nwhile True:\n  try: time.sleep(60)\n  except: pass"
    source = notebook(tmp_path / "source.ipynb", code)
    process = start([sys.executable, "-c", EXECUTE, str(source)], tmp_path)
    until((tmp_path / "started").exists, process)
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None, "it waits for its kernel"
    errors = ctrl_c(process)
    assert errors.endswith("KeyboardInterrupt\n")
    assert "never retrieved" not in errors


@posix
def test_a_killed_kernel_is_one_error_that_names_its_log(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    source = notebook(tmp_path / "source.ipynb", "import os; os.kill(os.getpid(), 9)")
    target = tmp_path / "target.ipynb"
    with pytest.raises(PromptlabError, match=r"kernel did not start or died: Kernel died; its log is .*target\.log"):
        execute(source, target, {})
    assert "Kernel died" in target.with_suffix(".log").read_text()
    assert target.exists()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("argv", "said", "logged"),
    [
        ([sys.executable, "-c", "import sys; sys.exit('a bad day')"], "Kernel died before replying", "a bad day"),
        (["no-such-program"], "No such file|cannot find the file", ""),
        (None, "No such kernel named nobody", ""),
    ],
    ids=["dies", "no program", "no kernel"],
)
def test_a_kernel_that_cannot_start_is_one_error_that_names_its_log(
    argv: list[str] | None,
    said: str,
    logged: str,
    tmp_path: Path,
    kernel: Callable[[list[str]], str],
    capfd: pytest.CaptureFixture[str],
):
    source = notebook(tmp_path / "source.ipynb", "1", kernel(argv) if argv else "nobody")
    with pytest.raises(PromptlabError, match=rf"kernel did not start or died: .*({said}).*; its log is .*target\.log"):
        execute(source, tmp_path / "target.ipynb", {})
    assert logged in (tmp_path / "target.log").read_text()
    assert capfd.readouterr() == ("", "")


def test_a_notebook_that_runs_is_silent_here(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    source = notebook(tmp_path / "source.ipynb", "import logging; logging.warning('to the cell'); print('too')")
    execute(source, tmp_path / "target.ipynb", {})
    assert capfd.readouterr() == ("", "")
    (cell,) = nbformat.read(tmp_path / "target.ipynb", as_version=4).cells
    assert {output.name for output in cell.outputs} == {"stdout", "stderr"}


def test_a_failed_cell_is_one_line_that_names_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    source = notebook(tmp_path / "source.ipynb", "{}['nothing']")
    with pytest.raises(PromptlabError, match=r"^cell 1 of .*target\.ipynb failed: KeyError: 'nothing'$"):
        execute(source, tmp_path / "target.ipynb", {})
    assert capfd.readouterr() == ("", "")
