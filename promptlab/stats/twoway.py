"""A mean whose values share clusters in two ways at once: what questions have in common, and the draw that they saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptlab.stats import checking
from promptlab.stats.estimates import cluster_robust, t_quantile, unit_sums

TWO_WAY, LARGER = "two-way", "the larger one-way"


@dataclass(frozen=True)
class TwoWay:
    """A mean with its two-way clustered interval; where a variance does not exist, NaN and the `reason`.

    Attributes
    ----------
    se_clusters, se_draws, se_both : float
        The one-way standard errors: by cluster, by draw, and by the groups that share both.
    method : str
        ``"two-way"``, or ``"the larger one-way"`` where the two-way variance is below one of its parts.
    """

    value: float
    se: float
    df: float
    low: float
    high: float
    se_clusters: float
    se_draws: float
    se_both: float
    n: int
    n_clusters: int
    n_draws: int
    method: str = ""
    reason: str = ""


def two_way(values: ArrayLike, clusters: ArrayLike | None, draws: ArrayLike, alpha: float = 0.05) -> TwoWay:
    """Mean with a standard error that lets values correlate within clusters and within draws.

    ``V = V_clusters + V_draws - V_both`` (Cameron, Gelbach & Miller 2011, J. Bus. Econ. Stat. 29, eq. 2.11), each part
    CR2 as in `mean_estimate`. That difference can be negative, or by luck below what one way alone gives; then the
    larger of the one-way variances stands, and `method` says so. The interval is t's with one less than the smaller
    number of groups as df (their section 2.4; here mostly draws: with 8 of them, 7). Where groups are of equal
    sizes this is statsmodels' two-way ``cov_type="cluster"``, which checks it.

    Parameters
    ----------
    values : array of shape (n,)
        One value a question and draw; NaN values are left out.
    clusters : array of shape (n,) or None
        Labels of what questions share; None: each value is alone, and only draws are shared.
    draws : array of shape (n,)
        Labels of the draws (exemplar sets, trained seeds): levels of a factor that stands for more like these.
    alpha : float
        One minus the confidence, in (0, 1).

    Raises
    ------
    InputError
        The three are not equally long.

    Examples
    --------
    >>> e = two_way([1, 2, 3, 4, 5, 6], ["a", "a", "b", "b", "c", "c"], [0, 1, 0, 1, 0, 1])
    >>> e.value, round(e.se_clusters, 3), round(e.se_draws, 3), round(e.se_both, 3), e.df, e.method
    (3.5, 1.155, 0.5, 0.764, 1.0, 'the larger one-way')
    """
    column, alpha = checking.numbers("values of two_way", values), checking.level("two_way", alpha)
    here = ~np.isnan(column)
    ways = [_codes(labels, column.size, what)[here] for labels, what in ((clusters, "clusters"), (draws, "draws"))]
    both = np.unique(np.stack(ways), axis=1, return_inverse=True)[1].ravel()
    mean, errors = _one_way(column[here], [*ways, both])
    n, n_clusters, n_draws = column[here].size, *(np.unique(codes).size for codes in ways)
    reason = _why(n, n_clusters, n_draws)
    first, second, shared = np.square(errors)
    together, larger = first + second - shared, max(first, second)
    se, df = (np.nan, np.nan) if reason else (float(np.sqrt(max(together, larger))), min(n_clusters, n_draws) - 1.0)
    if se <= 1e-12 * max(abs(mean), 1.0):
        se, reason = np.nan, "all values are equal"
    method = "" if reason else TWO_WAY if together >= larger else LARGER
    half = np.nan if reason else t_quantile(alpha, df) * se
    parts = {"se_clusters": errors[0], "se_draws": errors[1], "se_both": errors[2]}
    return TwoWay(
        mean,
        se,
        df,
        mean - half,
        mean + half,
        **parts,
        n=n,
        n_clusters=n_clusters,
        n_draws=n_draws,
        method=method,
        reason=reason,
    )


def _codes(labels: ArrayLike | None, size: int, what: str) -> NDArray[np.intp]:
    found = checking.labels(f"{what} of two_way", labels, size)
    return np.arange(size) if found is None else np.unique(found, return_inverse=True)[1]


def _one_way(values: NDArray[np.float64], ways: list[NDArray[np.intp]]) -> tuple[float, list[float]]:
    """The mean, and its standard error by each of the groupings."""
    if not values.size:
        return np.nan, [np.nan] * len(ways)
    found = [cluster_robust(*unit_sums(values.reshape(-1, 1), codes)) for codes in ways]
    return float(found[0][0][0]), [float(se[0]) for _, se, _ in found]


def _why(n: int, n_clusters: int, n_draws: int) -> str:
    if n < 2:
        return "fewer than two values"
    if n_draws < 2:
        return "one draw: nothing says how draws differ"
    return "all questions share one cluster" if n_clusters < 2 else ""
