"""Permutations of which samples come first: checked against all of them, counted by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.stats.exchanges import Exchange, exchanged


def found(values: np.ndarray, size: int = 1, alpha: float = 0.05, **options: int) -> Exchange:
    """One column; `values` is (questions, samples), the first `size` samples of each are the first set."""
    questions, total = values.shape
    first = np.tile(np.arange(total) < size, questions)
    unit = np.repeat(np.arange(questions), total)
    column = np.zeros(len(unit), dtype=np.int64)
    rng = np.random.default_rng(0)
    return exchanged(values.ravel().astype(float), first, unit, column, np.array([0]), alpha, rng=rng, **options)


def every_difference(row: np.ndarray, size: int) -> np.ndarray:
    chosen = itertools.combinations(range(len(row)), size)
    return np.array([row[list(c)].mean() - np.delete(row, c).mean() for c in chosen])


@given(
    st.lists(st.lists(st.sampled_from([0, 0.5, 1]), min_size=5, max_size=5), min_size=1, max_size=4), st.integers(1, 4)
)
@settings(deadline=None, max_examples=40)
def test_the_error_is_that_of_all_permutations(rows: list[list[float]], size: int):
    values = np.array(rows)
    variances = [every_difference(row, size).var() for row in values]
    result = found(values, size, draws=10)
    assert result.se[0] == pytest.approx(np.sqrt(sum(variances)) / len(values))
    assert result.estimate[0] == pytest.approx(np.mean([row[:size].mean() - row[size:].mean() for row in values]))


def test_the_critical_value_is_that_of_all_permutations():
    values = np.array([[0, 1, 1, 1, 1], [1, 0, 0, 0, 1], [1, 0, 0, 0, 0], [1, 1, 0, 1, 0]])
    every = itertools.product(*(every_difference(row, 1) for row in values))
    means = np.abs([np.mean(four) for four in every])
    result = found(values, alpha=0.1, draws=20_000)
    half = result.high[0] - result.estimate[0]
    assert half == pytest.approx(np.quantile(means, 0.9, method="higher"), abs=1e-6)


def test_nothing_varies_so_there_is_no_interval():
    result = found(np.ones((6, 5)))
    assert (result.estimate[0], result.se[0], result.n[0]) == (0, 0, 6)
    assert np.isnan([result.low[0], result.high[0], result.scatter[0], result.limit[0]]).all()


def test_two_deterministic_sets_have_no_scatter_to_judge():
    result = found(np.tile([[1, 0], [0, 1]], (8, 1)))
    assert result.estimate[0] == 0
    assert result.scatter[0] <= result.limit[0]


def test_scatter_sees_what_the_mean_does_not():
    right, wrong = [1, 0, 0, 0, 0], [0, 1, 1, 1, 1]
    result = found(np.array([right, wrong] * 8))
    assert result.low[0] < 0 < result.high[0]
    assert result.scatter[0] > result.limit[0]


def test_a_question_with_one_set_only_does_not_count():
    values = np.array([[1, 0, 0], [np.nan, 1, 1], [0, np.nan, 0]])
    result = found(values)
    assert (result.n[0], result.estimate[0]) == (2, 0.5)


def test_one_sample_a_side_is_no_false_alarm():
    """Every permutation then gives the same scatter: it must not be beyond itself by a rounding error."""
    rng = np.random.default_rng(0)
    for questions in (12, 40, 41):
        for _ in range(20):
            p = rng.random(questions)
            result = found((rng.random((questions, 2)) < p[:, None]).astype(float), draws=99)
            assert not (result.scatter > result.limit).any()
