"""Figures draw what the comparison holds, on the Axes they are given, and change nothing else."""

from __future__ import annotations

import matplotlib as mpl
import matplotlib.figure
import numpy as np
import pandas as pd
import pytest

from promptlab import figures
from promptlab.comparison import compare, contrast, dose, explain_loss
from promptlab.errors import InputError
from promptlab.figures import drawing, layouts
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


def test_where_no_exemplars_are_shown_there_is_no_dose():
    none = compare(samples(("r1",)).query("shots == 0 or shots == 1").replace({"shots": {1: 0}}), baseline="zero-shot")
    assert not figures.has_doses(none)
    with pytest.raises(InputError, match="no conditions differ in the number of exemplars that they show"):
        figures.dose_response(none)
    assert not figures.has_doses(compare(samples().drop(columns="shots"), baseline="zero-shot"))


def test_one_dose_can_be_drawn_and_gives_no_dose_response(comparison):
    one = compare(samples(("r1",)).query("shots != 1"), baseline="zero-shot")
    assert [figures.has_doses(one), figures.has_doses(one, several=True)] == [True, False]
    assert figures.has_doses(comparison, several=True)
    with pytest.raises(InputError, match="no two conditions that differ in shots alone"):
        dose(samples(("r1",)).query("shots != 1"), baseline="zero-shot")


def test_a_baseline_that_shows_exemplars_does_not_stand_at_none():
    few = compare(samples(("r1",)).query("shots > 0"), baseline="few-shot-3")
    (line,) = [line for line in figures.dose_response(few).get_lines() if line.get_linewidth() == 1]
    assert [round(x) for x in line.get_xdata()] == [1, 3]
    assert not figures.has_doses(compare(samples(("r1",)).query("shots != 1"), baseline="few-shot-3"))


NAMES = {
    "model": {"r1": "_r1 $\\frac$", "plain": "from $5 to $6"},
    "condition": {"zero-shot": "bare $\\sqrt$", "few-shot-3": "with $\\frac$ formula"},
}
BARE = {"baseline": "bare $\\sqrt$", "label": "all $\\frac$"}


def test_a_name_with_dollar_signs_is_no_formula_and_an_underscore_hides_none():
    frame = samples().replace(NAMES)
    found, one = compare(frame, **BARE), contrast(frame, model=0, control=1, **BARE)
    drawn = [draw(found) for draw in (*DRAWN.values(), figures.forest)]
    drawn += [figures.dose_response(dose(frame, **BARE)), figures.slope_chart(one), figures.against_control(one)]
    for ax in drawn:
        layouts.laid_out(ax.figure, 4, 100).draw_without_rendering()
        shown = [text for legend in ax.figure.legends for text in legend.get_texts()]
        if ax.get_legend_handles_labels()[1][0].strip("\N{ZERO WIDTH SPACE}").startswith("_r1"):
            assert any("_r1 $" in text.get_text() for text in shown)


def test_a_model_keeps_its_colour_in_the_figures_of_a_contrast():
    frame = samples()
    one = contrast(frame, model="plain", control="r1", baseline="zero-shot")
    models = compare(frame, baseline="zero-shot").design.models()
    for draw in (figures.slope_chart, figures.against_control):
        handles, labels = draw(one, models=models).get_legend_handles_labels()
        lines = [pair for pair in zip(handles, labels, strict=True) if isinstance(pair[0], mpl.lines.Line2D)]
        colours = {label.partition(":")[0]: line.get_color() for line, label in lines}
        assert [colours[model] for model in models] == list(drawing.COLOURS[:2])


@pytest.mark.parametrize("draw", [figures.accounting, figures.changes])
def test_bars_sum_to_the_difference_and_are_open_where_the_interval_includes_0(draw, comparison):
    ax = draw(comparison, mpl.figure.Figure(layout="constrained").subplots())
    width = np.zeros(len(comparison.table))
    for bar in ax.patches:
        width[round(bar.get_y() + bar.get_height() / 2)] += bar.get_width()
    np.testing.assert_allclose(width, 100 * comparison.table["difference"], atol=1e-9)
    table = {figures.accounting: comparison.accounting, figures.changes: comparison.changes}[draw]
    is_open = sum(bar.get_facecolor()[:3] == (1, 1, 1) for bar in ax.patches)
    assert is_open == ((table["low"] <= 0) & (table["high"] >= 0) & (table["difference"] != 0)).sum()


@pytest.mark.parametrize("draw", [figures.accounting, figures.changes])
def test_a_class_looks_the_same_whatever_else_occurs(draw):
    """A live and a recorded figure stand beside each other; in one of them a class may be absent."""
    frame = samples()
    cut = frame.assign(ending=np.where(frame.index % 5 == 0, "truncated", "complete"))
    looks = []
    for given in (frame.assign(ending="complete"), cut):
        ax = draw(compare(given, baseline="zero-shot"), mpl.figure.Figure(layout="constrained").subplots())
        wrong = [bars for bars in ax.containers if "wrong" in bars.get_label()]
        looks.append({bars.get_label(): (bars[0].get_facecolor(), bars[0].get_hatch()) for bars in wrong})
    assert looks[0]
    assert all(looks[1][name] == look for name, look in looks[0].items())


def test_contrast_shows_both_effects_and_their_difference():
    found = contrast(samples(), model="r1", control="plain", baseline="zero-shot")
    ax = figures.against_control(found)
    assert len(ax.get_legend_handles_labels()[1]) == 3
    np.testing.assert_allclose(points_of(ax, "r1 less plain")[:, 0], 100 * found.table["contrast"])


def test_a_class_whose_bars_are_too_narrow_to_be_seen_is_told_in_figures():
    frame = samples(("r1",))
    first = (frame["condition"] == "few-shot-3") & (frame["question"] == "q1")
    frame = frame.assign(ending=np.where(first, "truncated", "complete"), score=frame["score"].mask(first, 0.0))
    many = pd.concat(
        [frame.assign(question=frame["question"] + f"-{i}", ending="complete") for i in range(3)] + [frame]
    )
    found = compare(many, baseline="zero-shot")
    ax = figures.accounting(found, mpl.figure.Figure(layout="constrained").subplots())
    most = 100 * found.accounting.query("part == 'truncated'")["difference"].abs().max()
    labels = ax.get_legend_handles_labels()[1]
    assert f"truncated (at most {most:.1f} points)" in labels
    assert "wrong after worked steps" in labels
    assert not [label for label in labels if label.startswith("no answer")]  # none occurs


@pytest.mark.parametrize("draw", [figures.accounting, figures.changes])
def test_a_class_that_a_model_never_has_is_not_drawn_and_the_alt_text_says_so(draw):
    frame = samples().assign(bypassed=False)
    frame["ending"] = frame["ending"].where(frame["model"] == "r1", "complete")
    found = compare(frame, baseline="zero-shot")
    ax = draw(found, mpl.figure.Figure(layout="constrained").subplots())
    table = {figures.accounting: found.accounting, figures.changes: found.changes}[draw]
    assert table["low"].isna().sum() == (table.query("model == 'plain'")["part"] == "truncated").sum() > 0
    assert f"open: 95 % simultaneous intervals of {table['low'].notna().sum()} include 0" in ax.get_xlabel()
    assert len(ax.patches) - len(ax.get_legend_handles_labels()[1]) + 1 == (table["difference"] != 0).sum()
    assert ax.get_label().endswith("since no wrong output of the model is of the class: truncated (plain).")
    assert "Without an interval" not in ax.get_label()


def test_where_nothing_can_be_copied_there_is_no_point_but_the_reason():
    frame = samples().assign(content=lambda of: np.where(of["condition"] == "few-shot-1", "unrelated", "own"))
    frame.loc[frame["content"] == "unrelated", "copied_number"] = False
    found = compare(frame.assign(copied_span=frame["shots"] * (frame.index % 3)), baseline="zero-shot")
    ax = figures.feature(found, "copied_number")
    assert texts_of(ax) == ["no exemplars to copy from", "no numbers in the exemplars"]
    assert "intervals of 4)" in ax.get_xlabel()
    assert ax.get_label().endswith(
        "Not drawn, since they can have none: zero-shot (no exemplars to copy from); few-shot-1 (no numbers in the "
        "exemplars)."
    )
    for model in ("r1", "plain"):
        rows = found.feature("copied_number").query("model == @model and reason == ''")
        np.testing.assert_allclose(points_of(ax, model)[:, 0], rows["value"])
    assert texts_of(figures.feature(found, "copied_span")) == ["no exemplars to copy from"], "prose can be copied"


def test_a_part_of_a_larger_family_says_how_many_are_judged_together():
    rows = [("r1", name, f"q{i}", "few" in name, float(i % 4 > ("few" in name)), f"{name}{i}")
            for name in ("zero-shot", "zero-shot#1", "few", "few#1", "few-note") for i in range(40)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["model", "condition", "question", "shots", "score", "key"])
    found = explain_loss(frame, base="few")
    for one in (found.to_baseline, found.to_base):
        assert one.family == len(found.to_baseline.table) + len(found.to_base.table) == 6
        assert "95 % simultaneous intervals of 6;" in figures.degradation(one).get_xlabel()
    alone = compare(frame, baseline="zero-shot")
    assert "95 % simultaneous intervals of 4;" in figures.degradation(alone).get_xlabel()


def test_what_is_said_above_a_point_stays_inside_the_axes():
    ax = mpl.figure.Figure(layout="constrained").subplots()
    ax.plot([1, 3], [2.0, -20.0])
    doubtful = {"verdict": ["degraded"] * 2, "validity": ["fragile"] * 2, "reason": "", "low": 0.0}
    values = pd.Series([2.0, -20.0])
    drawing.remarks(ax, values, np.array([1, 3]), pd.DataFrame(doubtful), values, upright=True)
    drawing.make_room(ax)
    ax.figure.draw_without_rendering()
    assert [text.get_text() for text in ax.texts] == ["fragile"] * 2
    assert all(text.get_window_extent().y1 <= ax.get_window_extent().y1 for text in ax.texts)
    assert ax.get_ylim()[0] < -20, "all points stay inside as well"


def test_a_figure_says_how_many_intervals_hold_together(comparison):
    axes = iter(mpl.figure.Figure(layout="constrained").subplots(3))
    assert "intervals of 6;" in figures.degradation(comparison, next(axes)).get_xlabel()
    assert "intervals of 8)" in figures.scores(comparison, next(axes)).get_xlabel()
    found = dose(samples(), baseline="zero-shot")
    assert f"intervals of {len(found.table)})" in figures.dose_response(found, next(axes)).get_ylabel()


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
    why = ["not estimable: fewer than two questions", "invalid", "invalid"]  # the others lack those questions now
    assert texts_of(ax) == why * 2
    found = contrast(data, model="r1", control="plain", baseline="zero-shot")
    assert texts_of(figures.against_control(found)) == why


def test_points_with_intervals_say_nothing(comparison):
    assert all(texts_of(draw(comparison)) == [] for draw in DRAWN.values())


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


def is_white(ax, label: str) -> list[bool]:
    (found,) = [c for c in ax.collections if c.get_label() == label]
    return [tuple(face[:3]) == (1, 1, 1) for face in found.get_facecolors()]


def test_an_invalid_verdict_is_open_and_said_and_a_fragile_one_is_said():
    data = samples(("r1",))
    lost = (data["condition"] == "few-shot-3") & (data["question"].str[1:].astype(int) % 3 == 0)
    failed = (data["condition"] == "few-shot-3-one-message") & (data["score"] == 0)
    data = data.assign(score=data["score"].mask(lost), ending=data["ending"].mask(lost, "error").mask(failed, "empty"))
    found = compare(data, baseline="zero-shot")
    assert found.table[["verdict", "validity"]].to_numpy()[1:].tolist() == [
        ["degraded", "invalid"],
        ["degraded", "fragile"],
    ]
    ax = figures.degradation(found)
    assert is_white(ax, "r1")[1:] == [True, False]
    assert texts_of(ax)[-2:] == ["invalid", "fragile"]


def test_a_flagged_contrast_is_open_and_said():
    data = samples()
    control = data["model"] == "plain"
    near_one = data["question"].str[1:].astype(int) > 2
    found = contrast(
        data.assign(score=data["score"].where(~control, near_one.astype(float)), ending="complete"),
        model="r1", control="plain", baseline="zero-shot",
    )  # fmt: skip
    flagged = found.table["flag"].str.contains("floor/ceiling") & (found.table["verdict"] != "inconclusive")
    assert flagged.any()
    ax = figures.against_control(found)
    assert all(is_white(ax, "r1 less plain"))
    assert texts_of(ax) == found.table["flag"].tolist()


def test_dose_response_shows_the_paired_differences_of_a_dose_beside_the_scores():
    found = dose(samples(), baseline="zero-shot")
    ax = figures.dose_response(found)
    upper, lower = ax.figure.axes
    assert lower is ax
    rows = found.table[found.table["model"] == "r1"]
    label = next(text for text in ax.get_legend_handles_labels()[1] if text.startswith("r1, "))
    np.testing.assert_allclose(points_of(ax, label)[:, 1], 100 * rows["difference"])
    assert is_white(ax, label) == [v == "inconclusive" for v in rows["verdict"]]
    ends = np.concatenate([s[:, 1] for c in ax.collections if hasattr(c, "get_segments") for s in c.get_segments()])
    assert all(np.isclose(ends, 100 * end).any() for end in rows[["low", "high"]].to_numpy().ravel())
    slope = found.slopes.iloc[0]
    size = drawing.with_minus(f"{100 * slope['slope']:+.1f}")
    assert f"{slope['shape']}; {size} points [" in label
    assert upper.get_ylabel().startswith("correct, %")
    alone = mpl.figure.Figure(layout="constrained").subplots()
    assert figures.dose_response(found, alone) is alone
    assert len(alone.figure.axes) == 1


def test_dose_response_needs_no_more_columns_than_dose():
    bare = samples(("r1",)).query("layout != 'one-message'")[["model", "condition", "question", "shots", "score"]]
    found = dose(bare, baseline="zero-shot")
    assert len(figures.dose_response(found).get_lines()) > 1
    with pytest.raises(InputError, match="lack the column shots"):
        figures.dose_response(compare(bare.drop(columns="shots"), baseline="zero-shot"))


@pytest.mark.parametrize("draw", [*DRAWN.values(), figures.against_control, figures.power])
def test_a_wrong_object_is_one_clear_error(draw):
    with pytest.raises(InputError, match=r"figures\.\w+ draws a \w+ \(from lab\.\w+\).*, and got a DataFrame"):
        draw(samples())


def test_the_message_names_what_to_make(comparison):
    with pytest.raises(
        InputError, match=r"figures.against_control draws a Contrast \(from lab.contrast\), and got a C"
    ):
        figures.against_control(comparison)
    with pytest.raises(InputError, match=r"draws a DoseResponse \(from lab.dose\) or Comparison \(from lab.compare\)"):
        figures.dose_response(figures)


@pytest.mark.parametrize("layout", [None, "tight"])
def test_in_a_figure_without_a_constrained_layout_the_legend_does_not_lie_on_the_label(comparison, layout):
    figure = mpl.figure.Figure(figsize=(9, 6), layout=layout)
    ax = figures.degradation(comparison, figure.subplots())
    figure.tight_layout()
    figure.draw_without_rendering()
    assert not figure.legends
    label = ax.xaxis.label.get_window_extent()
    assert not ax.get_legend().get_window_extent().overlaps(label)


def test_samples_that_all_failed_are_drawn_as_nothing():
    arms = [(m, c, f"q{i}") for m in ("m", "k") for c in ("zero-shot", "few-shot-1", "few-shot-3") for i in range(30)]
    data = pd.DataFrame(arms, columns=["model", "condition", "question"]).assign(score=np.nan, ending="error", sample=0)
    data["shots"] = data["condition"].map({"zero-shot": 0, "few-shot-1": 1, "few-shot-3": 3})
    found = compare(data, baseline="zero-shot")
    against = contrast(data, model="m", control="k", baseline="zero-shot")
    drawn = [(draw, found) for draw in (figures.scores, figures.degradation, figures.accounting, figures.changes)]
    for draw, of in [*drawn, (figures.forest, found), (figures.slope_chart, against)]:
        ax = draw(of, ax=mpl.figure.Figure().subplots())
        assert np.isfinite(ax.get_xlim()).all()
        ax.figure.canvas.draw()
