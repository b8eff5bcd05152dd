"""What the majority of several samples is worth: cons@k."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptlab import given
from promptlab.errors import InputError
from promptlab.stats import checking
from promptlab.stats.checking import Floats

EXACT = 64  # samples of a question up to which all subsets are counted; above, some are drawn
DRAWS = 2_000


@dataclass(frozen=True)
class Consensus:
    """cons@k of each question, and the Monte Carlo standard error of those that were drawn (0: exact)."""

    value: Floats
    error: Floats


class _Ballots(NamedTuple):
    """One entry a question and class that got votes, question after question."""

    owner: NDArray[np.int64]
    votes: NDArray[np.int64]
    score: Floats


def cons_at_k(
    questions: ArrayLike,
    classes: ArrayLike,
    scores: ArrayLike,
    n_questions: int,
    k: int | None = None,
    *,
    rng: np.random.Generator | None = None,
) -> Floats:
    """Score of the majority vote of k samples of each question: `consensus` without its Monte Carlo error.

    Examples
    --------
    The second question's two samples do not agree, and one is right: a tie. The third question has none.

    >>> cons_at_k([0, 0, 0, 1, 1], [5, 5, 7, 5, 7], [1, 1, 0, 1, 0], n_questions=3)
    array([1. , 0.5, nan])
    >>> cons_at_k([0, 0, 0], [5, 5, 7], [1, 1, 0], n_questions=1, k=2).round(3)
    array([0.667])
    """
    return consensus(questions, classes, scores, n_questions, k, rng=rng).value


def consensus(
    questions: ArrayLike,
    classes: ArrayLike,
    scores: ArrayLike,
    n_questions: int,
    k: int | None = None,
    *,
    rng: np.random.Generator | None = None,
) -> Consensus:
    """Score of the majority vote over k of each question's samples, averaged over all subsets of that size.

    The class with the most votes wins; where classes tie, the mean of their scores (so one right class among two scores
    1/2). A sample with a negative class has no answer and no vote; a subset without any vote scores 0. This is the
    majority vote of self-consistency (Wang et al. 2022, arXiv 2203.11171, section 2), as an unbiased estimate for any k
    up to K as pass@k is. With k = K there is one vote a question, and what another K samples would have voted is not
    averaged over. Up to 64 samples the subsets are counted, above 2,000 are drawn. Checked by enumerating all subsets
    (tests/test_stats_voting.py).

    Parameters
    ----------
    questions, classes, scores : arrays of shape (samples,)
        The question's index (0..n_questions - 1), the index of the answer's equivalence class, the score of the answer.
    n_questions : int
        How many questions there are.
    k : int, optional
        Samples in a vote; by default all K of each question.
    rng : numpy.random.Generator, optional
        Needed where a question has more than 64 samples, of which k are fewer.

    Returns
    -------
    Consensus
        NaN for a question with fewer than k samples, or none.

    Raises
    ------
    InputError
        The arrays are not equally long, an index or a score is out of range, or `rng` is missing.

    Examples
    --------
    >>> found = consensus([0] * 100, [0] * 60 + [1] * 40, [1] * 60 + [0] * 40, 1, k=5, rng=np.random.default_rng(0))
    >>> bool(abs(found.value[0] - 0.683) < 4 * found.error[0] < 0.05)
    True
    """
    n = given.whole("n_questions of cons_at_k", n_questions, 0)
    question = checking.counts("questions of cons_at_k", questions)
    answer = checking.numbers("classes of cons_at_k", classes, nan=False).astype(np.int64)
    score = checking.numbers("scores of cons_at_k", scores, low=0, high=1, nan=False)
    if not question.size == answer.size == score.size:
        raise InputError(
            f"cons_at_k: {question.size} questions, {answer.size} classes, {score.size} scores: one a sample"
        )
    if question.max(initial=-1) >= n:
        raise given.wrong("questions of cons_at_k", int(question.max()), f"indices below n_questions, {n}")
    samples = np.bincount(question, minlength=n)
    ballots = _ballots(question, answer, score)
    if k is None:
        return Consensus(np.where(samples > 0, _all(ballots, n), np.nan), np.zeros(n))
    return _of_subsets(ballots, samples, given.whole("k of cons_at_k", k, 1), rng)


def _ballots(question: NDArray[np.int64], answer: NDArray[np.int64], score: Floats) -> _Ballots:
    voted = answer >= 0
    width = int(answer.max(initial=0)) + 1
    ballot, inverse, votes = np.unique(question[voted] * width + answer[voted], return_inverse=True, return_counts=True)
    return _Ballots(ballot // width, votes, np.bincount(inverse, score[voted], ballot.size) / votes)


def _all(ballots: _Ballots, n: int) -> Floats:
    """The vote of all samples of each question."""
    most = np.zeros(n, dtype=np.int64)
    np.maximum.at(most, ballots.owner, ballots.votes)
    winning = ballots.votes == most[ballots.owner]
    won = np.bincount(ballots.owner[winning], ballots.score[winning], n)
    return won / np.maximum(np.bincount(ballots.owner[winning], minlength=n), 1)


def _of_subsets(ballots: _Ballots, samples: NDArray[np.int64], k: int, rng: np.random.Generator | None) -> Consensus:
    value, error = np.full(samples.size, np.nan), np.zeros(samples.size)
    starts = np.searchsorted(ballots.owner, np.arange(samples.size + 1))
    for i in np.flatnonzero(samples >= k):
        part = slice(starts[i], starts[i + 1])
        votes, score, size = ballots.votes[part], ballots.score[part], int(samples[i])
        if size <= EXACT:
            order = np.lexsort((score, votes))  # alike questions are counted once
            value[i] = _counted(tuple(votes[order].tolist()), tuple(score[order].tolist()), size, k)
        else:
            value[i], error[i] = _drawn(votes, score, size, k, rng)
    return Consensus(value, error)


@lru_cache(maxsize=65_536)
def _counted(votes: tuple[int, ...], scores: tuple[float, ...], size: int, k: int) -> float:
    """Over all subsets of k: each class's score times its share of the votes that it wins, alone or tied."""
    won = 0.0
    for j, score in enumerate(scores):
        others = votes[:j] + votes[j + 1 :]
        for most in range(1, min(votes[j], k) + 1) if score else ():
            ways = _ways(others, size - sum(votes), most, k - most)
            won += score * comb(votes[j], most) * sum(number / (1 + tied) for tied, number in enumerate(ways))
    return won / comb(size, k)


def _ways(others: tuple[int, ...], silent: int, most: int, left: int) -> list[int]:
    """In how many ways `left` samples of the others have at most `most` votes a class, by how many classes reach it."""
    table = [[comb(silent, used) for used in range(left + 1)]]  # [classes that tie][samples that are taken]
    for votes in others:
        new = [[0] * (left + 1) for _ in range(len(table) + 1)]
        for tied, row in enumerate(table):
            for used, number in enumerate(row):
                for more in range(min(votes, most, left - used) + 1) if number else ():
                    new[tied + (more == most)][used + more] += number * comb(votes, more)
        table = new if any(new[-1]) else new[:-1]
    return [row[left] for row in table]


def _drawn(
    votes: NDArray[np.int64], score: Floats, size: int, k: int, rng: np.random.Generator | None
) -> tuple[float, float]:
    checking.generator("cons_at_k (needed above 64 samples)", rng)
    assert rng is not None
    if not votes.size:
        return 0.0, 0.0
    colours = [*votes.tolist(), size - int(votes.sum())]
    got = rng.multivariate_hypergeometric(colours, k, DRAWS, method="marginals")[:, :-1]
    most = got.max(axis=1, keepdims=True)
    winning = (got == most) & (most > 0)
    won = winning @ score / np.maximum(winning.sum(axis=1), 1)
    return float(won.mean()), float(won.std(ddof=1) / np.sqrt(DRAWS))
