"""The registered hypotheses judged: by simulated samples whose truth is known, and by the recorded ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.r1_miniature import judged, registered, seed_figure
from experiments.r1_miniature.evidence import deviations, recorded, samples, stamp
from experiments.r1_miniature.pooling import effect, less
from experiments.r1_miniature.registered import BASELINE, FEW, models
from promptlab import grading
from promptlab.errors import InputError
from promptlab.records import load_run
from promptlab.stats.twoway import two_way

POSTS = Path(registered.__file__).parents[1] / "posts"
CONDITIONS = [condition.name for condition in registered.conditions()]
FIRST = {"sft-short": (0.5, 0.0), "r1-short": (0.6, 0.0)}  # zero-shot accuracy, and what exemplars do to it
PLAIN = {"plain-short": (0.5, 0.0), "plain-rl": (0.6, 0.0)}


def simulated(truth: Mapping[str, tuple[float, float]], questions: int = 60, seeds: int = 8) -> pd.DataFrame:
    """Two samples a cell, right with the chance that the truth says, more or less by seed and question."""
    rng, parts = np.random.default_rng(5), []
    hard = rng.normal(0, 0.15, questions)
    names = [(name, pair) for name, pair in truth.items() for name in (models(name)[:seeds] if seeds else [name])]
    for name, (accuracy, change) in names:
        shift = rng.normal(0, 0.005)
        for condition in CONDITIONS:
            chance = np.clip(accuracy + hard + (condition != BASELINE) * (change + shift), 0, 1)
            for sample in range(2):
                cell = {"model": name, "condition": condition, "question": [f"q{i}" for i in range(questions)]}
                said = {"cluster": [f"c{i % 30}" for i in range(questions)], "sample": sample, "ending": "complete"}
                parts.append(
                    pd.DataFrame({**cell, **said, "answered": True, "score": 1.0 * (rng.random(questions) < chance)})
                )
    return pd.concat(parts, ignore_index=True)


def state(frame: pd.DataFrame, hypothesis: str) -> str:
    return {one.hypothesis: one.state for one in judged.judge(frame)}[hypothesis]


@pytest.mark.parametrize(
    ("rule", "interval", "expected"),
    [
        (judged.state_of_loss, (-0.05, -0.001), "confirmed"),
        (judged.state_of_loss, (-0.02, -0.001), "confirmed"),  # small, but a loss
        (judged.state_of_loss, (-0.0249, 0.01), "refuted"),
        (judged.state_of_loss, (0.01, 0.03), "refuted"),
        (judged.state_of_loss, (-0.0251, 0.01), "open"),
        (judged.state_of_loss, (np.nan, np.nan), "open"),
        (judged.state_of_gain, (0.001, 0.05), "confirmed"),
        (judged.state_of_gain, (-0.05, -0.001), "refuted"),
        (judged.state_of_gain, (-0.01, 0.05), "open"),
        (judged.state_of_sameness, (-0.001, 0.001), "open"),
        (judged.state_of_sameness, (0.001, 0.01), "refuted"),
        (judged.state_of_sameness, (np.nan, np.nan), "open"),
    ],
)
def test_rules(rule, interval: tuple[float, float], expected: str) -> None:
    assert rule(*interval) == expected


@pytest.mark.parametrize(
    ("contrast", "plain", "expected"),
    [
        ((-0.04, 0.04), (-0.3, -0.1), "confirmed"),
        ((-0.04, 0.04), (-0.3, 0.1), "open"),
        ((-0.06, 0.04), (-0.3, -0.1), "open"),
        ((-0.2, -0.06), (-0.3, -0.1), "refuted"),
        ((0.06, 0.2), (-0.3, -0.1), "refuted"),
        ((-0.04, 0.04), (0.01, 0.1), "refuted"),
    ],
)
def test_the_rule_of_h2(contrast: tuple[float, float], plain: tuple[float, float], expected: str) -> None:
    assert judged.state_of_narrow(contrast, plain) == expected


@pytest.mark.parametrize(
    ("after", "expected"), [((0.6, -0.15), "confirmed"), ((0.6, 0.05), "refuted"), ((0.5, -0.15), "open")]
)
def test_h1_by_known_truth(after: tuple[float, float], expected: str) -> None:
    """The last of the three: RL changed nothing zero-shot, so whatever else it did, H1 was not put to the test."""
    frame = simulated({"sft-short": (0.5, 0.0), "r1-short": after})
    (found, *rest) = judged.judge(frame)
    assert (found.hypothesis, found.state) == ("H1", expected)
    assert ("Not put to the test" in found.sentence) == (expected == "open")
    assert [one.state for one in rest] == ["not run"] * 3


def test_h2_by_known_truth() -> None:
    narrow = {"sft-narrow": (0.7, -0.3), "r1-narrow": (0.7, -0.3), "plain": (0.8, -0.25)}
    assert state(simulated(narrow, 900, seeds=0), "H2") == "confirmed"
    assert state(simulated({**narrow, "r1-narrow": (0.7, -0.1)}, 300, seeds=0), "H2") == "refuted"
    assert state(simulated(narrow, 60, seeds=0), "H2") == "open"


@pytest.mark.parametrize(("mixed", "expected"), [(0.0, "confirmed"), (-0.3, "refuted")])
def test_h3_by_known_truth(mixed: float, expected: str) -> None:
    truth = {"sft-short": (0.5, 0.0), "r1-short": (0.6, -0.15), "r1-mixed": (0.6, mixed)}
    assert state(simulated(truth), "H3") == expected


@pytest.mark.parametrize(("plain", "expected"), [(-0.12, "refuted"), (0.0, "open")])
def test_h4_by_known_truth(plain: float, expected: str) -> None:
    """Nothing confirms it: no margin was registered."""
    assert state(simulated({**FIRST, **PLAIN, "plain-rl": (0.6, plain)}), "H4") == expected


def test_the_triple_difference_is_that_of_the_two_contrasts_with_the_variance_of_contrast_seeds() -> None:
    frame = simulated({**FIRST, **PLAIN, "plain-rl": (0.6, -0.1)})
    found = judged.triple(frame)
    both = [
        registered.over_seeds(frame, *names).table.iloc[0]
        for names in (("plain-rl", "plain-short"), tuple(FIRST)[::-1])
    ]
    assert found.value == pytest.approx(both[0]["contrast"] - both[1]["contrast"])
    assert np.mean(found.each) == pytest.approx(found.value)
    means = (
        registered.merged(frame)
        .groupby(["question", "model", "condition"])["score"]
        .mean()
        .unstack(["model", "condition"])
    )
    change = {m: means[m][FEW] - means[m][BASELINE] for m in frame["model"].unique()}
    values = np.stack(
        [change[f"plain-rl-{s}"] - change[f"plain-short-{s}"] - change[f"r1-short-{s}"] + change[f"sft-short-{s}"]
         for s in range(1, 9)], axis=1)  # fmt: skip
    clusters = np.repeat([int(q[1:]) % 30 for q in means.index], 8)
    expected = two_way(values.ravel(), clusters, np.tile(np.arange(8), len(values)))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_pooled_contrasts_are_those_of_contrast_seeds() -> None:
    frame = simulated({"sft-short": (0.5, 0.0), "r1-short": (0.6, -0.05)})
    row = registered.over_seeds(frame, "r1-short", "sft-short").table.iloc[0]
    found = seed_figure.effects(frame, seed_figure.SHOWN["h1-seeds"][1])["H1: after RL less start"]
    assert (found.value, found.low, found.high) == pytest.approx((row["contrast"], row["low"], row["high"]))
    assert found.validity == row["validity"]


def test_missing_samples_leave_a_hypothesis_open() -> None:
    frame = simulated({"sft-short": (0.5, 0.0), "r1-short": (0.6, -0.15)})
    lost = frame["model"].str.startswith("r1-short") & frame["question"].isin([f"q{i}" for i in range(9)])
    frame.loc[lost, ["score", "ending"]] = [np.nan, "error"]
    assert state(frame, "H1") == "open"


def test_no_score_is_read_before_all_seeds_are_in() -> None:
    frame = simulated(FIRST, questions=10)
    frame = frame[frame["model"] != "r1-short-8"].assign(score=7.0)  # no score: to read it is an error
    found = judged.judge(frame)
    assert [one.state for one in found] == ["not run"] * 4
    assert "1 are not recorded: r1-short-8" in found[0].sentence
    with pytest.raises(InputError, match="outside"):
        judged.h1(simulated(FIRST, questions=10).assign(score=7.0))


def test_less_turns_the_second_around() -> None:
    assert less(effect("a", "f", "z"), effect("b", "f", "z")) == {
        ("a", "f"): 1,
        ("a", "z"): -1,
        ("b", "f"): -1,
        ("b", "z"): 1,
    }


def test_the_figure_holds_each_seed_and_their_mean(tmp_path) -> None:
    paths = seed_figure.save(simulated(FIRST, questions=40), tmp_path, "a note")
    table = pd.read_csv(tmp_path / "h1-seeds.csv")
    assert {path.suffix for path in paths} == {".svg", ".png", ".csv", ".txt"}
    for name, rows in table.groupby("series"):
        mean, seeds = rows[rows["kind"] == "mean"].iloc[0], rows[rows["kind"] == "seed"]
        assert len(seeds) == 8, name
        assert seeds["value"].mean() == pytest.approx(mean["value"]), name
        assert mean["low"] < mean["value"] < mean["high"], name
    assert "a note" in (tmp_path / "h1-seeds.txt").read_text()


def test_no_seed_lies_upon_another(tmp_path) -> None:
    """Two seeds of H4 came out alike to the last digit, and one of them could not be seen."""
    value = np.array([0.02, -0.001, 0.021, -0.001, 0.05, -0.001, -0.03, 0.02])
    seeds = pd.DataFrame({"series": "a", "kind": "seed", "value": value, "low": np.nan, "high": np.nan})
    mean = pd.DataFrame({"series": "a", "kind": "mean", "value": [0.01], "low": [-0.01], "high": [0.03]})
    ax = seed_figure.draw(pd.concat([mean, seeds], ignore_index=True), "")
    places = np.asarray(ax.collections[1].get_offsets())
    assert len(np.unique(places, axis=0)) == len(value)
    assert set(np.round(places[:, 1] - 0.12, 2)) == {0, 0.14, 0.28}


def test_a_registered_run_graded_again_has_the_scores_that_were_recorded() -> None:
    run, names = recorded()["r1-short-1"], ["condition", "question", "sample", "score", "status"]
    again = run.regrade(grading.number).to_frame(reasoning=False)
    assert len(again) == 8000
    pd.testing.assert_frame_equal(again[names], run.to_frame(reasoning=False)[names], check_categorical=False)


def test_a_run_that_is_not_as_registered_is_named() -> None:
    found = deviations({"r1-short-1": load_run("recorded:r1")})
    assert found == ["r1-short-1: other conditions", "r1-short-1: other questions"]


def test_without_results_there_is_one_error(tmp_path, capsys) -> None:
    assert judged.main(["--results", str(tmp_path)]) == 2
    assert "--design registered" in capsys.readouterr().err


def test_h1_of_the_recorded_seeds() -> None:
    """What LOG.md says of 2026-11-25 follows from the committed samples, which are as registered."""
    runs = {name: run for name, run in recorded().items() if name in judged.H1_MODELS}
    assert stamp(runs).endswith("hash e99b6180: as registered")
    frame = samples(runs)
    state, sentence = judged.h1(frame)
    assert state == "refuted"
    assert "contrast +0.4 points [-1.2, +1.9]" in sentence
    assert "less sft-short: +8.6 points [+5.7, +11.4]" in sentence
    assert all(gain > 0 for gain in judged.check(frame).each)


def test_h2_of_the_recorded_models() -> None:
    runs = {name: run for name, run in recorded().items() if name in registered.SHIPPED}
    assert stamp(runs).endswith("hash e99b6180: as registered")
    state, sentence = judged.h2(samples(runs))
    assert state == "confirmed"
    assert "contrast -2.2 points [-4.7, +0.4]" in sentence
    assert "degrades plain against zero-shot: -24.3 points [-27.7, -20.9]" in sentence


@pytest.mark.parametrize(
    ("name", "expected", "told"),
    [
        ("H3", "confirmed", ["contrast +2.1 points [+0.6, +3.6]", "contrast +2.4 points [+0.7, +4.2]"]),
        ("H4", "open", ["-0.4 points [-2.5, +1.6]"]),
    ],
)
def test_h3_and_h4_of_the_recorded_seeds(name: str, expected: str, told: list[str]) -> None:
    needed, rule = judged.HYPOTHESES[name]
    runs = {model: run for model, run in recorded().items() if model in needed}
    assert stamp(runs).endswith("hash e99b6180: as registered")
    state, sentence = rule(samples(runs))
    assert state == expected
    assert all(words in sentence for words in told)


def test_the_post_says_what_the_figures_numbers_say() -> None:
    """Its table is written by hand; what it links to is there."""
    text = (POSTS / "why-few-shot-hurts.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (POSTS / target).exists(), target
    drawn = [pd.read_csv(path) for path in sorted((POSTS / "figures").glob("h?-seeds.csv"))]
    for row in pd.concat(drawn).query("kind == 'mean'").itertuples():
        value, low, high = (f"{100 * x + 0.0:+.1f}" for x in (row.value, row.low, row.high))
        assert re.search(rf"\| \**{re.escape(value)}\** \| \**{re.escape(f'{low} to {high}')}\** \|", text), row.series
