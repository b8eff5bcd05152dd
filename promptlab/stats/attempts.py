"""What several samples of one question are worth: pass@k and cons@k."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from promptlab.errors import InputError
from promptlab.stats.estimates import Floats


def pass_at_k(samples: int, right: ArrayLike, k: int) -> Floats:
    """Chance that at least one of k samples is right: the unbiased estimator of Chen et al. (2021).

    ``1 - C(n - c, k) / C(n, k)``, as a product of k ratios, which is stable for any n.

    Parameters
    ----------
    samples : int
        n, the samples of each question.
    right : array of int
        c, how many of them are right, for each question; 0..n.
    k : int
        1..n.

    Examples
    --------
    >>> pass_at_k(4, [0, 1, 4], k=2)
    array([0. , 0.5, 1. ])
    """
    counts = np.asarray(right)
    if not 1 <= k <= samples:
        raise InputError(f"pass_at_k: k is {k}; allowed: 1 to the number of samples, {samples}")
    if np.any((counts < 0) | (counts > samples)):
        raise InputError(f"pass_at_k: right must lie in 0..{samples}")
    drawn = np.arange(k)
    wrong = np.maximum(samples - counts[..., None] - drawn, 0)
    return np.asarray(1 - np.prod(wrong / (samples - drawn), axis=-1))


def cons_at_k(questions: ArrayLike, classes: ArrayLike, scores: ArrayLike, n_questions: int) -> Floats:
    """Score of the majority vote over all K samples of each question.

    The class with the most samples wins; where classes tie, the mean of their scores (so one right class among two
    scores 1/2). A sample with a negative class has no answer and no vote; a question without any vote scores 0.

    Parameters
    ----------
    questions, classes, scores : arrays of shape (samples,)
        The question's index (0..n_questions - 1), the index of the answer's equivalence class, the score of the answer.

    Returns
    -------
    array of shape (n_questions,)

    Examples
    --------
    >>> cons_at_k([0, 0, 0, 1, 1], [5, 5, 7, 5, 7], [1, 1, 0, 1, 0], n_questions=2)
    array([1. , 0.5])
    """
    question, answer = np.asarray(questions, dtype=np.int64), np.asarray(classes, dtype=np.int64)
    voted = answer >= 0
    question, answer, score = question[voted], answer[voted], np.asarray(scores, dtype=float)[voted]
    width = int(answer.max(initial=0)) + 1
    ballot, inverse, votes = np.unique(question * width + answer, return_inverse=True, return_counts=True)
    class_score = np.bincount(inverse, weights=score, minlength=ballot.size) / votes
    owner = ballot // width
    most = np.zeros(n_questions, dtype=np.int64)
    np.maximum.at(most, owner, votes)
    winning = votes == most[owner]
    won = np.bincount(owner[winning], weights=class_score[winning], minlength=n_questions)
    return won / np.maximum(np.bincount(owner[winning], minlength=n_questions), 1)
