"""experiments/posts/why-few-shot-hurts.md, its exploratory sections: what it quotes is what the samples give."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from test_notebooks import ROOT

from experiments.r1_miniature import consistency, distilled, dose_runs, dose_told, doses, mechanism, steps, told
from promptlab.records import load_run

TEXT = " ".join((ROOT / "experiments/posts/why-few-shot-hurts.md").read_text(encoding="utf-8").split())


def quoted(title: str) -> set[str]:
    """Values with intervals of a section, without their signs' and words' forms."""
    section = TEXT.partition(f"## {title}")[2].partition("## ")[0]
    return set(re.findall(r"[-+]\d+\.\d(?: points)? \[[^]]+\]", section))


def given(sentences: list[str]) -> str:
    return " ".join(sentences).replace(" points", "")


@pytest.mark.parametrize("title", ["A pupil of `r1`", "A reward for one language"])
def test_what_is_quoted_of_two_trainings(title: str) -> None:
    found = given([*told.of_distilled(distilled.found()), *told.of_languages(consistency.found())])
    assert quoted(title)
    for each in quoted(title):
        assert each.replace(" points", "") in found, each


def test_what_is_quoted_of_the_dose() -> None:
    found = doses.analysed(dose_runs.samples(dose_runs.recorded()))
    by_model = [*dose_told.of_drawn(found.effects), *dose_told.of_models(found.models)]
    sentences = given([*by_model, *dose_told.of_kinds(found.kinds)])
    assert len(quoted("The dose")) == 6
    for each in quoted("The dose"):
        assert each.replace(" points", "") in sentences, each

    own = found.differences.query("model == 'plain' and series == 'own-kind, one message'")
    one, *_, six = -100 * own["difference"]
    assert f"({one:.1f} points with one, {six:.1f} with six)" in TEXT


def test_the_figure_of_the_parts_is_what_the_samples_give() -> None:
    drawn = pd.read_csv(ROOT / "experiments/posts/figures/loss-by-step.csv").set_index(["model", "part"])
    for model in ("plain", "r1-narrow"):
        table = mechanism.accounting(mechanism.checked(load_run(f"recorded:{model}"))).set_index("way")
        kept = drawn.loc[model]
        assert table.loc[kept.index, "part"].to_numpy() == pytest.approx(kept["difference"].to_numpy())
    copied = drawn.xs(steps.COPIED, level="part")
    low, *_, high = sorted(round(100 * share) for share in copied["share"].dropna())
    assert f"{low} to {high} % of the loss. Of the few-shot" in TEXT


def test_english_without_the_reward_is_told_as_it_went() -> None:
    """It fell at every step, against what was expected: the post must not call that nothing."""
    mixed = consistency.found()
    assert mixed is not None
    alone = mixed.since_start.table.query("model == @consistency.WITHOUT")
    assert (alone["high"] < 0).all()
    curve = mixed.curves[mixed.curves["measure"] == consistency.ENGLISH].query("condition == @consistency.WITHOUT")
    start, least, end = (f"{100 * each:.1f} %" for each in (curve["value"].iloc[0], *curve["value"].iloc[[2, -1]]))
    assert f"from {start} at the start to {least} at step 40, and {end} at the end" in TEXT
    assert curve["value"].idxmin() == curve.index[2]
