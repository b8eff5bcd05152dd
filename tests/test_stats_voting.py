"""cons@k against enumeration of all subsets."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptlab.errors import InputError
from promptlab.stats import cons_at_k, consensus, voting

ANSWERS = st.lists(st.integers(-1, 3), min_size=1, max_size=7)


def vote(answers, score) -> float:
    """Score of the majority, ties shared; -1 is no answer."""
    votes = Counter(a for a in answers if a >= 0)
    winners = [a for a, n in votes.items() if n == max(votes.values())]
    return float(np.mean([score[a] for a in winners])) if winners else 0.0


@settings(deadline=None)
@given(st.lists(ANSWERS, min_size=1, max_size=5))
def test_the_vote_of_all_is_the_majority_with_shared_ties(answers):
    question = np.repeat(np.arange(len(answers)), [len(a) for a in answers])
    flat = np.concatenate(answers)
    expected = [vote(a, [1, 0, 0, 0]) for a in answers]
    np.testing.assert_allclose(cons_at_k(question, flat, flat == 0, len(answers)), expected)


@settings(deadline=None, max_examples=60)
@given(ANSWERS, st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=4, max_size=4), st.data())
def test_a_vote_of_k_is_the_mean_over_all_subsets(answers, score, data):
    k = data.draw(st.integers(1, len(answers)))
    expected = np.mean([vote(subset, score) for subset in itertools.combinations(answers, k)])
    scores = [score[a] if a >= 0 else 0.0 for a in answers]
    found = consensus([0] * len(answers), answers, scores, 1, k)
    assert found.value[0] == pytest.approx(expected)
    assert found.error[0] == 0


def test_one_is_pass_at_1_and_all_is_the_vote_of_all():
    rng = np.random.default_rng(0)
    question, answer = np.repeat(np.arange(30), 6), rng.integers(-1, 4, 180)
    args = question, answer, answer == 0, 30
    np.testing.assert_allclose(cons_at_k(*args, 1), (answer == 0).reshape(30, 6).mean(axis=1))
    np.testing.assert_allclose(cons_at_k(*args, 6), cons_at_k(*args))


def test_without_enough_samples_it_is_nan():
    np.testing.assert_allclose(cons_at_k([0, 0], [1, 1], [1, 1], n_questions=3), [1, np.nan, np.nan])
    np.testing.assert_allclose(cons_at_k([0, 0, 1], [1, 1, 0], [1, 1, 0], 3, k=2), [1, np.nan, np.nan])
    np.testing.assert_allclose(cons_at_k([1, 1], [-1, -1], [0, 0], 2), [np.nan, 0])  # samples, but no answers


def test_many_samples_are_drawn_with_their_error_and_few_are_counted(monkeypatch):
    answers = np.repeat([0, 1, 2, -1], [9, 8, 6, 5])
    args = [0] * 28, answers, answers == 0, 1, 7
    exact = consensus(*args)
    monkeypatch.setattr(voting, "EXACT", 10)
    drawn = consensus(*args, rng=np.random.default_rng(0))
    assert exact.error[0] == 0 < drawn.error[0] < 0.02
    assert abs(drawn.value[0] - exact.value[0]) < 4 * drawn.error[0]
    silent = consensus([0] * 28, [-1] * 28, [0] * 28, 1, 7, rng=np.random.default_rng(0))
    assert (silent.value[0], silent.error[0]) == (0, 0)
    with pytest.raises(InputError, match=r"rng of cons_at_k \(needed above 64 samples\) is None"):
        consensus(*args)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"questions": [0, 3]}, "questions of cons_at_k is 3: it must be indices below n_questions, 2"),
        ({"questions": [0, 0.5]}, "questions of cons_at_k has 0.5"),
        ({"classes": [0]}, "2 questions, 1 classes, 2 scores"),
        ({"scores": [0, np.nan]}, "scores of cons_at_k has NaN"),
        ({"scores": [0, 2]}, "scores of cons_at_k has 2: it must hold numbers from 0 to 1"),
        ({"k": 1.5}, "k of cons_at_k is 1.5"),
        ({"n_questions": -1}, "n_questions of cons_at_k is -1"),
    ],
)
def test_what_cannot_be_is_one_clear_error(change, says):
    with pytest.raises(InputError, match=says):
        cons_at_k(**{"questions": [0, 1], "classes": [0, 1], "scores": [1, 0], "n_questions": 2, **change})
