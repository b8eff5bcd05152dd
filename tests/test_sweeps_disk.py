"""A disk that fills up under a sweep or a report, outside of any cell: one line that says which file, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_runner_disk import on_a_small_disk

from promptlab.errors import InputError
from promptlab.experiment import Experiment

PREPARED = """
import contextlib, io
from promptlab import cli
from promptlab.sweeps import read_state
from tiny_notebooks import write_notebook, write_sweep

disk = Path(sys.argv[1])
ballast = disk / "ballast"

def leave(kilobytes):
    ballast.unlink(missing_ok=True)
    with ballast.open("wb", buffering=0) as stream:
        size = os.statvfs(disk)
        stream.write(bytes(size.f_bavail * size.f_frsize - kilobytes * 1024))

def told(*words, to=None):
    errors = io.StringIO()
    with contextlib.redirect_stdout(to or io.StringIO()), contextlib.redirect_stderr(errors):
        code = cli.main([*words])
    return [code, errors.getvalue().splitlines()[-1:]]
"""
SWEEP = """
write_notebook(disk / "tiny.ipynb", "print('x' * 20_000)")
command = ["sweep", str(write_sweep(disk, grid={"n": [1]})), "--out", str(disk / "runs")]
found = []
for kilobytes in (0, 40, 60):
    leave(kilobytes)
    found.append(told(*command))
leave(0)
with contextlib.suppress(OSError), (disk / "said").open("w") as said:
    found.append(told(*command, "--dry-run", to=said))
ballast.unlink()
left = [path.name for path in disk.rglob("*.new")]
found.append(told(*command))
states = [read_state(folder).state for folder in disk.glob("runs/n-*")]
print(json.dumps([found, left, states]))
"""


def test_a_sweep_whose_disk_is_full_says_which_file_and_the_same_command_goes_on(tmp_path: Path):
    (*full, last), left, states = on_a_small_disk(PREPARED + SWEEP, tmp_path)
    for code, lines in full:
        assert code == 1
        assert "cannot be written (" in lines[0]
        assert "full)" in lines[0] or "No space left on device)" in lines[0]
        assert lines[0].endswith("what was done is kept: once it can be, the same command goes on")
    assert "lock.sqlite cannot" in str(full)
    assert "executed.ipynb cannot" in str(full)
    assert "executed.html cannot" in str(full)
    assert "standard output cannot" in str(full)
    assert left == []
    assert (last[0], states) == (0, ["done"])


REPORT = """
go(disk / "run")
file = disk / "run/report.html"
file.write_text("the one before")
leave(8)
print(json.dumps([*told("report", str(disk / "run")), file.read_text(), [path.name for path in disk.rglob("*.new")]]))
"""


def test_a_report_that_does_not_fit_leaves_the_one_before(tmp_path: Path):
    code, lines, kept, left = on_a_small_disk(PREPARED + REPORT, tmp_path)
    assert (code, kept, left) == (1, "the one before", [])
    assert "report.html cannot be written (No space left on device); what was done is kept" in lines[0]


def test_half_a_design_is_taken_away_and_one_that_is_there_is_not(tmp_path: Path):
    resource = pytest.importorskip("resource")
    given = {"models": ["openai:m@http://localhost:9/v1"], "conditions": ["zero-shot", "concise"]}
    given |= {"questions": {"source": "arithmetic", "n": 2}, "sampling": {"max_tokens": 9}, "path": tmp_path / "runs"}
    experiment, file = Experiment.from_mapping(given), tmp_path / "design.yaml"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(InputError, match=r"design\.yaml cannot be written \(File too large\)"):
            experiment.register(file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not file.exists()
    assert experiment.register(file) == experiment.register(file)
