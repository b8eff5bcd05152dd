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


@pytest.mark.parametrize("lost", [[0, 11, 22, 33, 44, 55, 66, 77], [0, 11, 22, 33, 44, 55], list(range(0, 100, 9))])
@pytest.mark.parametrize("size", [1, 5])
def test_it_is_never_surer_than_the_comparison(lost: list[int], size: int):
    """Losses that the draws spread evenly have less variance by draw than by question."""
    rows = [("m", c, s, q, q // size, q % 20 if s else 0, float(not (s and q in lost))) for c, s in (("a", 0), ("b", 3))
            for q in range(100)]  # fmt: skip
    data = pd.DataFrame(rows, columns=["model", "condition", "shots", "question", "cluster", "draw", "score"])
    compared = compare(data, baseline="a")
    wide, fixed = over_draws(compared).table.iloc[0], compared.table.iloc[0]
    assert wide.low <= fixed.low
    assert fixed.high <= wide.high
    assert wide.se >= fixed.se
    assert wide.detectable >= fixed.detectable - 1e-9
    if size == 5:
        assert wide.method == "the comparison's"


def test_validity_is_that_of_its_own_interval():
    """Failures that leave the comparison's verdict alone can change the wider one."""
    n, effects = 400, 0.55 * np.array([-0.34, -0.05, -0.28, -0.02, -0.30, -0.04, -0.25, 0])
    chance, question, parts = np.random.default_rng(1).random((n, 2)), np.arange(n), []
    for i, (name, shots) in enumerate((("a", 0), ("b", 3))):
        draw = question % 8 if shots else 0 * question
        score = (chance[:, i] < 0.8 + (effects[draw] if shots else 0)).astype(float)
        cut = (question // 8 % 17 == 0) & (shots > 0)
        row = {"model": "m", "condition": name, "shots": shots, "question": question, "draw": draw}
        ending = np.where(cut, "truncated", "complete")
        parts.append(pd.DataFrame({**row, "score": np.where(cut, 0.0, score), "ending": ending}))
    compared = compare(pd.concat(parts), baseline="a")
    found = over_draws(compared)
    row = found.table.iloc[0]
    assert (row.fixed, compared.table.loc[0, "validity"]) == ("degraded", "ok")
    assert (row.verdict, row.validity) == ("degraded", "fragile")
    assert "Fragile: truncated, empty, refused or unanswered samples (" in found.verdicts[0]
    assert found.verdicts[0].endswith("could make it inconclusive.")


def test_the_comparison_s_warnings_and_its_own_are_shown():
    near = frame([0.29] * 8)
    found = over_draws(compare(near, baseline="zero-shot"))
    assert found.warnings[:-1] == found.comparison.warnings
    assert len(found.warnings) == 2
    assert "over draws, too" in found.warnings[-1]
    assert found.warnings[-1] in found.to_markdown()
    assert found.warnings[-1] in found._repr_html_()
    assert len(over_draws(compare(near.assign(cluster=None), baseline="zero-shot")).warnings) == 1
    assert over_draws(compare(frame([-0.4] * 8), baseline="zero-shot")).warnings == ()


def test_bad_input():
    with pytest.raises(InputError, match="samples lack the column draw"):
        over_draws(compare(frame([0.0] * 8).drop(columns="draw"), baseline="zero-shot"))
    with pytest.raises(InputError, match="no condition of the comparison shows exemplars"):
        over_draws(compare(frame([0.0] * 8).assign(shots=0), baseline="zero-shot"))
