"""Fieller's interval of a ratio against SciPy's t test, and its coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from promptlab.errors import InputError
from promptlab.stats import mean_ratio


def drawn(rng: np.random.Generator, n: int, share: float, loss: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Parts and wholes with a common third arm, as a control, a base and a baseline have it."""
    base = rng.binomial(4, 0.3, n) / 4
    return rng.binomial(4, 0.3 + share * loss, n) / 4 - base, rng.binomial(4, 0.3 + loss, n) / 4 - base


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10_000), st.floats(-0.3, 1.2))
def test_the_ends_are_where_the_t_test_of_part_less_ratio_times_whole_turns(seed: int, share: float):
    parts, wholes = drawn(np.random.default_rng(seed), 60, share)
    found = mean_ratio(parts, wholes, alpha=0.05)
    turning = lambda r: stats.ttest_1samp(parts - r * wholes, 0).pvalue - 0.05  # noqa: E731
    assert found.value == pytest.approx(parts.mean() / wholes.mean())
    assert found.low == pytest.approx(optimize.brentq(turning, found.value - 3, found.value), abs=1e-9)
    assert found.high == pytest.approx(optimize.brentq(turning, found.value, found.value + 3), abs=1e-9)


def test_the_interval_covers_the_true_ratio():
    rng, hits, size = np.random.default_rng(0), 0, 600
    for _ in range(size):
        found = mean_ratio(*drawn(rng, 60, 0.4), alpha=0.1)
        hits += found.low <= 0.4 <= found.high
    assert stats.binomtest(hits, size, 0.9).pvalue > 0.001


def test_clusters_widen_it_and_the_unit_of_both_does_not_matter():
    parts, wholes = drawn(np.random.default_rng(1), 60, 0.4)
    alone, fives = (
        mean_ratio(parts, wholes),
        mean_ratio(np.repeat(parts, 5), np.repeat(wholes, 5), np.repeat(range(60), 5)),
    )
    assert (fives.low, fives.high, fives.n_clusters) == (pytest.approx(alone.low), pytest.approx(alone.high), 60)
    scaled = mean_ratio(parts / 2, wholes / 2)
    assert (scaled.low, scaled.high) == (pytest.approx(alone.low), pytest.approx(alone.high))


def test_a_question_that_lacks_one_of_the_two_is_left_out():
    parts, wholes = drawn(np.random.default_rng(2), 50, 0.4)
    gaps = np.where(np.arange(50) < 10, np.nan, parts)
    assert mean_ratio(gaps, wholes) == mean_ratio(parts[10:], wholes[10:])


NO = np.random.default_rng(3).choice([-0.5, 0.5], 60)


@pytest.mark.parametrize(
    ("parts", "wholes", "reason"),
    [
        (NO, NO[::-1], "the whole is not away from 0"),
        (np.zeros(60), np.ones(60), "all values are equal"),
        (np.arange(60) < 4, np.ones(60), "the part is not the same in 4 units only, and 10 are needed"),
        ([1.0], [1.0], "fewer than two questions"),
    ],
)
def test_where_there_is_no_interval_there_is_a_reason_and_no_number(parts, wholes, reason):
    found = mean_ratio(parts, wholes)
    assert found.reason == reason
    assert np.isnan([found.value, found.low, found.high]).all()


def test_a_loss_that_every_question_has_can_be_divided():
    parts = np.tile([0.0, 0.5, 1.0], 20)
    found = mean_ratio(parts, np.ones(60))
    interval = stats.t.interval(0.95, 59, parts.mean(), stats.sem(parts))
    assert (found.low, found.high) == pytest.approx(interval)


def test_both_need_a_value_a_question():
    with pytest.raises(InputError, match="mean_ratio: 2 parts and 1 wholes"):
        mean_ratio([1.0, 2.0], [1.0])
