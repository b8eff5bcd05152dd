"""`plan`: what it predicts from a pilot is what the whole run then has, and what it says is what it computed."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import promptlab as lab
from promptlab.comparison.comparing import compare
from promptlab.errors import InputError
from promptlab.planner.designing import Plan, plan
from promptlab.stats import simultaneous
from promptlab.stats.trials import Guess
from promptlab.types import Question

GUESS = Guess((0.50, 0.45), within=0.10, correlation=0.6, cluster_correlation=0.2, draw_sd=0.02)
KEPT = ["zero-shot", "few-shot-1", "few-shot-3", "few-shot-3-one-message"]


@pytest.fixture(scope="module")
def recorded() -> pd.DataFrame:
    frame = lab.load_run("recorded:r1-narrow").to_frame(completion=False, reasoning=False)
    return frame[frame["condition"].isin(KEPT)]


def few(frame: pd.DataFrame, n: int, seed: int) -> pd.DataFrame:
    ids = np.random.default_rng(seed).permutation(np.sort(frame["question"].unique()))[:n]
    return frame[frame["question"].isin(ids)]


def samples(n: int = 40, k: int = 2, seed: int = 0, **columns) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    rows = [("m", c, f"q{q:03d}", i) for c in ("a", "b", "c") for q in range(n) for i in range(k)]
    frame = pd.DataFrame(rows, columns=["model", "condition", "question", "sample"])
    return frame.assign(score=random.integers(0, 2, len(frame)).astype(float), **columns)


def test_a_pilot_of_50_questions_predicts_the_standard_errors_of_400(recorded):
    """Recorded samples: single pilots within 35 %, the median of eleven within 12 %, for every comparison."""
    unclustered = recorded.assign(cluster=None)
    actual = compare(unclustered, baseline="zero-shot").table["se"].to_numpy()
    ratios = []
    for seed in range(11):
        found = plan(few(unclustered, 50, seed), baseline="zero-shot", questions=400, samples=4)
        se = [spread.standard_error(400, 4) for spread in found.pilot.spreads]
        ratios.append(np.array(se) / actual)
    assert np.abs(np.log(ratios)).max() < np.log(1.35)
    assert np.median(ratios, axis=0) == pytest.approx(np.ones(3), abs=0.12)


def test_clusters_are_planned_as_they_are_judged(recorded):
    """From 200 questions with their clusters, at the cluster size of all 400."""
    table = compare(recorded, baseline="zero-shot").table
    whole = plan(recorded, baseline="zero-shot", questions=400, samples=4)
    ratios = []
    for seed in range(7):
        found = plan(few(recorded, 200, seed), baseline="zero-shot", questions=400, samples=4,
                     cluster_size=whole.cluster_size)  # fmt: skip
        ratios.append(found.table["se"][0] / table["se"].max())
        assert found.table["comparison"][0] in KEPT
    assert np.abs(np.log(ratios)).max() < np.log(1.3)
    assert np.median(ratios) == pytest.approx(1, abs=0.15)
    assert whole.table["detectable"][0] == pytest.approx(table["detectable"].max(), rel=0.1)


def test_tokens_of_the_whole_run_lie_in_the_predicted_range(recorded):
    used = recorded[["prompt_tokens", "completion_tokens"]].sum().astype(float)
    inside = []
    for seed in range(10):
        row = plan(few(recorded, 50, seed), baseline="zero-shot", questions=400, samples=4,
                   tokens_per_second=2000, prices=(1, 4)).table.iloc[0]  # fmt: skip
        inside.append(row["tokens_low"] <= used.sum() <= row["tokens_high"])
        assert row["hours"] == pytest.approx(used["completion_tokens"] / 2000 / 3600, rel=0.1)
        assert row["cost"] == pytest.approx((used["prompt_tokens"] + 4 * used["completion_tokens"]) / 1e6, rel=0.1)
    assert sum(inside) >= 8


def test_the_sentence_says_the_numbers_of_the_table():
    found = plan(GUESS, questions=[100, 400], samples=4, wanted=[0.02, 0.05], comparisons=6, cluster_size=4)
    last = found.table.iloc[-1]
    assert found.sentences[0].startswith(
        "With 400 questions in 100 clusters and 4 samples each, true differences of "
        f"{100 * last['detectable']:.1f} points are found with 80 % power in a family of 6 at 5 %; 2 points would take"
    )
    assert (last["se"], found.comparisons) == (pytest.approx(GUESS.spread.standard_error(400, 4, cluster_size=4)), 6)
    assert "Bonferroni" in found.notes[0]
    assert list(found.needed["wanted"]) == [0.02, 0.05]
    assert found.needed["questions"][0] > found.needed["questions"][1]


def test_what_is_needed_finds_it_in_every_comparison(recorded):
    found = plan(few(recorded, 60, 0), baseline="zero-shot", wanted=0.06, samples=(2, 4))
    for row in found.needed.to_dict("records"):
        again = plan(few(recorded, 60, 0), baseline="zero-shot", questions=int(row["questions"]),
                     samples=row["samples"])  # fmt: skip
        assert 0.059 < again.table["detectable"][0] <= 0.06


def test_a_larger_family_finds_less():
    sizes = [plan(GUESS, questions=400, comparisons=m).table["detectable"][0] for m in (1, 6, 20)]
    assert sizes == sorted(sizes)
    assert plan(samples(), baseline="a").comparisons == 2


def test_draws_bound_what_questions_can_do():
    found = plan(GUESS, questions=400, samples=4, draws=[4, 64], wanted=0.03, cluster_size=1)
    assert found.needed["questions"].isna().tolist() == [True, False]
    assert "more draws than 4" in found.needed["reason"][0]
    assert "under 4 draws" in found.sentences[0]
    assert "3 points would take more draws than 4" in found.sentences[0]
    assert "exemplar sets in general" in " ".join(found.notes)


def test_a_condition_without_exemplars_has_no_draws(recorded):
    plain = lab.load_run("recorded:r1-narrow").to_frame(completion=False, reasoning=False)
    plain = plain[plain["condition"].isin(["zero-shot", "concise", "few-shot-1"])]
    found = plan(plain, baseline="zero-shot", questions=400, draws=8)
    assert found.variances.set_index("comparison").loc["concise", "draws"] == 0


def test_four_samples_predict_what_one_gives(recorded):
    """The pilot's K = 4 splits questions from sampling: K = 1 has the standard errors of each sample alone."""
    frame = recorded.assign(cluster=None)
    found = plan(frame, baseline="zero-shot", questions=400, samples=1)
    alone = [compare(frame[frame["sample"] == i], baseline="zero-shot").table["se"] for i in range(4)]
    predicted = [spread.standard_error(400, 1) for spread in found.pilot.spreads]
    assert predicted == pytest.approx(np.sqrt(np.mean(np.square(alone), axis=0)), rel=0.02)


@pytest.mark.parametrize("draws", [1, 3])
def test_questions_and_sampling_are_told_apart(draws):
    """Fair coins under the baseline, chances of 0.8 or 0.2 under the condition, with draws crossed under both."""
    frame = samples(n=4000, k=6)
    frame = frame[frame["condition"] != "c"]
    odd = frame["question"].str[1:].astype(int) % 2 == 1
    chance = np.where(frame["condition"] == "a", 0.5, np.where(odd, 0.8, 0.2))
    frame = frame.assign(score=(np.random.default_rng(1).random(len(frame)) < chance).astype(float))
    frame["draw"], frame["sample"] = frame["sample"] % draws, frame["sample"] // draws
    row = plan(frame, baseline="a").variances.iloc[0]
    assert row["questions"] == pytest.approx(0.09, rel=0.1)
    assert row["sampling"] == pytest.approx(0.16 + 0.25, rel=0.03)


def test_one_sample_a_question_leaves_no_gain_for_more():
    found = plan(samples(k=1), baseline="a", questions=100, samples=(1, 8))
    assert found.table["se"].nunique() == 1
    assert any("one sample" in note for note in found.notes)


@pytest.mark.parametrize(("questions", "said"), [(96, True), (100, False)])
def test_few_clusters_find_less_than_promised(questions: int, said: bool):
    guess = Guess((0.5, 0.45), within=0.1, correlation=0.6, cluster_correlation=0.2)
    found = plan(guess, questions=questions, samples=1, cluster_size=4)
    assert any("fewer than 25 clusters" in note for note in found.notes) == said


def test_a_question_set_gives_its_number_and_its_clusters():
    questions = [Question(f"q{i}", f"{i} + 1?", (str(i + 1),), cluster=f"t{i // 4}") for i in range(40)]
    found = plan(GUESS, questions=questions, samples=1)
    assert (found.table["questions"][0], found.table["clusters"][0], found.cluster_size) == (40, 10, 4)
    lone = [Question(q.id, q.text, q.answers) for q in questions]
    assert plan(GUESS, questions=lone, samples=1).cluster_size == 1


def test_simulation_agrees_with_the_plan():
    found = plan(Guess((0.5, 0.4), 0.12, 0.5), questions=200, samples=2)
    power = found.simulated(200, 2, difference=-found.table["detectable"][0], replications=100, seed=1)
    assert power.value == pytest.approx(0.8, abs=0.03 + 3 * power.se)
    assert power == found.simulated(200, 2, difference=-found.table["detectable"][0], replications=100, seed=1)


def test_swapped_and_shuffled_arms_plan_the_same():
    frame = samples()
    one = plan(frame[frame["condition"] != "c"], baseline="a").table["se"]
    other = plan(frame[frame["condition"] != "c"].sample(frac=1, random_state=0), baseline="b").table["se"]
    assert one.to_numpy() == pytest.approx(other.to_numpy())


def test_compare_and_plan_share_their_formula():
    table = compare(samples(), baseline="a").table
    values = samples().pivot_table(index="question", columns="condition", values="score")
    family = simultaneous(values[["b", "c"]].sub(values["a"], axis=0), rng=np.random.default_rng(0))
    assert table["detectable"].to_numpy() == pytest.approx((family.critical + 0.8416212) * family.se)
    ratio = table["detectable"] / table["difference"].abs().where(table["difference"].abs() > 1e-9)
    assert table["questions_needed"].dropna().tolist() == np.ceil(40 * ratio**2).dropna().tolist()


def test_what_is_shown_is_escaped_and_whole():
    frame = samples(prompt_tokens=10, completion_tokens=20).replace({"condition": {"b": "<b>|b"}})
    found = plan(frame, baseline="a", questions=[50, 1600])
    page, text = found._repr_html_(), found.to_markdown()
    assert "<b>" not in page
    assert "| 1600 " in text
    assert "1600.0" not in text
    assert repr(found) == "<Plan of 4 designs, 2 comparisons>"
    assert found.table["tokens"][0] == pytest.approx(50 * 30 * 3)
    assert isinstance(found, Plan)


def test_missing_samples_are_left_out():
    frame = samples()
    frame.loc[frame.index[::9], "score"] = np.nan
    assert np.isfinite(plan(frame, baseline="a").table["se"]).all()


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"baseline": None}, "baseline of plan is None"),
        ({"baseline": "z"}, "unknown baseline"),
        ({"conditions": ["bb"]}, "unknown condition 'bb'"),
        ({"questions": 0}, "questions of plan is 0: it must be a whole number >= 4"),
        ({"questions": []}, "questions of plan is empty"),
        ({"questions": "many"}, "questions of plan is 'many'"),
        ({"samples": 1.5}, "samples of plan is 1.5"),
        ({"draws": 1}, "draws of plan is 1: it must be a whole number >= 2"),
        ({"draws": 8}, "does not tell how draws differ"),
        ({"wanted": 2}, "wanted of plan is 2"),
        ({"alpha": 1}, "alpha of plan is 1"),
        ({"power": 0}, "power of plan is 0"),
        ({"comparisons": 0}, "comparisons of plan is 0"),
        ({"cluster_size": 0.5}, "cluster_size of plan is 0.5"),
        ({"cluster_size": 3}, "no cluster with two questions"),
        ({"tokens_per_second": 0}, "tokens_per_second of plan is 0"),
        ({"tokens_per_second": 10}, "need a pilot with the columns prompt_tokens and completion_tokens"),
        ({"prices": 3}, "prices of plan is 3"),
    ],
)
def test_bad_input_is_one_clear_error(asked, says):
    with pytest.raises(InputError) as caught:
        plan(samples(), **{"baseline": "a", **asked})
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pilot_that_tells_nothing_is_refused():
    with pytest.raises(InputError, match="no score differs"):
        plan(samples().assign(score=1.0), baseline="a")
    with pytest.raises(InputError, match="fewer than 4 questions"):
        plan(samples(3), baseline="a")
    with pytest.raises(InputError, match="leave them out with a Guess"):
        plan(GUESS, baseline="a")
    with pytest.raises(InputError, match="runs holds int"):
        plan(3, baseline="a")
