"""Published figures: each with its source, and equal to the tables that they were taken from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from promptlab.errors import InputError
from promptlab.quoting import published

SHARED = Path(__file__).parents[2] / "shared" / "published"


@pytest.mark.parametrize("name", ["deepseek_r1", "few_shot_evidence"])
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


def test_evidence_has_a_level_and_a_direction_that_its_numbers_have():
    table = published("few_shot_evidence")
    assert set(table["level"]) == {"released", "abstract", "quote", "second-hand"}
    same = table[(table["about"] == "reasoning") & table["before"].notna() & (table["level"] == "released")]
    fell = same["after"] < same["before"]
    assert set(same.loc[fell, "finding"]) <= {"supports", "artefact"}
    assert set(same.loc[~fell, "finding"]) <= {"contradicts", "artefact"}


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
