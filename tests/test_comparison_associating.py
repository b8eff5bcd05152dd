"""Features of right and wrong outputs, in tables and to look at."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

import promptlab as lab
from promptlab.errors import InputError

SAMPLES, QUESTIONS = 6, 60


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def confounded() -> pd.DataFrame:
    """Hard questions are long and wrong; within a question length says nothing, as it is drawn apart."""
    rng = np.random.default_rng(1)
    hard = np.repeat(rng.uniform(0, 1, QUESTIONS), SAMPLES)
    words = np.exp(4 + 2 * hard + rng.normal(0, 0.2, len(hard)))
    frame = pd.DataFrame(
        {
            "model": "m",
            "condition": "a",
            "question": np.repeat(np.arange(QUESTIONS), SAMPLES),
            "sample": np.tile(np.arange(SAMPLES), QUESTIONS),
            "score": (rng.uniform(0, 1, len(hard)) > 0.2 + 0.6 * hard).astype(float),
            "reasoning_words": words.round().astype(int),
        }
    )
    return frame.assign(completion="<b>text</b>", reasoning="", doubts=(frame["question"] == 3).astype(int))


def test_length_is_confounded_over_questions_and_not_within(confounded: pd.DataFrame):
    row = lab.associated(confounded).table.iloc[0]
    assert row["raw_high"] < 0
    assert abs(row["within"]) < 0.25 * abs(row["raw"])


def test_against_the_differences_by_hand(confounded: pd.DataFrame):
    logs = confounded.assign(log=np.log(confounded["reasoning_words"]), right=confounded["score"] >= 1)
    means = logs.pivot_table(index="question", columns="right", values="log")
    differences = (means[True] - means[False]).dropna()
    ends = stats.t.interval(0.95, len(differences) - 1, differences.mean(), stats.sem(differences))
    raw = logs.loc[logs["right"], "log"].mean() - logs.loc[~logs["right"], "log"].mean()
    row = lab.associated(confounded).table.iloc[0]
    assert row["within"] == pytest.approx(np.expm1(differences.mean()))
    assert (row["within_low"], row["within_high"]) == pytest.approx(tuple(np.expm1(ends)))
    assert row["raw"] == pytest.approx(np.expm1(raw))
    assert (row["questions"], row["samples"]) == (len(differences), len(confounded))


def test_raw_interval_against_a_bootstrap_of_questions(confounded: pd.DataFrame):
    rng = np.random.default_rng(0)
    words, score = (confounded[c].to_numpy(float).reshape(QUESTIONS, -1) for c in ("reasoning_words", "score"))
    drawn = rng.integers(0, QUESTIONS, (2_000, QUESTIONS))
    logs, right = np.log(words)[drawn].reshape(2_000, -1), score[drawn].reshape(2_000, -1) >= 1
    resampled = (logs * right).sum(1) / right.sum(1) - (logs * ~right).sum(1) / (~right).sum(1)
    row = lab.associated(confounded).table.iloc[0]
    width = np.log1p(row["raw_high"]) - np.log1p(row["raw_low"])
    assert width == pytest.approx(2 * stats.t.ppf(0.975, QUESTIONS - 1) * resampled.std(), rel=0.1)


def test_only_samples_that_ended_by_themselves_count(confounded: pd.DataFrame):
    ending = np.where(confounded["sample"] == 0, "truncated", "complete")
    row = lab.associated(confounded.assign(ending=ending)).table.iloc[0]
    assert (row["samples"], row["left_out"]) == (QUESTIONS * (SAMPLES - 1), QUESTIONS)


def test_tokens_only_where_every_sample_has_them(confounded: pd.DataFrame):
    tokens = confounded["reasoning_words"].astype("Int64")
    assert lab.associated(confounded.assign(reasoning_tokens=tokens)).feature == "reasoning_tokens"
    assert lab.associated(confounded.assign(reasoning_tokens=tokens.mask(tokens > 300))).feature == "reasoning_words"


def test_nothing_within_questions_is_said(confounded: pd.DataFrame):
    found = lab.associated(confounded.assign(score=(confounded["question"] % 2).astype(float)))
    assert "no question has right and wrong samples" in found.sentences[0]
    assert "not estimable" in found.to_markdown()
    lab.figures.within(found)
    with pytest.raises(InputError, match="reasoning_words"):
        lab.associated(confounded, "reasoning_word")


def test_figure_of_both_differences(confounded: pd.DataFrame):
    found = lab.associated(confounded, label="Here")
    ax = lab.figures.within(found)
    assert len(ax.containers) == 2
    assert ax.get_title(loc="left") == "Here"
    with pytest.raises(InputError, match=r"lab\.associated"):
        lab.figures.within(found.table)


def test_table_of_features(confounded: pd.DataFrame):
    frame = pd.concat([confounded, confounded.assign(condition="b", doubts=0)])
    frame["changed"] = np.nan
    table = lab.feature_table(lab.compare(frame, baseline="a"), ["doubts", "reasoning_words", "changed"])
    assert list(table.columns) == ["model", "condition", "doubts", "reasoning_words", "changed"]
    assert table["doubts"][0].startswith("0.017 [")
    assert list(table["changed"]) == ["no sample has it"] * 2


def test_the_oddest_are_shown_escaped(confounded: pd.DataFrame):
    found = lab.oddest(confounded, n=2)
    assert list(found.table["feature"]) == ["reasoning_words"] * 2 + ["doubts"] * 2
    assert found.table["value"][0] == confounded["reasoning_words"].max()
    assert "&lt;b&gt;text" in found._repr_html_()
    assert "<b>" not in found._repr_html_()
    assert "completion" not in found.to_markdown()
    assert "question 3" in str(found)


def test_oddest_says_what_it_lacks(confounded: pd.DataFrame):
    with pytest.raises(InputError, match="doubt"):
        lab.oddest(confounded, ["doubt"])
    with pytest.raises(InputError, match="completion"):
        lab.oddest(confounded.drop(columns="completion"))
    assert "no output is odd" in str(lab.oddest(confounded.assign(doubts=0), ["doubts"]))
