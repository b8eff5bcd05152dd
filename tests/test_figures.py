"""Figures draw what the comparison holds, on the Axes they are given, and change nothing else."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import matplotlib as mpl
import matplotlib.figure
import numpy as np
import pandas as pd
import pytest

from promptlab import figures
from promptlab.comparison import compare, contrast
from promptlab.planner import plan
from promptlab.stats import Guess

mpl.use("agg")

ARMS = {"zero-shot": 0, "few-shot-1": 1, "few-shot-3": 3, "few-shot-3-one-message": 3}
EFFECT = {"r1": -0.15, "plain": -0.05}


def samples(models: tuple[str, ...] = ("r1", "plain")) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    rows = [
        {
            "model": model,
            "condition": name,
            "question": f"q{q}",
            "sample": 0,
            "score": float(rng.random() < 0.7 + EFFECT[model] * shots),
            "ending": "truncated" if rng.random() < 0.05 else "complete",
            "answered": True,
            "answer": "1",
            "bypassed": bool(rng.random() < 0.2),
            "copied_number": bool(shots and rng.random() < 0.3),
            "reasoning_words": int(rng.integers(5, 50)),
            "shots": shots,
            "style": "worked" if shots else "",
            "select": "random" if shots else "",
            "layout": "" if not shots else "one-message" if "message" in name else "turns",
        }
        for model in models
        for name, shots in ARMS.items()
        for q in range(60)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def comparison():
    return compare(samples(), baseline="zero-shot", margin=0.02)


DRAWN = {
    "scores": figures.scores,
    "degradation": figures.degradation,
    "dose_response": figures.dose_response,
    "accounting": figures.accounting,
    "changes": figures.changes,
    "feature": lambda c, ax=None: figures.feature(c, "reasoning_words", ax),
}


@pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)
def test_a_figure_uses_the_axes_it_is_given_and_no_global_state(draw, comparison):
    before = dict(mpl.rcParams)
    ax = mpl.figure.Figure(layout="constrained").subplots()
    assert draw(comparison, ax) is ax
    assert dict(mpl.rcParams) == before
    assert ax.get_xlabel()
    assert len(ax.collections) + len(ax.patches) + len(ax.lines) > 3


def points_of(ax, label: str) -> np.ndarray:
    (found,) = [c for c in ax.collections if c.get_label() == label]
    return np.asarray(found.get_offsets())


def test_points_and_intervals_are_the_tables_numbers(comparison):
    ax = figures.degradation(comparison)
    rows = comparison.table[comparison.table["model"] == "r1"]
    np.testing.assert_allclose(points_of(ax, "r1")[:, 0], 100 * rows["difference"])
    ends = np.concatenate([s[:, 0] for c in ax.collections if hasattr(c, "get_segments") for s in c.get_segments()])
    for low, high in rows[["low", "high"]].to_numpy():
        assert np.isclose(ends, 100 * low).any()
        assert np.isclose(ends, 100 * high).any()


def test_an_open_marker_means_no_verdict(comparison):
    ax = figures.degradation(comparison)
    for model in ("r1", "plain"):
        (dots,) = [c for c in ax.collections if c.get_label() == model]
        is_white = [tuple(face[:3]) == (1, 1, 1) for face in dots.get_facecolors()]
        verdicts = comparison.table.loc[comparison.table["model"] == model, "verdict"]
        assert is_white == [v == "inconclusive" for v in verdicts]


def test_models_of_one_row_do_not_cover_each_other(comparison):
    ax = figures.scores(comparison)
    assert not np.isclose(points_of(ax, "r1")[:, 1], points_of(ax, "plain")[:, 1]).any()


def test_dose_response_has_a_line_for_each_model_and_kind_of_exemplars_with_several_doses(comparison):
    ax = figures.dose_response(comparison)
    labels = ax.get_legend_handles_labels()[1]
    assert labels == ["r1, worked, random, turns", "plain, worked, random, turns"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["0", "1", "3"]
    joined = [line for line in ax.get_lines() if line.get_linewidth() == 1]
    wanted = comparison.summary[comparison.summary["layout"] != "one-message"]
    np.testing.assert_allclose([line.get_ydata() for line in joined], 100 * wanted["score"].to_numpy().reshape(2, 3))


def test_dose_response_shows_single_doses_where_there_are_no_others():
    one = compare(samples(("r1",)).query("shots != 1"), baseline="zero-shot")
    labels = figures.dose_response(one).get_legend_handles_labels()[1]
    assert labels == ["r1, worked, random, turns", "r1, worked, random, one-message"]


@pytest.mark.parametrize("draw", [figures.accounting, figures.changes])
def test_bars_sum_to_the_difference_and_are_pale_where_the_interval_includes_0(draw, comparison):
    ax = draw(comparison, mpl.figure.Figure(layout="constrained").subplots())
    width = np.zeros(len(comparison.table))
    for bar in ax.patches:
        width[round(bar.get_y() + bar.get_height() / 2)] += bar.get_width()
    np.testing.assert_allclose(width, 100 * comparison.table["difference"], atol=1e-9)
    table = {figures.accounting: comparison.accounting, figures.changes: comparison.changes}[draw]
    pale = sum(bar.get_facecolor()[3] < 1 for bar in ax.patches)
    assert pale == ((table["low"] <= 0) & (table["high"] >= 0)).sum()


def test_contrast_shows_both_effects_and_their_difference():
    found = contrast(samples(), model="r1", control="plain", baseline="zero-shot")
    ax = figures.against_control(found)
    assert len(ax.get_legend_handles_labels()[1]) == 3
    np.testing.assert_allclose(points_of(ax, "r1 less plain")[:, 0], 100 * found.table["contrast"])


def test_a_missing_interval_draws_no_bar():
    two = samples(("r1",)).query("question == 'q0'")
    ax = figures.degradation(compare(two, baseline="zero-shot"))
    assert np.isfinite(points_of(ax, "r1")).all()


def texts_of(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_a_point_without_an_interval_says_why():
    same = samples(("r1",)).assign(reasoning_words=7)
    assert texts_of(figures.feature(compare(same, baseline="zero-shot"), "reasoning_words")) == [
        "no interval: all values are equal"
    ] * len(ARMS)
    one = compare(samples(("r1",)).query("question == 'q0'"), baseline="zero-shot")
    why = "no interval: fewer than two questions"
    assert texts_of(figures.scores(one)) == [why] * 4
    assert texts_of(figures.degradation(one)) == texts_of(figures.dose_response(one)) == [why] * 3


def test_what_is_not_estimable_is_said_in_its_row():
    data = samples()
    data.loc[data["condition"] == "few-shot-1", "question"] += "-other"
    ax = figures.degradation(compare(data, baseline="zero-shot"))
    assert texts_of(ax) == ["not estimable: fewer than two questions"] * 2
    found = contrast(data, model="r1", control="plain", baseline="zero-shot")
    assert texts_of(figures.against_control(found)) == ["not estimable: fewer than two questions"]


def test_points_with_intervals_say_nothing(comparison):
    assert all(texts_of(draw(comparison)) == [] for draw in DRAWN.values())


def test_save_writes_svg_png_and_the_numbers(comparison, tmp_path):
    paths = figures.save(figures.scores(comparison), tmp_path / "new" / "a-scores", comparison.summary)
    assert [p.name for p in paths] == ["a-scores.svg", "a-scores.png", "a-scores.csv"]
    assert ET.parse(paths[0]).getroot().tag.endswith("svg")
    assert paths[1].read_bytes().startswith(b"\x89PNG")
    assert list(pd.read_csv(paths[2])["condition"]) == list(comparison.summary["condition"])


def test_no_figure_is_left_open_in_pyplot_by_drawing_on_given_axes(comparison):
    import matplotlib.pyplot as plt

    plt.close("all")
    figures.scores(comparison, mpl.figure.Figure().subplots())
    assert plt.get_fignums() == []


def test_a_label_heads_every_figure_with_or_without_several_models():
    for models in (("r1", "plain"), ("r1",)):
        live = compare(samples(models), baseline="zero-shot", label="Live: 60 questions, K = 1")
        drawn = [figures.scores(live), figures.degradation(live), figures.dose_response(live), figures.accounting(live)]
        drawn.append(figures.feature(live, "reasoning_words"))
        assert all(ax.get_title(loc="left").startswith("Live: 60 questions, K = 1") for ax in drawn)
    against = contrast(samples(), model="r1", control="plain", baseline="zero-shot", label="Live")
    assert figures.against_control(against).get_title(loc="left") == "Live"


def test_power_falls_with_questions_and_crosses_what_is_wanted():
    guess = Guess((0.6, 0.5), within=0.1, correlation=0.5)
    found = plan(guess, questions=[50, 200, 800], samples=[1, 4], wanted=0.05)
    ax = figures.power(found, mpl.figure.Figure(layout="constrained").subplots())
    lines = [line for line in ax.get_lines() if not line.get_label().startswith("_")]
    assert [line.get_label() for line in lines] == ["1 sample a question", "4 samples a question"]
    for (_, rows), line in zip(found.table.groupby("samples"), lines, strict=True):
        np.testing.assert_allclose(line.get_ydata(), 100 * rows["detectable"])
        assert (np.diff(line.get_ydata()) < 0).all()
