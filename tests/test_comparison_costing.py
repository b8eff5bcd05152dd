"""Equal cost: hand-made token counts, votes as cons@k has them, and what is lacking said."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from promptlab.comparison import compare, cons_at_k, cost_matched, pass_at_k
from promptlab.errors import InputError


def samples(n: int = 40, k: int = 4, model: str = "r1", few: tuple[int, int] = (500, 100)) -> pd.DataFrame:
    """Zero-shot costs 100 + 4 x 100 = 500, few-shot 500 + 4 x 100 = 900 prompt tokens, unless told otherwise."""
    rng, rows = np.random.default_rng(0), []
    for condition, chance, (sent, got) in (("zero-shot", 0.6, (100, 100)), ("few", 0.5, few)):
        for i in range(n):
            right = rng.random(k) < chance
            rows += [
                {"model": model, "condition": condition, "question": f"q{i}", "sample": j, "score": float(right[j]),
                 "answer": "7" if right[j] else str(rng.integers(2)), "prompt_tokens": sent, "completion_tokens": got}
                for j in range(k)
            ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_tokens_of_k_samples_buy_so_many_of_the_baseline():
    table = cost_matched(samples(), "few").table
    assert table["k"].tolist() == [1, 2, 3, 4]
    assert table["cost"].tolist() == [900, 1800, 2700, 3600]
    assert table["affordable"].tolist() == [1, 3, 5, 7]
    assert table["k_baseline"].tolist() == [1, 3, 4, 4]
    assert table["short"].tolist()[:2] == ["", ""]
    assert table["short"].tolist()[3] == "7 samples of zero-shot are affordable, 4 exist"


def test_a_price_of_one_counts_tokens_alike():
    table = cost_matched(samples(), "few", output_price=1).table
    assert table["affordable"].tolist() == [3, 6, 9, 12]


def test_scores_are_cons_and_oracles_pass_at_k_and_k_1_is_what_compare_finds():
    frame = samples()
    table = cost_matched(frame, "few").table
    voted = cons_at_k(frame, k=[1, 2, 3, 4]).set_index(["condition", "k"])["value"]
    passed = pass_at_k(frame, k=[1, 2, 3, 4]).set_index(["condition", "k"])["value"]
    for row in table.to_dict("records"):
        assert row["score"] == pytest.approx(voted["few", row["k"]])
        assert row["baseline_score"] == pytest.approx(voted["zero-shot", row["k_baseline"]])
        assert row["oracle"] == pytest.approx(passed["few", row["k"]])
        assert row["baseline_oracle"] == pytest.approx(passed["zero-shot", row["k_baseline"]])
    paired = compare(frame, baseline="zero-shot").table.iloc[0]
    assert table.loc[0, "difference"] == pytest.approx(paired["difference"])
    assert table.loc[0, "high"] - table.loc[0, "low"] > paired["high"] - paired["low"]  # four rows are one family


def test_a_condition_too_cheap_for_one_sample_of_the_baseline():
    found = cost_matched(samples(few=(100, 20)), "few")
    assert found.table["affordable"].tolist() == [0, 0, 1, 1]
    assert np.isnan(found.table.loc[0, ["difference", "baseline_score", "low"]].astype(float)).all()
    assert found.verdicts[0] == "r1: nothing to compare, the tokens of 1 do not buy one sample of zero-shot."


def test_sentences_say_which_score_it_is_and_what_is_lacking():
    found = cost_matched(pd.concat([samples(), samples(model="plain")]), "few", label="Live")
    assert "few with 1 sample (pass@1 " in found.verdicts[0]
    assert "zero-shot with 3 samples (cons@3 " in found.verdicts[1]
    assert found.verdicts[3].endswith(
        "7 samples of zero-shot are affordable, 4 exist: what the rest would add is not known."
    )
    assert found.to_markdown().startswith("**Live: few against zero-shot at equal cost**")
    assert repr(found) == "<CostMatched of 'few' against 'zero-shot': 8 rows>"
    assert "4 times as much as a prompt token" in found._repr_html_()


def test_missing_samples_make_it_invalid():
    frame = samples()
    frame.loc[(frame["condition"] == "few") & (frame["sample"] == 0), "score"] = np.nan
    found = cost_matched(frame, "few")
    assert set(found.table["validity"]) == {"invalid"}
    assert "Invalid: samples are missing." in found.verdicts[0]


@pytest.mark.parametrize(
    ("frame", "options", "says"),
    [
        (samples().drop(columns="prompt_tokens"), {}, "runs of cost_matched lack the column prompt_tokens"),
        (samples().assign(prompt_tokens=None), {}, "the samples of an arm state no tokens"),
        (samples().drop(columns="answer"), {}, "runs of cost_matched lack the column answer"),
        (samples(), {"output_price": -1}, "output_price of cost_matched is -1: it must be a number >= 0"),
        (samples(), {"baseline": "zero"}, "unknown condition 'zero': did you mean 'zero-shot'"),
    ],
)
def test_what_cannot_be_matched_is_one_error(frame, options, says):
    with pytest.raises(InputError, match=says):
        cost_matched(frame, "few", **options)


def test_more_samples_of_the_baseline_stand_for_the_fewer():
    whole = samples(k=4)
    few = whole[(whole["condition"] == "few") | (whole["sample"] == 0)]
    found = cost_matched(few, "few", more=whole[whole["condition"] == "zero-shot"])
    pd.testing.assert_frame_equal(found.table, cost_matched(whole, "few").table)
    assert cost_matched(few, "few").table["k_baseline"].tolist() == [1, 1, 1, 1]
