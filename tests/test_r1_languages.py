"""Chains in two languages, the reward for one of them, and what is said of two trainings that differ in it."""

from __future__ import annotations

import doctest
import re
from collections.abc import Callable
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_r1_miniature import ONE_EACH, SEEN, false_equations, task_for

from experiments.r1_miniature import checkpoint_figures, consistency, german, languages, told
from experiments.r1_miniature.chains import final, thinking
from experiments.r1_miniature.consistency import ENGLISH, LISTED, RIGHT, WITH, WITHOUT
from experiments.r1_miniature.german import in_german
from experiments.r1_miniature.jobs import PARTS
from experiments.r1_miniature.languages import english_share
from experiments.r1_miniature.mixing import training_questions
from experiments.r1_miniature.recipe import load_recipe, stated
from experiments.r1_miniature.record import fresh_questions
from experiments.r1_miniature.registered import RECIPES
from experiments.r1_miniature.rewards import reward
from promptlab.errors import InputError
from promptlab.figures import alt_text
from promptlab.formats import ANSWER_TAGS
from promptlab.reasoning import split_reasoning
from promptlab.traces.languages import home_of
from promptlab.types import Completion

mpl.use("Agg")
HOME = home_of("Anna has 20 apples and gives 4 of them to Ben. How many are left?", "")
LABELS = sorted({step["what"] for question in training_questions(4_000, 41) for step in question.meta["steps"]})


def thought(text: str) -> str:
    return split_reasoning(Completion(text, "complete"))[0]


@pytest.mark.parametrize("template", SEEN)
def test_every_step_that_is_trained_on_can_be_said_in_german(template: str) -> None:
    for step in ONE_EACH[template].meta["steps"]:
        assert HOME.foreign(in_german(step["what"])) == 1, "promptlab.traces sees it"
        assert HOME.foreign(step["what"]) == 0


def test_people_and_numbers_stay_in_german() -> None:
    names = {"Anna", "Ben", "Clara", "David", "Emma", "Jack", "Kate", "Leo", "Noah", "Tina"}
    for label in LABELS:
        said, kept = in_german(label), re.findall(r"\d+|[A-Z][a-z]+", label)
        assert [n for n in kept if n.isdigit()] == re.findall(r"\d+", said)
        assert names & set(kept) == names & set(re.findall(r"\w+", said))
    assert in_german("Anna and Ben") == "Anna und Ben haben dann"
    assert in_german("82 minus 11") == "Wir rechnen jetzt 82 minus 11"


def test_a_label_without_german_is_named() -> None:
    with pytest.raises(InputError, match="no German for the step 'Height of the tower'"):
        in_german("Height of the tower")


@pytest.mark.parametrize("phrase", [*languages.GERMAN.doubts, *languages.GERMAN.checks])
def test_doubts_and_checks_are_german(phrase: str) -> None:
    assert HOME.foreign(phrase.format("14 + 6 = 20")) == 1
    assert english_share(phrase) == 0


@pytest.mark.parametrize("name", SEEN[::3])
def test_chains_of_either_language_and_of_both_are_true(name: str) -> None:
    question = ONE_EACH[name]
    for share, expected in ((0.0, {1.0}), (1.0, {0.0}), (0.5, None)):
        texts = [thinking(question, ANSWER_TAGS, Random(seed), 0.5, share) for seed in range(20)]
        assert all(len(false_equations(text)) <= 1 for text in texts), "a slip at most"
        assert {text.rpartition("\n")[2] for text in texts} == {final(question, ANSWER_TAGS)}
        found = {english_share(thought(text)) for text in texts}
        assert found == expected if expected else any(0 < each < 1 for each in found)


def test_a_chain_without_german_is_drawn_as_it_was() -> None:
    question, one, other = ONE_EACH["pool-and-share"], Random(3), Random(3)
    assert thinking(question, None, one, 1.0) == thinking(question, None, other, 1.0, german=0.0)
    assert one.random() == other.random()
    slip = "<think>\nTogether: {}. Wait, that is wrong. {}.\nFor each child: {}.\nCheck: {}. That fits.\n</think>"
    assert any(
        re.match(slip.replace("{}", r"[\d +=/*-]+"), thinking(question, None, Random(seed), 1.0)) for seed in range(99)
    )


def test_both_ways_to_tell_english_agree_on_chains() -> None:
    texts = [thought(thinking(q, None, Random(i), 0.15, 0.5)) for i, q in enumerate(training_questions(300, seed=5))]
    ours = np.array([english_share(text) for text in texts])
    theirs = np.array([1 - HOME.foreign(text) for text in texts])
    assert np.abs(ours - theirs).max() < 0.2
    assert abs(ours.mean() - theirs.mean()) < 0.01


@given(st.text())
def test_a_share_of_english_is_a_share(text: str) -> None:
    assert 0 <= english_share(text) <= 1
    assert english_share(f"{text} Check") > 0
    assert english_share(f"{text} jetzt") < 1


@pytest.mark.parametrize(
    ("said", "share"), [("Left: 3 - 1 = 2.", 1), ("Es sind noch 2.", 0), ("3 - 1 = 2", 0), ("Left, noch: 2", 0.5)]
)
def test_english_words_are_rewarded_where_a_recipe_says_so(said: str, share: float) -> None:
    earned = reward(*task_for(f"<think>\n{said}\n</think>\n<answer>ANSWER</answer>"))
    assert earned.english == share
    assert earned.total(0.1, 0.025) == pytest.approx(1.2)
    assert earned.total(0.1, 0.025, 0.7) == pytest.approx(1.2 + 0.7 * share)


def test_german_outside_the_thought_does_not_count() -> None:
    assert reward(*task_for("<think>\nLeft: 2\n</think>\nDas ist <answer>ANSWER</answer>")).english == 1


def test_the_two_trainings_differ_in_one_reward() -> None:
    one, other = (stated(load_recipe(name)) for name in ("r1-lang", "r1-lang-consistent"))
    assert {name for name in one if one[name] != other[name]} == {"model", "purpose", "english_reward"}
    start, plain = (stated(load_recipe(name)) for name in ("sft-lang", "sft-short"))
    assert {name for name in start if start[name] != plain.get(name)} == {"model", "purpose", "seed", "german"}
    assert one["grpo"] == stated(load_recipe("r1-short"))["grpo"]


@pytest.mark.parametrize("name", RECIPES)
def test_a_registered_recipe_says_nothing_of_languages(name: str) -> None:
    assert set(stated(load_recipe(name))) == {
        *("model", "purpose", "start", "seed", "rank", "alpha", "mix", "sft", "grpo")
    }


def test_the_part_trains_a_start_and_two_that_keep_four_steps() -> None:
    made = list(PARTS["language"]())
    assert [job.command[1] for job in made if job.trains] == ["sft-lang", "r1-lang", "r1-lang-consistent"]
    assert all("--keep" in job.command for job in made[1:3])
    recorded = {job.command[1] for job in made if not job.trains}
    steps = (20, 40, 60, 80)
    assert recorded == {"sft-lang", *(f"{m}@{s}" for m in ("r1-lang", "r1-lang-consistent") for s in steps)}


def test_recorded_questions_are_of_no_other_split() -> None:
    assert {question.meta["split"] for question in fresh_questions(40)} == {"dev"}


# --- what is said of the samples: simulated, the truth known -------------------------------------------------------


def simulated(english: Callable[[str, int], float], right: Callable[[str, int], float]) -> pd.DataFrame:
    """As `consistency.of_trainings` gives them: 120 questions in 40 clusters, 8 samples each."""
    rng, question, parts = np.random.default_rng(2), np.arange(120), []
    names = {"question": [f"q{i:03}" for i in question], "cluster": [f"c{i % 40}" for i in question]}
    for condition, step, sample in product((WITHOUT, WITH), (0, 20, 80), range(8)):
        cell = {"model": f"step {step}", "condition": condition, "sample": sample, "ending": "complete"}
        score = (rng.random(120) < right(condition, step)).astype(float)
        share = rng.binomial(4, english(condition, step), 120) / 4
        measures = {"score": score, ENGLISH: share, LISTED: share - 0.01, "answered": True, "completion_tokens": 80}
        parts.append(pd.DataFrame({**cell, **names, **measures}))
    return pd.concat(parts, ignore_index=True)


def rewarded(condition: str, step: int) -> float:
    return 0.4 + (0.006 * step if condition == WITH else 0.001 * step)


def test_what_the_reward_brings_and_costs_is_found() -> None:
    found = consistency.analysed(
        simulated(rewarded, lambda condition, step: 0.5 + (0.002 if condition == WITHOUT else -0.002) * step)
    )
    last = {name: getattr(found, name).table.iloc[-1] for name in ("rewarded", "price")}
    assert last["rewarded"]["low"] < 0.4 < last["rewarded"]["high"]
    assert last["price"]["low"] < -0.32 < last["price"]["high"]
    assert list(found.since_start.table["model"].unique()) == [WITHOUT, WITH]
    assert found.apart["apart"].tolist() == pytest.approx([0.01] * 6)
    said = told.of_languages(found)
    assert re.match(r"RL without the reward: English words in the thought 4\S+ to 4\S+ %, \+\S+ points \[", said[0])
    assert said[0].endswith("rises; tokens of an answer 80.0 to 80.0.")
    assert "; Right answers" in said[1]
    assert "falls" in said[1]
    assert re.search(r"degraded \(margin 5 points; ok\).*: like it\.", said[3])
    assert "are 1.0 points apart" in said[4]


def test_a_reward_without_a_price_is_equivalent_or_open() -> None:
    found = consistency.analysed(simulated(rewarded, lambda condition, step: 0.5))
    assert set(found.price.table["verdict"]) <= {"equivalent", "inconclusive"}
    said = told.of_languages(found)
    assert said[1].endswith("open; tokens of an answer 80.0 to 80.0."), "right answers since the start"


def test_questions_whose_language_cannot_be_told_have_no_share() -> None:
    frame = simulated(rewarded, lambda condition, step: 0.5)
    frame[ENGLISH] = frame[ENGLISH].mask(frame["question"] == "q000")
    found = consistency.analysed(frame)
    assert found.rewarded.table["questions"].tolist() == [119, 119]
    assert found.price.table["questions"].tolist() == [120, 120]
    assert set(found.rewarded.table["validity"]) == {"ok"}


def test_an_answer_that_is_cut_has_a_language_and_no_score() -> None:
    frame = simulated(rewarded, lambda condition, step: 0.5)
    frame["ending"] = np.where((frame["model"] == "step 80") & (frame["condition"] == WITH), "truncated", "complete")
    found = consistency.analysed(frame)
    assert found.rewarded.table["validity"].tolist() == ["ok", "ok"]
    assert found.price.table["validity"].tolist()[-1] == "fragile"


def test_the_figure_shows_both_trainings_over_their_steps() -> None:
    ax = checkpoint_figures.languages(consistency.curves(simulated(rewarded, lambda condition, step: 0.5)))
    told_of = alt_text(ax.figure)
    assert f"{ENGLISH}, over steps. 6 values" in told_of
    assert f"{RIGHT}, over steps. 6 values" in told_of


def test_without_samples_it_says_so(tmp_path: Path) -> None:
    assert consistency.found(tmp_path) is None
    assert told.of_languages(None) == [
        "Two languages: their samples are not in the folder; the campaign's part `language` records them."
    ]


@pytest.mark.parametrize("module", [german, languages])
def test_examples_in_docstrings(module: Any) -> None:
    ran = doctest.testmod(module)
    assert ran.attempted
    assert not ran.failed
