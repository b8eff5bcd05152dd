"""The ratio of two paired means."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from promptlab.errors import InputError
from promptlab.stats import checking
from promptlab.stats.estimates import Estimate, cluster_robust, no_variance, t_quantile, unit_sums
from promptlab.stats.sparse import MIN_DIFFERING, differing


def mean_ratio(parts: ArrayLike, wholes: ArrayLike, clusters: ArrayLike | None = None, alpha: float = 0.05) -> Estimate:
    """Mean of the parts divided by that of the wholes, with Fieller's interval.

    All ratios r for which ``mean(part) - r mean(whole)`` is within t standard errors of 0 (Fieller 1954, J. R. Stat.
    Soc. B 16, 175), with the CR2 variance and df of `cluster_robust`. They form an interval only where the mean of the
    wholes is itself more than t standard errors from 0; elsewhere every ratio is possible, and none is given. Checked
    by inverting SciPy's t test and by simulated coverage (tests/test_stats_ratios.py).

    Parameters
    ----------
    parts, wholes : arrays of shape (n,)
        Two values a question; a question that lacks one of them (NaN) is left out.
    clusters : array of shape (n,), optional
        Labels of what questions share.
    alpha : float
        One minus the confidence.

    Returns
    -------
    Estimate
        Value, `se` (delta method), `low` and `high`; all NaN, with a `reason`, where there is no interval.

    Examples
    --------
    >>> wholes = np.tile([1.0, 1.0, 0.0, 1.0], 10)
    >>> e = mean_ratio(wholes * np.tile([1.0, 0.0], 20), wholes)
    >>> round(e.value, 3), round(e.low, 3), round(e.high, 3)
    (0.333, 0.154, 0.513)
    >>> mean_ratio(wholes, np.tile([1.0, -1.0], 20)).reason
    'the whole is not away from 0'
    """
    columns = [checking.numbers(f"{name} of mean_ratio", one) for name, one in (("parts", parts), ("wholes", wholes))]
    if columns[0].shape != columns[1].shape:
        raise InputError(f"mean_ratio: {columns[0].size} parts and {columns[1].size} wholes: give both a question")
    alpha = checking.level("mean_ratio", alpha)
    clusters = checking.labels("clusters of mean_ratio", clusters, columns[0].size)
    part, whole = (np.where(np.isnan(columns[0] + columns[1]), np.nan, column) for column in columns)
    totals, counts = unit_sums(np.stack([part, whole, part + whole, part - whole], axis=1), clusters)
    (a, b, *_), (sa, sb, up, down), (df, *_) = cluster_robust(totals, counts)
    n, units = int(counts[:, 0].sum()), int((counts[:, 0] > 0).sum())
    reason = _why(totals[:, :2], counts[:, :2], abs(b) / sb if sb > 0 else np.inf, alpha, df)
    if reason:
        return Estimate(np.nan, np.nan, float(df), np.nan, np.nan, n, units, reason)
    q, shared, r = t_quantile(alpha, df) ** 2, (up**2 - down**2) / 4, a / b
    room = b**2 - q * sb**2
    centre = (a * b - q * shared) / room
    half = np.sqrt(max(0.0, centre**2 - (a**2 - q * sa**2) / room))
    se = np.sqrt(max(0.0, sa**2 - 2 * r * shared + r**2 * sb**2)) / abs(b)
    return Estimate(float(r), float(se), float(df), float(centre - half), float(centre + half), n, units)


def _why(totals: np.ndarray, counts: np.ndarray, t: float, alpha: float, df: float) -> str:
    """Why there is no interval; empty where there is one."""
    lacking = no_variance(totals, counts)
    if lacking[0] or (lacking[1] and counts[:, 1].sum() < 2):
        return lacking[0] or lacking[1]
    if t <= t_quantile(alpha, df):
        return "the whole is not away from 0"
    few = int(differing(totals, counts)[0])
    return (
        "" if few >= MIN_DIFFERING else f"the part is not the same in {few} units only, and {MIN_DIFFERING} are needed"
    )
