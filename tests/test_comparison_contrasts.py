"""`contrast`: a model against its control."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from promptlab.comparison import contrast, contrasts, control_pairs
from promptlab.comparison.verdicts import power
from promptlab.errors import InputError

N = 200


def frame(scores: dict[tuple[str, str], float], n: int = N, seed: int = 0) -> pd.DataFrame:
    """One sample a question, right with the chance of its arm; a question's difficulty is shared."""
    rng = np.random.default_rng(seed)
    difficulty = rng.random(n)
    parts = []
    for (model, condition), chance in scores.items():
        luck = np.where(rng.random(n) < 0.5, rng.random(n), difficulty)
        score = (luck < chance).astype(float)
        parts.append(pd.DataFrame({"model": model, "condition": condition, "question": range(n), "score": score}))
    return pd.concat(parts, ignore_index=True)


def four(model_after: float, control_after: float, before: float = 0.6, control_before: float | None = None):
    return {
        ("r1", "zero-shot"): before,
        ("r1", "few-shot"): model_after,
        ("sft", "zero-shot"): before if control_before is None else control_before,
        ("sft", "few-shot"): control_after,
    }


def run(scores, **options):
    return contrast(frame(scores), model="r1", control="sft", baseline="zero-shot", **options)


def test_a_loss_that_the_control_does_not_share():
    found = run(four(0.3, 0.6))
    row = found.table.iloc[0]
    assert row.verdict == "less favourable"
    assert row.contrast == pytest.approx(row.model_difference - row.control_difference)
    assert row.low < row.contrast < row.high < 0
    assert row.log_odds_low < row.log_odds < row.log_odds_high < 0
    assert row.flag == ""
    assert "less favourable to r1 than to sft" in found.verdicts[0]
    assert found.verdicts[0].endswith("for these two models.")


def test_exchanging_the_models_turns_it_round():
    scores = four(0.3, 0.6)
    there = run(scores).table.iloc[0]
    back = contrast(frame(scores), model=1, control=0, baseline="zero-shot")
    row = back.table.iloc[0]
    assert (row.contrast, row.low, row.high) == pytest.approx((-there.contrast, -there.high, -there.low))
    assert row.log_odds == pytest.approx(-there.log_odds)
    assert row.verdict == "more favourable"
    assert "more favourable to sft than to r1" in back.verdicts[0]


def test_a_big_drop_of_both_is_no_evidence():
    found = run(four(0.2, 0.2))
    assert found.table.loc[0, "model_difference"] < -0.25
    assert found.table.loc[0, "verdict"] == "inconclusive"
    assert "inconclusive, contrast" in found.verdicts[0]


def test_a_digest_speaks_of_two_models_and_of_the_conditions_that_are_asked_for():
    told = run(four(0.2, 0.6)).digest(["few-shot"])
    assert told.startswith(
        "r1 less sft, against zero-shot, for these two models, whatever they differ in. Less favourable"
    )
    assert re.search(r"to r1: few-shot -\d\d\.\d points \[-", told)
    assert "Not told apart: few-shot" in run(four(0.2, 0.2)).digest(["few-shot"])
    assert "(scale-dependent; floor/ceiling)" in contrast(
        frame(four(0.52, 0.03, before=0.7, control_before=0.15), n=2000),
        model="r1",
        control="sft",
        baseline="zero-shot",
    ).digest(["few-shot"])
    assert run(four(0.2, 0.6)).digest(["few-9"]).endswith("No condition is shared.")
    with pytest.raises(InputError, match="conditions of digest is 'few-shot': it must be a list of names"):
        run(four(0.2, 0.6)).digest("few-shot")


@pytest.mark.parametrize(
    ("found", "what", "told"),
    [
        ((0.98, 1.11), "comparison", "find true differences of 98.0 to more than 100 points"),
        ((1.05, 1.11), "comparison", "no comparison finds even a true difference of 100 points: too few questions"),
        ((0.98, 1.11), "contrast", "find true differences of 98.0 to 111.0 points"),
        ((2.1, 2.2), "contrast", "no contrast finds even a true difference of 200 points"),
    ],
)
def test_no_difference_is_beyond_what_there_can_be(found, what, told):
    assert told in power(pd.DataFrame({"detectable": found}), what)


def test_scale_dependence_and_floor_are_flagged_and_said():
    # 0.70 -> 0.52 against 0.15 -> 0.03: the model loses more points, and less of its log-odds.
    data = frame(four(0.52, 0.03, before=0.7, control_before=0.15), n=2000)
    found = contrast(data, model="r1", control="sft", baseline="zero-shot")
    row = found.table.iloc[0]
    assert row.contrast * row.log_odds < 0
    assert row.flag == "scale-dependent; floor/ceiling"
    assert "It confirms nothing: the sign changes on the log-odds scale and the control is under" in found.verdicts[0]


def test_only_questions_that_all_four_cells_have():
    data = frame(four(0.3, 0.6))
    data = data[~((data["model"] == "sft") & (data["question"] < 50))]
    found = contrast(data, model="r1", control="sft", baseline="zero-shot")
    assert found.table.loc[0, ["questions", "validity"]].tolist() == [N - 50, "invalid"]
    assert found.table.loc[0, "validity_why"].startswith("samples failed or were never taken (0.0 % of r1 under few-")
    assert found.warnings == ("down to 150 of 200 questions with valid samples in all four arms",)
    assert found.warnings[0] in found.to_markdown()
    assert found.warnings[0] in found._repr_html_()


def test_another_model_with_more_questions_changes_nothing():
    data = frame(four(0.3, 0.6))
    more = frame(four(0.3, 0.6), n=2 * N).query("model == 'sft'").assign(model="other")
    there, alone = (
        contrast(d, model="r1", control="sft", baseline="zero-shot") for d in (pd.concat([data, more]), data)
    )
    pd.testing.assert_frame_equal(there.table, alone.table)
    assert (alone.warnings, alone.table.loc[0, "validity"]) == ((), "ok")


@pytest.mark.parametrize(
    ("after", "before", "flag"),
    [
        (0.01, 0.04, "model at floor/ceiling"),  # it had nothing to lose, the control had
        (0.99, 0.96, "model at floor/ceiling"),
        (0.02, 0.60, ""),  # driven to the floor: that is the effect
        (0.60, 0.02, ""),
    ],
)
def test_a_model_without_room_is_flagged_and_said(after, before, flag):
    data = frame(four(after, 0.3, before=before, control_before=0.5), n=400)
    found = contrast(data, model="r1", control="sft", baseline="zero-shot")
    assert found.table.loc[0, "flag"].split("; ")[-1] == flag
    said = "the model is under 10 % or over 90 % both times" in found.verdicts[0]
    assert said == bool(flag)


def test_missing_samples_make_a_contrast_invalid_and_failures_fragile():
    data = frame(four(0.47, 0.6)).assign(ending="complete", answered=True)
    hit = (data["model"] == "sft") & (data["condition"] == "few-shot") & (data["question"] % 10 == 0)
    options = {"model": "r1", "control": "sft", "baseline": "zero-shot"}
    missing = contrast(data.assign(score=data["score"].mask(hit)), **options)
    assert missing.table.loc[0, "validity"] == "invalid"
    assert "10.0 % of sft under few-shot" in missing.verdicts[0]
    many = (data["model"] == "r1") & (data["condition"] == "few-shot") & (data["score"] == 0)
    failed = contrast(data.assign(ending=data["ending"].mask(many, "truncated")), **options)
    assert failed.table.loc[0, "validity"] == "fragile"


def test_several_conditions_are_one_family():
    scores = four(0.3, 0.6) | {(m, f"c{i}"): 0.6 for m in ("r1", "sft") for i in range(5)}
    alone, family = run(four(0.3, 0.6)).table.iloc[0], run(scores).table
    assert list(family["condition"]) == ["few-shot", *(f"c{i}" for i in range(5))]
    assert family.loc[0, "high"] - family.loc[0, "low"] > alone.high - alone.low


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "r2"}, "unknown model 'r2': Allowed: r1, sft"),
        ({"model": 2}, "unknown model 2"),
        ({"model": np.int64(2)}, "unknown model 2"),
        ({"model": 1.5}, "model of contrast is 1.5: it must be a whole number"),
        ({"seed": -1}, "seed of contrast is -1"),
        ({"control": "r1"}, "needs two models"),
        ({"baseline": "zeroshot"}, "did you mean 'zero-shot'"),
        ({"alpha": 1.5}, "alpha of contrast is 1.5"),
    ],
)
def test_bad_input_is_one_clear_line(options, message):
    with pytest.raises(InputError, match=message):
        contrast(frame(four(0.3, 0.6)), **{"model": "r1", "control": "sft", "baseline": "zero-shot"} | options)


def test_no_shared_condition():
    scores = four(0.3, 0.6)
    data = frame(scores)
    data.loc[(data["model"] == "sft") & (data["condition"] == "few-shot"), "condition"] = "other"
    with pytest.raises(InputError, match="share no condition"):
        contrast(data, model="r1", control="sft", baseline="zero-shot")


def test_shown():
    found = run(four(0.3, 0.6))
    assert repr(found) == "<Contrast of 'r1' with 'sft': 1 less favourable>"
    assert "few-shot" in found.to_markdown()
    assert (
        "<script>"
        not in contrast(
            frame({(m.replace("r1", "<script>"), c): s for (m, c), s in four(0.3, 0.6).items()}),
            model="<script>",
            control="sft",
            baseline="zero-shot",
        )._repr_html_()
    )


def test_no_shared_question_is_said_in_words():
    data = frame(four(0.3, 0.6))
    data.loc[data["model"] == "sft", "question"] += N
    found = contrast(data, model="r1", control="sft", baseline="zero-shot")
    assert found.verdicts == (
        "few-shot against zero-shot: not estimable on r1, not estimable on sft; inconclusive, contrast not estimable "
        "(0 questions). Nothing can be concluded: fewer than two questions. Invalid: samples failed or were never "
        "taken (50.0 % of r1 under few-shot, 50.0 % of sft under zero-shot, 50.0 % of r1 under zero-shot, 50.0 % of "
        "sft under few-shot).",
    )
    assert found.warnings == (
        "only 0 clusters (or questions without clusters): intervals are rough under 25",
        "down to 0 of 400 questions with valid samples in all four arms",
    )
    assert found.table.loc[0, ["flag", "reason"]].tolist() == ["", "fewer than two questions"]
    assert "nan" not in found.to_markdown() + found._repr_html_()


def test_each_model_has_its_own_control_or_several():
    assert control_pairs({"a": "b", "c": ["b", "d"]}, list("abcd")) == [("a", "b"), ("c", "b"), ("c", "d")]
    assert control_pairs("", ["a"]) == control_pairs({}, ["a"]) == []
    with pytest.raises(InputError, match="unknown control 'plan': did you mean 'plain'"):
        control_pairs({"r1": "plan"}, ["r1", "plain"])
    with pytest.raises(InputError, match="control of 'r1' is 3"):
        control_pairs({"r1": 3}, ["r1", "plain"])


def test_contrasts_are_what_contrast_says_of_each_pair():
    rng = np.random.default_rng(0)
    rows = [(m, c, q, float(rng.random() < 0.5)) for m in ("r1", "plain", "sft") for c in "ab" for q in range(40)]
    frame = pd.DataFrame(rows, columns=["model", "condition", "question", "score"])
    found = contrasts(frame, {"r1": ["plain", "sft"]}, baseline="a", label="Live")
    assert [(each.model, each.control, each.label) for each in found] == [
        ("r1", "plain", "Live"),
        ("r1", "sft", "Live"),
    ]
    alone = contrast(frame, model="r1", control="sft", baseline="a")
    pd.testing.assert_frame_equal(found[1].table, alone.table)
    assert contrasts(frame, "", baseline="a") == []


def test_power_is_printed_beside():
    stats = pytest.importorskip("scipy.stats")
    found = run(four(0.55, 0.6))
    row = found.table.iloc[0]
    critical = (row.high - row.low) / 2 / row.se
    assert row.detectable == pytest.approx((critical + stats.norm.ppf(0.8)) * row.se)
    assert found.power.startswith("With 80 % power, these contrasts find true differences of")
    assert found.power in found.to_markdown()
    assert "detectable" in found._repr_html_()
