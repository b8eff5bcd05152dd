"""The measured signs of a feasibility run, from its 160,000 real samples; skipped where they are not at hand."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from promptlab.comparison import Comparison, compare, contrast

SAMPLES = Path(__file__).parents[2] / "shared" / "outputs" / "miniature_samples.parquet"
pytestmark = pytest.mark.skipif(not SAMPLES.exists(), reason="the real samples are not here")


@pytest.fixture(scope="module")
def samples() -> pd.DataFrame:
    raw = pd.read_parquet(SAMPLES).query("split == 'test' and not training_template").drop(columns=["answer"])
    shown = "few-shot-" + raw["shots"].astype(str) + " " + raw["exemplar_style"] + " " + raw["layout"]
    return raw.assign(
        condition=raw["condition"].where(raw["shots"] == 0, shown),
        score=raw["correct"].astype(float),
        ending=raw["truncated"].map({True: "truncated", False: "complete"}),
        format_ok=raw["strict_format"],
    )


@pytest.fixture(scope="module")
def comparison(samples: pd.DataFrame) -> Comparison:
    plain = samples["exemplar_style"].isin(["", "worked", "answer-only", "worked, same template"])
    return compare(samples[plain & samples["shots"].isin([0, 3])], baseline="zero-shot")


@pytest.mark.parametrize(
    ("model", "condition", "verdict"),
    [
        ("plain", "few-shot-3 worked turns", "degraded"),
        ("r1-narrow", "few-shot-3 worked turns", "degraded"),
        ("sft-narrow", "few-shot-3 worked one message", "degraded"),
        ("instruct", "few-shot-3 worked, same template turns", "improved"),
        ("sft", "few-shot-3 worked turns", "inconclusive"),
        ("r1", "few-shot-3 answer-only one message", "degraded"),
        ("r1", "concise", "inconclusive"),
    ],
)
def test_verdicts_of_the_feasibility_run(comparison: Comparison, model: str, condition: str, verdict: str):
    table = comparison.table.set_index(["model", "condition"])
    assert table.loc[(model, condition), "verdict"] == verdict


def test_the_narrow_models_lose_most_in_both_layouts(comparison: Comparison):
    table = comparison.table[comparison.table["condition"].str.contains("3 worked (?:turns|one message)")]
    mean = table.groupby("model")["difference"].mean()
    assert mean["r1-narrow"] < -0.4 < -0.2 < mean["r1"] < mean["sft"]
    assert mean["plain"] < -0.2


def test_the_control_makes_the_claim(samples: pd.DataFrame):
    one = samples[(samples["shots"] == 0) | (samples["layout"] == "one message")]
    found = contrast(one, model="r1", control="sft", baseline="zero-shot").table.set_index("condition")
    few = found[found.index.str.contains("few-shot-[135] (?:worked|answer-only) one")]
    assert (few["contrast"] < 0).all()
    assert (few["verdict"] == "less favourable").sum() >= 2
    narrow = contrast(one, model="r1-narrow", control="sft-narrow", baseline="zero-shot").table
    assert abs(narrow["contrast"].mean()) < 0.12  # about nothing beside losses of 50 to 60 points


def test_completions_of_lost_questions_are_at_hand(comparison: Comparison):
    lost = comparison.discordant("few-shot-3 worked turns", "r1-narrow")
    assert len(lost) > 100
    assert lost["condition_completion"].str.len().gt(0).all()
