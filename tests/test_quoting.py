"""Published figures: each with its source, and equal to the tables that they were taken from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from promptlab.errors import InputError
from promptlab.quoting import published, published_findings

SHARED = Path(__file__).parents[2] / "shared" / "published"


@pytest.mark.parametrize("name", ["deepseek_r1", "findings", "medprompt"])
def test_every_figure_names_its_source(name: str):
    table = published(name)
    assert (table["source"] != "").all()
    assert not table.duplicated().any()


def test_the_report_is_read_as_it_is_and_summaries_that_err_are_put_right():
    table = published("deepseek_r1").set_index(["table", "model", "benchmark", "metric"])
    assert table.loc[("zero", "deepseek-r1-zero", "AIME 2024", "cons@64"), "value"] == 86.7
    simple = table.xs(("benchmarks", "SimpleQA", "correct"), level=("table", "benchmark", "metric"))
    assert simple["value"].idxmax() == "o1-1217"
    assert "o1-1217's win" in simple.loc["deepseek-r1", "note"]
    assert "77.9" in table.loc[("zero", "deepseek-r1-zero", "AIME 2024", "pass@1"), "note"]


LEVELS = {"quoted", "abstract", "second-hand", "released", "recomputed"}
DIRECTIONS = {"supports", "contradicts", "artefact", "undecided"}


def test_findings_have_a_level_and_a_direction_and_both_sides_are_there():
    table = published_findings()
    assert set(table["level"]) == LEVELS
    assert set(table["direction"]) == DIRECTIONS
    assert (table[["model", "shots", "figures"]] != "").all(axis=None)
    assert set(table["about"]) == {"reasoning", "plain"}


def direction(row: dict) -> str:
    """The rule that the docstring states, from the row's own numbers."""
    before, after = np.array([row["before"], row["after"]]) / 100
    error = 1.96 * np.sqrt((before * (1 - before) + after * (1 - after)) / row["questions"])
    if abs(after - before) <= error:
        return "undecided"
    if not row["valid_after"]:
        return "artefact"
    among_valid = after / row["valid_after"] * 100 - before / row["valid_before"] * 100
    if abs(among_valid) < abs(after - before) / 2:
        return "artefact"
    return "supports" if after < before else "contradicts"


def test_directions_of_released_figures_follow_from_their_numbers():
    released = published_findings().query("level in ['released', 'recomputed']")
    assert len(released) > 20
    assert released["direction"].tolist() == [direction(row) for row in released.to_dict("records")]


def test_no_model_is_chosen_by_what_came_out():
    """Of the set that all models were tried in, each stands with the least and the most shots."""
    released = published_findings().query("level == 'released' and dataset == 'Amazon-5'")
    assert released.groupby("model")["shots"].agg(list).map(tuple).value_counts().to_dict() == {
        ("0 to 5", "0 to 50"): 12
    }


def test_figures_in_words_are_those_in_numbers():
    rows = published_findings().query("level == 'released'")
    assert rows["figures"].tolist() == [f"{b:.1f} to {a:.1f} %" for b, a in rows[["before", "after"]].to_numpy()]


def test_what_is_recomputed_is_the_released_share_among_valid_outputs():
    table = published_findings()
    both = table.query("level == 'released'").merge(
        table.query("level == 'recomputed'"), on=["source", "model", "dataset", "shots"], suffixes=("", "_valid")
    )
    assert len(both) == 5
    for end in ("before", "after"):
        among = 100 * both[end] / both[f"valid_{end}"]
        np.testing.assert_allclose(both[f"{end}_valid"], among, atol=0.15)  # of figures that are rounded to 0.1


def test_an_unknown_table_names_the_nearest():
    with pytest.raises(InputError, match="unknown published table 'deepseek': did you mean 'deepseek_r1'"):
        published("deepseek")


@pytest.mark.skipif(not SHARED.exists(), reason="the tables that these were made from are not here")
def test_no_figure_was_lost_or_changed():
    given = pd.read_csv(SHARED / "deepseek_r1_benchmarks.csv").melt(["benchmark", "metric"], var_name="model").dropna()
    ours = published("deepseek_r1").query("table == 'benchmarks'")
    both = given.merge(ours, on=["benchmark", "metric", "model"], suffixes=("", "_ours"), validate="1:1")
    assert len(both) == len(given) == len(ours)
    assert both["value"].equals(both["value_ours"])
