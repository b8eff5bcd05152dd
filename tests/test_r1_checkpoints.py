"""The curves of one training: by simulated samples whose truth is known, and by the recorded ones."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from experiments.r1_miniature import checkpoint_figures, checkpoints, registered, thoughts, told
from experiments.r1_miniature.checkpoints import PASS, TOKENS, VOTE, WORDS
from experiments.r1_miniature.evidence import RESULTS
from experiments.r1_miniature.joined import runs_in
from experiments.r1_miniature.record import DESIGNS
from promptlab.comparison import associated, compare
from promptlab.errors import InputError
from promptlab.figures import alt_text
from promptlab.stats import bounded_mean, mean_estimate

mpl.use("Agg")
TOKENS_COLUMN = "completion_tokens"
STEPS, QUESTIONS = (0, 10, 40), 120
FEW = {"few-shot-1": ("worked", "turns"), "few-shot-1-answers": ("answers", "turns")}
ACCEPTING, DOUBTING = "<think>\n1 + 1 = 2.\nCheck: 2 - 1 = 1. Right.\n</think>\n2", "<think>\nNo.\n</think>\n2"


def simulated(accuracy: Any, tokens: Any, samples: int = 4, effect: Any = None, **columns: Any) -> pd.DataFrame:
    """Samples of each step: `accuracy(step, questions)` is the chance, `effect(step)` what exemplars add."""
    rng, question, parts = np.random.default_rng(1), np.arange(QUESTIONS), []
    arms = ["zero-shot", *(FEW if effect else ())]
    for step, condition, sample in product(STEPS, arms, range(samples)):
        chance = accuracy(step, question) + (effect(step) if condition in FEW else 0)
        right = rng.random(QUESTIONS) < chance
        style, layout = FEW.get(condition, ("", ""))
        cell = {"model": f"step {step}", "condition": condition, "sample": sample, "shots": int(condition in FEW)}
        found = {"question": [f"q{i:03}" for i in question], "cluster": [f"c{i % 40}" for i in question]}
        found |= {
            "score": right * 1.0,
            "answer": np.where(right, "2", "3"),
            "completion_tokens": tokens(step, question),
        }
        usual = {"ending": "complete", "answered": True, "format_ok": True, "checks": 1, "doubts": 0}
        usual |= dict.fromkeys(("redone_otherwise", "changed", "changed_to_right", "changed_to_wrong"), 0)
        parts.append(pd.DataFrame({**cell, "style": style, "layout": layout, **found, **usual, **columns}))
    return pd.concat(parts, ignore_index=True)


def rising(step: int, question: np.ndarray) -> np.ndarray:
    return 0.3 + 0.3 * step / 40 + 0.2 * (question % 2)


def shrinking(step: int, question: np.ndarray) -> np.ndarray:
    return 100 - step // 2 + question % 7


LEARNING = simulated(rising, shrinking)


def test_the_weights_give_what_a_line_changes_from_the_first_step_to_the_last() -> None:
    steps = np.array([0.0, 10, 40, 50])
    assert checkpoints.weights(steps) @ (3 + 0.2 * steps) == pytest.approx(0.2 * 50)
    values = np.array([1.0, 5, 2, 7])
    assert checkpoints.weights(steps) @ values == pytest.approx(50 * np.polyfit(steps, values, 1)[0])


def test_curves_are_the_means_of_each_step() -> None:
    found = checkpoints.curves(LEARNING).set_index(["measure", "step"])
    assert list(found.index.unique("measure")) == list(WORDS)
    for step in STEPS:
        here = LEARNING[LEARNING["model"] == f"step {step}"]
        assert found.loc[(PASS, step), "value"] == pytest.approx(here["score"].mean())
        assert found.loc[(TOKENS, step), "value"] == pytest.approx(here[TOKENS_COLUMN].mean())
        assert found.loc[(PASS, step), "low"] < here["score"].mean() < found.loc[(PASS, step), "high"]
    votes = (
        LEARNING.groupby(["model", "question"])["score"]
        .mean()
        .map(lambda share: share if share == 0.5 else share > 0.5)
    )
    assert found.loc[(VOTE, 40), "value"] == pytest.approx(votes["step 40"].mean())


def test_trends_by_known_truth() -> None:
    found = checkpoints.trends(LEARNING).set_index("measure")
    assert found["verdict"][[PASS, TOKENS, "checks"]].tolist() == ["rises", "falls", "open"]
    assert found.loc[PASS, "low"] < 0.3 < found.loc[PASS, "high"]
    same = simulated(lambda step, question: 0.5, lambda step, question: 70)
    assert set(checkpoints.trends(same)["verdict"]) == {"open"}


@pytest.mark.parametrize(("slope", "verdict"), [(-0.2, "falls"), (0.2, "rises"), (0.0, "open")])
def test_the_trend_of_the_few_shot_effect(slope: float, verdict: str) -> None:
    frame = simulated(lambda step, question: 0.5, lambda step, question: 70, effect=lambda step: slope * step / 40)
    found = checkpoints.effect_trend(frame)
    assert (found.verdict, found.validity) == (verdict, "ok")
    few = frame["condition"] != "zero-shot"
    means = [frame[few]["score"].groupby(frame["model"]).mean(), frame[~few]["score"].groupby(frame["model"]).mean()]
    effects = [means[0][f"step {step}"] - means[1][f"step {step}"] for step in STEPS]
    assert found.value == pytest.approx(40 * np.polyfit(STEPS, effects, 1)[0])
    said = told.of_effect(compare(frame, baseline="zero-shot"), found)
    assert f"to the last: {verdict}." in said
    assert "Of 6 differences" in said


def test_a_trend_that_missing_samples_could_turn_is_invalid() -> None:
    frame = simulated(lambda step, question: 0.5, lambda step, question: 70, effect=lambda step: 0.2 * step / 40)
    lost = (frame["model"] == "step 40") & (frame["condition"] == "zero-shot") & (frame["sample"] < 3)
    found = checkpoints.effect_trend(frame.assign(score=frame["score"].mask(lost)))
    assert found.validity == "invalid"


def test_growth_that_goes_with_accuracy_is_found() -> None:
    def longer(step: int, question: np.ndarray) -> np.ndarray:
        return 60 * (1 + (question % 3) * step / 400)

    def better(step: int, question: np.ndarray) -> np.ndarray:
        return 0.3 + (question % 3) * step / 400

    found = thoughts.grown(simulated(better, longer, samples=40))
    assert found.low > 0
    growth = np.log(longer(40, np.arange(3)) / 60)
    assert found.low < np.log(1.1) * np.polyfit(growth, [0, 0.1, 0.2], 1)[0] < found.high
    unmoved = thoughts.grown(simulated(rising, longer, samples=40))
    assert abs(unmoved.value) < 3 * unmoved.se


@pytest.mark.parametrize(
    ("columns", "verdict"),
    [
        ({"changed": 1, "changed_to_right": np.arange(QUESTIONS) % 4 > 0}, "for the better"),
        ({"changed": 1, "changed_to_wrong": np.arange(QUESTIONS) % 4 > 0}, "for the worse"),
        ({"changed": np.arange(QUESTIONS) % 4 == 0}, "open"),
        ({"changed": np.nan}, "open"),
    ],
)
def test_second_thoughts(columns: dict[str, Any], verdict: str) -> None:
    found = thoughts.turns(simulated(rising, shrinking, **columns))
    assert found.verdict == verdict
    assert ("too few state one" in told.of_turns(found)) == (found.stated == 0)


def test_many_questions_without_a_change_are_theatre() -> None:
    none = thoughts.turns(LEARNING)._replace(changed=bounded_mean(np.zeros(1000)), net=mean_estimate(np.zeros(1000)))
    assert none.verdict == "theatre"


def test_checks_that_accept_everything_tell_nothing_apart() -> None:
    found = thoughts.accepted(LEARNING.assign(completion=ACCEPTING))
    assert [found[side].value for side in ("right", "wrong")] == [1, 1]
    told_apart = LEARNING.assign(completion=np.where(LEARNING["score"] == 1, ACCEPTING, DOUBTING))
    found = thoughts.accepted(told_apart)
    assert [found[side].value for side in ("right", "wrong")] == [1, 0]
    assert "100.0 % [" in told.of_checks(found)


def test_sentences_say_what_is_like_the_report_and_what_is_not() -> None:
    said = told.like_and_unlike(checkpoints.curves(LEARNING), checkpoints.trends(LEARNING))
    assert "goes from 15.6 to 71 %: like it in direction" in said[0]
    assert "a vote of 64 there +15.7" in said[1]
    assert "unlike it; growth above +0.0 % is excluded" in said[2]
    assert said[-1].endswith("without numbers): like or unlike is open.")
    steady = simulated(rising, lambda step, question: 100 + question % 7)
    said = told.like_and_unlike(checkpoints.curves(steady), checkpoints.trends(steady))
    assert "no growth is seen, unlike it; growth above" in said[2]
    within = associated(LEARNING, TOKENS_COLUMN, ratio=True)
    assert told.of_length(within, thoughts.grown(LEARNING))[0].startswith("Within a question, the right answers of 3")


def test_figures_say_what_they_show() -> None:
    curve = checkpoints.curves(LEARNING)
    levels = checkpoint_figures.levels(curve)
    assert "cons@64, end 86.7 %" in alt_text(levels.figure)
    shown = [text.get_text() for ax in levels.figure.axes for text in ax.texts]
    assert sorted(shown) == ["15.6 %", "cons@64 86.7 %", "pass@1 71.0 %"]
    assert "Lowest: step 0, " in alt_text(levels.figure)
    assert len(checkpoint_figures.others(curve).figure.axes) == len(WORDS) - 2
    within = associated(LEARNING, TOKENS_COLUMN, ratio=True)
    assert "3 models (step 0, step 10, step 40)" in alt_text(checkpoint_figures.lengths(within).figure)
    frame = simulated(rising, shrinking, effect=lambda step: -0.25)
    told_of = alt_text(checkpoint_figures.effects(compare(frame, baseline="zero-shot")).figure)
    assert "k = 1. 6 values: 3 models (step 0, step 10, step 40), 2 series (worked, turns, answers, turns)" in told_of
    assert "Intervals below 0: 6" in told_of


def test_a_folder_without_checkpoints_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no runs sft-short-1 and r1-short-1@STEP of the design attempts"):
        checkpoints.of_training("attempts", tmp_path)


OVER_STEPS = ["sft-short-1", *(f"r1-short-1@{step}" for step in range(10, 81, 10))]
FROM_BASE = ["instruct", *(f"zero@{step}" for step in range(100, 1001, 100))]


@pytest.mark.parametrize(("design", "names"), [("steps", OVER_STEPS), ("attempts", OVER_STEPS), ("opened", FROM_BASE)])
def test_recorded_checkpoints_are_of_the_design(design: str, names: list[str]) -> None:
    pytest.importorskip("pyarrow")
    found, made = runs_in(RESULTS, f"-{design}"), DESIGNS[design]
    runs = [found[name] for name in names]
    for run in runs:
        assert list(run.conditions) == [condition.name for condition in made.conditions()]
        assert run.manifest["samples"] == made.samples
        assert run.manifest["questions"]["hash"] == made.asked(made.questions).hash
    assert len({run.manifest["model"]["adapter"] for run in runs}) == len(runs)


def test_the_post_says_what_the_recorded_curves_say() -> None:
    pytest.importorskip("pyarrow")
    attempts = checkpoints.of_training("attempts", completion=True)
    curve, trend = checkpoints.curves(attempts), checkpoints.trends(attempts)
    right, _, tokens, *_ = told.like_and_unlike(curve, trend)
    assert "35.44 to 43.31 %, along the line +10.49 points [+4.18, +16.80]: rises" in right
    assert "72.7 to 70.9" in tokens
    assert (
        "+4.8 points [+0.8, +8.8]" in told.of_length(associated(attempts, TOKENS_COLUMN), thoughts.grown(attempts))[1]
    )
    assert "right 100.0 % [" in told.of_checks(thoughts.accepted(attempts))
    trend_of_effect = checkpoints.effect_trend(checkpoints.of_training("steps"))
    assert [f"{100 * x:+.1f}" for x in trend_of_effect[:3]] == ["+0.8", "-2.4", "+4.0"]
    text = (RESULTS.parents[1] / "posts/why-few-shot-hurts.md").read_text(encoding="utf-8")
    assert all(said in text for said in ("35.4 to 43.3 %", "+10.5 points [+4.2, +16.8]", "points [-2.4, +4.0]"))


def test_the_dose_design_keeps_to_its_budget() -> None:
    dose = DESIGNS["dose"]
    arms = dose.conditions()
    assert len(arms) * dose.questions * dose.samples <= 30_000
    kinds = {(c.factors()["style"], c.factors()["select"], c.factors().get("content", "")) for c in arms[1:]}
    assert len(kinds) == 5
    asked = dose.asked(3)
    for arm in arms:
        assert len(arm.render(asked[0], pool=asked.pool).exemplars) == arm.shots


def test_the_post_says_what_became_of_rl_alone() -> None:
    pytest.importorskip("pyarrow")
    bare = checkpoints.of_zero()
    assert bare is not None
    right, vote, tokens, form, *_, seen = told.of_zero(
        checkpoints.curves(bare), checkpoints.trends(bare), thoughts.at_all(bare)
    )
    assert "0.00 to 9.97 %, along the line +11.01 points [+1.65, +20.37]: rises" in right
    assert "gains +0.0 points at the last step" in vote
    assert "92.1 to 13.3" in tokens
    assert "0.00 to 0.00 %" in form
    assert "0.3 % of the answers could be read at the first step and 100.0 % at the last" in seen
    assert "empty in 0.2 % at the first, 100.0 % at step 100 and 100.0 % at the last" in seen
    assert thoughts.at_all(bare)["empty"].iloc[1:].eq(1).all()
    by_steps = bare[bare["model"] == "step 1000"].groupby(bare["question"].map(_steps_of(bare)))["score"].mean()
    assert by_steps.round(3).to_list() == [0.34, 0.033, 0, 0]


def test_the_other_trainings_of_rl_alone_are_what_is_told_of_them() -> None:
    """Two rates, two seeds: the rule in LOG.md chose by the dev set, and what the others did ships, too."""
    pytest.importorskip("pyarrow")
    text = " ".join((RESULTS.parents[1] / "posts/why-few-shot-hurts.md").read_text(encoding="utf-8").split())
    looks = pd.read_csv(RESULTS / "zero-dev.csv").query("step >= 799").groupby(["seed", "rate"])["accuracy"]
    assert looks.size().eq(10).all()
    assert looks.mean().round(4).to_list() == [0.0685, 0.0515, 0.0725, 0]  # 1e-4 and 3e-4; seed 16 decides

    others = {name: run.to_frame(completion=True) for name, run in runs_in(RESULTS, "-others").items()}
    right = {name: f"{100 * frame['score'].mean():.1f}" for name, frame in others.items()}
    ends = [right[f"zero-{name}"] for name in ("17@1000", "3e-4@900", "3e-4@1000", "3e-4-17@1000")]
    assert ends == ["10.8", "12.4", "7.1", "0.0"]
    assert all(f"{value} %" in text for value in ends[:3])
    assert all(thoughts.at_all(frame)["empty"].eq(1).all() for frame in others.values())

    curves = pd.read_csv(RESULTS / "zero-curves.csv").set_index(["rate", "seed"]).sort_index()
    assert not curves["well_formed"].any()
    assert curves.loc[(3e-4, 17), "accuracy"].eq(0).sum() == 998
    begun = curves.loc[(1e-4, 16)].head(20)
    assert begun["accuracy"].gt(0).to_list() == [False] * 19 + [True]
    assert [f"{begun['tokens'].iloc[i]:.0f}" for i in (0, 18)] == ["95", "38"]


def _steps_of(bare: pd.DataFrame) -> dict[str, int]:
    asked = registered.questions(bare["question"].nunique())
    return {question.id: int(question.meta["level"]) for question in asked}
