"""The confidence sequence by betting: what it covers while one looks all the time, and what it must not depend on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.stats.betting import BettingSequence, betting_sequence

ALPHA = 0.1
GRID = 10  # steps of 0.2, which hold the true means of the simulations
RUNS = 1_000
ALLOWED = ALPHA + 2 * np.sqrt(ALPHA * (1 - ALPHA) / RUNS)
scores = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.25, 1.0]), min_size=1, max_size=60)


def misses(draw, mean: float) -> float:
    """Share of sequences that exclude the true mean at any of their sizes; an end is excluded."""
    rng, missed = np.random.default_rng(0), 0
    for _ in range(RUNS):
        values, upper, weights = draw(rng)
        largest = 1.0 if weights is None else weights.max()
        found = BettingSequence(ALPHA, largest=largest, steps=GRID).add(values, upper, weights)
        missed += not ((found[:, 0] < mean - 1e-9) & (mean + 1e-9 < found[:, 1])).all()
    return missed / RUNS


# -- what is covered ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "mean"),
    [
        ((0.15, 0.7, 0.15), 0),
        ((0.0, 1.0, 0.0), 0),
        ((0.5, 0.0, 0.5), 0),
        ((0.4, 0.4, 0.2), -0.2),
        ((0.9, 0, 0.1), -0.8),
    ],
)
def test_questions_in_random_order(shares, mean):
    assert misses(lambda rng: (rng.choice([-1, 0, 1], 300, p=shares), None, None), mean) <= ALLOWED


def clusters(rng: np.random.Generator, n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Clusters whose questions all have one difference: +1/2 on average in those of 1, -3/8 in those of 4."""
    sizes = rng.choice([1, 4], n)
    mean = np.where(sizes == 1, 0.5, -0.375)  # over questions: (0.5 - 4 * 0.375) / 5 = -0.2
    return np.where(rng.random(n) < (1 + mean) / 2, 1.0, -1.0), sizes


def test_clusters_are_units_and_the_mean_over_questions_is_covered():
    def by_cluster(rng):
        values, sizes = clusters(rng)
        return values, None, sizes.astype(float)

    def by_question(rng):
        values, sizes = clusters(rng)
        return np.repeat(values, sizes), None, None

    assert misses(by_cluster, -0.2) <= ALLOWED
    assert misses(by_question, -0.2) > 3 * ALPHA, "questions of one cluster are no units"


def test_a_fixed_list_in_random_order_is_covered_as_well():
    listed = np.repeat([-1.0, 0.0, 1.0], [80, 80, 40])
    assert misses(lambda rng: (rng.permutation(listed), None, None), -0.2) <= ALLOWED


def test_values_that_are_missing_because_of_what_they_are():
    def bounded(rng):
        values = rng.choice([-1, 0, 1], 200, p=(0.3, 0.4, 0.3)).astype(float)
        lost = (values < 0) & (rng.random(200) < 0.5)
        return np.where(lost, -1, values), np.where(lost, 1, values), None

    def left_out(rng):
        low, high, _ = bounded(rng)
        return low[low == high], None, None

    assert misses(bounded, 0) <= ALLOWED
    assert misses(left_out, 0) > 2 * ALPHA


def test_it_narrows_around_the_mean():
    values = np.random.default_rng(1).choice([-1, 0, 1], 5_000, p=(0.4, 0.4, 0.2))
    low, high = betting_sequence(values)[-1]
    assert low < -0.2 < high
    assert high - low < 0.12


# -- the same by another way -------------------------------------------------------------------------------------------


def plain_loop(values: list[float], alpha: float, steps: int) -> tuple[float, float]:
    """The paper's formulas, one mean and one value at a time."""
    excluded = set()
    x = [(v + 1) / 2 for v in values]
    for i in range(steps + 1):
        m, capital = i / steps, {(side, most): 0.25 for side in (1, -1) for most in (0.5, 0.9)}
        for t in range(1, len(x) + 1):
            past = x[: t - 1]
            means = [(0.5 + sum(past[: j + 1])) / (j + 2) for j in range(len(past))]
            variance = (0.25 + sum((p - mu) ** 2 for p, mu in zip(past, means, strict=True))) / t
            bet = np.sqrt(2 * np.log(2 / alpha) / (variance * t * np.log(1 + t)))
            for side, most in capital:
                room = m if side > 0 else 1 - m
                capped = min(bet, most / room) if room else bet
                capital[side, most] *= 1 + side * capped * (x[t - 1] - m)
            for side in (1, -1):
                if capital[side, 0.5] + capital[side, 0.9] >= 1 / alpha:
                    excluded.add((side, i))
    low = max((i for side, i in excluded if side > 0), default=0)
    high = min((i for side, i in excluded if side < 0), default=steps)
    return 2 * low / steps - 1, 2 * high / steps - 1


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from([-1.0, -0.75, 0.0, 0.5]), min_size=1, max_size=25))
def test_a_plain_loop_finds_the_same(values):
    found = BettingSequence(0.2, steps=16)
    found.add(values)
    assert (found.low, found.high) == pytest.approx(plain_loop(values, 0.2, 16))


# -- invariants --------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(scores, st.integers(0, 60))
def test_values_may_come_in_parts(values, cut):
    parts = BettingSequence(steps=200)
    found = np.concatenate([parts.add(values[:cut]), parts.add(values[cut:])])
    np.testing.assert_array_equal(found, BettingSequence(steps=200).add(values))
    assert (parts.n, parts.low, parts.high) == (len(values), *found[-1])


@settings(deadline=None)
@given(scores)
def test_arms_exchanged(values):
    ours, theirs = (BettingSequence(steps=200).add(sign * np.array(values)) for sign in (1, -1))
    np.testing.assert_array_equal(ours, -theirs[:, ::-1])


@settings(deadline=None)
@given(scores, st.sampled_from([0.5, 2.0, 4.0]))
def test_scale_of_values_and_of_weights(values, scale):
    weights = np.where(np.array(values) > 0, 1.0, 0.5)
    once = BettingSequence(steps=200).add(values, weights=weights)
    more = BettingSequence(bound=scale, largest=scale, steps=200)
    np.testing.assert_array_equal(more.add(scale * np.array(values), weights=scale * weights), scale * once)


@settings(deadline=None)
@given(scores)
def test_an_interval_never_grows(values):
    found = BettingSequence(steps=200).add(values)
    assert (np.diff(found[:, 0]) >= 0).all()
    assert (np.diff(found[:, 1]) <= 0).all()
    assert (np.abs(found) <= 1).all()


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="alpha of BettingSequence is 0"):
        BettingSequence(0)
    for values, more in (([2], {}), ([np.nan], {}), ([0], {"upper": [-1]}), ([0], {"weights": [2]})):
        with pytest.raises(InputError, match="BettingSequence"):
            BettingSequence().add(values, **more)
