"""Joined files of runs: what comes out is what went in."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd
import pytest

from experiments.r1_miniature.joined import join, main, runs_in
from local_models import LocalModel
from promptlab.errors import StoreError
from promptlab.formats import ANSWER_IS
from promptlab.prompts import few_shot, zero_shot
from promptlab.questions import load_questions
from promptlab.records import load_run
from promptlab.runner import run
from promptlab.types import Completion, Request, Sampling

pytest.importorskip("pyarrow")
NAMES = ("m-1", "m-2", "m-10")
QUESTIONS = load_questions("arithmetic", split="dev", n=12, seed=0)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Runs of three models that answer each in its way; one of them never answers, one lacks a condition."""
    folder = tmp_path_factory.mktemp("files")
    options = {"sampling": Sampling(max_tokens=64), "answer_format": ANSWER_IS, "progress": False, "samples": 2}
    arms = [zero_shot(), few_shot(k=2)]
    for i, name in enumerate(NAMES):

        def reply(request: Request, i: int = i) -> Completion:
            return Completion(f"The answer is {request.seed % (i + 1)}." if i else "", "complete" if i else "empty")

        done = run(LocalModel(name, reply), arms[: 1 + i % 2], QUESTIONS, path=folder / name, **options)
        done.to_parquet(folder / f"{name}-x.parquet", drop=["key", "seconds"])
    return [folder / f"{name}-x.parquet" for name in NAMES]


def test_joined_runs_are_the_runs_that_they_were(files: list[Path], tmp_path: Path) -> None:
    joined = join(files[1:], tmp_path / "m-x.parquet")
    (tmp_path / files[0].name).write_bytes(files[0].read_bytes())
    found = runs_in(tmp_path, "-x")
    assert sorted(found) == sorted(NAMES)
    assert runs_in(tmp_path, "-y") == {}
    for name, file in zip(NAMES, files, strict=True):
        one, other = load_run(file), found[name]
        pd.testing.assert_frame_equal(one.to_frame(), other.to_frame(), check_categorical=False, check_dtype=False)
        assert (one.manifest, one.questions, one.conditions) == (other.manifest, other.questions, other.conditions)
        assert one.show(QUESTIONS[3].id).cards == other.show(QUESTIONS[3].id).cards
    with pytest.raises(StoreError, match="is not a run of promptlab"):
        load_run(joined)


def test_a_joined_file_that_is_written_anew_is_read_anew(files: list[Path], tmp_path: Path) -> None:
    path = join(files[:1], tmp_path / "m-x.parquet")
    assert list(runs_in(tmp_path, "-x")) == ["m-1"]
    join(files[1:], path)
    os.utime(path, (0, 0))
    assert sorted(runs_in(tmp_path, "-x")) == ["m-10", "m-2"]


def test_the_command_tells_what_it_saves_and_what_does_not_fit(
    files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "all.parquet"), *map(str, files)]) == 0
    assert "bytes instead of" in capsys.readouterr().out
    less = load_run(files[0]).to_parquet(tmp_path / "less.parquet", drop=["key", "seconds", "seed"])
    assert main([str(tmp_path / "all.parquet"), str(less), str(files[1])]) == 2
    assert "files to join have different columns: less, m-2-x" in capsys.readouterr().err
    assert main([str(tmp_path / "all.parquet"), str(tmp_path / "none.parquet")]) == 2
