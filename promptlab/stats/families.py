"""Simultaneous intervals for a family of paired differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptlab import given
from promptlab.errors import InputError
from promptlab.stats import checking
from promptlab.stats.estimates import Floats, cluster_robust, no_variance, t_quantile, unit_sums

MIN_DIFFERING = 10  # below this many units off the most common value the bootstrap is not to be trusted
# Neither where units have a few values only and fewer than this many of them change the other way; there the adjusted
# interval takes this share of its alpha. Exact coverage of one comparison, 30 to 150 questions of one sample: by the
# bootstrap down to 91.6 %, adjusted at all of alpha 93.0 %, at 0.8 of it 93.8 % (and 94 % but at few rates of change).
MIN_OTHER_WAY, FEW_VALUES, ONE_WAY = 3, 3, 0.8
BOOTSTRAP, ADJUSTED = "max-t bootstrap", "adjusted (Bonett-Price)"
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
    `adjusted_interval` at alpha / m, and the others share what is left of alpha. So does, at 0.8 alpha / m, one of at
    most three unit means in which fewer than three units are above 0, or fewer than three below: where a single sample
    a question changes in one direction only, the bootstrap is too skewed. Checked by SciPy's t interval for one
    column, by exact coverage and by simulated coverage of families (tests/test_stats_families.py).

    Parameters
    ----------
    values : array of shape (n, m)
        Differences, a row a question, a column a comparison; NaN where a question lacks it.
    clusters : array of shape (n,), optional
        Labels of what questions share.
    draws : int, optional
        Resamples; by default 10,000, and 2,000 above 1,000 units, where max \\|t\\| has lighter tails.
    bound : float
        The largest possible size of a value, which the adjusted interval needs: 1 for a difference of scores, 2 for a
        difference of differences.

    Returns
    -------
    Family
        `method` is ``"max-t bootstrap"``, ``"adjusted (Bonett-Price)"`` or ``"none"``. `reason` says why a variance
        does not exist; where all values are equal the adjusted interval still does, with its `se`.

    Examples
    --------
    >>> values = np.column_stack([np.tile([-1, -1, 0, 1], 20), np.zeros(80)])
    >>> found = simultaneous(values, rng=np.random.default_rng(0))
    >>> found.estimate.tolist(), found.method
    ([-0.25, 0.0], ('max-t bootstrap', 'adjusted (Bonett-Price)'))
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
    skewed = one_way(totals, counts)
    booted = exists & (differing(totals, counts) >= MIN_DIFFERING) & ~skewed
    adjusted = exists & ~booted
    checking.numbers("values of simultaneous", columns[:, adjusted], "questions comparisons", low=-bound, high=bound)
    level = alpha / max(1, int(exists.sum()))
    normal = np.where(skewed, t_quantile(ONE_WAY * level, np.inf), t_quantile(level, np.inf))
    critical = np.where(adjusted, normal, np.nan)
    if booted.any():
        share = level * booted.sum()
        draws = (10_000 if len(totals) <= 1_000 else 2_000) if draws is None else given.whole("draws", draws, 1)
        critical[booted] = _critical(totals[:, booted], counts[:, booted], df[booted], share, rng, draws)
    low, high = estimate - critical * se, estimate + critical * se
    for j in np.flatnonzero(adjusted):
        low[j], high[j], se[j] = adjusted_interval(totals[:, j], counts[:, j], critical[j], bound)
    method = tuple(np.select([booted, adjusted], [BOOTSTRAP, ADJUSTED], "none").tolist())
    reason = tuple(no_variance(totals, counts))
    n = counts.sum(axis=0).astype(int)
    return Family(estimate, se, df, low, high, critical, n, units, method, reason)


def differing(totals: Floats, counts: Floats) -> NDArray[np.int64]:
    """How many units of each column are off its most common unit mean."""
    found = np.zeros(totals.shape[1], dtype=np.int64)
    for j in range(totals.shape[1]):
        here = counts[:, j] > 0
        _, repeats = np.unique(np.round(totals[here, j] / counts[here, j], 9), return_counts=True)
        found[j] = here.sum() - repeats.max(initial=0)
    return found


def one_way(totals: Floats, counts: Floats) -> NDArray[np.bool_]:
    """Whether the units of a column have few different means, and (nearly) none of them on one side of 0."""
    means = np.round(totals / np.where(counts > 0, counts, np.nan), 9)
    few = [np.unique(column[~np.isnan(column)]).size <= FEW_VALUES for column in means.T]
    return np.array(few, dtype=bool) & (np.minimum((means > 0).sum(axis=0), (means < 0).sum(axis=0)) < MIN_OTHER_WAY)


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


def adjusted_interval(totals: Floats, counts: Floats, critical: float, bound: float) -> tuple[float, float, float]:
    """Low, high and standard error after Bonett & Price (2012): one pseudo-unit at +bound and one at -bound.

    With d the values of N units and b the bound, ``m = sum d / (N + 2)`` and ``m ± z sqrt(((sum d² + 2 b²) / (N + 2) -
    m²) / (N + 2))`` (J. Educ. Behav. Stat. 37, 479). The units are clusters, or single questions: for K = 1 without
    clusters this is exactly their interval for paired proportions. It exists, with honest width, where all differences
    are equal. Checked by their formula in counts of discordant pairs (tests/test_stats_families.py).

    Parameters
    ----------
    totals, counts : arrays of shape (units,)
        Sum and number of the values of each unit.
    critical : float
        z.
    bound : float
        The largest possible size of a value.

    Examples
    --------
    >>> [round(float(x), 3) for x in adjusted_interval(np.array([-1, -1, -1, 0, 0, 0]), np.ones(6), 1.96, 1)]
    [-0.857, 0.107, 0.246]
    """
    totals, counts = (checking.numbers(f"{name} of adjusted_interval", one, "units", nan=False)
                      for name, one in (("totals", totals), ("counts", counts)))  # fmt: skip
    here = counts > 0
    units = int(here.sum())
    if totals.shape != counts.shape or units < 2:
        raise InputError(f"adjusted_interval: {totals.size} totals of {units} units with values; needed: two or more")
    unit = totals[here] * units / counts.sum()  # scaled so that the mean over units is the mean over questions
    centre = unit.sum() / (units + 2)
    mean_square = (np.square(unit).sum() + 2 * bound**2) / (units + 2)
    se = float(np.sqrt((mean_square - centre**2) / (units + 2)))
    return max(-bound, centre - critical * se), min(bound, centre + critical * se), se
