"""The forest plot: own results with intervals, published ones without, and neither taken for the other."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from test_figures import samples

from promptlab import figures
from promptlab.comparison import compare
from promptlab.errors import InputError
from promptlab.quoting import published, published_findings

mpl.use("agg")


@pytest.fixture(scope="module")
def found():
    first = samples()
    second = first.assign(score=1 - first["score"])
    return {name: compare(data, baseline="zero-shot") for name, data in (("easy", first), ("hard", second))}


def axes():
    return mpl.figure.Figure(layout="constrained").subplots()


def test_a_row_for_each_dataset_model_and_condition_and_then_what_is_quoted(found):
    quoted = published_findings()
    table = figures.forest_table(found, quoted, conditions=["few-shot-3"])
    own, others = (table[table["origin"] == origin] for origin in ("own", "published"))
    assert own[["dataset", "model"]].to_numpy().tolist() == [[d, m] for d in found for m in ("r1", "plain")]
    rows = found["hard"].table.query("condition == 'few-shot-3'")
    np.testing.assert_allclose(own[["estimate", "low", "high"]][2:], rows[["difference", "low", "high"]])
    with_figures = quoted.dropna(subset=["before", "after"])
    np.testing.assert_allclose(100 * others["estimate"], np.sort(with_figures["after"] - with_figures["before"]))
    assert others[["low", "high"]].isna().all(axis=None)
    assert (others["source"] != "").all()


def test_own_points_are_the_tables_and_quoted_ones_are_crosses_in_a_block_of_their_own(found):
    quoted = published_findings()
    ax = figures.forest(found, quoted, ax=axes())
    table = figures.forest_table(found, quoted)
    own, others = (table[table["origin"] == origin] for origin in ("own", "published"))
    (dots,) = [c for c in ax.collections if hasattr(c, "get_offsets") and len(c.get_offsets()) == len(own)]
    places = np.asarray(dots.get_offsets())
    np.testing.assert_allclose(places[:, 0], 100 * own["estimate"])
    (crosses,) = [line for line in ax.get_lines() if line.get_marker() == "x" and len(line.get_xdata())]
    np.testing.assert_allclose(crosses.get_xdata(), 100 * others["estimate"])
    (block,) = ax.patches
    assert places[:, 1].max() < block.get_y() < min(crosses.get_ydata())
    labels = [text.get_text() for text in ax.get_yticklabels()]
    undrawn = len(quoted) - len(others)
    said = f"published, no intervals ({undrawn} more, without a figure before and after, not drawn)"
    assert said in [label.replace("\n", " ") for label in labels]
    assert 0 < quoted[quoted["before"].isna()]["figures"].ne("none").sum() < undrawn, "a range is a figure"
    assert any("artefact" in label and "arXiv 2503.11655" in label for label in labels)
    assert ax.get_title(loc="left") == "", "several conditions: the rows name them"
    assert "published, without an interval" in ax.get_legend_handles_labels()[1]


def test_findings_without_a_figure_are_counted_where_no_other_is_quoted(found):
    quoted = published_findings().query("level == 'quoted'")
    ax = figures.forest(found, quoted, ax=axes())
    labels = [text.get_text().replace("\n", " ") for text in ax.get_yticklabels()]
    assert f"published, no intervals ({len(quoted)}, without a figure before and after, not drawn)" in labels
    assert not ax.patches
    assert ax.get_label().endswith(f"without a figure before and after, not drawn: {len(quoted)}.")


def test_one_result_of_ones_own_reaches_down_to_what_is_quoted():
    alone = compare(samples().query("model == 'r1'"), baseline="zero-shot", label="mine")
    findings = published_findings().query("dataset == 'IMDB'")
    ax = figures.forest(alone, findings, conditions=["few-shot-3"], ax=axes())
    row = alone.table.query("condition == 'few-shot-3'").iloc[0]
    _, band = ax.patches
    assert (band.get_x(), band.get_x() + band.get_width()) == pytest.approx((100 * row["low"], 100 * row["high"]))
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert "DeepSeek-R1, IMDB: 0 to 5" in labels
    headings = [label for label in labels if "recomputed, undecided" in label]
    assert len(headings) == 1, "of the five rows that are so"
    assert ax.get_title(loc="left") == "Own: few-shot-3 less zero-shot"
    assert "own: to zero-shot" in ax.get_xlabel()
    told = figures.alt_text(ax.figure)
    assert "few-shot-3 less zero-shot, own results with intervals, published figures without" in told
    assert told.endswith("None has an interval.")


def test_a_point_stands_at_its_own_label(found):
    ax = figures.forest(found, conditions=["few-shot-1"], ax=axes())
    at = dict(zip(ax.get_yticks(), (text.get_text() for text in ax.get_yticklabels()), strict=True))
    (dots,) = [c for c in ax.collections if hasattr(c, "get_offsets") and len(c.get_offsets()) == 4]
    assert [at[y] for y in np.asarray(dots.get_offsets())[:, 1]] == ["r1", "plain", "r1", "plain"]
    assert list(at.values()) == ["easy", "r1", "plain", "hard", "r1", "plain"]


def test_scores_beside_published_scores(found):
    quoted = published("deepseek_r1").query("benchmark == 'MATH-500' and metric == 'pass@1'")
    table = figures.forest_table(found, quoted, what="score", conditions=["zero-shot"])
    assert table.query("origin == 'own' and dataset == 'easy'")["estimate"].tolist() == pytest.approx(
        found["easy"].summary.query("condition == 'zero-shot'")["score"].tolist()
    )
    assert table.query("origin == 'published'")["estimate"].tolist() == (quoted["value"] / 100).tolist()
    ax = figures.forest(found, quoted, what="score", ax=axes())
    assert ax.get_xlim() == (0, 100), "scores are shares, and none is below 0"
    told = figures.alt_text(ax.figure)
    assert told.startswith("Forest plot: scores over datasets and models, own results with intervals, published")


def test_comparisons_may_come_as_a_list_with_labels(found):
    labelled = compare(samples(), baseline="zero-shot", label="mine")
    assert set(figures.forest_table([labelled])["dataset"]) == {"mine"}
    assert set(figures.forest_table(labelled)["dataset"]) == {"mine"}


def test_errors_say_what_to_give(found):
    with pytest.raises(InputError, match="quoted lacks the column before, which a forest of differences draws"):
        figures.forest(found, published("deepseek_r1"))
    with pytest.raises(InputError, match="condition of forest is 'few-shot-9': it must be one of few-shot-1, "):
        figures.forest(found, conditions=["few-shot-9"])
    with pytest.raises(InputError, match="what of forest is 'odds'"):
        figures.forest(found, what="odds")
    with pytest.raises(InputError, match=r"comparisons of figures\.forest is empty"):
        figures.forest({})
    with pytest.raises(InputError, match=r"figures.forest draws a Comparison \(from lab.compare\), and got a DataF"):
        figures.forest([samples()])
