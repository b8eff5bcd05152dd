"""Estimators refuse what they cannot estimate from: one `InputError` that names the argument, never NumPy's own."""

from __future__ import annotations

import numpy as np
import pytest

from promptlab import stats
from promptlab.errors import InputError
from promptlab.stats import twoway
from promptlab.stats.components import variance_components

NAN = float("nan")
RNG = np.random.default_rng(0)
TWO = [[0.1], [0.2]]

WRONG = {
    "values of mean_estimate has 3: it must hold numbers from 0": lambda: stats.mean_estimate([3], proportion=True),
    "alpha of mean_estimate is 2": lambda: stats.mean_estimate([1, 2], alpha=2),
    r"values of mean_estimate is of shape \(2, 2\): it must be \(n\)": lambda: stats.mean_estimate(np.ones((2, 2))),
    "values of mean_estimate has inf: it must hold finite numbers": lambda: stats.mean_estimate([1, np.inf]),
    "values of mean_estimate is .'a'.: it must be an array of numbers": lambda: stats.mean_estimate(["a"]),
    "clusters of mean_estimate has NaN: give each": lambda: stats.mean_estimate([1, 2], [NAN, 1]),
    "clusters of mean_estimate has NaN: .* of its own": lambda: stats.mean_estimate([1, 2], ["a", None]),
    r"clusters of mean_estimate is of shape \(3,\)": lambda: stats.mean_estimate([1, 2], [1, 2, 3]),
    "p of wilson is 2": lambda: stats.wilson(2, 10, 1.96),
    "n of wilson is 0": lambda: stats.wilson(0.5, 0, 1.96),
    r"values of simultaneous is of shape \(2,\)": lambda: stats.simultaneous([1, 2], rng=RNG),
    "rng of simultaneous is 0: it must be a NumPy generator": lambda: stats.simultaneous(TWO, rng=0),
    "draws is 0": lambda: stats.simultaneous(RNG.random((30, 1)), rng=RNG, draws=0),
    "values of simultaneous has 2: it must hold numbers from -1": lambda: stats.simultaneous([[2], [0]], rng=RNG),
    "bound of simultaneous is 0": lambda: stats.simultaneous(TWO, rng=RNG, bound=0),
    "alpha of simultaneous is nan": lambda: stats.simultaneous(TWO, alpha=NAN, rng=RNG),
    "adjusted_interval: 2 totals of 1 units": lambda: stats.adjusted_interval(np.ones(2), np.array([1, 0]), 2, 1),
    r"signs of log_odds_contrast is \[1.0\]: it must be \+1": lambda: stats.log_odds_contrast([[1, 0]] * 3, [1]),
    r"is \[1.0, 2.0\]: it must be \+1 or -1": lambda: stats.log_odds_contrast([[1, 0]] * 3, [1, 2]),
    "scores of log_odds_contrast has 2": lambda: stats.log_odds_contrast([[2, 0]] * 3, [1, -1]),
    "clusters of sign_flip_p is of shape": lambda: stats.sign_flip_p([1, 1], [1], rng=RNG),
    "values of sign_flip_p is of shape": lambda: stats.sign_flip_p(np.ones((2, 2, 2)), rng=RNG),
    "p of holm has 2": lambda: stats.holm([2]),
    "p of benjamini_hochberg has -1": lambda: stats.benjamini_hochberg([-1]),
    "draws of two_way has NaN": lambda: twoway.two_way([1, 2], None, [NAN, 1]),
    "values of two_way is of shape": lambda: twoway.two_way(np.ones((2, 2)), None, [0, 1]),
    "scores of variance_components has inf": lambda: variance_components(np.full((2, 2, 2), np.inf)),
    "Guess.accuracies is 0.5: it must be two shares": lambda: stats.Guess(0.5, 0.1, 0.5),
    "Guess.within is 'x'": lambda: stats.Guess((0.5, 0.5), "x", 0.5),
    "bound of BettingSequence is -1": lambda: stats.BettingSequence(bound=-1),
    "steps of BettingSequence is 0.5": lambda: stats.BettingSequence(steps=0.5),
    "1 values, 2 upper, 1 weights": lambda: stats.BettingSequence().add([0], [0, 0]),
    "values of BettingSequence is of shape": lambda: stats.betting_sequence([[0]]),
}  # fmt: skip


@pytest.mark.parametrize("says", WRONG)
def test_it_is_refused(says: str):
    with pytest.raises(InputError, match=says):
        WRONG[says]()


def test_a_wide_difference_needs_no_bound_where_the_bootstrap_works():
    assert stats.simultaneous(5 * RNG.standard_normal((40, 1)), rng=RNG, draws=200).method == ("max-t bootstrap",)


def test_what_is_allowed_stays_allowed():
    assert stats.mean_estimate([1, NAN, 3], ["a", "b", "b"]).n == 2
    assert stats.mean_estimate([]).reason == "fewer than two questions"
    assert np.isnan(stats.holm([NAN, 0.01])[0])
    assert stats.mean_estimate(np.array([1, 2], dtype=object), np.array([1, "a"], dtype=object)).n_clusters == 2
