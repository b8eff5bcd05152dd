"""`dose`: differences to k = 0, slopes and shapes over k."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from promptlab.comparison import compare
from promptlab.comparison.dosing import dose
from promptlab.comparison.shapes import Found, shape, weighted
from promptlab.errors import InputError

SHOTS = (0, 1, 3, 5)


def frame(chances, n=300, seed=0, model="m", shots=SHOTS, **factors):
    """A sample a question and k, right with its chance; a question's difficulty is shared by all k."""
    rng = np.random.default_rng(seed)
    difficulty = rng.random(n)
    parts = []
    for k, chance in zip(shots, chances, strict=True):
        luck = np.where(rng.random(n) < 0.6, rng.random(n), difficulty)
        name = "zero-shot" if k == 0 else "-".join(["k", str(k), *map(str, factors.values())])
        row = {"model": model, "condition": name, "shots": k, "question": np.arange(n), "cluster": np.arange(n) // 3}
        own = {key: "" if k == 0 and key in ("style", "layout") else value for key, value in factors.items()}
        parts.append(pd.DataFrame({**row, **own, "score": (luck < chance).astype(float)}))
    return pd.concat(parts, ignore_index=True)


def test_the_slope_is_that_of_least_squares_and_the_curvature_the_parabolas():
    data = frame((0.7, 0.6, 0.5, 0.3))
    row = dose(data, baseline="zero-shot").slopes.iloc[0]
    means = data.groupby("shots")["score"].mean().loc[list(SHOTS)]
    assert row.slope == pytest.approx(np.polyfit(SHOTS, means, 1)[0])
    assert row.curvature == pytest.approx(2 * 5 * np.polyfit(SHOTS, means, 2)[0])
    assert row.low < row.slope < row.high < 0
    assert row["shape"] == "falls"


def test_the_standard_error_is_that_of_the_slopes_within_questions():
    """With each question's own least-squares slope as its value, clustered: statsmodels' OLS on a constant."""
    sm = pytest.importorskip("statsmodels.api")
    data = frame((0.7, 0.6, 0.5, 0.3))
    wide = data.pivot(index="question", columns="shots", values="score")
    each = np.polyfit(SHOTS, wide.to_numpy().T, 1)[0]
    groups = wide.index.to_numpy() // 3
    fit = sm.OLS(each, np.ones(len(each))).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": True})
    assert dose(data, baseline="zero-shot").slopes.loc[0, "se"] == pytest.approx(float(fit.bse[0]), rel=1e-6)


def test_records_that_are_older_than_a_factor_are_of_one_kind_with_new_ones():
    data = frame((0.7, 0.6, 0.5, 0.3), style="worked", layout="turns")
    usual = {"order": "as-picked", "content": "own", "embedding": "", "max_overlap": 0.96, "rationales": ""}
    new = {name: np.where(data["shots"] > 1, value, None) for name, value in usual.items()}
    found = dose(data.assign(**new), baseline="zero-shot")
    pd.testing.assert_frame_equal(found.slopes, dose(data, baseline="zero-shot").slopes)


def test_the_table_is_that_of_compare():
    data = frame((0.7, 0.6, 0.5, 0.3))
    found = dose(data, baseline="zero-shot", margin=0.05, seed=3)
    alone = compare(data, baseline="zero-shot", margin=0.05, seed=3).table
    assert found.table["shots"].tolist() == [1, 3, 5]
    pd.testing.assert_frame_equal(found.table.drop(columns=["series", "shots"]), alone)


def test_an_inverted_u_is_seen_though_its_slope_is_flat():
    found = dose(frame((0.4, 0.7, 0.7, 0.35), shots=(0, 1, 4, 5), n=600), baseline="zero-shot")
    row = found.slopes.iloc[0]
    assert row.low < 0 < row.high
    assert row.curvature_high < 0
    assert row["shape"] == "rises, then falls"
    assert "rises, then falls" in found.verdicts[0]
    assert "It turns from k = 0 to" in found.verdicts[0]


def test_a_u_and_a_bend_that_does_not_turn():
    assert dose(frame((0.7, 0.4, 0.4, 0.7)), baseline="zero-shot").slopes.loc[0, "shape"] == "falls, then rises"
    bent = dose(frame((0.8, 0.4, 0.4, 0.4), n=600), baseline="zero-shot")
    assert bent.slopes.loc[0, "shape"] == "falls"
    assert bent.slopes.loc[0, "curvature_low"] > 0
    assert "it bends up" in bent.verdicts[0]
    assert "From k = 0 to 1 -" in bent.verdicts[0]
    assert "k = 1 to 5" in bent.verdicts[0]


def test_where_nothing_is_a_shape_is_told_in_5_percent_at_most():
    """Of 80 made-up runs no more than chance allows (11; 1 in 1,000 beyond): uncorrected contrasts make it 19."""
    found = [dose(frame((0.5,) * 4, n=60, seed=seed), baseline="zero-shot") for seed in range(80)]
    told = [one.slopes.loc[0, "shape"] != "inconclusive" for one in found]
    assert sum(told) <= binom.ppf(0.999, len(found), 0.05)
    silent = found[told.index(False)]
    power = f"A true slope of {100 * silent.slopes.loc[0, 'detectable']:.1f} points a shot would be found"
    assert power in silent.verdicts[0]


def test_layouts_and_models_are_kept_apart():
    parts = [
        frame((0.8, 0.5, 0.4, 0.2), layout="turns"),
        frame((0.8, 0.8, 0.8, 0.8), layout="one-message").query("shots > 0"),
    ]
    both = pd.concat([part.assign(style="worked") for part in parts])
    data = pd.concat([both, both.assign(model="n")])
    slopes = dose(data, baseline="zero-shot").slopes
    assert slopes[["model", "series"]].to_numpy().tolist() == [
        ["m", "turns"], ["m", "one-message"], ["n", "turns"], ["n", "one-message"],
    ]  # fmt: skip
    assert slopes["slope"].iloc[0] < slopes["slope"].iloc[1] - 0.03
    assert slopes["slope"].iloc[2:].tolist() == pytest.approx(slopes["slope"].iloc[:2].tolist())


def test_what_belongs_to_no_series_is_said():
    lone = frame((0.5, 0.5), shots=(0, 3), layout="one-message").query("shots > 0")
    other = (
        frame((0.5, 0.5), shots=(0, 2), layout="turns").query("shots > 0").assign(instruction="Think.", condition="x")
    )
    data = pd.concat(
        [frame((0.7, 0.6, 0.5, 0.3), layout="turns").assign(instruction=""), lone.assign(instruction=""), other]
    )
    found = dose(data, baseline="zero-shot")
    assert found.notes == (
        "In no series (of its kind with one number of shots only): k-3-one-message.",
        "In no series (not zero-shot's prompt): x.",
    )
    assert found.notes[0] in found.to_markdown()


def test_failures_that_carry_a_turn_make_it_fragile_and_missing_samples_invalid():
    data = frame((0.4, 0.7, 0.7, 0.35), shots=(0, 1, 4, 5), n=600).assign(ending="complete", answered=True)
    cut = (data["shots"] == 5) & (data["score"] == 0)
    fragile = dose(data.assign(ending=data["ending"].mask(cut, "truncated")), baseline="zero-shot").slopes.iloc[0]
    assert (fragile["shape"], fragile["validity"]) == ("rises, then falls", "fragile")
    assert "truncated" in fragile["validity_why"]
    lost = (data["shots"] == 5) & (data["question"] % 20 == 0)
    assert (
        dose(data.assign(score=data["score"].mask(lost)), baseline="zero-shot").slopes.loc[0, "validity"] == "invalid"
    )


def test_truncation_elsewhere_leaves_a_well_shown_fall_ok():
    data = frame((0.8, 0.5, 0.3, 0.2)).assign(ending="complete", answered=True)
    few = (data["shots"] == 3) & (data["score"] == 0) & (data["question"] % 40 == 0)
    assert (
        dose(data.assign(ending=data["ending"].mask(few, "truncated")), baseline="zero-shot").slopes.loc[0, "validity"]
        == "ok"
    )


def test_one_question_has_no_interval():
    data = frame((0.7, 0.5, 0.3), shots=(0, 2, 4), n=1)
    found = dose(data, baseline="zero-shot")
    assert found.slopes.loc[0, "reason"] == "fewer than two questions"
    assert "Nothing can be concluded of the slope: fewer than two questions." in found.verdicts[0]
    assert "nan" not in found.to_markdown() + found._repr_html_()


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda d: d.drop(columns="shots"), {}, "lack the column shots"),
        (lambda d: d, {"baseline": "k-1"}, "'k-1' shows exemplars"),
        (lambda d: d, {"baseline": "zeroshot"}, "did you mean 'zero-shot'"),
        (lambda d: d[d["shots"] < 3], {}, "no two conditions that differ in shots alone"),
    ],
)
def test_bad_input_is_one_clear_line(change, options, message):
    with pytest.raises(InputError, match=message):
        dose(change(frame((0.7, 0.6, 0.5, 0.3))), **{"baseline": "zero-shot"} | options)


def test_shown_and_escaped():
    found = dose(frame((0.7, 0.6, 0.5, 0.3), model="<script>"), baseline="zero-shot", label="Live")
    assert repr(found) == "<DoseResponse of 1 series against 'zero-shot': 1 falls>"
    assert "<script>" not in found._repr_html_() + found.to_markdown()
    assert "Live: slope a shot" in found.to_markdown()


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), min_size=3, max_size=6, unique=True), st.floats(-3, 3), st.floats(-3, 3))
def test_a_line_has_its_slope_and_no_curvature(shots, slope, start):
    k = np.array(sorted(shots))
    found = weighted(k)
    values = [float(each.weights @ (start + slope * k)) for each in found]
    assert values[:2] == pytest.approx([slope, 0], abs=1e-6)
    assert [each.weights.sum() for each in found] == pytest.approx([0] * len(found), abs=1e-7)


def test_the_order_and_the_names_of_questions_do_not_matter():
    data = frame((0.4, 0.7, 0.7, 0.35))
    base = dose(data, baseline="zero-shot").slopes.iloc[0]
    turned = data.sample(frac=1, random_state=1).assign(question=lambda d: "q" + (999 - d["question"]).astype(str))
    other = dose(turned, baseline="zero-shot").slopes.iloc[0]
    assert other[["slope", "curvature", "se"]].tolist() == pytest.approx(base[["slope", "curvature", "se"]].tolist())


def test_a_shape_needs_a_rise_before_the_fall():
    def step(start, end, verdict):
        return Found("step", start, end, 0, 0, 0, 0, 0, 9, 9, "", verdict, "ok", "")

    assert shape([step(0, 3, "rise"), step(1, 2, "fall")]) == "not monotone"
    assert shape([step(0, 1, "rise"), step(1, 5, "fall")]) == "rises, then falls"
    assert shape([step(0, 1, "rise"), step(1, 3, "fall"), step(3, 5, "rise")]) == "not monotone"
    assert shape([step(0, 1, "inconclusive")]) == "inconclusive"
    assert shape([step(0, 1, "rise")]) == "rises in part"
