"""Controls of a loss: one family, known shares, A/A arms that are there and share nothing, words that follow."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t

from promptlab.comparison import compare, explain_loss
from promptlab.comparison.apart import equal
from promptlab.errors import InputError
from promptlab.stats import benjamini_hochberg, holm, mean_ratio

CHANCES = {"zero-shot": 0.8, "zero-shot#1": 0.8, "few": 0.4, "few#1": 0.4, "few-note": 0.6, "few-think": 0.4}


def samples(chances=CHANCES, n: int = 150, k: int = 4, seed: int = 0, model: str = "r1") -> pd.DataFrame:
    """Scores with these chances; `#1` is another replicate of the same prompts."""
    rng = np.random.default_rng(seed)
    ease = rng.uniform(-0.2, 0.2, n)
    rows = [
        {"model": model, "condition": name, "question": f"q{i}", "sample": j, "cluster": f"t{i % 50}",
         "score": float(rng.random() < chance + ease[i]), "replicate": int("#" in name), "key": f"{model}{name}{i}.{j}",
         "shots": 0 if "zero" in name else 3, "note": "only examples" if "note" in name else "",
         "copied_number": float("few" in name) / 4, "completion": f"{name} said {j}",
         "prompt_tokens": 40 + 60 * ("few" in name) + 10 * ("note" in name)}
        for name, chance in chances.items() for i in range(n) for j in range(k)
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def found():
    return explain_loss(samples(), base="few")


def row(found, condition: str) -> dict:
    return found.table.set_index("condition").loc[condition].to_dict()


def test_differences_are_those_of_compare_with_intervals_for_the_whole_family(found):
    for table, baseline in ((found.to_baseline.table, "zero-shot"), (found.to_base.table, "few")):
        alone = compare(samples(), baseline=baseline).table.set_index("condition")
        ours = table.set_index("condition")
        np.testing.assert_allclose(ours["difference"], alone.loc[ours.index, "difference"])
        np.testing.assert_allclose(ours["se"], alone.loc[ours.index, "se"])
        assert ((ours["high"] - ours["low"]) > (alone["high"] - alone["low"])[ours.index]).all()
    np.testing.assert_allclose(found.table["difference"], found.to_baseline.table["difference"])
    assert found.table["removed"].isna().tolist() == [
        name in ("few", "zero-shot#1") for name in found.table["condition"]
    ]


def test_each_part_says_how_many_more_are_in_its_family(found):
    parts = found.to_baseline, found.to_base
    assert [part.tested.settings["others"] for part in parts] == [len(part.table) for part in reversed(parts)]


def test_a_control_that_gives_half_of_the_loss_back_has_a_share_of_a_half(found):
    half, nothing = row(found, "few-note"), row(found, "few-think")
    assert half["share_low"] < 0.5 < half["share_high"]
    assert half["removed_verdict"] == "improved"
    assert nothing["share_low"] < 0 < nothing["share_high"]
    assert nothing["removed_verdict"] == "inconclusive"
    assert row(found, "few#1")["role"] == row(found, "zero-shot#1")["role"] == "A/A"
    assert np.isnan(row(found, "few#1")["share"])


def test_shares_are_fiellers_at_what_the_family_leaves_them(found):
    means = samples().groupby(["condition", "question"])["score"].mean().unstack(0)
    clusters = samples().drop_duplicates("question").set_index("question")["cluster"].loc[means.index]
    parts, wholes = means["few-note"] - means["few"], means["zero-shot"] - means["few"]
    of = found.to_base.table.set_index("condition").loc["few-note"]
    in_family = 2 * t.sf((of["high"] - of["low"]) / 2 / of["se"], of["df"])
    assert in_family < 0.05 / 2, "two shares, and a family of eight differences"
    alone = mean_ratio(parts, wholes, clusters, in_family)
    assert row(found, "few-note")["share"] == pytest.approx(alone.value)
    assert row(found, "few-note")["share_low"] == pytest.approx(alone.low)


@pytest.mark.parametrize("seed", range(3))
def test_a_share_is_off_0_only_where_its_difference_is(seed: int):
    chances = CHANCES | {f"few-{i}": 0.4 + 0.02 * i for i in range(6)}
    table = explain_loss(samples(chances, n=60, seed=seed), base="few").table.query("role == 'control'")
    off = (table["share_low"] > 0) | (table["share_high"] < 0)
    assert not (off & (table["removed_verdict"] == "inconclusive")).any()


def test_a_control_says_which_factors_it_changes(found):
    assert row(found, "few-note")["changed"] == "note: only examples"
    assert row(found, "few-think")["changed"] == ""


def test_the_paragraph_says_what_is_in_the_table_and_what_is_not_concluded(found):
    text = found.paragraph
    half = row(found, "few-note")
    assert f"few-note +{100 * half['removed']:.1f} points" in text
    assert f"{100 * half['share']:.0f} % of the loss" in text
    assert text.index("Removes a part of the loss: few-note") < text.index("Not told apart from few: few-think")
    assert "Outputs with a number found only in the exemplars: 25.0 % under few" in text
    assert "A/A, the same prompts with other samples: zero-shot#1" in text
    most = f"{50 * abs(row(found, 'few')['difference']):.1f}"
    assert f"as by chance, differences of {most} points, half of the loss, are ruled out" in text
    assert "Not concluded: that shares add up" in text
    assert text in found.to_markdown()


def test_controls_from_which_nothing_is_copied_stand_together():
    frame = samples()
    frame.loc[frame["condition"] == "few-think", "copied_number"] = 0.0
    told = explain_loss(frame, base="few").paragraph
    assert "only in the exemplars: 25.0 % under few, 25.0 % under few-note, none under few-think." in told


def test_where_nothing_could_be_copied_the_paragraph_says_so():
    frame = samples(CHANCES | {"few-other": 0.5})
    away = frame["condition"] == "few-other"
    frame.loc[away | (frame["condition"] == "few-think"), "copied_number"] = 0.0
    found = explain_loss(frame.assign(content=away.map({True: "other-domain", False: "same"})), base="few")
    end = "none under few-think, impossible (no numbers in the exemplars) under few-other."
    assert end in found.paragraph
    assert row(found, "few-think")["copied_reason"] == ""


def test_steps_are_no_thinking():
    told = explain_loss(samples().assign(bypassed=0.0), base="few").paragraph
    assert "By class of output: wrong after worked steps -" in told


def test_without_a_loss_there_is_nothing_to_divide():
    same = explain_loss(samples(dict.fromkeys(CHANCES, 0.5)), base="few")
    assert same.table[["share", "share_low"]].isna().all(axis=None)
    assert set(same.table.query("role == 'control'")["share_reason"]) == {"no loss was shown"}
    assert "nothing to divide" in same.paragraph
    assert "% of the loss" not in same.paragraph


def test_a_loss_of_invalid_samples_is_not_divided():
    frame = samples()
    frame.loc[(frame["condition"] == "few") & (frame["sample"] == 0), "score"] = np.nan
    broken = explain_loss(frame, base="few")
    assert row(broken, "few-note")["share_reason"].startswith("the loss itself is invalid: ")
    assert "few (invalid)" in broken.paragraph
    assert ": invalid, since samples failed or are missing, so no shares are given." in broken.paragraph
    assert "of the loss" not in broken.paragraph


def test_a_control_of_invalid_samples_has_no_verdict_and_no_share():
    frame = samples()
    frame.loc[(frame["condition"] == "few-note") & (frame["sample"] == 0), "score"] = np.nan
    broken = explain_loss(frame, base="few")
    note = row(broken, "few-note")
    assert (note["removed_verdict"], note["validity"]) == ("", "invalid")
    assert np.isnan(note["share"])
    assert note["share_reason"].startswith("the control is invalid: samples are missing")
    assert not np.isnan(row(broken, "few-think")["share"])
    assert "Removes a part of the loss" not in broken.paragraph
    assert "No verdict, for samples that failed or are missing: few-note +" in broken.paragraph


def test_an_a_a_arm_that_differs_is_said():
    odd = explain_loss(samples(CHANCES | {"few#1": 0.75}), base="few")
    assert "more than chance" in odd.paragraph


def test_two_models_are_one_family_with_a_paragraph_each():
    both = pd.concat([samples(), samples(seed=1, model="plain")])
    found = explain_loss(both, base="few")
    assert [text.split(" ")[0] for text in found.paragraphs] == ["r1", "plain"]
    alone = explain_loss(samples(), base="few")
    widths = [one.table.query("model == 'r1'").eval("high - low").to_numpy() for one in (found, alone)]
    assert (widths[0] > widths[1]).all()
    assert repr(found) == "<Explanation of 'few' against 'zero-shot': 4 controls, models: 2>"


def test_only_some_controls_and_the_a_a_arms_stay():
    found = explain_loss(samples(), base="few", conditions=["few-note"])
    assert found.table["condition"].tolist() == ["zero-shot#1", "few", "few#1", "few-note"]


def without(*names: str) -> pd.DataFrame:
    return samples().query("condition not in @names")


@pytest.mark.parametrize(
    ("frame", "options", "says"),
    [
        (without("few#1"), {}, "model 'r1' has no A/A arm of 'few': run it once more as 'few#1', with replicate=1"),
        (without("zero-shot#1"), {}, "model 'r1' has no A/A arm of 'zero-shot'"),
        (without("few", "few#1"), {}, "model 'r1' has no samples under 'few'"),
        (samples().assign(key="k"), {}, r"'zero-shot' and 'zero-shot#1' of 'r1' share samples \(such as k\)"),
        (samples().drop(columns=["key", "completion"]), {}, "runs lack the columns key and completion"),
        (samples().assign(key="", completion=None), {}, "runs lack the columns key and completion"),
        (samples(), {"baseline": "few"}, "base and baseline of explain_loss are both 'few'"),
        (samples(), {"conditions": ["few-nte"]}, "unknown condition 'few-nte': did you mean 'few-note'"),
        (samples(), {"alpha": 2}, "alpha of explain_loss is 2"),
    ],
)
def test_what_cannot_be_explained_is_one_error(frame, options, says):
    with pytest.raises(InputError, match=says):
        explain_loss(frame, base="few", **options)


def holding(arm: str, of: str, **changes) -> pd.DataFrame:
    """An arm that holds the samples of another one, relabelled."""
    frame = samples()
    copied = frame[frame["condition"] == of].assign(condition=arm, **changes)
    return pd.concat([frame[frame["condition"] != arm], copied])


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        (holding("few#1", "few", replicate=1), "'few#1' of 'r1' share samples"),
        (holding("few#1", "few", replicate=1, key=""), "'few#1' of 'r1' have the same outputs, and no key"),
        (holding("few#1", "few", replicate=1, key=None), "'few#1' of 'r1' have the same outputs, and no key"),
        (holding("few#1", "few", replicate=1).drop(columns="key"), "have the same outputs, and no key"),
        (holding("few-note", "few"), "'few-note' of 'r1' share samples"),
        (holding("few-note", "zero-shot"), "'few-note' of 'r1' share samples"),
        (holding("few-note", "few").assign(key=""), "'few-note' of 'r1' have the same outputs, and no key"),
    ],
)
def test_no_arm_may_hold_anothers_samples(frame, says):
    with pytest.raises(InputError, match=says):
        explain_loss(frame, base="few")


@pytest.mark.parametrize("factor", [{"note": "These are only examples."}, {"shots": 9}, {"exemplar_seed": 1}])
def test_an_a_a_arm_with_other_prompts_is_none(factor):
    (name,), (value,) = factor.keys(), factor.values()
    frame = samples().assign(exemplar_seed=0)
    frame.loc[frame["condition"] == "few#1", name] = value
    with pytest.raises(InputError, match=rf"'few#1' of 'r1' is no A/A arm of 'few': its prompts are others \({name}: "):
        explain_loss(frame, base="few")


def test_a_file_without_keys_is_told_by_its_outputs():
    found = explain_loss(samples().drop(columns="key"), base="few")
    assert row(found, "few#1")["same_texts"] == 0
    assert row(found, "few#1")["apart"] == "no keys; 0.0 % of pairs of outputs equal, 0.0 % within an arm"
    assert "No keys show that these arms share no sample, only their outputs: zero-shot#1: 0.0 % of" in found.paragraph
    keyed = explain_loss(samples(), base="few")
    assert row(keyed, "few#1")["apart"] == "keys differ; 0.0 % of pairs of outputs equal, 0.0 % within an arm"
    assert "No keys" not in keyed.paragraph
    assert row(explain_loss(samples().drop(columns="completion"), base="few"), "few#1")["apart"] == "keys differ"


def test_without_keys_equal_prompts_of_one_replicate_are_the_same_samples():
    """However few outputs they share: what was asked for is the same."""
    frame = samples().drop(columns="key").assign(replicate=0)
    with pytest.raises(InputError, match=r"'zero-shot#1' of 'r1' is no A/A arm .* both have replicate=0"):
        explain_loss(frame, base="few")
    assert explain_loss(samples().assign(replicate=0), base="few"), "keys say more"
    assert explain_loss(frame.drop(columns="replicate"), base="few"), "nothing is said"


def repeating(copied: int, k: int = 4) -> pd.DataFrame:
    """Samples without keys of a model that often says the same; so many of few#1 are those of few."""
    frame = samples(k=k).drop(columns="key").sort_values(["condition", "question", "sample"], ignore_index=True)
    said = np.random.default_rng(1).geometric(0.4, len(frame))
    frame["completion"] = "It is " + pd.Series(said).astype(str)
    own, other = (frame.index[frame["condition"] == name] for name in ("few", "few#1"))
    frame.loc[other[:copied], ["completion", "score"]] = frame.loc[own[:copied], ["completion", "score"]].to_numpy()
    return frame


def test_samples_that_were_copied_are_noticed_without_keys():
    found = explain_loss(repeating(595), base="few")
    (warning,) = found.copies
    assert warning.startswith("'few' and 'few#1' of 'r1' have no keys, and ")
    assert "more than independent samples have: the one may hold samples of the other" in warning
    assert found.warnings[0] == warning
    assert warning in found.to_markdown()
    assert "more than independent samples have" in found.paragraph
    keyed = explain_loss(repeating(595).assign(key=samples()["key"]), base="few")
    assert keyed.copies[0].startswith("'few' and 'few#1' of 'r1' have keys that differ, and ")
    assert "An A/A arm may hold samples of the arm that it repeats: few#1: keys differ; " in keyed.paragraph
    assert "no test, since the same outputs came again" in keyed.paragraph
    honest = explain_loss(repeating(0), base="few")
    assert not honest.copies
    assert "more than independent" not in honest.paragraph


def outputs(rng: np.random.Generator, n: int, k: int) -> list[dict[str, Counter]]:
    """Twelve arms of independent samples, of equal prompts."""
    often = rng.dirichlet(np.ones(4), n)
    return [{f"q{i}": Counter((f"{x}",) for x in rng.choice(4, k, p=often[i])) for i in range(n)} for _ in range(12)]


@pytest.mark.parametrize(("n", "k"), [(8, 2), (8, 4), (30, 4)])
def test_independent_samples_of_few_questions_are_not_accused(n: int, k: int):
    rng = np.random.default_rng(0)
    tables = [outputs(rng, n, k) for _ in range(240 // n)]
    assert not any(equal(*pair).copied for arms in tables for pair in combinations(arms, 2))


@pytest.mark.parametrize(("n", "m"), [(2, 2), (3, 4), (5, 2)])
def test_the_excess_of_equal_outputs_is_that_of_every_deal_of_them(n: int, m: int):
    pool = [(x,) for x in "aaabbcdde"[: n + m]]
    deals = [
        (Counter(pool[i] for i in own), Counter(pool[i] for i in range(n + m) if i not in own))
        for own in combinations(range(n + m), n)
    ]
    cross = np.array([sum(many * other[text] for text, many in one.items()) for one, other in deals])
    for found, (one, other) in zip(cross, deals, strict=True):
        z = (found - cross.mean()) / cross.std() if cross.std() else 0
        assert equal({"q": one, "r": one}, {"q": other, "r": other}).excess == pytest.approx(2**0.5 * z)


def test_single_samples_without_keys_tell_nothing():
    assert row(explain_loss(repeating(0, k=1), base="few"), "few#1")["apart"] == "no keys; too few outputs to tell"


def test_controls_of_another_length_are_named(found):
    assert "Not of the length of few, which is a second difference: few-note 1.10 times." in found.paragraph
    even = explain_loss(samples().assign(prompt_tokens=40), base="few")
    assert "second difference" not in even.paragraph


def test_power_is_that_of_the_controls_that_were_not_told_apart(found):
    untold = 100 * row(found, "few-think")["removed_detectable"]
    assert untold != pytest.approx(100 * row(found, "few-note")["removed_detectable"], abs=0.05)
    assert f"with 80 % power true parts of {untold:.1f} points are found here" in found.paragraph


def test_outputs_that_came_again_are_no_test_of_chance():
    frame = holding("few#1", "few", replicate=1)
    frame["key"] += frame["condition"]
    found = explain_loss(frame, base="few")
    assert row(found, "few#1")["same_texts"] == 1
    assert "all outputs the same, word for word, as with temperature 0" in found.paragraph
    assert "no test, since the same outputs came again" in found.paragraph
    assert "as by chance" not in found.paragraph


def test_a_a_arms_too_small_to_show_chance_are_said_to_be():
    few = explain_loss(samples(CHANCES | {"few": 0.55, "few#1": 0.55}, n=40, k=1, seed=3), base="few")
    assert "too few to tell, differences of " in few.paragraph
    same = explain_loss(samples(dict.fromkeys(CHANCES, 0.5), n=30), base="few")
    assert "too few to tell, differences of 5.0 points are not ruled out" in same.paragraph


def test_a_control_above_the_baseline_adds_something_of_its_own():
    above = explain_loss(
        samples({name: chance - 0.15 for name, chance in CHANCES.items()} | {"few-note": 0.8}), base="few"
    )
    half = row(above, "few-note")
    assert half["verdict"] == "improved"
    assert f"more than the loss (+{100 * half['difference']:.1f} points" in above.paragraph
    assert "so it also adds something of its own" in above.paragraph
    assert "of its own" not in explain_loss(samples(), base="few").paragraph


def test_the_table_says_how_long_the_prompts_are(found):
    assert found.table.set_index("condition")["length"].to_dict() == pytest.approx(
        {"zero-shot#1": 0.4, "few": 1, "few#1": 1, "few-note": 1.1, "few-think": 1}
    )
    assert "length" in found.to_markdown()
    unknown = explain_loss(samples().drop(columns="prompt_tokens"), base="few")
    assert unknown.table["length"].isna().all()


def test_html_is_escaped():
    frame = samples({name.replace("few", "<few>"): chance for name, chance in CHANCES.items()}, n=40)
    assert "<few>" not in explain_loss(frame, base="<few>")._repr_html_()


def test_its_comparisons_are_parts_of_one_family():
    found = explain_loss(samples(), base="few")
    both = pd.concat([found.to_baseline.table, found.to_base.table])
    assert found.to_baseline.family == found.to_base.family == len(both)
    assert np.allclose(both["p_holm"], holm(both["p"].to_numpy()))
    assert np.allclose(both["p_bh"], benjamini_hochberg(both["p"].to_numpy()))
    more = samples().query("condition == 'zero-shot'").assign(condition="more")
    with pytest.raises(InputError, match=f"extended: .* of {len(both)} differences that were judged together"):
        found.to_baseline.extended(more)
