"""evalstats, where it is installed (0.3.3 when this was written): what both say of one frame."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from promptlab.comparison import compare
from promptlab.stats import adjusted_interval, sign_flip_p
from promptlab.stats.estimates import unit_sums

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs


@pytest.fixture(scope="module")
def evalstats():
    return pytest.importorskip("evalstats")


def frame(samples: int, shifts: dict[str, float], n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    chance = rng.random(n)
    parts = []
    for name, shift in shifts.items():
        right = rng.random((samples, n)) < np.clip(chance + shift, 0, 1)
        sample, question = (part.ravel() for part in np.indices(right.shape))
        parts.append(pd.DataFrame({"condition": name, "question": question, "sample": sample, "score": right.ravel()}))
    return pd.concat(parts, ignore_index=True).assign(model="m", score=lambda d: d["score"].astype(float))


def theirs(evalstats, data: pd.DataFrame) -> pd.DataFrame:
    """Differences to the first condition, in our direction."""
    renamed = data.rename(columns={"condition": "prompt", "question": "item", "sample": "run"}).drop(columns="model")
    pairs = evalstats.compare_prompts(evalstats.load_from(renamed)).to_frame()["pairwise"]
    pairs = pairs[pairs["a"] == data["condition"].iloc[0]]
    return pd.DataFrame({"difference": -pairs["diff"], "low": -pairs["ci_high"], "high": -pairs["ci_low"]}).set_axis(
        pairs["b"]
    )


def test_one_sample_a_question_has_their_interval_and_the_exact_p(evalstats):
    data = frame(1, {"a": 0.0, "b": -0.15})
    wide = data.pivot(index="question", columns="condition", values="score")
    d = (wide["b"] - wide["a"]).to_numpy().reshape(-1, 1)
    totals, counts = unit_sums(d, None)
    low, high, _ = adjusted_interval(totals[:, 0], counts[:, 0], float(stats.norm.ppf(0.975)), 1.0)
    row = theirs(evalstats, data).loc["b"]
    assert (row["low"], row["high"]) == pytest.approx((low, high), abs=1e-9)
    test = evalstats.pairwise_differences(wide[["b", "a"]].to_numpy().T, 0, 1, method="sign_test")
    assert sign_flip_p(d, rng=np.random.default_rng(0))[0] == pytest.approx(test.p_value, abs=1e-12)


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("arms", [{"b": -0.15}, {"b": -0.15, "c": 0.05, "d": 0.0}])
def test_compare_says_nearly_the_same_of_the_frame(evalstats, samples, arms):
    """Ends within an eighth of the width: they adjust for all pairs of a family, we for those with the baseline."""
    data = frame(samples, {"a": 0.0, **arms})
    ours = compare(data, baseline="a").table.set_index("condition")
    other = theirs(evalstats, data).loc[ours.index]
    assert ours["difference"].to_numpy() == pytest.approx(other["difference"].to_numpy(), abs=1e-12)
    width = (other["high"] - other["low"]).to_numpy()
    for end in ("low", "high"):
        assert (np.abs(ours[end] - other[end]).to_numpy() < width / 8).all()
    if len(arms) == 1:
        excluded = (other["low"] > 0) | (other["high"] < 0)
        assert (ours["verdict"] != "inconclusive").tolist() == excluded.tolist()
