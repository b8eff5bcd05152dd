"""`over_draws`: exemplars as a random factor."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from promptlab.comparison import compare
from promptlab.comparison.drawn import over_draws
from promptlab.errors import InputError
from promptlab.stats.twoway import two_way

N = 240


def frame(effects, seed=0, **columns):
    """One sample a question: right with 0.7, and 0.7 plus the effect of its draw under the few-shot condition."""
    rng, draw = np.random.default_rng(seed), np.arange(N) % len(effects)
    parts = []
    for name, shots, chance in (("zero-shot", 0, np.full(N, 0.7)), ("few-shot", 3, 0.7 + np.asarray(effects)[draw])):
        score = (rng.random(N) < chance).astype(float)
        row = {"model": "m", "condition": name, "question": range(N), "cluster": np.arange(N) // 4, "shots": shots}
        parts.append(pd.DataFrame({**row, "draw": draw if shots else 0, "score": score, **columns}))
    return pd.concat(parts, ignore_index=True)


def test_it_is_two_way_on_the_differences():
    data = frame([-0.1, -0.3] * 4)
    row = over_draws(compare(data, baseline="zero-shot")).table.iloc[0]
    wide = data.pivot(index="question", columns="condition", values="score")
    alone = two_way(wide["few-shot"] - wide["zero-shot"], np.arange(N) // 4, np.arange(N) % 8)
    assert (row.difference, row.low, row.high, row.df) == pytest.approx((alone.value, alone.low, alone.high, 7))
    assert (row.draws, row.questions, row.clusters) == (8, 240, 60)


def test_draws_that_disagree_take_the_verdict_away():
    data = frame([-0.7, -0.6, 0.3, 0.2, -0.7, 0.3, -0.5, 0.1])
    found = over_draws(compare(data, baseline="zero-shot"))
    row = found.table.iloc[0]
    assert (row.fixed, row.verdict) == ("degraded", "inconclusive")
    assert row.se > 2 * row.se_fixed
    assert "inconclusive, -" in found.verdicts[0]
    assert found.verdicts[0].endswith("while it is degraded for these exemplar sets alone.")


def test_draws_that_agree_keep_it():
    found = over_draws(compare(frame([-0.4] * 8), baseline="zero-shot"))
    assert found.table.loc[0, "verdict"] == "degraded"
    assert found.verdicts[0].endswith("as for these exemplar sets alone.")


@pytest.mark.parametrize(
    ("draws", "reason"),
    [(4, "4 draws are too few for a claim on exemplars (5 at least)"), (1, "one draw: nothing says how draws differ")],
)
def test_few_draws_allow_no_claim(draws, reason):
    found = over_draws(compare(frame([-0.4] * draws), baseline="zero-shot"))
    row = found.table.iloc[0]
    assert (row.verdict, row.reason) == ("no claim", reason)
    assert np.isnan([row.low, row.high, row.detectable]).all()
    assert found.verdicts[0].endswith(f"no claim: {reason}.")
    assert "nan" not in found.to_markdown() + found._repr_html_()


def test_exemplars_of_their_own_kind_are_drawn_for_each_kind():
    data = frame([-0.7, 0.3, -0.6, 0.2] * 2, select="own-kind")
    row = over_draws(compare(data, baseline="zero-shot")).table.iloc[0]
    assert row.draws == N
    assert row.df == 59
    assert row.se == pytest.approx(max(row.se_clusters, row.se_draws))


def test_conditions_without_exemplars_are_left_out_of_the_family():
    data = frame([-0.4] * 8)
    more = pd.concat([data, data[data["condition"] == "zero-shot"].assign(condition="concise")])
    found = over_draws(compare(more, baseline="zero-shot"))
    assert found.table["condition"].tolist() == ["few-shot"]
    alone = over_draws(compare(data, baseline="zero-shot")).table
    assert found.table.loc[0, "low"] == pytest.approx(alone.loc[0, "low"])


def test_bad_input():
    with pytest.raises(InputError, match="samples lack the column draw"):
        over_draws(compare(frame([0.0] * 8).drop(columns="draw"), baseline="zero-shot"))
    with pytest.raises(InputError, match="no condition of the comparison shows exemplars"):
        over_draws(compare(frame([0.0] * 8).assign(shots=0), baseline="zero-shot"))
