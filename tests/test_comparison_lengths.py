"""Accuracy in bins of length: over all samples difficulty shows, within a question only what length itself does."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import promptlab as lab
from promptlab.errors import InputError

QUESTIONS, SAMPLES = 80, 6


def frame(effect: float) -> pd.DataFrame:
    """Hard questions are long and wrong; within a question the score falls by `effect` from shortest to longest."""
    rng = np.random.default_rng(3)
    hard = np.repeat(rng.uniform(0, 1, QUESTIONS), SAMPLES)
    place = np.tile(np.linspace(-0.5, 0.5, SAMPLES), QUESTIONS)
    words = np.exp(4 + 2 * hard + 0.3 * place)
    score = (rng.uniform(0, 1, len(hard)) > 0.2 + 0.6 * hard + effect * place).astype(float)
    where = {"question": np.repeat(np.arange(QUESTIONS), SAMPLES), "sample": np.tile(np.arange(SAMPLES), QUESTIONS)}
    return pd.DataFrame({"model": "m", "condition": "a", **where, "score": score, "words": words})


def by_kind(found: lab.ByLength) -> dict[str, pd.DataFrame]:
    return {kind: rows.set_index("bin") for kind, rows in found.table.groupby("kind")}


def test_difficulty_shows_over_all_samples_and_not_within():
    found = by_kind(lab.by_length(frame(effect=0), "words", bins=3))
    assert found["raw"]["score"][3] < found["raw"]["score"][1] - 0.2
    within = found["within"]
    assert within["low"].max() < within["high"].min()  # one level fits all bins
    assert (found["within"]["high"] - found["within"]["low"]).max() < (found["raw"]["high"] - found["raw"]["low"]).min()


def test_an_effect_of_length_shows_within():
    within = by_kind(lab.by_length(frame(effect=0.3), "words", bins=3))["within"]
    assert within["high"][3] < within["low"][1]


def test_against_numbers_by_hand():
    data = frame(effect=0.2)
    found = by_kind(lab.by_length(data, "words", bins=3, alpha=0.06))
    cube = data.sort_values(["question", "words"])["score"].to_numpy().reshape(QUESTIONS, 3, SAMPLES // 3).mean(axis=2)
    own = cube - cube.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found["within"]["score"], own.mean(axis=0) + cube.mean())
    ends = stats.t.interval(0.98, QUESTIONS - 1, own[:, 0].mean() + cube.mean(), stats.sem(own[:, 0]))
    assert (found["within"]["low"][1], found["within"]["high"][1]) == pytest.approx(ends)
    thirds = data.sort_values("words")["score"].to_numpy().reshape(3, -1).mean(axis=1)
    np.testing.assert_allclose(found["raw"]["score"], thirds)
    logs = np.log(data.sort_values("words")["words"].to_numpy()).reshape(3, -1).mean(axis=1)
    np.testing.assert_allclose(found["raw"]["length"], np.exp(logs))


def test_equal_lengths_share_their_scores_whatever_their_order():
    data = frame(effect=0).assign(words=7)
    shuffled = data.sample(frac=1, random_state=0)
    for each in (data, shuffled):
        within = by_kind(lab.by_length(each, "words", bins=3))["within"]
        np.testing.assert_allclose(within["score"], data["score"].mean())


def test_what_did_not_end_by_itself_and_questions_with_too_few_samples_are_left_out():
    data = frame(effect=0)
    ending = np.where(data["sample"] == 0, "truncated", "complete")
    found = by_kind(lab.by_length(data.assign(ending=ending), "words", bins=5))
    assert found["raw"]["samples"].sum() == QUESTIONS * (SAMPLES - 1)
    cut = data[(data["question"] > 9) | (data["sample"] < 2)]
    assert set(by_kind(lab.by_length(cut, "words", bins=3))["within"]["questions"]) == {QUESTIONS - 10}


def test_bins_without_samples_say_why_and_errors_are_clear():
    few = frame(effect=0).query("sample < 2")
    within = by_kind(lab.by_length(few, "words", bins=4))["within"]
    assert within[["score", "low", "high"]].isna().all(axis=None)
    assert within["reason"].str.contains("no question has so many samples").all()
    with pytest.raises(InputError, match="bins of by_length is 1"):
        lab.by_length(few, "words", bins=1)
    with pytest.raises(InputError, match="alpha of by_length"):
        lab.by_length(few, "words", alpha=2)
    with pytest.raises(InputError, match=r"feature of by_length.*words"):
        lab.by_length(few, "word")


def test_it_shows_itself():
    found = lab.by_length(frame(effect=0), "words", label="Mine")
    assert repr(found) == "<ByLength: score by words in 4 bins, 1 arms>"
    assert found.to_markdown().startswith("**Mine: score by words, 4 bins**")
    assert "<table" in found._repr_html_()
