"""Intervals where hardly anything changes, or in one direction only."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from promptlab.errors import InputError
from promptlab.stats import adjusted_interval, one_way_interval, simultaneous
from promptlab.stats.estimates import unit_sums
from promptlab.stats.sparse import ADJUSTED, BOOTSTRAP, EXACT


def paired(n: int, lost: int, gained: int = 0) -> np.ndarray:
    return np.repeat([-1.0, 1.0, 0.0], [lost, gained, n - lost - gained])


def methods(*columns: np.ndarray, **options) -> tuple[str, ...]:
    return simultaneous(np.column_stack(columns), rng=np.random.default_rng(0), draws=100, **options).method


def covered(values: list[float], n: int, shares: list[tuple[float, float]], m: int = 1, most: int | None = None):
    """For pairs of shares of two values (else: no change) the exact chance that one interval of `m` holds the mean.

    `most`: how many questions at most have the second value.
    """
    tables = [(a, b) for b in range((n if most is None else most) + 1) for a in range(n - b + 1)]
    counts = np.array([(a, b, n - a - b) for a, b in tables])
    intervals = []
    for table in counts:
        column = np.repeat([*values, 0.0], table)
        found = simultaneous(np.tile(column[:, None], m), rng=np.random.default_rng(0), draws=400)
        intervals.append((found.low[0], found.high[0]))
    low, high = np.array(intervals).T
    truths = np.array(shares) @ values
    held = [(low <= truth + 1e-12) & (truth - 1e-12 <= high) for truth in truths]
    chances = [stats.multinomial.pmf(counts, n, [*pair, 1 - sum(pair)]) for pair in shares]
    return np.einsum("st,st->s", held, chances)


def test_adjusted_interval_is_bonett_and_prices():
    # Bentur et al. (2009), the example of Fagerland et al. (2014): 21 pairs, 1 and 7 discordant.
    low, high, _ = adjusted_interval(paired(21, 7, 1), np.ones(21), stats.norm.ppf(0.975), 1.0)
    assert (low, high) == pytest.approx((-0.5084, -0.0134), abs=1e-4)


@pytest.mark.parametrize("lost", [0, 4, 30, 97, 100])
def test_where_nothing_is_won_the_far_end_is_clopper_and_pearsons(lost: int):
    exact = stats.binomtest(lost, 100).proportion_ci(0.99, "exact")
    low, high = one_way_interval(paired(100, lost), np.ones(100), 0.01, 1)
    assert low == pytest.approx(-exact.high)
    none = stats.binomtest(0, 100).proportion_ci(0.99, "exact").high  # what may have been won
    assert high == pytest.approx(-lost / 100 + np.hypot(lost / 100 - exact.low, none))


@given(st.integers(0, 40), st.integers(0, 2), st.sampled_from([1.0, 2.0]))
def test_changes_the_other_way_and_of_another_scale_give_the_mirrored_and_scaled_interval(lost, won, bound):
    values, ones = paired(60, lost, won), np.ones(60)
    low, high = one_way_interval(values, ones, 0.05, 1)
    assert low <= (won - lost) / 60 <= high
    assert one_way_interval(-values, ones, 0.05, 1) == pytest.approx((-high, -low))
    assert one_way_interval(bound * values, ones, 0.05, bound) == pytest.approx((bound * low, bound * high))


def test_whole_clusters_count_once():
    alone = paired(40, 15)
    once = one_way_interval(alone, np.ones(40), 0.05, 1)
    totals, counts = unit_sums(np.repeat(alone, 5)[:, None], np.repeat(np.arange(40), 5))
    assert one_way_interval(totals[:, 0], counts[:, 0], 0.05, 1) == pytest.approx(once)
    uneven = np.tile([1.0, 9.0], 20)
    low, high = one_way_interval(alone * uneven, uneven, 0.05, 1)
    assert high - low > 1.2 * (once[1] - once[0])


def test_half_changes_are_half_as_much():
    """Two samples of which one is lost: less is unsure than where both are, as soon as ten questions say so."""
    whole, half = (one_way_interval(size * paired(60, 20), np.ones(60), 0.05, 1) for size in (1, 0.5))
    assert half == pytest.approx(np.divide(whole, 2))


def test_few_values_one_way_take_the_exact_interval_and_others_do_not():
    lost, several, won_too = paired(100, 30), np.linspace(-1, 0, 100), paired(100, 30, 3)
    assert methods(lost, several) == (EXACT, BOOTSTRAP)
    assert methods(paired(100, 30, 2), won_too) == (EXACT, BOOTSTRAP)
    assert methods(paired(100, 4), paired(100, 4, 4)) == (EXACT, ADJUSTED)
    half = 0.5 * paired(100, 95)
    assert methods(half, 2 * half) == (ADJUSTED, EXACT), "what was not seen may be larger than a half"
    assert methods(lost, bound=2) == (EXACT,)
    assert methods(lost / 3, 2 * lost / 3) == (ADJUSTED, EXACT), "nor may a third be all"
    mixed = [np.repeat([-1, -size, 0.0], [2, 30, 68]) for size in (0.125, 0.5)]
    assert methods(*mixed) == (ADJUSTED, EXACT), "a rare change that is much larger"


@pytest.mark.parametrize("units", [3, 9, 20])
def test_the_method_is_the_same_when_arms_are_swapped(units: int):
    half = np.repeat([-0.5, 0.0], units)  # as many have changed as have not
    one, other = (simultaneous(way * half[:, None], rng=np.random.default_rng(0), draws=100) for way in (1, -1))
    assert one.method == other.method == (ADJUSTED,)
    assert (one.low[0], one.high[0]) == pytest.approx((-other.high[0], -other.low[0]))


@pytest.mark.parametrize("wrong", [{"alpha": 0}, {"alpha": 1.5}, {"bound": 0}, {"bound": -1}, {"bound": 0.5}])
def test_what_has_no_exact_interval_is_an_error(wrong: dict[str, float]):
    with pytest.raises(InputError, match="one_way_interval"):
        one_way_interval(paired(100, 30), np.ones(100), **{"alpha": 0.05, "bound": 1, **wrong})


@pytest.mark.parametrize("m", [1, 6])
def test_templates_that_break_as_a_whole_among_single_losses_are_covered(m: int):
    """100 clusters of 5 lose 5 %, every fifth all or none. Six exact intervals of what was seen would hold in 89 %."""
    rng, clusters, held = np.random.default_rng(1), np.repeat(np.arange(100), 5), 0
    for _ in range(200):
        together = (rng.random((100, m)) < 0.2)[clusters]
        lost = np.where(together, rng.random((100, m))[clusters], rng.random((500, m))) < 0.05
        found = simultaneous(-1.0 * lost, clusters, rng=rng, draws=400)
        held += bool(np.all((found.low <= -0.05) & (found.high >= -0.05)))
    assert held >= 0.95 * 200


def test_what_no_interval_sees():
    """30 templates of 20 lose a tenth, half of them all or none: a fifth of the studies show none that has broken."""
    rng, clusters, held, unseen = np.random.default_rng(2), np.repeat(np.arange(30), 20), 0, 0
    for _ in range(300):
        together, broken = rng.random(30) < 0.5, rng.random(30) < 0.1
        lost = np.where(together[clusters], broken[clusters], rng.random(600) < 0.1)
        found = simultaneous(-1.0 * lost[:, None], clusters, rng=rng, draws=400)
        held += bool(found.low[0] <= -0.1 <= found.high[0])
        unseen += not (together & broken).any()
    assert 0.76 < held / 300 < 0.88
    assert 0.15 < unseen / 300 < 0.28


def test_whole_losses_among_small_ones_are_covered_in_a_family():
    """Six, 100 questions: a tenth lost whole, a twentieth by an eighth. Bonett and Price's alone hold in 92 %."""
    rng, held, truth = np.random.default_rng(4), 0, -(0.1 + 0.05 / 8)
    for _ in range(400):
        drawn = rng.random((100, 6))
        values = np.where(drawn < 0.1, -1.0, np.where(drawn < 0.15, -0.125, 0.0))
        found = simultaneous(values, rng=rng, draws=100)
        held += bool(np.all((found.low <= truth) & (found.high >= truth)))
    assert held >= 0.95 * 400


@pytest.mark.parametrize("n", [30, 60])
def test_one_comparison_is_covered_exactly(n: int):
    """Every table of one sample a question in which hardly anything is won; the bootstrap covers down to 91.6 %."""
    shares = [(share, gain) for share in np.linspace(0.005, 0.7, 100) for gain in (0, 0.005)]
    assert covered([-1, 1], n, shares, most=3).min() >= 0.95


@pytest.mark.parametrize("m", [6, 50])
@pytest.mark.parametrize("n", [10, 100])
def test_families_are_covered_exactly(n: int, m: int):
    """All lose as often, independently, so that a family holds as often as one column to the power of m."""
    shares = [(share, 0) for share in np.linspace(0.002, 0.9, 200)]
    assert (covered([-1, 1], n, shares, m=m, most=0) ** m).min() >= 0.95


@pytest.mark.parametrize(("m", "least"), [(1, 0.95), (6, 0.95), (20, 0.935)])
def test_two_samples_a_question_are_covered_exactly(m: int, least: float):
    """One of the two is lost, or both; a difference of differences has the same values twice as large."""
    both_lost = [0.001, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, *np.arange(0.1, 0.95, 0.08)]
    shares = [(one, both) for one in np.arange(0.02, 0.93, 0.03) for both in both_lost if one + both < 0.97]
    assert (covered([-0.5, -1], 30, shares, m=m) ** m).min() >= least
