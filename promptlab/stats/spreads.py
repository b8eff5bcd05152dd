"""What the difference of two conditions varies by on one question, and its estimate from a pilot run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptlab.errors import InputError
from promptlab.stats.components import variance_components
from promptlab.stats.estimates import Floats


@dataclass(frozen=True)
class Spread:
    """Variances of the difference of two conditions' scores, on one question.

    Attributes
    ----------
    questions : float
        Between questions, of the true differences, each under its own draw of exemplars: Miller's omega squared.
    sampling : float
        Of one sample of each condition on a given question, summed over the two.
    clusters : float
        The part of `questions` that the questions of a cluster share (their covariance). NaN: not known.
    draws : float
        The part of `questions` that all questions under one draw share. NaN: not known.
    """

    questions: float
    sampling: float
    clusters: float = 0.0
    draws: float = 0.0

    def standard_error(
        self, n: float, samples: int = 1, draws: int | None = None, *, cluster_size: float = 1.0
    ) -> float:
        """Of the mean difference over `n` questions with `samples` of each condition.

        Its square is ``(questions + (cluster_size - 1) clusters + sampling / K) / n``. The second term is the design
        effect of clusters; where their sizes m differ, `cluster_size` is ``sum m² / sum m`` (Kish 1965). With `draws`
        the difference is meant for exemplar sets in general, and question i sees draw i mod D: what a draw shares is
        then divided by D, and not by n.
        """
        alone = self.questions + self.sampling / samples
        shared = (cluster_size - 1) * self.clusters if cluster_size > 1 else 0.0
        if draws is None:
            return math.sqrt((alone + shared) / n)
        return math.sqrt((max(0.0, alone - self.draws) + shared) / n + self.draws / draws)


def paired_spread(
    differences: ArrayLike,
    noise: ArrayLike,
    sampling: float,
    clusters: ArrayLike,
    draws: ArrayLike,
    questions: ArrayLike,
) -> Spread:
    """Estimate a `Spread` by moments; a negative estimate counts as 0.

    Parameters
    ----------
    differences, noise : array of shape (cells,)
        Difference of two mean scores on one question under one draw, and the variance that sampling gives it
        (``s_A²/k_A + s_B²/k_B``; 0 where it is not known: all variance then counts as the questions').
    sampling : float
        Mean of ``s_A² + s_B²``.
    clusters, draws, questions : array of shape (cells,)
        Labels. Draws are crossed with questions (then `variance_components` takes them apart) or nested in them (then
        by the one-way moments below).

    Examples
    --------
    >>> one, two = [0.5, 0.0, -0.5, 0.0], ["a", "a", "b", "b"]
    >>> found = paired_spread(one, [0.05] * 4, 0.1, two, [0] * 4, range(4))
    >>> round(found.questions, 4), round(found.clusters, 4), found.draws
    (0.1167, 0.0625, nan)
    """
    d = np.asarray(differences, dtype=float)
    if d.size < 2:
        raise InputError("paired_spread: a variance needs two differences or more")
    total = max(0.0, float(d.var(ddof=1) - np.asarray(noise, dtype=float).mean()))
    of_clusters = _between_clusters(d, np.asarray(clusters), np.asarray(questions))
    of_draws = _between_draws(d, np.asarray(draws), np.asarray(questions))
    # A part is no more than the whole; NaN stays NaN.
    return Spread(total, sampling, *(float(np.minimum(part, total)) for part in (of_clusters, of_draws)))


def shared(values: ArrayLike, groups: ArrayLike) -> float:
    """Variance that the values of one group share, by the moments of the one-way analysis of variance.

    ``(MS_between - MS_within) / n_0`` with ``n_0 = (N - sum n_g² / N) / (G - 1)`` (Searle, Casella & McCulloch 1992,
    ch. 3.6; checked by statsmodels' ``MixedLM`` where groups are of one size); at least 0. NaN where there are fewer
    than two groups, or none with two values: nothing then tells groups from values.
    """
    x, codes = np.asarray(values, dtype=float), np.unique(np.asarray(groups), return_inverse=True)[1]
    size = np.bincount(codes).astype(float)
    if size.size < 2 or size.size == x.size:
        return np.nan
    mean = np.bincount(codes, x) / size
    between = float((size * (mean - x.mean()) ** 2).sum()) / (size.size - 1)
    within = float(((x - mean[codes]) ** 2).sum()) / (x.size - size.size)
    typical = (x.size - float((size**2).sum()) / x.size) / (size.size - 1)
    return max(0.0, (between - within) / typical)


def _between_clusters(d: Floats, clusters: NDArray[Any], questions: NDArray[Any]) -> float:
    _, first, row = np.unique(questions, return_index=True, return_inverse=True)
    return shared(np.bincount(row, d) / np.bincount(row), clusters[first])


def _between_draws(d: Floats, draws: NDArray[Any], questions: NDArray[Any]) -> float:
    rows, row = np.unique(questions, return_inverse=True)
    columns, column = np.unique(draws, return_inverse=True)
    if rows.size == d.size or columns.size < 2:
        return shared(d, draws)
    table = np.full((rows.size, columns.size), np.nan)
    table[row, column] = d
    whole = table[~np.isnan(table).any(axis=1)]
    return float(variance_components(whole[:, :, None]).variance[1]) if len(whole) > 1 else np.nan
