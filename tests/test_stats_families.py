"""Simultaneous intervals, sign flips, Holm and log-odds."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from promptlab.errors import InputError
from promptlab.stats import (
    Family,
    holm,
    log_odds_contrast,
    mean_estimate,
    sign_flip_p,
    simultaneous,
)
from promptlab.stats.sparse import EXACT


def family(values: np.ndarray, clusters=None, seed: int = 0, **options) -> Family:
    return simultaneous(values, clusters, rng=np.random.default_rng(seed), **options)


def paired(n: int, lost: int, gained: int) -> np.ndarray:
    return np.concatenate([-np.ones(lost), np.ones(gained), np.zeros(n - lost - gained)])


def test_all_lost_has_an_interval_below_zero():
    f = family(-np.ones((40, 6)))
    assert f.method == (EXACT,) * 6
    assert np.all(f.low == -1)
    assert np.all((f.high < -0.75) & (f.high > -0.95))
    assert np.all(f.se > 0)
    assert f.reason[0] == "all values are equal"


def test_no_change_at_all_has_an_interval_of_honest_width():
    f = family(np.zeros((40, 1)))
    assert f.low[0] == pytest.approx(-f.high[0])
    assert 0.05 < f.high[0] < 0.15


def test_nothing_is_known_from_one_question_or_one_cluster():
    f = family(np.array([[1.0], [np.nan]]))
    assert np.isnan([f.low[0], f.high[0]]).all()
    assert f.reason == ("fewer than two questions",)
    assert family(np.ones((9, 1)), np.zeros(9)).method == ("none",)


def test_one_column_comes_close_to_the_t_interval():
    values = np.random.default_rng(0).normal(0.1, 0.3, 300)
    f, t = family(values[:, None], draws=4000), mean_estimate(values)
    assert (f.se[0], f.df[0]) == pytest.approx((t.se, t.df))
    assert f.low[0] <= t.low
    assert f.low[0] == pytest.approx(t.low, abs=0.15 * t.se)


def test_a_family_is_wider_than_one_and_narrower_than_bonferroni_when_columns_agree():
    rng = np.random.default_rng(0)
    one = rng.normal(size=(200, 1))
    alone, alike = family(one).critical[0], family(one + 0.1 * rng.normal(size=(200, 10))).critical[0]
    apart = family(rng.normal(size=(200, 10))).critical[0]
    assert alone < apart
    assert alike < stats.t.ppf(1 - 0.0025, 199) - 0.3
    assert alike < apart


def test_clustered_differences_are_less_certain():
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(30), 10)
    values = (rng.normal(size=30)[clusters] + rng.normal(size=300))[:, None]
    assert family(values, clusters).se[0] > 1.5 * family(values).se[0]
    assert family(values, clusters).n_clusters[0] == 30


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.sampled_from([None, 8]), st.sampled_from([0.02, 0.3, 0.9]))
def test_negated_values_give_mirrored_intervals(seed, n_clusters, rate):
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((40, 3)) < rate, rng.choice([-1.0, 1.0, 0.5], (40, 3)), 0.0)
    values[rng.random((40, 3)) < 0.1] = np.nan
    clusters = None if n_clusters is None else np.arange(40) % n_clusters
    f, g = family(values, clusters, draws=200), family(-values, clusters, draws=200)
    np.testing.assert_allclose(g.estimate, -f.estimate, atol=1e-12)
    np.testing.assert_allclose(g.low, -f.high, atol=1e-12)
    assert np.all((f.low <= f.estimate) & (f.estimate <= f.high))
    order = rng.permutation(40)
    h = family(values[order], None if clusters is None else clusters[order], draws=200)
    np.testing.assert_allclose([h.estimate, h.se, h.df], [f.estimate, f.se, f.df])


@pytest.mark.parametrize(("n", "p", "n_clusters"), [(30, 0.1, None), (60, 0.5, None), (100, 0.9, 25)])
def test_family_coverage(n, p, n_clusters):
    """Six paired binary columns that share a baseline, with question difficulty and cluster effects."""
    rng = np.random.default_rng(5)
    replications, hits = 300, 0
    for _ in range(replications):
        difficulty = rng.normal(size=(n, 1)) + np.log(p / (1 - p))
        clusters = None if n_clusters is None else np.arange(n) % n_clusters
        effect = 0 if clusters is None else rng.normal(size=(n_clusters, 1))[clusters]
        chance = 1 / (1 + np.exp(-difficulty - effect))
        values = rng.binomial(1, np.repeat(chance, 6, axis=1)) - rng.binomial(1, chance)
        f = family(values, clusters, seed=int(rng.integers(2**31)), draws=500)
        hits += bool(np.all((f.low <= 0) & (f.high >= 0)))
    assert hits / replications >= 0.91


@pytest.mark.parametrize(("lost", "gained"), [(0, 0), (5, 0), (9, 3), (40, 17), (300, 260)])
def test_sign_flips_of_single_samples_are_mcnemars_exact_test(lost, gained):
    p = sign_flip_p(paired(600, lost, gained), rng=np.random.default_rng(0))[0]
    expected = stats.binomtest(lost, lost + gained).pvalue if lost + gained else 1.0
    assert p == pytest.approx(expected)


def test_enumerated_sign_flips_equal_brute_force_with_unequal_clusters():
    rng = np.random.default_rng(3)
    sizes = [1, 1, 2, 3, 5, 8]
    clusters = np.repeat(np.arange(6), sizes)
    values = rng.normal(0.4, 1, sum(sizes))

    def t(signs):
        e = mean_estimate(values * np.array(signs)[clusters], clusters)
        return abs(e.value / e.se)

    patterns = [t(signs) for signs in itertools.product((1, -1), repeat=6)]
    expected = np.mean([x >= t([1] * 6) * (1 - 1e-9) for x in patterns])
    assert sign_flip_p(values, clusters, rng=rng)[0] == pytest.approx(expected)


def test_drawn_sign_flips_hold_their_level_and_agree_with_t():
    rng = np.random.default_rng(0)
    p = sign_flip_p(rng.normal(size=(60, 400)), rng=rng, draws=499)
    assert 0.02 < np.mean(p <= 0.05) < 0.08
    values = rng.normal(0.2, 1, 80)
    assert sign_flip_p(values, rng=rng)[0] == pytest.approx(stats.ttest_1samp(values, 0).pvalue, abs=0.02)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_equals_statsmodels(p):
    multitest = pytest.importorskip("statsmodels.stats.multitest")
    np.testing.assert_allclose(holm(p), multitest.multipletests(p, method="holm")[1])


def test_holm_ignores_what_could_not_be_tested():
    np.testing.assert_allclose(holm([0.01, np.nan, 0.04]), [0.02, np.nan, 0.04])


def test_log_odds_of_unpaired_arms_have_woolfs_variance():
    # Two arms that are unrelated by construction: each of the four combinations as often as independence says.
    scores = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [800, 200, 3200, 800], axis=0)
    e = log_odds_contrast(scores, [1, -1])
    cells = np.array([1000, 4000, 4000, 1000]) + 0.5
    assert e.value == pytest.approx(np.log(cells[0] * cells[3] / cells[1] / cells[2]))
    assert e.se == pytest.approx(np.sqrt((1 / cells).sum()), rel=1e-3)


def test_log_odds_are_finite_and_uncertain_where_an_arm_has_none_right():
    scores = np.column_stack([np.zeros(50), np.r_[np.ones(10), np.zeros(40)]])
    e = log_odds_contrast(scores, [1, -1])
    assert np.isfinite([e.low, e.high]).all()
    assert e.se > 1
    with pytest.raises(InputError, match="NaN"):
        log_odds_contrast([[np.nan, 1.0]], [1, -1])


def test_log_odds_cover():
    rng = np.random.default_rng(2)
    logit = np.array([1.5, 0.5, 0.0, -1.0])
    hits = 0
    for _ in range(300):
        e = log_odds_contrast(rng.random((150, 4)) < 1 / (1 + np.exp(-logit)), [1, -1, -1, 1])
        hits += e.low <= 0 <= e.high
    assert hits / 300 > 0.92
