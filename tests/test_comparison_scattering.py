"""`draw_components`: how much draws of exemplars matter, told apart from all else that conditions may differ in."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from promptlab.comparison import draw_components
from promptlab.errors import InputError
from promptlab.stats.components import variance_components

SIZE = (30, 6, 3)


def scores(seed: int = 3) -> np.ndarray:
    """(questions, draws, samples), right or wrong; questions and draws both matter."""
    rng = np.random.default_rng(seed)
    chance = 0.5 + 0.3 * np.sin(np.arange(SIZE[0]))[:, None, None] + np.linspace(-0.15, 0.15, SIZE[1])[:, None]
    return (rng.random(SIZE) < chance).astype(float)


def frame(cells: np.ndarray, **columns) -> pd.DataFrame:
    q, d, s = (part.ravel() for part in np.indices(cells.shape))
    data = pd.DataFrame({"model": "m", "condition": "few-shot-" + pd.Series(d).astype(str), "question": q + 100})
    data = data.assign(draw=0, exemplar_seed=d, sample=s, shots=3, style="worked", score=cells.ravel())
    return data.assign(**columns)


def arm(condition: str, shots: int, chance: float, **columns) -> pd.DataFrame:
    """Another condition on the same questions."""
    score = np.random.default_rng(9).random((SIZE[0], 1, SIZE[2])) < chance
    return frame(score.astype(float), condition=condition, shots=shots, exemplar_seed=0, **columns)


def test_it_is_the_analysis_of_variance_of_the_questions_that_all_draws_have():
    cells, data = scores(), frame(scores())
    lone = data[data["exemplar_seed"] == 0].assign(question=lambda f: f["question"] + 500)  # seen under one draw only
    found = draw_components(pd.concat([data.sample(frac=1, random_state=0), lone], ignore_index=True))
    assert found[["questions", "draws", "samples"]].drop_duplicates().to_numpy().tolist() == [list(SIZE)]
    assert found["raw"].tolist() == pytest.approx(variance_components(cells).raw.tolist(), abs=0.02)
    assert found["variance"].min() >= 0
    assert found["share"].sum() == pytest.approx(1)
    assert set(found["note"]) == {"30 of 60 questions, with 3 samples under every draw"}
    assert set(draw_components(data)["note"]) == {""}


def test_conditions_without_exemplars_are_no_draws():
    data = frame(scores())
    alone = draw_components(data)
    with_zero = draw_components(pd.concat([data, arm("zero-shot", 0, 0.95, style="")], ignore_index=True))
    pd.testing.assert_frame_equal(with_zero, alone)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (arm("one-shot", 1, 0.9), r"m: conditions differ in shots \(3, 1\), not in their draws alone"),
        (arm("answers", 3, 0.9, style="answer-only"), "m: conditions differ in style"),
    ],
)
def test_what_differs_in_more_than_its_draw_is_refused_and_may_be_left_out(more, message):
    data, names = frame(scores()), [f"few-shot-{d}" for d in range(SIZE[1])]
    both = pd.concat([data, more], ignore_index=True)
    with pytest.raises(InputError, match=message):
        draw_components(both)
    pd.testing.assert_frame_equal(draw_components(both, conditions=names), draw_components(data))
    zero = pd.concat([data, arm("zero-shot", 0, 0.9)])
    with pytest.raises(InputError, match="conditions differ in shots"):
        draw_components(zero, conditions=[*names, "zero-shot"])


def test_a_question_with_a_missing_sample_is_left_out_before_all_others_lose_one():
    data = frame(scores())
    data.loc[data.index[4], "score"] = np.nan
    found = draw_components(data)
    assert found[["questions", "samples"]].drop_duplicates().to_numpy().tolist() == [[29, 3]]
    assert set(found["note"]) == {"29 of 30 questions, with 3 samples under every draw"}
    short = draw_components(data[(data["sample"] < 2) | (data["exemplar_seed"] > 0)])  # one draw has two everywhere
    assert short[["questions", "samples"]].drop_duplicates().to_numpy().tolist() == [[30, 2]]


def test_where_nothing_varies_the_shares_are_nan_and_the_reason_is_said():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = draw_components(frame(np.ones(SIZE)))
    assert found["share"].isna().all()
    assert set(found["reason"]) == {"no score differs from another"}
    assert set(draw_components(frame(scores()))["reason"]) == {""}


def test_bad_input():
    data = frame(scores())
    with pytest.raises(InputError, match="no two questions were asked under the same two draws"):
        draw_components(data, conditions=["few-shot-1"])
    with pytest.raises(InputError, match="no condition of runs shows exemplars"):
        draw_components(data.assign(shots=0))
    with pytest.raises(InputError, match="samples lack the column draw"):
        draw_components(data.drop(columns="draw"))
