"""One mean and its uncertainty, with questions that may share a cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptlab import given
from promptlab.stats import checking
from promptlab.stats.checking import Floats


@dataclass(frozen=True)
class Estimate:
    """A mean with its interval; where a variance does not exist, NaN and the `reason`."""

    value: float
    se: float
    df: float
    low: float
    high: float
    n: int
    n_clusters: int
    reason: str = ""


def unit_sums(values: Floats, clusters: ArrayLike | None) -> tuple[Floats, Floats]:
    """Sum and count of the values of each unit (cluster, or single question), both (units, columns).

    A NaN is a question that this column lacks: it adds nothing to either.
    """
    here = ~np.isnan(values)
    filled = np.where(here, values, 0.0)
    if clusters is None:
        return filled, here.astype(float)
    codes = np.unique(np.asarray(clusters), return_inverse=True)[1]
    size = int(codes.max()) + 1 if codes.size else 0
    return _summed(filled, codes, size), _summed(here.astype(float), codes, size)


def _summed(columns: Floats, codes: NDArray[np.intp], size: int) -> Floats:
    sums = [np.bincount(codes, weights=column, minlength=size) for column in columns.T]
    return np.stack(sums, axis=1) if sums else np.zeros((size, 0))


def cluster_robust(totals: Floats, counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, CR2 standard error and Satterthwaite degrees of freedom of each column.

    For a mean, the bias-reduced linearisation of Bell & McCaffrey (2002) has a closed form. With n values, f_g the
    share of cluster g and S_g the sum of its residuals, ``V = sum_g S_g^2 / (1 - f_g) / n^2``; under independent
    errors ``df = 1 / (sum f_g^2 + (sum w_g)^2 - sum w_g^2)`` with ``w_g = f_g^2 / (1 - f_g)``. Where each question is
    its own cluster these are ``s^2 / n`` and ``n - 1``. NaN where fewer than two clusters have a value.
    """
    n = counts.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = totals.sum(axis=0) / n
        share = counts / n
        residual = totals - counts * mean
        se = np.sqrt((residual**2 / (1 - share)).sum(axis=0)) / n
        weight = share**2 / (1 - share)
        df = 1 / ((share**2).sum(axis=0) + weight.sum(axis=0) ** 2 - (weight**2).sum(axis=0))
    alone = (counts > 0).sum(axis=0) < 2
    return mean, np.where(alone, np.nan, se), np.where(alone, np.nan, df)


def no_variance(totals: Floats, counts: Floats) -> list[str]:
    """For each column why no variance can be estimated; empty where it can."""
    mean, se, _ = cluster_robust(totals, counts)
    n, units = counts.sum(axis=0), (counts > 0).sum(axis=0)
    return [_why(n[j], units[j], se[j], abs(mean[j])) for j in range(counts.shape[1])]


def _why(n: float, units: int, se: float, size: float) -> str:
    if n < 2:
        return "fewer than two questions"
    if units < 2:
        return "all questions share one cluster"
    return "all values are equal" if se <= 1e-12 * max(size, 1.0) else ""


def mean_estimate(
    values: ArrayLike, clusters: ArrayLike | None = None, alpha: float = 0.05, *, proportion: bool = False
) -> Estimate:
    """Mean of question means with a (1 - alpha) interval, clustered where `clusters` is given.

    ``mean ± t_(1 - alpha/2, df) se`` (Miller 2024, arXiv 2411.00640, section 2), with the CR2 variance and
    Satterthwaite's df of Bell & McCaffrey (2002, Survey Methodology 28, 169) in `cluster_robust`'s closed form. Checked
    by the general matrix form with SciPy's linear algebra, without clusters by SciPy's t interval, with `proportion` by
    statsmodels' Wilson interval and by simulated coverage (tests/test_stats_estimates.py).

    Parameters
    ----------
    values : array of shape (n,)
        One value a question; NaN values are left out.
    clusters : array of shape (n,), optional
        Labels of what questions share. The standard error is then CR2, its df Satterthwaite's.
    alpha : float
        One minus the confidence, in (0, 1).
    proportion : bool
        The values are scores in [0, 1]: Wilson's interval, with the effective n ``p (1 - p) / se^2`` (Korn & Graubard
        1998, Survey Methodology 24, 193) and the t quantile of df, over the whole range (near 1/2 it agrees with the t
        interval; near 0 and 1 t leaves [0, 1] or is empty).
        Where all scores are 0 or all are 1 it still exists, with the number of clusters as n.

    Examples
    --------
    >>> e = mean_estimate([0, 1, 1, 1], proportion=True)
    >>> e.value, round(e.se, 3), e.df
    (0.75, 0.25, 3.0)
    >>> mean_estimate([0.5, 0.5]).reason
    'all values are equal'
    """
    low, high = (0.0, 1.0) if proportion else (-np.inf, np.inf)
    column = checking.numbers("values of mean_estimate", values, low=low, high=high)
    clusters = checking.labels("clusters of mean_estimate", clusters, column.size)
    alpha = checking.level("mean_estimate", alpha)
    totals, counts = unit_sums(column.reshape(-1, 1), clusters)
    reason = no_variance(totals, counts)[0]
    mean, se, df = (float(part[0]) for part in cluster_robust(totals, counts))
    units, n = int((counts > 0).sum()), int(counts.sum())
    low, high = _interval(mean, se, df, units, alpha, proportion, reason)
    return Estimate(mean, np.nan if reason else se, df, low, high, n, units, reason)


def _interval(
    mean: float, se: float, df: float, units: int, alpha: float, proportion: bool, reason: str
) -> tuple[float, float]:
    extreme = proportion and mean in (0.0, 1.0) and units >= 2
    if reason and not extreme:
        return np.nan, np.nan
    quantile = t_quantile(alpha, df)
    if proportion:
        return wilson(mean, units if extreme else mean * (1 - mean) / se**2, quantile)
    return mean - quantile * se, mean + quantile * se


def wilson(p: float, n: float, quantile: float) -> tuple[float, float]:
    """Wilson's (1927, J. Am. Stat. Assoc. 22, 209) interval for a proportion `p` among (effective) `n`.

    ``(p + q²/2n ± q sqrt(p (1 - p)/n + q²/4n²)) / (1 + q²/n)`` at a normal or t `quantile` q. Checked by statsmodels'
    ``proportion_confint`` (tests/test_stats_estimates.py).

    >>> [round(x, 4) for x in wilson(0.1, 10, 1.96)]
    [0.0179, 0.4042]
    """
    given.real("p of wilson", p, lambda x: 0 <= x <= 1, "a share from 0 to 1")
    checking.positive("n of wilson", n)
    square = checking.positive("quantile of wilson", quantile) ** 2 / n
    centre, half = p + square / 2, quantile * np.sqrt(p * (1 - p) / n + square / (4 * n))
    return float(max(0.0, (centre - half) / (1 + square))), float(min(1.0, (centre + half) / (1 + square)))


def t_quantile(alpha: float, df: Any) -> float:
    """Two-sided t quantile; `df` is a number above 0."""
    from scipy import stats

    return float(stats.t.ppf(1 - alpha / 2, df))
