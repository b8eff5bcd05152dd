"""Steps against the step before: the differences of `compare`, in a chain, with what they cost."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from promptlab.comparison import Ablation, ablation, compare, vote
from promptlab.errors import InputError

STEPS = ["a", "b", "c"]


def frame(n: int = 60, samples: int = 2, models: tuple[str, ...] = ("m",)) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    levels = [models, STEPS, range(n), range(samples)]
    index = pd.MultiIndex.from_product(levels, names=["model", "condition", "question", "sample"])
    data = index.to_frame(index=False).assign(ending="complete", answered=True)
    chance = data["condition"].map({"a": 0.3, "b": 0.8, "c": 0.8})
    tokens = {"prompt_tokens": data["condition"].map({"a": 100, "b": 500, "c": 500}), "completion_tokens": 20}
    right = rng.random(len(data)) < chance
    return data.assign(score=right.astype(float), answer=np.where(right, "7", "1"), gold="7", **tokens)


@pytest.fixture(scope="module")
def found() -> Ablation:
    return ablation(frame(), steps=STEPS)


def test_gains_are_the_paired_differences_to_the_step_before(found: Ablation):
    means = frame().groupby(["condition", "question"])["score"].mean().unstack("condition")
    wanted = [np.nan, (means["b"] - means["a"]).mean(), (means["c"] - means["b"]).mean()]
    assert found.table["condition"].tolist() == STEPS
    assert found.table["gain"].tolist() == pytest.approx(wanted, nan_ok=True)
    assert found.table["verdict"].fillna("").tolist() == ["", "improved", "inconclusive"]
    assert found.gains["baseline"].tolist() == ["a", "b"]
    assert found.verdicts[0].startswith("b improves m against a: +")


def test_two_steps_are_a_comparison():
    both = ablation(frame(), steps=["a", "c"])
    alone = compare(frame(), baseline="a", conditions=["c"]).table
    pd.testing.assert_frame_equal(both.gains, alone)


def test_gains_of_all_steps_hold_together(found: Ablation):
    """Each of a family has a wider interval than it would have alone."""
    alone = ablation(frame(), steps=["a", "b"]).gains.iloc[0]
    among = found.gains.iloc[0]
    assert among["high"] - among["low"] > alone["high"] - alone["low"]


def test_the_order_is_that_of_the_steps_on_every_model_and_costs_are_multiples_of_the_first():
    data = frame(models=("m", "n"))
    found = ablation(vote(data, with_samples=True), steps=["c", "a", "c+vote-2"]).table
    assert found[["model", "condition"]].to_numpy().tolist() == [[m, c] for m in "mn" for c in ("c", "a", "c+vote-2")]
    assert found["prompt_tokens"].tolist() == [500, 100, 1000] * 2
    assert found["completion_tokens"].tolist() == [20, 20, 40] * 2
    assert found["times"].tolist() == [1, 0.23, 2] * 2


def test_costs_that_no_sample_tells_are_not_zero():
    bare = ablation(frame().drop(columns=["prompt_tokens", "completion_tokens"]), steps=STEPS)
    assert bare.table[["prompt_tokens", "completion_tokens", "times"]].isna().all(axis=None)


def test_it_shows_itself(found: Ablation):
    assert repr(found) == "<Ablation of 3 steps on m>"
    assert found.to_markdown().startswith("**Step by step: score, gain over the step before, tokens a question**")
    assert "b improves m against a" in found._repr_html_()
    labelled = ablation(frame(), steps=STEPS, label="Live").heading
    assert labelled == "Live: step by step: score, gain over the step before, tokens a question"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (["a"], "two conditions or more"),
        (["a", "b", "a"], "each named once"),
        (["a", "d"], "unknown condition 'd'"),
        ("a", "two conditions or more"),
    ],
)
def test_steps_that_are_none_are_refused(steps: list[str], said: str):
    with pytest.raises(InputError, match=said):
        ablation(frame(), steps=steps)


def test_a_model_that_lacks_a_step_is_named():
    data = frame(models=("m", "n"))
    with pytest.raises(InputError, match="model 'n' has no samples of 'b'"):
        ablation(data[(data["model"] == "m") | (data["condition"] != "b")], steps=STEPS)
