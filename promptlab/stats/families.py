"""Simultaneous intervals for a family of paired differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptlab import given
from promptlab.stats import checking
from promptlab.stats.estimates import Floats, cluster_robust, no_variance, t_quantile, unit_sums
from promptlab.stats.sparse import ADJUSTED, BOOTSTRAP, FARTHER, method_of, sparse_interval

_CHUNK = 200_000  # numbers held at once: what stays in the cache is drawn twice as fast


@dataclass(frozen=True)
class Family:
    """One entry a column: estimates with intervals that hold for all columns together."""

    estimate: Floats
    se: Floats
    df: Floats
    low: Floats
    high: Floats
    critical: Floats
    n: NDArray[np.int64]
    n_clusters: NDArray[np.int64]
    method: tuple[str, ...]
    reason: tuple[str, ...]


def simultaneous(
    values: ArrayLike,
    clusters: ArrayLike | None = None,
    alpha: float = 0.05,
    *,
    rng: np.random.Generator,
    draws: int | None = None,
    bound: float = 1.0,
) -> Family:
    """Estimate the mean of each column with intervals that cover all of them together with 1 - alpha.

    ``mean ± c se``, with CR2 standard errors as in `mean_estimate`. Units (clusters, or questions) are resampled
    jointly over the columns; c is the 1 - alpha quantile of max \\|t\\|, each t studentised in its own resample (Romano
    & Wolf 2005, Econometrica 73, 1237, their single step), and never below t's own quantile. A column in which fewer
    than ten units differ from the most common value (all lost, nothing changed) cannot be bootstrapped: it gets
    `adjusted_interval` at alpha / m, and the others share what is left of alpha. One of at most three unit means in
    which fewer than three units are above 0, or fewer than three below, gets `one_way_interval` at alpha / m: where
    single samples change in one direction only the bootstrap is too sure, and the adjusted interval is in a family.
    Where its changes are of unlike sizes, or under half of `bound`, larger ones may not have been seen: it gets
    `adjusted_interval`, too, and where large and small ones were seen whichever of the two ends is farther.
    Checked by SciPy's t interval for one column, and by exact and simulated coverage of families
    (tests/test_stats_families.py).

    Parameters
    ----------
    values : array of shape (n, m)
        Differences, a row a question, a column a comparison; NaN where a question lacks it.
    clusters : array of shape (n,), optional
        Labels of what questions share.
    draws : int, optional
        Resamples; by default 10,000, and 2,000 above 1,000 units, where max \\|t\\| has lighter tails.
    bound : float
        The largest possible size of a value, which all but the bootstrap need: 1 for a difference of scores, 2 for a
        difference of differences.

    Returns
    -------
    Family
        `method` is ``"max-t bootstrap"``, ``"adjusted (Bonett-Price)"``, ``"exact (Clopper-Pearson)"`` or ``"none"``.
        `reason` says why a variance does not exist; where all values are equal an interval still does. `se` is then the
        adjusted interval's, or what the exact one's longer side amounts to.

    Examples
    --------
    >>> values = np.column_stack([np.tile([-1, -1, 0, 1], 20), np.zeros(80)])
    >>> found = simultaneous(values, rng=np.random.default_rng(0))
    >>> found.estimate.tolist(), found.method
    ([-0.25, 0.0], ('max-t bootstrap', 'exact (Clopper-Pearson)'))
    >>> bool(found.high[0] < 0 < found.high[1]), found.reason
    (True, ('', 'all values are equal'))
    """
    bound, alpha = checking.positive("bound of simultaneous", bound), checking.level("simultaneous", alpha)
    columns = checking.numbers("values of simultaneous", values, "questions comparisons")
    clusters = checking.labels("clusters of simultaneous", clusters, len(columns))
    checking.generator("simultaneous", rng)
    totals, counts = unit_sums(columns, clusters)
    used = (counts > 0).any(axis=1)
    totals, counts = totals[used], counts[used]
    units = (counts > 0).sum(axis=0)
    estimate, se, df = cluster_robust(totals, counts)
    exists = (counts.sum(axis=0) >= 2) & (units >= 2)
    each = zip(totals.T, counts.T, exists, strict=True)
    kinds = [method_of(sums, sizes, bound) if there else "none" for sums, sizes, there in each]
    booted = np.array([kind == BOOTSTRAP for kind in kinds])
    sparse = exists & ~booted
    checking.numbers("values of simultaneous", columns[:, sparse], "questions comparisons", low=-bound, high=bound)
    level = alpha / max(1, int(exists.sum()))
    critical = np.where(sparse, t_quantile(level, np.inf), np.nan)
    if booted.any():
        share = level * booted.sum()
        draws = (10_000 if len(totals) <= 1_000 else 2_000) if draws is None else given.whole("draws", draws, 1)
        critical[booted] = _critical(totals[:, booted], counts[:, booted], df[booted], share, rng, draws)
    low, high = estimate - critical * se, estimate + critical * se
    for j in np.flatnonzero(sparse):
        low[j], high[j], se[j] = sparse_interval(kinds[j], totals[:, j], counts[:, j], level, critical[j], bound)
    method = tuple(ADJUSTED if kind == FARTHER else kind for kind in kinds)
    reason = tuple(no_variance(totals, counts))
    n = counts.sum(axis=0).astype(int)
    return Family(estimate, se, df, low, high, critical, n, units, method, reason)


def _critical(totals: Floats, counts: Floats, df: Floats, alpha: float, rng: np.random.Generator, draws: int) -> float:
    largest = _largest_t(totals, counts, rng, draws)
    return max(float(np.quantile(largest, 1 - alpha, method="higher")), t_quantile(alpha, df.min()))


def _largest_t(totals: Floats, counts: Floats, rng: np.random.Generator, draws: int) -> Floats:
    """max \\|t\\| over the columns in each of `draws` resamples of the units."""
    size, m = totals.shape
    centred = totals - counts * (totals.sum(axis=0) / counts.sum(axis=0))
    # Single precision is ample for a Monte Carlo quantile, and twice as fast.
    parts = np.hstack([counts, centred, centred**2, centred * counts, counts**2]).astype(np.float32)
    units, none_below = (counts > 0).sum(axis=0), 1e-5 * (centred**2).sum(axis=0)
    step = max(1, _CHUNK // size)
    largest = []
    for start in range(0, draws, step):
        sums = (_weights(rng, min(step, draws - start), size) @ parts).astype(float)
        n, drift, squares, cross, sizes = (sums[:, i * m : (i + 1) * m] for i in range(5))
        shift = drift / np.maximum(n, 1)
        spread = (squares - 2 * shift * cross + shift**2 * sizes) * units / (units - 1)
        none = spread <= none_below
        t = np.abs(drift) / np.sqrt(np.where(none, 1.0, spread))
        largest.append(np.where(none & (drift != 0), np.inf, t).max(axis=1))
    return np.concatenate(largest)


def _weights(rng: np.random.Generator, draws: int, size: int) -> NDArray[np.float32]:
    """How often each unit is drawn when `size` units are drawn with replacement, (draws, size)."""
    counts = np.empty((draws, size), dtype=np.float32)
    for row, chosen in zip(counts, rng.integers(0, size, (draws, size), dtype=np.int32), strict=True):
        row[:] = np.bincount(chosen, minlength=size)  # a row at a time stays in the cache
    return counts
