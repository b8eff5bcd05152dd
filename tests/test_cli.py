"""The command line: every example of its help runs, errors are one line, exit codes tell a script the truth."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from local_models import QUESTIONS, SAMPLING, LocalModel
from promptlab import cli
from promptlab.errors import BudgetError
from promptlab.prompts import zero_shot
from promptlab.runner import run
from promptlab.types import Completion

ROOT = Path(__file__).parents[1]


def promptlab(*words: str, cwd: Path, timeout: float = 280) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "promptlab", *words]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory that holds the shipped experiments, as in a checkout."""
    path = tmp_path_factory.mktemp("cli")
    shutil.copytree(ROOT / "experiments", path / "experiments", ignore=shutil.ignore_patterns("*miniature*"))
    return path


ORDER = ("fetch", "models", "conditions", "register", "run", "sweep", "report", "show", "demo")  # as it is done


@pytest.mark.embedded
@pytest.mark.parametrize("name", ORDER)
def test_the_example_in_every_help_runs(name: str, folder: Path, base_weights: Path):
    words = shlex.split(cli.COMMANDS[name].example)
    assert words[:2] == ["promptlab", name]
    done = promptlab(*words[1:], cwd=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip()


def test_every_command_has_an_example_in_its_help(capsys: pytest.CaptureFixture[str]):
    assert set(ORDER) == set(cli.COMMANDS)
    for name, command in cli.COMMANDS.items():
        with pytest.raises(SystemExit) as ended:
            cli.main([name, "--help"])
        assert ended.value.code == 0
        assert command.example in " ".join(capsys.readouterr().out.split())


def test_bad_input_is_a_line_a_problem_and_exit_2(tmp_path: Path):
    (tmp_path / "mine.yaml").write_text("modls: [x]\n")
    done = promptlab("run", "mine.yaml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("promptlab: mine.yaml: unknown key of an experiment 'modls': did you mean 'models'?")
    _, missing = done.stderr.splitlines()
    assert missing.startswith("promptlab: mine.yaml: the experiment says nothing about 'models', 'conditions', ")


def test_debug_shows_the_traceback(tmp_path: Path):
    done = promptlab("run", "nowhere.yaml", "--debug", cwd=tmp_path)
    assert done.returncode != 0
    assert "Traceback" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["show", "."],
        ["show", "nowhere"],
        ["show", ""],
        ["show", "recorded:nope"],
        ["show", "recorded:r1", "--question", "nope"],
        ["show", "recorded:r1", "--condition", "nope"],
        ["show", "recorded:r1", "--sample", "99"],
        ["show", "recorded:r1", "--sample=-1"],
        ["run", "nowhere.yaml"],
    ],
)
def test_whatever_is_not_there_is_bad_input(words: list[str], tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(words) == 2
    out, said = capsys.readouterr()
    assert not out
    assert said.startswith("promptlab: ")
    assert len(said.splitlines()) == 1


def test_every_help_tells_the_exit_status(capsys: pytest.CaptureFixture[str]):
    for words in (["--help"], *([name, "--help"] for name in cli.COMMANDS)):
        with pytest.raises(SystemExit):
            cli.main(words)
        assert cli.CODES in " ".join(capsys.readouterr().out.split())


def test_a_terminal_that_lacks_a_character_gets_its_number(tmp_path: Path):
    model = LocalModel(reply=lambda request: Completion("\u65e5", "complete"))
    run(model, zero_shot(), QUESTIONS[:1], sampling=SAMPLING, path=tmp_path / "run", progress=False)
    command = [sys.executable, "-m", "promptlab", "show", "run"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "\\u65e5" in done.stdout


@pytest.mark.parametrize("count", ["0", "-3", "many"])
def test_the_demo_needs_at_least_one_question(count: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        cli.main(["demo", f"--questions={count}"])
    assert ended.value.code == 2
    assert "is no number of at least 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("problem", "code"), [(BudgetError("spent"), 1), (KeyboardInterrupt(), 130), (OSError("disk\n\x1b[2Jgone"), 1)]
)
def test_other_ends(problem: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys):
    def fails(_):
        raise problem

    monkeypatch.setitem(cli.COMMANDS, "models", cli.COMMANDS["models"]._replace(run=fails))
    assert cli.main(["models"]) == code
    said = capsys.readouterr().err
    assert said.startswith("promptlab: ")
    assert len(said.splitlines()) == 1
    assert "\x1b" not in said
