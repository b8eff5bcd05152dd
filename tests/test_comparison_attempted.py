"""pass@k and cons@k of runs: what `promptlab.stats` says of each question, and its mean as any score's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from promptlab.comparison import compare, cons_at_k, pass_at_k
from promptlab.errors import InputError
from promptlab.importing import import_run
from promptlab.stats import bounded_mean
from promptlab.stats import pass_at_k as of_counts


def frame(n: int = 40, samples: int = 6, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product(
        [["a", "b"], range(n), range(samples)], names=["condition", "question", "sample"]
    )
    data = index.to_frame(index=False).assign(model="m", cluster=lambda f: f["question"] // 4)
    right = rng.random(len(data)) < np.repeat(rng.random(2 * n), samples)
    return data.assign(score=right.astype(float), answer=np.where(right, "7", rng.choice(["1", "2"], len(data))))


def test_pass_at_k_is_that_of_each_question_with_a_clustered_interval():
    data = frame()
    found = pass_at_k(data, k=[1, 3, 6])
    assert found[["condition", "k"]].to_numpy().tolist() == [[c, k] for c in "ab" for k in (1, 3, 6)]
    right = data[data["condition"] == "b"].groupby("question")["score"].sum()
    row = found.iloc[4]
    alone = bounded_mean(of_counts(6, right, 3), np.arange(40) // 4, 0.05 / 6)
    wanted = [alone.value, alone.se, alone.low, alone.high, 40, 10, 0]
    columns = ["value", "se", "low", "high", "questions", "clusters", "left_out"]
    assert row[columns].tolist() == pytest.approx(wanted)
    scores = compare(data, baseline="a").summary["score"]
    assert found.loc[found["k"] == 1, "value"].tolist() == pytest.approx(scores.tolist())


def test_questions_with_fewer_samples_are_left_out_and_errors_are_no_samples():
    data = frame()
    lost = (data["question"] < 5) & (data["sample"] >= 3) & (data["condition"] == "a")
    short = pass_at_k(data.assign(score=data["score"].mask(lost)), k=[3, 4])
    assert short["questions"].tolist() == [40, 35, 40, 40]
    assert short["left_out"].tolist() == [0, 5, 0, 0]
    pd.testing.assert_frame_equal(pass_at_k(data[~lost], k=[3, 4]), short)


def test_a_comparison_and_one_k_will_do():
    data = frame()
    pd.testing.assert_frame_equal(pass_at_k(compare(data, baseline="a"), k=2), pass_at_k(data, k=[2]))


def test_cons_of_all_samples_is_that_of_the_summary_and_of_one_the_score():
    data = frame()
    summary = compare(data, baseline="a").summary
    found = cons_at_k(data, k=[1, 5, 6]).set_index(["condition", "k"])["value"]
    assert found.xs(6, level="k").tolist() == pytest.approx(summary["cons"].tolist())
    assert found.xs(1, level="k").tolist() == pytest.approx(summary["score"].tolist())


def test_the_summary_says_of_how_many_samples_the_vote_is_and_how_sure():
    data = frame()
    found = compare(data, baseline="a")
    row = found.summary.iloc[0]
    assert row["cons_k"] == 6
    assert row["cons_low"] < row["cons"] < row["cons_high"]
    assert row["cons_se"] > 0
    header, _, first = found.to_markdown().split("\n\n")[1].splitlines()[:3]
    cells = dict(zip(header.split("|"), first.split("|"), strict=True))
    assert [cells[name].strip() for name in cells if "vote" in name] == ["6 samples"]
    assert "vote" not in compare(data[data["sample"] == 0], baseline="a").to_markdown()


def test_wrong_answers_vote_by_their_value():
    """Right 7 has two votes of five; 12, 12.0 and 12 are one answer with three."""
    rows = [{"q": q, "s": s, "out": out, "right": out == "7"} for q in range(8)
            for s, out in enumerate(["7", "7", "12", "12.0", " 12"])]  # fmt: skip
    columns = {"question": "q", "sample": "s", "answer": "out", "score": "right"}
    run = import_run(rows, model="m", condition="a", columns=columns)
    assert cons_at_k(run, k=5)["value"].tolist() == [0.0]
    texts = run.to_frame().assign(answer=[["7", "7", "B) 12", "C) 12", "12"][i % 5] for i in range(40)])
    assert cons_at_k(texts, k=5)["value"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: pass_at_k(frame(), k=7), "k of pass_at_k is .7.: .*none above the 6 valid samples there are"),
        (lambda: pass_at_k(frame(), k=2.5), "k of pass_at_k is 2.5: it must be a whole number"),
        (lambda: pass_at_k(frame(), k=[]), "at least one number"),
        (lambda: pass_at_k(frame(), alpha=2), "alpha of pass_at_k is 2"),
        (lambda: pass_at_k(3), "runs holds int"),
        (lambda: cons_at_k(frame().drop(columns="answer"), k=2), "lack the column answer"),
        (lambda: cons_at_k(frame(), k=2, seed=-1), "seed of cons_at_k is -1"),
    ],
)
def test_what_cannot_be_is_one_clear_error(made, says):
    with pytest.raises(InputError, match=says):
        made()
