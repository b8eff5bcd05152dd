"""pass@k against enumeration."""

from __future__ import annotations

import itertools
import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.stats import bounded_mean, pass_at_k


@settings(deadline=None)
@given(st.integers(1, 7), st.data())
def test_pass_at_k_is_the_share_of_subsets_with_a_right_sample(n, data):
    c, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    subsets = list(itertools.combinations([i < c for i in range(n)], k))
    assert pass_at_k(n, [c], k)[0] == pytest.approx(np.mean([any(s) for s in subsets]))


def test_pass_at_k_is_stable_for_many_samples():
    assert pass_at_k(10_000, [1], 5_000)[0] == pytest.approx(0.5)
    assert pass_at_k(10_000, [5_000], 10_000)[0] == 1
    assert pass_at_k(10_000, [3_000], 1)[0] == pytest.approx(0.3)


@settings(deadline=None)
@given(st.lists(st.integers(0, 6).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1), st.data())
def test_questions_may_have_unlike_numbers_of_samples(pairs, data):
    samples, right = zip(*pairs, strict=True)
    k = data.draw(st.integers(1, max(1, *samples)))
    each = [pass_at_k(n, [c], k)[0] if n >= k else np.nan for n, c in pairs]
    np.testing.assert_allclose(pass_at_k(samples, right, k), each)


@pytest.mark.parametrize(
    ("samples", "right", "k", "says"),
    [
        (4, [1], 0, "k of pass_at_k is 0: it must be a whole number >= 1"),
        (4, [1], 5, "k of pass_at_k is 5: it must be 1 to the number of samples, 4"),
        (4, [1], 2.5, "k of pass_at_k is 2.5: it must be a whole number"),
        (4, [5], 1, "right of pass_at_k is 5 where samples is 4"),
        (4, [-1], 1, "right of pass_at_k has -1"),
        (4, [0.5], 1, "right of pass_at_k has 0.5: it must hold whole numbers"),
        (4, [np.nan], 1, "right of pass_at_k has NaN"),
        (4, [[1]], 1, r"right of pass_at_k is of shape \(1, 1\)"),
        (2.5, [1], 1, "samples of pass_at_k is 2.5"),
        ([4, 4], [1], 1, "2 numbers of samples, and 1 of right ones"),
        (4, ["x"], 1, "right of pass_at_k is .'x'.: it must be an array of numbers"),
    ],
)
def test_pass_at_k_rejects_what_cannot_be(samples, right, k, says):
    with pytest.raises(InputError, match=says):
        pass_at_k(samples, right, k)


def test_the_memory_is_that_of_the_questions_whatever_k():
    right = np.arange(20_000) % 1_000
    tracemalloc.start()
    pass_at_k(1_000, right, 900)
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()


@settings(deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=2, max_size=40), st.integers(1, 4))
def test_a_bounded_mean_lies_inside_its_interval_and_the_interval_inside_the_bounds(values: list[float], size: int):
    found = bounded_mean(values, [i // size for i in range(len(values))])
    if found.n_clusters > 1:
        assert 0 <= found.low <= found.high <= 1
        assert found.low < 1
        assert found.high > 0
    else:
        assert math.isnan(found.low)


def test_all_right_is_no_certainty():
    """One made-up unit at each end: with N units the mean moves to (N + 1) / (N + 2)."""
    few, many = bounded_mean([1.0] * 10), bounded_mean([1.0] * 1000)
    assert few.low < many.low < 1 == few.high == many.high
    assert few.low < 10 / 12 < few.value
