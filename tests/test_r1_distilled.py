"""experiments/r1_miniature/distilled.py: known truth, and what the recorded samples say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.r1_miniature import distilled, told
from promptlab.comparison.crossed import crossed

CHANCES = {  # zero-shot, few-shot
    "distill": (0.5, 0.2),
    "r1": (0.7, 0.7),
    "sft": (0.5, 0.5),
    "instruct": (0.1, 0.3),
    "r1-narrow": (0.6, 0.3),
}


def simulated(questions: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(2)
    names = [f"q{i}" for i in range(questions)]
    parts = [
        pd.DataFrame(
            {"model": model, "condition": f"few-{k}" if k else "zero-shot", "shots": k, "sample": sample}
            | {"question": names, "cluster": names, "score": (rng.random(questions) < chances[k > 0]) * 1.0}
        )
        for model, chances in CHANCES.items()
        for k in (0, 1, 3)
        for sample in range(4)
    ]
    return pd.concat(parts, ignore_index=True)


def test_known_truth() -> None:
    found = distilled.analysed(crossed(simulated()))
    assert found.accuracy["distill"] == pytest.approx(0.5, abs=0.05)
    truth = {"r1": -0.2, "sft": 0.0, "instruct": 0.4}
    for row in found.right.itertuples():
        assert row.low < truth[row.model] < row.high, row
    truth = {"distill": -0.3, "r1": -0.3, "sft": -0.3, "r1-narrow": 0.0}
    for row in found.effects.itertuples():
        assert row.low < truth[row.model] < row.high, row


def test_the_recorded_student_loses_what_its_teacher_does_not() -> None:
    found = distilled.found()
    assert found is not None
    right, effects = told.of_distilled(found)
    assert right.startswith("Zero-shot, distill is right in 40.1 %; less r1 -11.9 points [-16.8, -7.1]; ")
    assert effects.startswith("Exemplars change that by -22.4 points [-27.9, -16.9] ")
    assert "less what they do to r1-narrow +2.8 points [-1.7, +7.3]" in effects


def test_without_samples_that_is_said(tmp_path: Path) -> None:
    assert told.of_distilled(distilled.found(tmp_path)) == [
        "Distillation: the samples of `distill` are not in the folder."
    ]
