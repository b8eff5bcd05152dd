"""A run that was made with ``stop_when=`` is refused by `compare`, whatever pandas has made of its frame."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from local_models import SAMPLING, LocalModel
from promptlab.comparison import compare, contrast, decided, dose
from promptlab.errors import InputError
from promptlab.importing import import_run
from promptlab.prompts import concise, zero_shot
from promptlab.records import Run, load_run
from promptlab.runner import run
from promptlab.types import Question

QUESTIONS = [Question(f"q{i:03d}", f"What is {i} + {i}?", (str(2 * i),)) for i in range(30)]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Run:
    rule, path = decided(baseline="zero-shot", batch=10), tmp_path_factory.mktemp("stopped") / "run"
    model, arms = LocalModel("m"), [zero_shot(), concise()]
    return run(model, arms, QUESTIONS, sampling=SAMPLING, path=path, stop_when=rule, progress=False)


def fixed() -> pd.DataFrame:
    rows = [("n", c, f"q{i:03d}", float(i % 3 > 0)) for c in ("zero-shot", "concise") for i in range(30)]
    frame = pd.DataFrame(rows, columns=["model", "condition", "question", "score"])
    return frame.assign(ending="complete", answered=True)


def through_csv(frame: pd.DataFrame, folder: Path) -> pd.DataFrame:
    frame.to_csv(folder / "run.csv", index=False)
    return pd.read_csv(folder / "run.csv")


def merged(frame: pd.DataFrame, folder: Path) -> pd.DataFrame:
    return frame.merge(pd.DataFrame({"question": [q.id for q in QUESTIONS], "level": 1}), on="question")


def through_parquet(frame: pd.DataFrame, folder: Path) -> pd.DataFrame:
    frame.astype({"ending": str}).to_parquet(folder / "frame.parquet")
    return pd.read_parquet(folder / "frame.parquet")


MAPPED = {name: name for name in ("model", "condition", "question", "sample", "score")}
WAYS: dict[str, Callable[[pd.DataFrame, Path], object]] = {
    "concat": lambda frame, _: pd.concat([fixed(), frame]),
    "concat, then csv": lambda frame, folder: through_csv(pd.concat([fixed(), frame]), folder),
    "records": lambda frame, _: pd.DataFrame(frame.to_dict("records")),
    "columns": lambda frame, _: frame[["model", "condition", "question", "score"]],
    "merge": merged,
    "csv": through_csv,
    "parquet": through_parquet,
    "import": lambda frame, _: import_run(frame),
    "import of a csv": lambda frame, folder: import_run(through_csv(frame, folder)),
    "import of some columns": lambda frame, folder: import_run(through_csv(frame, folder), columns=MAPPED),
}


@pytest.mark.parametrize("way", WAYS)
def test_it_is_refused_after(way: str, stopped: Run, tmp_path: Path):
    with pytest.raises(InputError, match=r"decisions\(run\) reports it"):
        compare(WAYS[way](stopped.to_frame(), tmp_path), baseline="zero-shot")


def test_its_file_says_so_to_those_who_read_it_without_promptlab(stopped: Run, tmp_path: Path):
    path = stopped.to_parquet(tmp_path / "run.parquet")
    for samples in (pd.read_parquet(path), import_run(path), import_run(path).as_scored(), load_run(path)):
        with pytest.raises(InputError, match="stop_when="):
            compare(samples, baseline="zero-shot")
    pd.testing.assert_frame_equal(load_run(path).to_frame(), stopped.to_frame())


def test_every_door_is_shut(stopped: Run):
    frame = pd.concat([stopped.to_frame(), stopped.to_frame().assign(model="n")])
    with pytest.raises(InputError, match="stop_when="):
        contrast(frame, model="m", control="n", baseline="zero-shot")
    with pytest.raises(InputError, match="stop_when="):
        dose(frame, baseline="zero-shot")
    with pytest.raises(InputError, match="stop_when="):
        compare(fixed(), baseline="zero-shot").extended(frame)


def test_rows_that_do_not_say_so_are_welcome(stopped: Run, tmp_path: Path):
    both = pd.concat([fixed(), stopped.to_frame()])
    assert compare(both[both["stopped"].isna()], baseline="zero-shot").table.loc[0, "questions"] == 30
    assert compare(fixed().assign(stopped=False), baseline="zero-shot").table.loc[0, "questions"] == 30
    plain = run(LocalModel("m"), [zero_shot(), concise()], QUESTIONS, sampling=SAMPLING, path=tmp_path, progress=False)
    assert "stopped" not in plain.to_frame()
