"""Means and their uncertainty, against a matrix implementation, SciPy, statsmodels and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, stats

from promptlab.stats import mean_estimate, wilson


def cr2_by_matrices(y: np.ndarray, clusters: np.ndarray) -> tuple[float, float]:
    """Bell & McCaffrey's variance and df written out for a regression on a constant."""
    n = len(y)
    x = np.ones((n, 1))
    hat = x @ x.T / n
    residual = y - y.mean()
    meat, rows = 0.0, []
    for g in np.unique(clusters):
        own = clusters == g
        adjust = linalg.inv(linalg.sqrtm(np.eye(own.sum()) - hat[np.ix_(own, own)])).real
        meat += (np.ones(own.sum()) @ adjust @ residual[own]).item() ** 2
        rows.append((np.eye(n) - hat)[:, own] @ adjust @ np.ones(own.sum()) / n)
    gram = np.array(rows) @ np.array(rows).T
    return meat / n**2, np.trace(gram) ** 2 / np.sum(gram**2)


@pytest.mark.parametrize("seed", range(4))
def test_clustered_se_and_df_equal_the_matrix_form(seed: int):
    rng = np.random.default_rng(seed)
    clusters = rng.integers(0, 7, 40)
    y = rng.normal(size=40) + rng.normal(size=7)[clusters]
    variance, df = cr2_by_matrices(y, clusters)
    e = mean_estimate(y, clusters)
    assert e.se == pytest.approx(np.sqrt(variance))
    assert e.df == pytest.approx(df)
    assert e.n_clusters == len(np.unique(clusters))


def test_without_clusters_it_is_the_t_interval():
    y = np.random.default_rng(0).normal(size=25)
    e = mean_estimate(y)
    low, high = stats.t.interval(0.95, 24, loc=y.mean(), scale=stats.sem(y))
    assert (e.se, e.df) == pytest.approx((stats.sem(y), 24))
    assert (e.low, e.high) == pytest.approx((low, high))


def test_wilson_equals_statsmodels():
    proportion = pytest.importorskip("statsmodels.stats.proportion")
    expected = proportion.proportion_confint(3, 50, method="wilson")
    assert wilson(3 / 50, 50, stats.norm.ppf(0.975)) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("values", "clusters", "reason"),
    [
        ([], None, "fewer than two questions"),
        ([1.0], None, "fewer than two questions"),
        ([0.2, np.nan], None, "fewer than two questions"),
        ([0.2, 0.4], ["a", "a"], "all questions share one cluster"),
        ([0.3, 0.3, 0.3], None, "all values are equal"),
    ],
)
def test_a_variance_that_does_not_exist_is_nan_with_a_reason(values, clusters, reason):
    e = mean_estimate(values, clusters)
    assert e.reason == reason
    assert np.isnan([e.se, e.low, e.high]).all()


def test_all_right_or_all_wrong_still_has_a_wilson_interval_on_clusters():
    high = mean_estimate(np.ones(30), proportion=True)
    assert high.high == 1
    assert 0.8 < high.low < 0.95
    clustered = mean_estimate(np.ones(30), np.arange(30) % 5, proportion=True)
    assert clustered.low < high.low
    low = mean_estimate(np.zeros(30), proportion=True)
    assert (low.low, low.high) == pytest.approx((0, 1 - high.low))


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=2, max_size=40))
def test_a_proportion_stays_in_its_range_and_mirrors(values):
    e = mean_estimate(values, proportion=True)
    m = mean_estimate(1 - np.array(values), proportion=True)
    if e.reason not in ("", "all values are equal") or np.isnan(e.low):
        return
    assert 0 <= e.low <= e.value <= e.high <= 1
    assert (m.low, m.high) == pytest.approx((1 - e.high, 1 - e.low), abs=1e-9)


@pytest.mark.parametrize("p", [0.05, 0.5])
def test_clustered_wilson_covers(p: float):
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        chance = rng.beta(4 * p, 4 * (1 - p), 25)  # clusters differ: the naive n of 100 would be too large
        clusters = np.repeat(np.arange(25), 4)
        e = mean_estimate(rng.binomial(1, chance[clusters]), clusters, proportion=True)
        hits += e.low <= p <= e.high
    assert hits / 400 > 0.92
