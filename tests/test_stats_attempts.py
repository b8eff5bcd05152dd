"""pass@k and cons@k against enumeration."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.stats import cons_at_k, pass_at_k


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


@pytest.mark.parametrize(("right", "k"), [([1], 0), ([1], 5), ([5], 1), ([-1], 1)])
def test_pass_at_k_rejects_impossible_counts(right, k):
    with pytest.raises(InputError):
        pass_at_k(4, right, k)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-1, 3), min_size=1, max_size=6), min_size=1, max_size=5))
def test_cons_is_the_majority_with_shared_ties(answers):
    """Class 0 is the right one, -1 is no answer."""
    question = np.repeat(np.arange(len(answers)), [len(a) for a in answers])
    flat = np.concatenate(answers)
    expected = []
    for given_answers in answers:
        votes = Counter(a for a in given_answers if a >= 0)
        winners = [a for a, n in votes.items() if n == max(votes.values())]
        expected.append(np.mean([a == 0 for a in winners]) if winners else 0.0)
    np.testing.assert_allclose(cons_at_k(question, flat, flat == 0, len(answers)), expected)


def test_a_question_without_samples_scores_zero():
    np.testing.assert_allclose(cons_at_k([1], [0], [1.0], 3), [0, 1, 0])
