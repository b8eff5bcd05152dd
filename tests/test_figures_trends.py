"""Slope chart, training curves, and accuracy over the length of the reasoning."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from test_figures import samples

from promptlab import figures
from promptlab.comparison import by_length, contrast
from promptlab.errors import InputError
from promptlab.traininglogs import training_log

mpl.use("agg")


def axes():
    return mpl.figure.Figure(layout="constrained").subplots()


def test_the_slopes_join_the_two_scores_and_their_difference_stands_above():
    data = samples()
    found = contrast(data, model="r1", control="plain", baseline="zero-shot")
    ax = figures.slope_chart(found, axes())
    ends = np.array([line.get_ydata() for line in ax.get_lines() if len(line.get_xdata()) == 2])
    means = data.groupby(["model", "condition"])["score"].mean()
    for i, condition in enumerate(found.table["condition"]):
        for model in ("r1", "plain"):
            wanted = [100 * means[model, "zero-shot"], 100 * means[model, condition]]
            assert np.isclose(ends, wanted).all(axis=1).any()
        numbers = (f"{100 * found.table[name][i]:+.1f}" for name in ("contrast", "low", "high"))
        value, low, high = (number.replace("-", "\N{MINUS SIGN}") for number in numbers)
        assert ax.texts[i].get_text() == f"{value}\n[{low}, {high}]"
    assert ax.get_legend_handles_labels()[1] == ["r1", "plain"]
    told = figures.alt_text(ax.figure)
    for model in ("r1", "plain"):
        before, after = 100 * means[model, "zero-shot"], 100 * means[model, "few-shot-3"]
        assert f"{before:.1f} to {after:.1f} % under few-shot-3" in told


def test_a_flagged_contrast_is_not_bold_and_said_in_the_slope_chart():
    data = samples()
    near_one = data["question"].str[1:].astype(int) > 2
    data = data.assign(score=data["score"].where(data["model"] != "plain", near_one.astype(float)), ending="complete")
    found = contrast(data, model="r1", control="plain", baseline="zero-shot")
    ax = figures.slope_chart(found, axes())
    assert all("floor/ceiling" in text.get_text() for text in ax.texts)
    assert {text.get_fontweight() for text in ax.texts} == {"normal"}


def test_training_draws_each_models_log():
    logs = {name: training_log(name) for name in ("r1", "r1-narrow")}
    ax = figures.training(logs, "tokens", axes())
    for line, log in zip(ax.get_lines(), logs.values(), strict=True):
        np.testing.assert_array_equal(line.get_ydata(), log["tokens"])
    assert "tokens" in ax.get_ylabel()
    told = figures.alt_text(ax.figure)
    assert f"r1: {logs['r1']['tokens'].iloc[0]:.3g} at step 0" in told


@pytest.mark.parametrize(
    ("measure", "label", "told"),
    [
        ("entropy", "entropy, nats a token\n(mean of a step)", "entropy (nats a token) over"),
        ("well_formed", "well formed, share of answers\n(mean of a step)", "well formed (share of answers) over"),
        ("tokens", "tokens, mean of a step", "tokens over"),
        ("loss_0", "loss 0, mean of a step", "loss 0 over"),
    ],
)
def test_training_says_the_unit(measure: str, label: str, told: str):
    ax = figures.training({"r1": training_log("r1")}, measure, axes())
    assert ax.get_ylabel() == label
    assert f"Training curves: {told}" in figures.alt_text(ax.figure)


def test_an_accuracy_in_percent_is_no_share():
    log = training_log("r1")
    ax = figures.training({"r1": log.assign(accuracy=100 * log["accuracy"])}, "accuracy", axes())
    assert ax.get_ylabel() == "accuracy, mean of a step"


def test_training_says_which_columns_there_are():
    with pytest.raises(InputError, match=r"training log of sft.*loss"):
        figures.training({"sft": training_log("sft")}, "los")
    with pytest.raises(InputError, match=r"logs of figures\.training is no mapping"):
        figures.training(training_log("sft"), "loss")
    with pytest.raises(InputError, match=r"unknown training log.*r1-narrow"):
        training_log("r1-narow")


@pytest.fixture(scope="module")
def lengths():
    one = samples()
    more = [one.assign(sample=k, score=one["score"].sample(frac=1, random_state=k).to_numpy()) for k in range(4)]
    rng = np.random.default_rng(0)
    data = pd.concat(more).assign(reasoning_words=lambda f: rng.integers(5, 200, len(f)))
    return by_length(data, conditions=["zero-shot"])


def test_lengths_draws_both_kinds_of_bins(lengths):
    ax = figures.lengths(lengths, axes())
    for kind, label in (("within", "r1: "), ("raw", "_")):
        rows = lengths.table[(lengths.table["model"] == "r1") & (lengths.table["kind"] == kind)]
        drawn = [np.asarray(c.get_offsets()) for c in ax.collections if c.get_label().startswith(label)]
        assert any(np.allclose(d[:, 1], 100 * rows["score"]) for d in drawn if len(d) == len(rows))
    names = [text for text in ax.get_legend_handles_labels()[1] if " to " in text]
    plain = lengths.table.query("model == 'plain'").set_index(["kind", "bin"])["length"]
    ends = [f"{plain[kind, 1]:.1f} to {plain[kind, 4]:.1f}" for kind in ("raw", "within")] if plain.max() < 100 else []
    assert names[1].startswith("plain: ")
    assert all(end in names[1] for end in ends)


def test_no_two_points_of_lengths_cover_each_other(lengths):
    ax = figures.lengths(lengths, axes())
    points = [np.asarray(c.get_offsets())[:, 0] for c in ax.collections if not hasattr(c, "get_segments")]
    places = np.unique(np.concatenate(points).round(6))
    assert len(places) == 2 * 2 * lengths.bins, "models x kinds x bins"
    assert np.diff(np.sort(places)).min() > 0.05


def test_its_alt_text_gives_both_ends(lengths):
    told = figures.alt_text(figures.lengths(lengths, axes()).figure)
    rows = lengths.table.query("model == 'r1'").set_index(["kind", "bin"])["score"] * 100
    assert f"within a question {rows['within', 1]:.1f} % and {rows['within', 4]:.1f} %" in told
    assert f"over all samples {rows['raw', 1]:.1f} % and {rows['raw', 4]:.1f} %" in told


def test_no_point_of_a_contrast_covers_another():
    """Equal effects on the model and its control, and a contrast of the same size, happen with few questions."""
    ax = figures.against_control(contrast(samples(), model="r1", control="plain", baseline="zero-shot"))
    ax.figure.draw_without_rendering()
    places = [*(line.get_ydata()[0] for line in ax.lines[1:3]), ax.collections[-1].get_offsets()[0, 1]]
    heights = ax.transData.transform([(0, y) for y in places])[:, 1] * 72 / ax.figure.dpi
    assert (-np.diff(heights) > 7).all()  # points, as a marker is with its edge
