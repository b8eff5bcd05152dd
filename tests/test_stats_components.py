"""`variance_components`: balanced analysis of variance."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from promptlab.errors import InputError
from promptlab.stats.components import variance_components


def scores(rng, questions=40, draws=8, samples=3, sd=(1.0, 0.5, 0.3, 0.8)):
    q, d, both, noise = sd
    return (
        q * rng.standard_normal((questions, 1, 1))
        + d * rng.standard_normal((1, draws, 1))
        + both * rng.standard_normal((questions, draws, 1))
        + noise * rng.standard_normal((questions, draws, samples))
    )


def test_by_hand():
    """2 questions x 2 draws x 2 samples; cell means 1, 3 / 5, 11: SS 72, 32, 8 and 8 within, on 1, 1, 1, 4 df."""
    cells = np.array([[[0, 2], [2, 4]], [[4, 6], [10, 12]]])
    found = variance_components(cells)
    assert found.mean_square.tolist() == [72, 32, 8, 2]
    assert found.df.tolist() == [1, 1, 1, 4]
    assert found.raw.tolist() == [(72 - 8) / 4, (32 - 8) / 4, (8 - 2) / 2, 2]


def test_statsmodels_mixed_model_gives_the_same():
    """Balanced REML is the analysis of variance; crossed effects in statsmodels: one group, a component a factor."""
    smf, pd = pytest.importorskip("statsmodels.formula.api"), pytest.importorskip("pandas")
    cells = scores(np.random.default_rng(4), questions=12, draws=6, samples=3)
    found = variance_components(cells)
    assert (found.raw > 0).all()
    q, d, _ = np.indices(cells.shape)
    frame = pd.DataFrame({"y": cells.ravel(), "q": q.ravel(), "d": d.ravel(), "one": 1})
    frame["qd"] = frame["q"] * 100 + frame["d"]
    parts = {"q": "0 + C(q)", "d": "0 + C(d)", "qd": "0 + C(qd)"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = smf.mixedlm("y ~ 1", frame, groups="one", vc_formula=parts).fit(reml=True)
    theirs = dict(zip(fit.model.exog_vc.names, fit.vcomp, strict=True))
    assert [theirs["q"], theirs["d"], theirs["qd"], fit.scale] == pytest.approx(found.raw.tolist(), rel=0.01)


def test_unbiased_and_negative_estimates_are_kept_as_raw():
    rng = np.random.default_rng(5)
    found = [variance_components(scores(rng, sd=(1.0, 0.0, 0.3, 0.8))) for _ in range(300)]
    raw = np.array([each.raw for each in found])
    assert raw.mean(axis=0) == pytest.approx([1.0, 0.0, 0.09, 0.64], abs=0.04)
    assert (raw[:, 1] < 0).mean() > 0.3
    assert all((each.variance >= 0).all() for each in found)
    assert all(np.array_equal(each.variance, np.maximum(each.raw, 0)) for each in found)


def test_right_and_wrong_sum_to_the_variance_of_one_score():
    rng = np.random.default_rng(6)
    chance = np.clip(0.5 + scores(rng, 300, 8, 1, (0.2, 0.1, 0.05, 0)), 0, 1)
    found = variance_components((rng.random((300, 8, 4)) < chance).astype(float))
    assert found.variance.sum() == pytest.approx(chance.mean() * (1 - chance.mean()), rel=0.1)


def test_one_sample_a_cell_cannot_tell_interaction_from_sample():
    cells = scores(np.random.default_rng(7), samples=1)
    found = variance_components(cells)
    assert np.isnan(found.raw).tolist() == [False, False, True, False]
    assert found.raw[3] == found.mean_square[2]


def test_where_there_is_nothing_to_tell():
    assert variance_components(np.ones((1, 8, 2))).reason == "fewer than two questions"
    assert np.isnan(variance_components(np.ones((9, 1, 2))).raw).all()
    with pytest.raises(InputError, match="it must be \\(questions, draws, samples\\)"):
        variance_components(np.ones((3, 2)))
    with pytest.raises(InputError, match="has NaN"):
        variance_components(np.full((3, 2, 2), np.nan))
