"""Contrasts on the log-odds scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from promptlab.errors import InputError
from promptlab.stats import checking
from promptlab.stats.estimates import Estimate, cluster_robust, t_quantile, unit_sums


def log_odds_contrast(
    scores: ArrayLike, signs: ArrayLike, clusters: ArrayLike | None = None, alpha: float = 0.05
) -> Estimate:
    """Signed sum of the log-odds of paired arms, with a delta-method interval.

    Each arm's log-odds are ``log((s + 1/2) / (n - s + 1/2))`` with s the sum of its scores (Haldane's correction, so
    that an arm with all or none right has a finite value). The variance is the clustered one of the questions'
    influences plus that of the added half questions: for unpaired arms, but for terms of order 1/n, Woolf's with
    Haldane's correction, ``1 / (s + 1/2) + 1 / (n - s + 1/2)`` (Haldane 1956, Ann. Hum. Genet. 20, 309; Woolf 1955,
    ibid. 19, 251), which checks it, beside simulated coverage (tests/test_stats_families.py).

    Parameters
    ----------
    scores : array of shape (n, arms)
        Question means in [0, 1], without NaN: the same questions in every arm.
    signs : array of shape (arms,)
        +1 or -1: ``[1, -1, -1, 1]`` is the difference of differences.

    Examples
    --------
    >>> e = log_odds_contrast([[1, 0], [1, 0], [0, 0], [1, 1]], [1, -1])
    >>> round(e.value, 3), round(e.se, 3)
    (1.695, 1.317)
    """
    name = "log_odds_contrast"
    values = checking.numbers(f"scores of {name}", scores, "questions arms", low=0, high=1, nan=False)
    sign, n = checking.numbers(f"signs of {name}", signs, "arms", nan=False), len(values)
    if sign.shape != values.shape[1:] or not np.isin(sign, (-1, 1)).all():
        raise InputError(f"signs of {name} is {sign.tolist()}: it must be +1 or -1 for each of {values.shape[1]} arms")
    clusters, alpha = checking.labels(f"clusters of {name}", clusters, n), checking.level(name, alpha)
    if n < 2:
        return Estimate(np.nan, np.nan, np.nan, np.nan, np.nan, n, n, "fewer than two questions")
    right = values.sum(axis=0) + 0.5
    wrong = n - values.sum(axis=0) + 0.5
    value = float(sign @ np.log(right / wrong))
    influence = (values - right / (n + 1)) * (n + 1) / (right * wrong) * n  # d log-odds for one question, times n
    totals, counts = unit_sums((influence @ sign).reshape(-1, 1), clusters)
    _, se, df = (float(part[0]) for part in cluster_robust(totals, counts))
    se = float(np.hypot(se, np.sqrt(0.5 * (right**-2 + wrong**-2).sum())))
    units = int((counts > 0).sum())
    if np.isnan(se):
        return Estimate(value, np.nan, np.nan, np.nan, np.nan, n, units, "all questions share one cluster")
    half = t_quantile(alpha, df) * se
    return Estimate(value, se, df, value - half, value + half, n, units)
