"""`compare`: frames made to have one outcome get that outcome, and swapping the arms turns it round."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.comparison import Comparison, compare
from promptlab.comparison.accounting import NONE
from promptlab.errors import InputError

N = 120


def samples(condition: str, score, model: str = "m", **columns) -> pd.DataFrame:
    """One sample a question."""
    score = np.asarray(score, dtype=float)
    ids = [f"q{i:03d}" for i in range(len(score))]
    frame = pd.DataFrame({"model": model, "condition": condition, "question": ids, "sample": 0, "score": score})
    return frame.assign(**{"cluster": None, "ending": "complete", "answered": True, "answer": "7", **columns})


def first(n_right: int, n: int = N) -> np.ndarray:
    return (np.arange(n) < n_right).astype(float)


def endings(n_bad: int, bad: str, n: int = N) -> np.ndarray:
    """The last questions end badly."""
    return np.where(np.arange(n) >= n - n_bad, bad, "complete")


def arms(name: str) -> list[pd.DataFrame]:
    """Baseline a and condition b for each outcome."""
    a = samples("a", first(80))
    return {
        "degraded": [a, samples("b", first(40))],
        "improved": [a, samples("b", first(115))],
        "equivalent": [a, samples("b", first(80))],
        "inconclusive": [a, samples("b", first(77))],
        "fragile": [a, samples("b", first(60), ending=endings(40, "truncated"))],
        "invalid": [a, samples("b", np.where(endings(10, "error") == "error", np.nan, first(40)))],
    }[name]


EXPECTED = {
    "degraded": ("degraded", "improved", "ok"),
    "improved": ("improved", "degraded", "ok"),
    "equivalent": ("equivalent", "equivalent", "ok"),
    "inconclusive": ("inconclusive", "inconclusive", "ok"),
    "fragile": ("degraded", "improved", "fragile"),
    "invalid": ("degraded", "improved", "invalid"),
}


def swapped(frame: pd.DataFrame) -> Comparison:
    return compare(frame, baseline="b", margin=0.05)


@pytest.mark.parametrize("name", EXPECTED)
def test_golden_outcomes_and_their_mirror(name: str):
    frame = pd.concat(arms(name))
    there, back = compare(frame, baseline="a", margin=0.05), swapped(frame)
    t, b = there.table.iloc[0], back.table.iloc[0]
    verdict, mirrored, validity = EXPECTED[name]
    assert (t.verdict, b.verdict, t.validity, b.validity) == (verdict, mirrored, validity, validity)
    assert (t.difference, t.low, t.high) == pytest.approx((-b.difference, -b.high, -b.low))
    assert (t.lost, t.gained, t.p) == (b.gained, b.lost, b.p)
    words = {
        "degraded": "b degrades m against a: -",
        "improved": "b improves m against a: +",
        "equivalent": "b is equivalent to a on m within the margin of 5 points: +0.0 points",
        "inconclusive": "b against a on m is inconclusive: -2.5 points",
    }
    assert there.verdicts[0].startswith(words[verdict])
    turned = {"degrades": "improves", "improves": "degrades"}
    for word, other in turned.items():
        assert (word in there.verdicts[0]) == (other in back.verdicts[0])
    assert ("Fragile: " in there.verdicts[0]) == (validity == "fragile")
    assert ("Invalid: " in there.verdicts[0]) == (validity == "invalid")


def test_the_whole_sentence():
    found = compare(pd.concat(arms("degraded")), baseline="a")
    assert found.verdicts == (
        "b degrades m against a: -33.3 points [-42.5, -24.5] (120 questions; Holm p under 0.001), for these questions.",
    )


def test_an_inconclusive_sentence_says_what_is_excluded_and_what_it_would_take():
    found = compare(pd.concat(arms("inconclusive")), baseline="a")
    row = found.table.iloc[0]
    text = found.verdicts[0]
    assert f"excludes losses above {-100 * row.low:.1f} and gains above {100 * row.high:.1f} points" in text
    assert f"a true difference of {100 * row.detectable:.1f} points would be found with 80 % power" in text
    assert f"about {row.questions_needed:,.0f} questions" in text
    assert row.questions_needed > N


def test_identical_arms_are_inconclusive_without_a_margin_and_need_no_number_of_questions():
    row = compare(pd.concat(arms("equivalent")), baseline="a").table.iloc[0]
    assert row.verdict == "inconclusive"
    assert row.low < 0 < row.high
    assert np.isnan(row.questions_needed)
    assert row.p == 1


def test_a_loss_of_everything_is_degraded():
    found = compare(pd.concat([samples("a", np.ones(40)), samples("b", np.zeros(40))]), baseline="a")
    row = found.table.iloc[0]
    assert (row.verdict, row.lost, row.low) == ("degraded", 40, -1)
    assert row.high < -0.8
    assert row.reason == "all values are equal"


def test_significant_inside_the_margin_keeps_its_direction_and_is_called_negligible():
    frame = pd.concat([samples("a", first(900, 1200)), samples("b", first(870, 1200))])
    found = compare(frame, baseline="a", margin=0.05)
    assert found.table.loc[0, ["verdict", "negligible"]].tolist() == ["degraded", True]
    assert "Negligible: inside the margin of 5 points." in found.verdicts[0]


def test_two_per_cent_missing_are_bounded_and_a_few_that_decide_make_it_invalid():
    score = first(74)
    score[-2:] = np.nan  # 1.7 % of the arm: under the limit, but the verdict hangs on them
    row = compare(pd.concat([samples("a", first(80)), samples("b", score)]), baseline="a").table.iloc[0]
    assert row.questions == N - 2
    assert (row.verdict, row.validity) == ("degraded", "invalid")
    assert "could make it inconclusive" in row.validity_why
    far = first(40)
    far[:2] = np.nan
    row = compare(pd.concat([samples("a", first(80)), samples("b", far)]), baseline="a").table.iloc[0]
    assert (row.verdict, row.validity) == ("degraded", "ok")


def test_an_error_that_was_scored_zero_is_still_missing():
    frame = pd.concat([samples("a", first(80)), samples("b", first(40), ending=endings(20, "error"))])
    found = compare(frame, baseline="a")
    assert found.table.loc[0, "questions"] == 100
    assert found.table.loc[0, "validity"] == "invalid"
    assert found.summary.loc[1, ["error", "coverage"]].tolist() == pytest.approx([20 / 120, 100 / 120])
    assert any("100 of 120 questions" in w for w in found.warnings)


def noisy(k: int, n: int = 60, seed: int = 0, clusters: int | None = None) -> pd.DataFrame:
    """Three conditions, k samples a question, some failures; in clusters the effect of b differs by cluster."""
    rng = np.random.default_rng(seed)
    frame = pd.MultiIndex.from_product([["a", "b", "c"], range(n), range(k)], names=["condition", "question", "sample"])
    frame = frame.to_frame(index=False).assign(model="m")
    chance = rng.beta(2, 2, n)[frame["question"]]
    shift = -0.2 if clusters is None else rng.normal(-0.2, 0.4, clusters)[frame["question"] % clusters]
    chance = np.clip(chance + np.where(frame["condition"] == "b", shift, 0), 0, 1)
    ending = rng.choice(["complete", "truncated", "empty", "refused"], len(frame), p=[0.9, 0.05, 0.03, 0.02])
    answered = (ending == "complete") & (rng.random(len(frame)) < 0.95)
    score = np.where(answered, rng.random(len(frame)) < chance, 0).astype(float)
    score[rng.random(len(frame)) < 0.01] = np.nan
    return frame.assign(
        question=[f"q{q:02d}" for q in frame["question"]],
        cluster=None if clusters is None else [f"t{q % clusters}" for q in frame["question"]],
        ending=ending,
        answered=answered,
        score=score,
        answer=np.where(score == 1, "42", rng.choice(["1", "2", "3"], len(frame))),
        bypassed=rng.random(len(frame)) < 0.3,
    )


@pytest.mark.parametrize("k", [1, 4])
def test_difference_is_the_mean_of_paired_question_means(k: int):
    frame = noisy(k)
    means = frame.pivot_table(index="question", columns="condition", values="score", aggfunc="mean")
    for row in compare(frame, baseline="a").table.itertuples():
        paired = (means[row.condition] - means["a"]).dropna()
        assert row.difference == pytest.approx(paired.mean())
        assert row.questions == len(paired)
        assert row.se == pytest.approx(paired.sem())
        assert (row.lost, row.gained) == ((paired < 0).sum(), (paired > 0).sum())


def test_clusters_widen_the_interval_and_few_of_them_are_said():
    frame = noisy(4, clusters=12)
    clustered, naive = compare(frame, baseline="a"), compare(frame.assign(cluster=None), baseline="a")
    wide, narrow = clustered.table.iloc[0], naive.table.iloc[0]
    assert wide.difference == narrow.difference
    assert wide.high - wide.low > 1.3 * (narrow.high - narrow.low)
    assert "60 questions, 12 clusters" in clustered.verdicts[0]
    assert "Only 12 clusters: the interval is rough." in clustered.verdicts[0]
    assert any("only 12 clusters" in w for w in clustered.warnings)
    assert not any("clusters" in w for w in naive.warnings)


def test_many_clusters_of_which_one_holds_most_questions_are_said_to_be_few():
    sizes = [42, *[3, 2] * 14, 3, 5]  # 31 clusters
    frame = noisy(1, n=sum(sizes)).assign(
        cluster=lambda f: np.repeat(range(31), sizes)[f["question"].str[1:].astype(int)]
    )
    warned = compare(frame, baseline="a").warnings[0]
    assert re.fullmatch(r"31 clusters of unlike sizes are worth \d: intervals are rough under 25", warned)
    even = frame.assign(cluster=[int(q[1:]) // 4 for q in frame["question"]])
    assert not any("clusters" in each for each in compare(even, baseline="a").warnings)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 1000), st.sampled_from([1, 3]), st.sampled_from([None, 9]))
def test_order_of_rows_and_names_of_questions_do_not_matter(seed, k, clusters):
    frame = noisy(k, n=30, seed=seed, clusters=clusters)
    base = compare(frame, baseline="a").table
    shuffled = compare(frame.sample(frac=1, random_state=seed), baseline="a").table
    pd.testing.assert_frame_equal(shuffled.sort_values("condition", ignore_index=True), base)
    renamed = compare(frame.assign(question="x" + frame["question"]), baseline="a").table
    pd.testing.assert_frame_equal(renamed, base)
    relabelled = compare(frame.assign(question=[q[::-1] for q in frame["question"]]), baseline="a").table
    exact = ["condition", "difference", "se", "df", "questions", "lost", "gained"]
    pd.testing.assert_frame_equal(relabelled[exact], base[exact])
    np.testing.assert_allclose(relabelled["low"], base["low"], atol=0.03)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 1000), st.sampled_from([1, 3]), st.booleans())
def test_accounting_sums_exactly(seed, k, with_bypassed):
    frame = noisy(k, n=30, seed=seed)
    found = compare(frame if with_bypassed else frame.drop(columns="bypassed"), baseline="a")
    for table in (found.accounting, found.changes):
        sums = table.groupby(["model", "condition"], sort=False)["difference"].sum()
        np.testing.assert_allclose(sums, found.table["difference"], atol=1e-12)
        assert ((table["low"] <= table["difference"]) & (table["difference"] <= table["high"])).all()
    last = "wrong_after_worked_steps" if with_bypassed else "wrong_answer"
    names = ["truncated", "empty_or_refused", "no_answer"] + ["wrong_without_worked_steps"] * with_bypassed + [last]
    occurring = list(dict.fromkeys(found.accounting["part"]))
    assert occurring == [name for name in names if name in occurring]
    ways = found.changes.groupby("change")["difference"]
    assert ways.max()["right -> wrong"] <= 0 <= ways.min()["wrong -> right"]


def test_accounting_says_where_it_fell():
    found = compare(pd.concat(arms("fragile")), baseline="a")
    part = found.accounting.set_index("part")
    assert part.loc["truncated", "difference"] == pytest.approx(-40 / 120)  # all truncated samples are wrong ...
    assert part.loc["wrong_answer", "difference"] == pytest.approx(20 / 120)  # ... so fewer are plainly wrong
    assert part.loc["truncated", "high"] < 0 < part.loc["wrong_answer", "low"]
    changes = found.changes.set_index(["change", "part"])["difference"]
    assert changes["right -> wrong", "wrong_answer"] == pytest.approx(-20 / 120)  # the truncated were wrong anyway
    assert changes.drop(("right -> wrong", "wrong_answer")).eq(0).all()
    counts = found.transitions("b")
    assert list(counts) == ["right", "truncated", "wrong_answer"]
    assert counts.to_numpy().tolist() == [[60, 0, 20], [0, 0, 0], [0, 40, 0]]


def test_a_part_of_one_sign_has_an_interval_of_that_sign():
    changes = compare(noisy(2, n=30), baseline="a").changes
    lost = changes["change"] == "right -> wrong"
    assert changes.loc[lost, "high"].max() <= 0 <= changes.loc[~lost, "low"].min()
    assert (changes["low"] < changes["high"]).all()


def test_classes_that_never_occur_are_in_no_table_and_take_no_alpha():
    frame = pd.concat([samples("a", first(80)), samples("b", first(40))])
    found = compare(frame, baseline="a")
    assert found.accounting["part"].tolist() == ["wrong_answer"]
    assert found.changes["change"].tolist() == ["right -> wrong", "wrong -> right"]
    row = found.table.iloc[0]
    assert found.accounting.loc[0, ["low", "high"]].tolist() == pytest.approx([row.low, row.high])
    all_right = compare(pd.concat([samples("a", first(N)), samples("b", first(N))]), baseline="a")
    assert all_right.accounting["difference"].tolist() == [0]


def test_a_class_that_one_model_never_has_is_a_zero_without_an_interval_there_and_takes_no_alpha():
    base, cut = samples("a", first(80)), samples("b", first(40))
    alone = pd.concat([base, cut]).assign(model="whole")
    often = alone.assign(model="cut", ending=np.where(alone["score"] == 0, "truncated", "complete"))
    found = compare(pd.concat([alone, often]), baseline="a")
    for table in (found.accounting, found.changes):
        absent = table[table["reason"] == NONE]
        assert set(zip(absent["model"], absent["part"], strict=True)) == {
            ("whole", "truncated"),
            ("cut", "wrong_answer"),
        }
        assert (absent["difference"] == 0).all()
        assert absent[["low", "high"]].isna().all(axis=None)
        assert table.drop(absent.index)["low"].notna().all()
    there = found.accounting.query("reason != @NONE")
    assert there[["low", "high"]].to_numpy() == pytest.approx(found.table[["low", "high"]].to_numpy())


def test_transitions_and_discordant_questions():
    a = samples("a", [1, 1, 1, 0, 0], answer="right", completion="<think>a")
    b = samples("b", [1, 0, 0, 1, 0], answer="other", completion="<think>b")
    found = compare(pd.concat([a, b]), baseline="a")
    assert found.transitions("b").to_numpy().tolist() == [[1, 2], [1, 1]]
    lost = found.discordant("b")
    assert lost["question"].tolist() == ["q001", "q002"]
    assert lost.loc[0, ["baseline_answer", "condition_completion"]].tolist() == ["right", "<think>b"]
    assert found.discordant("b", lost=False)["question"].tolist() == ["q003"]


def test_discordant_shows_a_right_and_a_wrong_sample():
    frame = noisy(4)
    found = compare(frame, baseline="a")
    lost = found.discordant("b")
    assert (lost["baseline_score"] > lost["condition_score"]).all()
    assert (lost["baseline_answer"] == "42").all()
    assert (lost["condition_answer"] != "42").all()
    assert found.transitions("b").to_numpy().sum() == pytest.approx(found.table.loc[0, "questions"])


def test_summary_counts_and_consensus():
    frame = noisy(4).assign(shots=2, style="worked", completion_tokens=[None, 10, 30, 20] * 180)
    summary = compare(frame, baseline="a").summary
    a = frame[frame["condition"] == "a"]
    valid = a["score"].notna()
    row = summary.iloc[0]
    assert row["score"] == pytest.approx(a.groupby("question")["score"].mean().mean())
    assert row["low"] < row["score"] < row["high"]
    assert (row["samples"], row["questions"], row["clusters"]) == (valid.sum(), 60, 60)
    assert row["coverage"] == pytest.approx(valid.mean())
    assert row["truncated"] == pytest.approx(((a["ending"] == "truncated") & valid).mean())
    assert row["no_answer"] == pytest.approx(((a["ending"] == "complete") & ~a["answered"] & valid).mean())
    assert (row["completion_tokens"], row["shots"], row["style"]) == (20, 2, "worked")
    assert 0 <= row["cons"] <= 1
    assert np.isnan(compare(noisy(1), baseline="a").summary["cons"]).all()


def test_a_feature_has_an_interval_in_every_arm():
    found = compare(noisy(4), baseline="a")
    table = found.feature("bypassed")
    assert ((table["low"] < table["value"]) & (table["value"] < table["high"])).all()
    with pytest.raises(InputError, match="did you mean 'bypassed'"):
        found.feature("bypass")
    with pytest.raises(InputError, match="unknown feature 'answer'"):
        found.feature("answer")


def test_models_are_compared_each_with_its_own_baseline_in_one_family():
    two = [samples(c, s, model=m) for m, c, s in [("m", "a", first(80)), ("m", "b", first(40)), ("k", "a", first(30))]]
    two += [samples("b", first(70), model="k")]
    found = compare([pd.concat(two[:2]), pd.concat(two[2:])], baseline="a")
    assert found.table[["model", "condition", "verdict"]].to_numpy().tolist() == [
        ["m", "b", "degraded"],
        ["k", "b", "improved"],
    ]
    with pytest.raises(InputError, match="model is not given"):
        found.transitions("b")
    with pytest.raises(InputError, match="unknown condition 'bb'"):
        found.transitions("bb", model="k")


def test_one_draw_of_exemplars_is_said():
    b = samples("b", first(40), shots=3, draw=0)
    one = compare(pd.concat([samples("a", first(80), shots=0, draw=0), b]), baseline="a")
    assert one.verdicts[0].endswith("for these questions and this exemplar set.")
    own = compare(pd.concat([samples("a", first(80)), b.assign(select="own-kind+nearest")]), baseline="a")
    assert own.verdicts[0].endswith("for these questions."), "every question has its own nearest exemplars"
    several = compare(pd.concat([samples("a", first(80)), b.assign(draw=np.arange(N) % 8)]), baseline="a")
    assert several.verdicts[0].endswith("for these questions.")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: {"runs": f, "baseline": "A"}, "unknown baseline"),
        (lambda f: {"runs": [f, f], "baseline": "a"}, "more than one run"),
        (lambda f: {"runs": [], "baseline": "a"}, "runs is empty"),
        (lambda f: {"runs": f.drop(columns="score"), "baseline": "a"}, "lack the column score"),
        (lambda f: {"runs": f.assign(score=f["score"] * 100), "baseline": "a"}, "outside"),
        (lambda f: {"runs": f[f["condition"] == "a"], "baseline": "a"}, "nothing to compare"),
        (lambda f: {"runs": f.head(0), "baseline": "a"}, "no samples"),
        (lambda f: {"runs": f, "baseline": "a", "margin": 2}, "margin of compare is 2"),
        (lambda f: {"runs": f, "baseline": "a", "alpha": 0}, "alpha of compare is 0"),
        (lambda f: {"runs": "frame.csv", "baseline": "a"}, "runs holds str"),
        (lambda f: {"runs": pd.concat([f, f, f.assign(sample=1)]), "baseline": "a"}, "occurs twice"),
    ],
)
def test_bad_input_is_one_clear_line(change, message):
    arguments = change(pd.concat(arms("degraded")))
    with pytest.raises(InputError, match=message) as error:
        compare(arguments.pop("runs"), **arguments)
    assert "\n" not in str(error.value)


def test_anything_with_to_frame_is_a_run():
    class Run:
        def to_frame(self) -> pd.DataFrame:
            return pd.concat(arms("degraded"))

    assert compare(Run(), baseline="a").table.loc[0, "verdict"] == "degraded"


def test_nullable_and_categorical_columns_of_a_real_run_are_read():
    frame = noisy(2)
    base = compare(frame, baseline="a")
    typed = frame.assign(
        format_ok=pd.array([None, True] * (len(frame) // 2), dtype="boolean"),
        completion_tokens=pd.array([None, 3] * (len(frame) // 2), dtype="Int64"),
        ending=frame["ending"].astype("category"),
        answered=frame["answered"].astype(object).where(frame["score"].notna(), None),
        bypassed=frame["bypassed"].astype("boolean").mask(frame["score"].isna()),
    )
    found = compare(typed, baseline="a")
    pd.testing.assert_frame_equal(found.table, base.table)
    pd.testing.assert_frame_equal(found.accounting, base.accounting)
    assert found.summary[["format_ok", "completion_tokens"]].to_numpy().tolist() == [[1, 3]] * 3


def test_shown_tables_are_escaped():
    frame = pd.concat(arms("degraded")).replace({"condition": {"b": "<b>|\n"}})
    found = compare(frame, baseline="a")
    assert "<b>" not in found._repr_html_()
    report = found.to_markdown()
    assert "<b>" not in report
    assert report.count("&lt;b&gt;\\|") == 3  # its score, its difference and its verdict
    assert repr(found) == "<Comparison of 1 against 'a': 1 degraded>"


def test_one_question_gives_no_interval_and_no_verdict():
    found = compare(pd.concat([samples("a", [1.0]), samples("b", [0.0])]), baseline="a")
    assert found.table.loc[0, "verdict"] == "inconclusive"
    assert "Nothing can be concluded: fewer than two questions." in found.verdicts[0]
    assert found.to_markdown()


def test_the_module_loads_without_pandas():
    code = "import sys, promptlab.comparison; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_ending_that_nobody_knows_is_refused():
    frame = pd.concat(arms("degraded")).assign(ending="Truncated")
    with pytest.raises(InputError, match="unknown ending 'Truncated': did you mean 'truncated'"):
        compare(frame, baseline="a")


def test_one_question_and_none_are_said_in_words():
    one = compare(pd.concat([samples("a", [1]), samples("b", [0])]), baseline="a")
    assert one.verdicts == (
        "b against a on m is inconclusive: -100.0 points [no interval] (1 question). Nothing can be concluded: fewer "
        "than two questions.",
    )
    assert one.warnings[0].startswith("only 1 cluster (or")
    apart = compare(pd.concat([samples("a", [1]), samples("b", [0]).assign(question="other")]), baseline="a")
    assert apart.verdicts == (
        "b against a on m is inconclusive: not estimable (0 questions). Nothing can be concluded: fewer than two "
        "questions. Invalid: samples failed or were never taken (50.0 % of b, 50.0 % of a).",
    )
    for text in (apart.to_markdown(), apart._repr_html_()):
        assert "not estimable" in text
        assert "fewer than two questions" in text
        assert "nan" not in text


def test_a_feature_that_never_varies_says_why_it_has_no_interval():
    frame = pd.concat(
        [samples("a", first(80), reasoning_words=7), samples("b", first(80), reasoning_words=np.arange(N))]
    )
    found = compare(frame, baseline="a").feature("reasoning_words")
    assert found["reason"].tolist() == ["all values are equal", ""]
    assert found["low"].isna().tolist() == [True, False]
    assert compare(frame, baseline="a").summary["reason"].tolist() == ["", ""]


def test_only_the_named_conditions_make_the_family():
    frame = pd.concat([samples("a", first(80)), samples("b", first(60)), samples("c", first(75))])
    whole, part = compare(frame, baseline="a"), compare(frame, baseline="a", conditions=["c"])
    assert list(part.table["condition"]) == ["c"]
    assert part.table.loc[0, "difference"] == whole.table.loc[1, "difference"]
    assert part.table.loc[0, "high"] <= whole.table.loc[1, "high"], "a smaller family has no wider intervals"
    with pytest.raises(InputError, match="condition 'd'"):
        compare(frame, baseline="a", conditions=["d"])


def test_a_digest_is_a_sentence_a_model_and_power_says_what_can_be_found():
    frames = [
        samples(c, first(right), model=m)
        for m, rights in (("m", (110, 60, 110)), ("n", (60, 60, 110)))
        for c, right in zip("abc", rights, strict=True)
    ]
    found = compare(pd.concat(frames), baseline="a", label="Live")
    assert found.digest == (
        "m against a, in points. Degraded: b -41.7. Inconclusive: c +0.0.",
        "n against a, in points. Inconclusive: b +0.0. Improved: c +41.7.",
    )
    smallest, largest = (f"{100 * size:.1f}" for size in (found.table["detectable"].agg(["min", "max"])))
    assert f"true differences of {smallest} to {largest} points" in found.power
    text = found.to_markdown(digest=True)
    assert "**Live: scores by condition**" in text
    assert found.digest[0] in text
    assert found.verdicts[0] not in text


def test_the_share_of_copied_numbers_stands_in_the_report():
    frames = [samples("a", first(60), shots=0, copied_number=False)]
    frames.append(samples("b", first(60), shots=3, copied_number=first(30) > 0))
    text = compare(pd.concat(frames), baseline="a").to_markdown()
    table = text.partition("**Share of outputs with a number found only in exemplars**")[2]
    assert re.search(r"\| b +\| 0\.250 \|", table)
    assert "| a " not in table


def test_samples_that_were_never_taken_are_missing_data_too():
    """Whoever drops rows by hand, or imports a file that lacks them, gets what rows marked as failed would give."""
    kept = np.arange(N) >= 70
    whole, part = samples("a", first(80)), samples("b", first(90))
    failed = part.assign(score=part["score"].where(kept), ending=np.where(kept, "complete", "error"))
    dropped, marked = (compare(pd.concat([whole, b]), baseline="a") for b in (part[kept], failed))
    columns = ["difference", "low", "high", "p", "questions", "verdict", "validity"]
    pd.testing.assert_frame_equal(dropped.table[columns], marked.table[columns])
    assert dropped.table.loc[0, "validity"] == "invalid"
    assert dropped.table.loc[0, "validity_why"] == "samples failed or were never taken (58.3 % of b, 0.0 % of a)"
    shares = ["coverage", "error", "absent"]
    assert dropped.summary.loc[1, shares].tolist() == pytest.approx([50 / 120, 0, 70 / 120])
    assert marked.summary.loc[1, shares].tolist() == pytest.approx([50 / 120, 70 / 120, 0])


def test_a_few_absent_samples_of_a_question_do_no_harm_but_are_counted():
    a, b = ([samples(c, first(right)).assign(sample=k) for k in range(4)] for c, right in (("a", 80), ("b", 40)))
    frame = pd.concat([*a, *b], ignore_index=True).drop(index=[0, 5])
    found = compare(frame.assign(copied_number=True), baseline="a")
    assert found.table.loc[0, ["verdict", "validity"]].tolist() == ["degraded", "ok"]
    assert found.summary["absent"].tolist() == pytest.approx([2 / 480, 0])
    assert found.summary["copied"].tolist() == [1, 1]
    assert found.feature("copied_number")["value"].tolist() == [1, 1]


def test_arms_with_unlike_numbers_of_samples_are_named():
    frame = pd.concat([samples("a", first(80)), *(samples("b", first(40)).assign(sample=k) for k in range(4))])
    found = compare(frame, baseline="a")
    assert found.warnings == ("m: conditions have 1 to 4 samples a question",)
    assert found.table.loc[0, "validity"] == "ok"


def test_where_interval_and_p_value_part_the_sentence_says_which_counts():
    later = np.roll(first(12, 30), 11)  # 11 lost and 3 won
    found = compare(pd.concat([samples("a", first(20, 30)), samples("b", later)]), baseline="a")
    row = found.table.iloc[0]
    assert (round(row.p_holm, 4), row.verdict) == (0.0574, "degraded")
    assert row.high < 0
    assert "Interval and p value, two different tests, disagree here: the interval decides." in found.verdicts[0]


def test_a_question_needs_its_cluster():
    frames = [samples(c, first(right), cluster=np.arange(N) % 40) for c, right in (("a", 80), ("b", 77))]
    row = compare(pd.concat(frames), baseline="a").table.iloc[0]
    text = compare(pd.concat(frames), baseline="a").verdicts[0]
    assert f"about {row.questions_needed:,.0f} questions from {row.questions_needed / 3:,.0f} clusters" in text


def test_a_condition_added_later_joins_the_family():
    a, b, c = samples("a", first(80)), samples("b", first(60)), samples("c", first(75))
    one, whole = compare(pd.concat([a, b]), baseline="a", margin=0.3), compare(pd.concat([a, b, c]), baseline="a")
    later = one.extended(c)
    columns = ["condition", "difference", "low", "high", "p_holm"]
    pd.testing.assert_frame_equal(later.table[columns], whole.table[columns])
    assert (later.margin, later.alpha, later.seed) == (one.margin, one.alpha, one.seed)
    assert later.warnings[-1] == "1 comparison added after a look at 1: the intervals hold for all together"
    with pytest.raises(InputError, match="hold no arm that is not in the comparison already"):
        later.extended(b)


def test_every_look_is_said():
    arms = {
        name: samples(name, first(right)) for name, right in zip("abcdefg", (80, 60, 75, 70, 65, 81, 79), strict=True)
    }
    look = compare(pd.concat([arms[name] for name in "abcd"]), baseline="a")
    later = look.extended(pd.concat([arms["e"], arms["f"]])).extended(arms["g"])
    assert later.warnings[-2:] == (
        "2 comparisons added after a look at 3: the intervals hold for all together",
        "1 comparison added after a look at 5: the intervals hold for all together",
    )
    whole = compare(pd.concat(arms.values()), baseline="a")
    pd.testing.assert_frame_equal(later.table, whole.table)


def test_a_grown_run_may_hold_what_was_compared_before():
    a, b, c, d = (samples(name, first(right)) for name, right in zip("abcd", (80, 60, 75, 70), strict=True))
    one, grown = compare(pd.concat([a, b]), baseline="a"), pd.concat([d, c, b, a])
    assert set(one.extended(grown).table["condition"]) == {"b", "c", "d"}
    assert list(one.extended(grown, conditions=["c"]).table["condition"]) == ["b", "c"]
    with pytest.raises(InputError, match="unknown condition of extended 'x'"):
        one.extended(grown, conditions=["x"])
    other = grown.assign(score=grown["score"].where(grown["condition"] != "b", 1 - grown["score"]))
    with pytest.raises(InputError, match=r"m under b is .* already, with other samples \(120, now 120\)"):
        one.extended(other)
    two = one.extended(pd.concat([a, b, c]).assign(model="n"), conditions=["c"])  # of a new model the baseline, too
    assert two.table[["model", "condition"]].to_numpy().tolist() == [["m", "b"], ["n", "c"]]


def test_p_values_are_adjusted_for_the_false_discovery_rate_too():
    found = compare(pd.concat([samples(n, first(r)) for n, r in (("a", 80), ("b", 60), ("c", 71))]), baseline="a").table
    multipletests = pytest.importorskip("statsmodels.stats.multitest").multipletests
    np.testing.assert_allclose(found["p_bh"], multipletests(found["p"], method="fdr_bh")[1])
    assert (found["p_bh"] <= found["p_holm"]).all()


def test_a_name_that_means_two_things_is_refused():
    a, b = samples("a", first(80)), samples("b", first(60))
    for frame, message in (
        (pd.concat([a.assign(gold="7"), b.assign(gold="8")]), "question 'q000' has the gold '7' and '8'"),
        (pd.concat([a.assign(cluster="x"), b.assign(cluster="y")]), "question 'q000' has the cluster 'x' and 'y'"),
        (
            pd.concat([a, b.assign(shots=1), samples("b", first(60), model="n", shots=3)]),
            r"condition 'b' has the shots '1.0' and '3.0'",
        ),
        (pd.concat([a, b, b]), "a sample occurs twice: model 'm', condition 'b', question 'q000'"),
    ):
        with pytest.raises(InputError, match=message):
            compare(frame, baseline="a")


def test_runs_that_were_not_made_alike_are_named():
    class Made:
        def __init__(self, model: str, temperature: float):
            self.manifest = {"sampling": {"temperature": temperature, "seed": temperature}, "grader": {"name": "x"}}
            self.frame = pd.concat([samples(c, first(right), model=model) for c, right in (("a", 80), ("b", 60))])

        def to_frame(self) -> pd.DataFrame:
            return self.frame

    with pytest.warns(UserWarning, match="these runs differ in sampling: .*0.6.* and .*1.0"):
        compare([Made("m", 0.6), Made("n", 1.0)], baseline="a")
    compare([Made("m", 0.6), Made("n", 0.6)], baseline="a")


def test_samples_without_a_grade_are_said_to_be_such():
    b = samples("b", first(60)).assign(score=lambda f: f["score"].where(np.arange(N) > 40))
    found = compare(pd.concat([samples("a", first(80)), b]), baseline="a")
    assert "some of them without a grade" in found.table.loc[0, "validity_why"]


@pytest.mark.parametrize("right", [5, 15, 105, 115])
def test_scores_that_may_be_near_0_or_1_are_said_to_be_rough(right: int):
    """A score of 88 % in 120 questions may truly be one of 93 %."""
    (near,) = compare(pd.concat([samples("a", first(80)), samples("b", first(right))]), baseline="a").warnings
    assert near.startswith("scores that may be under 10 % or over 90 %: their own intervals are rough there")
    assert compare(pd.concat([samples("a", first(80)), samples("b", first(60))]), baseline="a").warnings == ()
