"""Power of a comparison to come: Miller's formulas, statsmodels' functions, and made-up samples say the same."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.stats import trials
from promptlab.stats.power import detectable, needed, planned, scaled_up
from promptlab.stats.spreads import Spread, paired_spread, shared
from promptlab.stats.trials import Guess, guess_of, simulated_power

# Chances spread evenly over [0, 1], correlated by 1/3. (The paper says 0.5, but that would make it 1/12, not its 1/9.)
MILLER = Spread(1 / 9, 2 / 6)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_millers_sample_size():
    """arXiv 2411.00640: 3 points at 5 % with 80 % power take 969 questions where answers have no sampling noise."""
    assert needed(Spread(1 / 9, 0.0), 0.03, normal=True) == 969
    z = 1.959964 + 0.841621
    for k in (1, 2, 10):
        assert needed(MILLER, 0.03, k, normal=True) == np.ceil(z**2 * (1 / 9 + 1 / 6 / k + 1 / 6 / k) / 0.03**2)


def test_millers_minimum_detectable_effect():
    """Equation 10 for 198 questions with one sample each, and with ten: 13.2 and 7.5 %, as the paper cuts them off."""
    found = [planned(MILLER, 198, k, normal=True)[1] for k in (1, 10)]
    assert found == pytest.approx([0.1327, 0.0757], abs=5e-5)
    assert np.floor(np.array(found) * 1000).tolist() == [132, 75]


def test_millers_clustered_variance():
    """His appendix C: the sum of covariances within clusters, over n, takes the place of omega squared."""
    clusters = np.repeat([0, 1, 2, 3], [1, 4, 2, 5])
    together = clusters[:, None] == clusters
    covariance = np.where(together, 0.03, 0.0) + np.diag(np.full(12, 0.1 - 0.03))
    clustered = Spread(covariance.sum() / 12, 0.2)
    size = float((np.bincount(clusters) ** 2).sum() / 12)
    assert Spread(0.1, 0.2, 0.03).standard_error(12, 4, cluster_size=size) == pytest.approx(
        clustered.standard_error(12, 4)
    )


def test_millers_variances_come_from_a_guess():
    spread = Guess((0.5, 0.5), within=1 / 6, correlation=1 / 3).spread
    assert (spread.questions, spread.sampling) == pytest.approx((1 / 9, 1 / 3))


@pytest.mark.parametrize("n", [20, 50, 400])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 6])
def test_detectable_as_in_statsmodels(n, alpha):
    from statsmodels.stats.power import TTestPower

    size = TTestPower().solve_power(nobs=n, alpha=alpha, power=0.8)  # in standard deviations, by noncentral t
    assert planned(Spread(0.09, 0.0), n, alpha=alpha)[1] == pytest.approx(0.3 * size, rel=0.02 if n == 20 else 0.01)


@pytest.mark.parametrize("wanted", [0.02, 0.1])
def test_needed_as_in_statsmodels(wanted):
    from statsmodels.stats.power import TTestPower

    n = TTestPower().solve_power(effect_size=wanted / 0.4, alpha=0.01, power=0.9)
    assert needed(Spread(0.16, 0.0), wanted, alpha=0.01, power=0.9) == pytest.approx(n, rel=0.01)


def test_clusters_have_kishs_design_effect():
    lone = Spread(0.1, 0.2, clusters=0.1 * 0.25).standard_error(400, 4)
    together = Spread(0.1, 0.2, clusters=0.1 * 0.25).standard_error(400, 4, cluster_size=5)
    assert (together / lone) ** 2 == pytest.approx((0.1 * (1 + 4 * 0.25) + 0.05) / (0.1 + 0.05))


def test_no_number_of_questions_beats_few_draws():
    spread = Spread(0.1, 0.1, draws=0.01)
    assert np.isnan(needed(spread, 0.05, 4, draws=4))
    assert needed(spread, 0.05, 4, draws=40) > needed(spread, 0.05, 4)
    assert spread.standard_error(10**9, 1, 4) == pytest.approx(0.1 / 2, rel=1e-4)
    assert spread.standard_error(400, 1, 400) == pytest.approx(spread.standard_error(400))


def test_no_interval_from_one_cluster_or_one_draw():
    assert np.isnan(planned(Spread(0.1, 0.1, 0.05), 10, cluster_size=10)[1])
    assert np.isnan(planned(Spread(0.1, 0.1, draws=0.01), 100, 1, 1)[1])


SPREADS = st.builds(
    lambda q, s, c, d: Spread(q, s, c * q, d * q),
    st.floats(0.001, 1),
    st.floats(0, 0.5),
    st.floats(0, 1),
    st.floats(0, 0.5),
)


@settings(deadline=None, max_examples=60)
@given(SPREADS, st.floats(0.02, 0.5), st.integers(1, 20), st.sampled_from([None, 8, 64]), st.floats(1, 8))
def test_needed_is_the_fewest(spread, wanted, samples, draws, size):
    n = needed(spread, wanted, samples, draws, cluster_size=size)
    if n == n:
        assert planned(spread, n, samples, draws, cluster_size=size)[1] <= wanted * (1 + 1e-6)
        before = planned(spread, n - 1, samples, draws, cluster_size=size)[1]
        assert not before <= wanted


@settings(deadline=None, max_examples=60)
@given(SPREADS, st.integers(10, 2000), st.integers(1, 20), st.integers(2, 60))
def test_more_is_never_less_certain(spread, n, samples, draws):
    se = spread.standard_error(n, samples, draws)
    assert spread.standard_error(n + 1, samples, draws) <= se * (1 + 1e-9)
    assert spread.standard_error(n, samples + 1, draws) <= se * (1 + 1e-9)
    if draws < n:
        assert spread.standard_error(n, samples, draws + 1) <= se * (1 + 1e-9)


def test_formulas_take_arrays():
    assert detectable([0.01, 0.02], [1.96, 1.96]) == pytest.approx([0.028016, 0.056032], abs=1e-6)
    assert scaled_up([100, 100], [0.04, 0.04], [0.02, np.nan]).tolist()[0] == 400


def test_what_groups_share_as_in_statsmodels():
    from statsmodels.regression.mixed_linear_model import MixedLM

    groups = np.repeat(np.arange(40), 5)
    values = rng(1).normal(size=40)[groups] * 0.7 + rng(2).normal(size=200)
    fitted = MixedLM(values, np.ones((200, 1)), groups).fit(reml=True)
    assert shared(values, groups) == pytest.approx(float(np.asarray(fitted.cov_re)[0, 0]), rel=1e-3)
    assert np.isnan(shared(values, np.arange(200)))
    assert np.isnan(shared(values, np.zeros(200)))


@pytest.mark.parametrize("crossed", [False, True])
def test_the_parts_of_a_made_up_difference_are_found_again(crossed):
    """Question 0.04, draw 0.01, sampling 0.02: the mean of 60 pilots, with draws crossed or nested."""
    found = []
    for seed in range(60):
        random = rng(seed)
        question, draw = np.arange(64), np.arange(64) % 8
        if crossed:
            question, draw = np.repeat(question, 8), np.tile(np.arange(8), 64)
        true = 0.2 * random.normal(size=64)[question] + 0.1 * random.normal(size=8)[draw]
        d = true + np.sqrt(0.02) * random.normal(size=question.size)
        spread = paired_spread(d, np.full(d.size, 0.02), 0.02, question // 2, draw, question)
        found.append((spread.questions, spread.draws))
    questions, draws = np.mean(found, axis=0)
    assert questions == pytest.approx(0.05, rel=0.12)  # of questions and draws together
    assert draws == pytest.approx(0.01, rel=0.3)


GUESS = Guess((0.55, 0.45), within=0.12, correlation=0.5, cluster_correlation=0.3)


def test_made_up_chances_have_the_guessed_variances():
    tables = [trials._quantiles(p, v) for p, v in zip(GUESS.accuracies, GUESS.between, strict=True)]
    for table, p, v in zip(tables, GUESS.accuracies, GUESS.between, strict=True):
        assert (table.mean(), table.var()) == pytest.approx((p, v), rel=2e-3)
        assert (table * (1 - table)).mean() == pytest.approx(GUESS.within, rel=5e-3)
    clusters = np.arange(40_000) // 2
    places = trials._places(GUESS, clusters, 1, rng())
    d = tables[1][places[:, 1]] - tables[0][places[:, 0]]
    assert d.var() == pytest.approx(GUESS.spread.questions, rel=0.03)
    assert shared(d, clusters) == pytest.approx(GUESS.spread.clusters, rel=0.08)


@pytest.mark.parametrize("size", [1, 4])
def test_simulated_power_is_the_planned_one(size):
    found = planned(GUESS.spread, 200, 2, cluster_size=size)[1]
    guess = guess_of(GUESS.spread, GUESS.accuracies, -found)
    power = simulated_power(guess, 200, 2, cluster_size=size, rng=rng(), replications=300, draws=600)
    assert power.value == pytest.approx(0.8, abs=0.03 + 3 * power.se)


def test_a_family_costs_the_power_that_bonferroni_says_at_most():
    found = planned(GUESS.spread, 150, 4, alpha=0.05 / 4)[1]
    guess = guess_of(GUESS.spread, GUESS.accuracies, found)
    power = simulated_power(guess, 150, 4, comparisons=4, rng=rng(3), replications=150, draws=600)
    assert 0.8 - 0.03 - 3 * power.se < power.value < 0.95


def test_nothing_is_found_where_nothing_is():
    same = guess_of(GUESS.spread, (0.5, 0.5), 0.0)
    assert simulated_power(same, 120, 2, rng=rng(), replications=300, draws=600).value <= 0.05 + 3 * 0.0126


def test_extremes_of_a_guess_are_simulated():
    never_varies = Guess((0.6, 0.4), within=0.24, correlation=0.0)  # every question has the same chance
    always_the_same = Guess((0.6, 0.4), within=0.0, correlation=1.0)  # right or wrong for good
    opposite = Guess((0.5, 0.5), within=0.1, correlation=-0.5)
    assert never_varies.spread.questions == pytest.approx(0, abs=1e-9)
    for guess in (never_varies, always_the_same, opposite):
        assert 0 <= simulated_power(guess, 60, rng=rng(), replications=10, draws=300).value <= 1


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: Guess((0.5, 1.2), 0.1, 0.5), "Guess.accuracies is 1.2: it must be two shares from 0 to 1"),
        (lambda: Guess((0.5,), 0.1, 0.5), "two shares"),
        (lambda: Guess((0.9, 0.5), 0.1, 0.5), "Guess.within is 0.1: it must be a number from 0 to 0.09"),
        (lambda: Guess((0.5, 0.5), 0.1, 1.5), "Guess.correlation is 1.5: it must be a number from -1 to 1"),
        (lambda: Guess((0.5, 0.5), 0.1, float("nan")), "Guess.correlation is nan"),
        (lambda: guess_of(GUESS.spread, (0.1, 0.1), 0.4), "leaves [0, 1]"),
        (lambda: detectable(0.1, 2, power=1), "power is 1; allowed: above 0 and below 1"),
        (lambda: paired_spread([0.1], [0], 0, [0], [0], [0]), "two differences or more"),
    ],
)
def test_a_bad_value_is_one_clear_error(made, says):
    with pytest.raises(InputError) as caught:
        made()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
