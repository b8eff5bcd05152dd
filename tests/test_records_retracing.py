"""Features of stored completions computed anew: of a directory, of a file, of a run that an older version wrote."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from test_records import SAMPLING, WithPool, varied

from local_models import LocalModel
from promptlab.errors import InputError
from promptlab.prompts import few_shot, zero_shot
from promptlab.records import Run, load_run
from promptlab.runner import run
from promptlab.traces import DESCRIPTIONS
from promptlab.types import Question

OLD = ("reasoning_words", "answer_words", "bypassed", "verification", "copied_number", "exemplar_numbers")
QUESTIONS = [Question(f"q{i}", f"What is {i} plus 1?", (str(i + 1),)) for i in range(4)]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Run:
    arms = [zero_shot(), few_shot(k=2, draws=3)]
    path = tmp_path_factory.mktemp("runs") / "one"
    model = LocalModel(reply=varied)
    return run(model, arms, WithPool(QUESTIONS), samples=5, sampling=SAMPLING, path=path, progress=False)


def test_computed_anew_they_are_those_of_the_run(done: Run, tmp_path: Path):
    file = load_run(done.to_parquet(tmp_path / "run.parquet"))
    pd.testing.assert_frame_equal(done.retraced(), done.to_frame())
    pd.testing.assert_frame_equal(file.retraced(), file.to_frame())


def test_of_some_conditions_and_of_the_first_questions(done: Run):
    some = done.retraced("zero-shot", 2)
    assert set(some["condition"]) == {"zero-shot"}
    assert set(some["question"]) == {"q0", "q1"}
    with pytest.raises(InputError, match="zero-short"):
        done.retraced("zero-short")
    with pytest.raises(InputError, match="n_questions of retraced"):
        done.retraced(n_questions=0)


def test_a_run_of_version_1_gets_all_features():
    old = load_run("recorded:r1")
    assert "doubts" not in old.to_frame(completion=False, reasoning=False)
    new = old.retraced(["zero-shot", "few-shot-3"], 20)
    assert set(DESCRIPTIONS) <= set(new)
    stored = old.to_frame().merge(new[["key", "condition", "question", "sample"]], how="right")
    for name in OLD:  # these rules have not changed since
        assert (stored[name].to_numpy() == new[name].to_numpy()).all(), name
