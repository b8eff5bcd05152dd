"""`two_way`: one mean, clustered by questions' clusters and by draws."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.stats import mean_estimate
from promptlab.stats.twoway import LARGER, TWO_WAY, two_way


def drawn(rng, questions=120, clusters=30, draws=8, draw_sd=0.2, cluster_sd=0.3):
    """Equal groups in both ways; also in the groups that share both, where 8 x 15 = 120."""
    cluster, draw = np.arange(questions) % clusters, rng.permutation(np.arange(questions) % draws)
    noise = cluster_sd * rng.standard_normal(clusters)[cluster] + draw_sd * rng.standard_normal(draws)[draw]
    return noise + 0.5 * rng.standard_normal(questions), cluster, draw


def test_equal_groups_are_statsmodels_two_way():
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(0)
    cluster, draw = np.repeat(np.arange(15), 8), np.tile(np.arange(8), 15)
    y = rng.standard_normal(15)[cluster] + rng.standard_normal(8)[draw] + rng.standard_normal(120)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.OLS(y, np.ones(120)).fit(
            cov_type="cluster", cov_kwds={"groups": np.stack([cluster, draw], axis=1), "use_correction": True}
        )
    ours = two_way(y, cluster, draw)
    assert ours.method == TWO_WAY
    assert ours.se == pytest.approx(float(fit.bse[0]), rel=1e-9)
    assert (ours.value, ours.df, ours.n_clusters, ours.n_draws) == (pytest.approx(y.mean()), 7, 15, 8)


def test_unequal_groups_are_the_three_one_way_variances():
    y, cluster, draw = drawn(np.random.default_rng(1), questions=101)
    ours = two_way(y, cluster, draw)
    one_way = [mean_estimate(y, codes).se for codes in (cluster, draw, cluster * 8 + draw)]
    assert (ours.se_clusters, ours.se_draws, ours.se_both) == pytest.approx(tuple(one_way))
    assert ours.se**2 == pytest.approx(one_way[0] ** 2 + one_way[1] ** 2 - one_way[2] ** 2)


def test_without_clusters_draws_alone_count_but_never_less_than_questions_do():
    y, _, draw = drawn(np.random.default_rng(2), draw_sd=0.5)
    assert two_way(y, None, draw).se == pytest.approx(mean_estimate(y, draw).se)
    alike = np.tile([0.0, 1.0], 60)  # every draw has the same mean: by draw alone nothing would be uncertain
    ours = two_way(alike, None, np.repeat(np.arange(8), 15)[np.argsort(np.arange(120) % 8, kind="stable")])
    assert ours.method == LARGER
    assert ours.se >= mean_estimate(alike).se


def test_the_claim_is_wider_for_draws_like_these():
    """Under a real effect of draws t by cluster is too narrow; two ways hold their level."""
    rng, hits = np.random.default_rng(3), np.zeros(2)
    for _ in range(300):
        y, cluster, draw = drawn(rng)
        wide, narrow = two_way(y, cluster, draw), mean_estimate(y, cluster)
        hits += [wide.low < 0 < wide.high, narrow.low < 0 < narrow.high]
    assert hits[0] / 300 >= 0.93
    assert hits[1] / 300 < 0.9


@pytest.mark.parametrize(
    ("values", "clusters", "draws", "reason"),
    [
        ([1.0], None, [0], "fewer than two values"),
        ([], None, [], "fewer than two values"),
        ([np.nan, 1.0], None, [0, 1], "fewer than two values"),
        ([0.0, 1.0], None, [3, 3], "one draw: nothing says how draws differ"),
        ([0.0, 1.0], ["a", "a"], [0, 1], "all questions share one cluster"),
        ([0.5, 0.5, 0.5], None, [0, 1, 1], "all values are equal"),
    ],
)
def test_where_no_variance_exists(values, clusters, draws, reason):
    found = two_way(values, clusters, draws)
    assert found.reason == reason
    assert np.isnan([found.se, found.low, found.high]).all()
    assert found.method == ""


def test_bad_input():
    with pytest.raises(InputError, match=r"draws of two_way is of shape \(3,\): it must be \(2,\)"):
        two_way([0.0, 1.0], None, [0, 1, 2])


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.floats(0.1, 10), st.floats(-5, 5))
def test_order_labels_scale_and_shift_do_not_matter(seed, scale, shift):
    rng = np.random.default_rng(seed)
    y, cluster, draw = drawn(rng, questions=60, clusters=9, draws=5)
    base, order = two_way(y, cluster, draw), rng.permutation(60)
    turned = two_way(scale * y[order] + shift, cluster[order].astype(str), 99 - draw[order])
    assert turned.se == pytest.approx(scale * base.se)
    assert turned.value == pytest.approx(scale * base.value + shift)
    assert two_way(y, draw, cluster).se == pytest.approx(base.se)  # the two ways are alike
