"""Votes as samples: which samples vote together, what a tie is worth, and that a vote compares like any sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from promptlab.comparison import compare, cons_at_k, contrast, vote
from promptlab.errors import InputError


def frame(n: int = 30, samples: int = 6, variants: int = 1, model: str = "m", seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product(
        [["a", "b"], range(n), range(samples)], names=["condition", "question", "sample"]
    )
    data = index.to_frame(index=False).assign(
        ending="complete", answered=True, model=model, cluster=lambda f: f["question"] // 3
    )
    right = rng.random(len(data)) < np.repeat(rng.random(2 * n), samples)
    answers = np.where(right, "7", rng.choice(["1", "2"], len(data)))
    tokens = {"prompt_tokens": 100, "completion_tokens": rng.integers(1, 9, len(data))}
    return data.assign(score=right.astype(float), answer=answers, gold="7", variants=variants, **tokens)


def test_the_vote_of_all_samples_is_cons_at_k():
    data = frame()
    votes = vote(data)
    assert votes["condition"].unique().tolist() == ["a+vote-6", "b+vote-6"]
    assert votes.groupby("condition")["score"].mean().tolist() == pytest.approx(cons_at_k(data, k=6)["value"].tolist())
    assert set(votes["sample"]) == {0}


def test_blocks_of_samples_vote_by_themselves_and_what_is_left_over_does_not():
    data = frame(samples=7)
    votes = vote(data, k=3).set_index(["condition", "question", "sample"])
    for block in (0, 1):
        part = data[(data["sample"] // 3 == block)].assign(sample=lambda f: f["sample"] % 3)
        alone = vote(part).set_index(["condition", "question"])
        found = votes.xs(block, level="sample")
        assert found["score"].tolist() == alone["score"].tolist()
        assert found["completion_tokens"].tolist() == alone["completion_tokens"].tolist()
    assert len(votes) == 2 * 30 * 2
    assert (votes["prompt_tokens"] == 300).all()


def test_ties_share_and_an_answer_is_named_with_those_it_ties_with():
    rows = [("m", "a", 0, s, float(answer == "7"), answer) for s, answer in enumerate(["7", "7", "1", "1"])]
    rows += [("m", "a", 1, s, 0.0, answer) for s, answer in enumerate(["1", "1.0", "2", "3"])]
    data = pd.DataFrame(rows, columns=["model", "condition", "question", "sample", "score", "answer"])
    assert vote(data)[["score", "answer"]].to_numpy().tolist() == [[0.5, "1 | 7"], [0.0, "1"]]


@pytest.mark.parametrize(
    ("answers", "won"),
    [
        (["Paris", "paris", "Rome", "PARIS "], ["Paris", "PARIS ", "paris"]),
        (["1/2", "0.5", "3", ".50"], ["1/2", "0.5", ".50"]),
    ],
)
def test_an_answer_in_another_spelling_is_a_vote_for_the_same(answers, won):
    rows = [("m", "a", 0, s, float(answer in ("Rome", "3")), answer) for s, answer in enumerate(answers)]
    data = pd.DataFrame(rows, columns=["model", "condition", "question", "sample", "score", "answer"])
    (found,) = vote(data)[["score", "answer"]].to_numpy().tolist()
    assert found[0] == 0.0, "three votes beat one"
    assert found[1] in won


def test_samples_without_an_answer_have_no_vote_and_a_missing_one_is_no_vote_of_the_others():
    data = frame(n=3, samples=3)
    silent = (data["condition"] == "a") & (data["question"] == 0)
    lost = (data["condition"] == "a") & (data["question"] == 1) & (data["sample"] == 2)
    data = data.assign(answered=~silent, score=data["score"].mask(silent, 0.0).mask(lost))
    votes = vote(data).set_index(["condition", "question"])
    assert votes.loc[("a+vote-3", 0), ["score", "answered", "answer", "ending"]].tolist() == [
        0.0,
        False,
        "",
        "complete",
    ]
    assert np.isnan(votes.loc[("a+vote-3", 1), "score"])
    assert votes.loc[("a+vote-3", 1), "ending"] == "error"
    assert votes["score"].notna().sum() == 5


def test_votes_are_compared_and_contrasted_like_samples():
    data = pd.concat([frame(), frame(model="other", seed=1)])
    both = vote(data, with_samples=True)
    assert both["votes"].value_counts().to_dict() == {1: len(data), 6: 120}
    found = compare(both, baseline="a", conditions=["a+vote-6"])
    means = data[(data["condition"] == "a") & (data["model"] == "m")].groupby("question")["score"].mean()
    votes = vote(data).query("condition == 'a+vote-6' and model == 'm'").set_index("question")["score"]
    assert found.table["difference"][0] == pytest.approx((votes - means).mean())
    assert found.table["questions"].tolist() == [30, 30]
    assert found.table["validity"].tolist() == ["ok", "ok"]
    assert contrast(both, model="m", control="other", baseline="a").table["condition"].tolist() == [
        "b",
        "a+vote-6",
        "b+vote-6",
    ]


def test_an_ensemble_votes_with_every_variant_alike():
    data = frame(variants=3)
    assert (vote(data, k=3)["votes"] == 3).all()
    with pytest.raises(InputError, match="k=4 of 'a' must be a multiple of its 3 variants"):
        vote(data, k=4)


@pytest.mark.parametrize(
    ("samples", "k", "said"),
    [
        (6, 7, "'a' has 6 samples a question on 'm': needed are 7"),
        (1, None, "'a' has 1 samples a question on 'm': needed are 2"),
        (6, 1, "k of vote is 1: it must be a whole number >= 2"),
        (6, 2.5, "k of vote is 2.5"),
    ],
)
def test_what_cannot_vote_is_refused(samples: int, k: int | None, said: str):
    with pytest.raises(InputError, match=said):
        vote(frame(samples=samples), k=k)


def test_answers_are_needed():
    with pytest.raises(InputError, match="runs of vote lack the column answer"):
        vote(frame().drop(columns="answer"))
