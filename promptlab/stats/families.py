"""Simultaneous intervals for a family of paired differences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promptlab.stats.estimates import Floats, cluster_robust, no_variance, t_quantile, unit_sums

MIN_DIFFERING = 10  # below this many units off the most common value the bootstrap is not to be trusted
BOOTSTRAP, ADJUSTED = "max-t bootstrap", "adjusted (Bonett-Price)"
_CHUNK = 4_000_000  # numbers held at once


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

    Units (clusters, or questions) are resampled jointly over the columns; the critical value is the quantile of
    max \\|t\\|, each t studentised in its own resample, and never below t's own quantile. A column in which fewer than
    ten units differ from the most common value (all lost, nothing changed) cannot be bootstrapped: it gets
    Bonett & Price's adjusted interval at alpha / m, and the others share what is left of alpha.

    Parameters
    ----------
    values : array of shape (n, m)
        Differences in [-bound, bound], a row a question, a column a comparison; NaN where a question lacks it.
    clusters : array of shape (n,), optional
        Labels of what questions share.
    draws : int, optional
        Resamples; by default 10,000, and 2,000 above 1,000 units, where max \\|t\\| has lighter tails.
    bound : float
        The largest possible size of a value: 1 for a difference of scores, 2 for a difference of differences.

    Returns
    -------
    Family
        `method` is ``"max-t bootstrap"``, ``"adjusted (Bonett-Price)"`` or ``"none"`` (then `reason` says why).
    """
    columns = np.asarray(values, dtype=float)
    totals, counts = unit_sums(columns, clusters)
    used = (counts > 0).any(axis=1)
    totals, counts = totals[used], counts[used]
    units = (counts > 0).sum(axis=0)
    estimate, se, df = cluster_robust(totals, counts)
    exists = (counts.sum(axis=0) >= 2) & (units >= 2)
    booted = exists & (_differing(totals, counts) >= MIN_DIFFERING)
    adjusted = exists & ~booted
    level = alpha / max(1, int(exists.sum()))
    critical = np.where(adjusted, t_quantile(level, np.inf), np.nan)
    if booted.any():
        share = level * booted.sum()
        draws = draws or (10_000 if len(totals) <= 1_000 else 2_000)
        critical[booted] = _critical(totals[:, booted], counts[:, booted], df[booted], share, rng, draws)
    low, high = estimate - critical * se, estimate + critical * se
    for j in np.flatnonzero(adjusted):
        low[j], high[j], se[j] = adjusted_interval(totals[:, j], counts[:, j], critical[j], bound)
    method = tuple(np.select([booted, adjusted], [BOOTSTRAP, ADJUSTED], "none").tolist())
    reason = tuple(no_variance(totals, counts))
    n = counts.sum(axis=0).astype(int)
    return Family(estimate, se, df, low, high, critical, n, units, method, reason)


def _differing(totals: Floats, counts: Floats) -> NDArray[np.int64]:
    """How many units of each column are off its most common unit mean."""
    differing = np.zeros(totals.shape[1], dtype=np.int64)
    for j in range(totals.shape[1]):
        here = counts[:, j] > 0
        _, repeats = np.unique(np.round(totals[here, j] / counts[here, j], 9), return_counts=True)
        differing[j] = here.sum() - repeats.max(initial=0)
    return differing


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
    chosen = rng.integers(0, size, (draws, size)) + np.arange(draws)[:, None] * size
    return np.bincount(chosen.ravel(), minlength=draws * size).reshape(draws, size).astype(np.float32)


def adjusted_interval(totals: Floats, counts: Floats, critical: float, bound: float) -> tuple[float, float, float]:
    """Low, high and standard error after Bonett & Price (2012): one pseudo-unit at +bound and one at -bound.

    The units are clusters, or single questions: for K = 1 without clusters this is exactly their interval for paired
    proportions. It exists, with honest width, where all differences are equal.
    """
    here = counts > 0
    units = int(here.sum())
    unit = totals[here] * units / counts.sum()  # scaled so that the mean over units is the mean over questions
    centre = unit.sum() / (units + 2)
    mean_square = (np.square(unit).sum() + 2 * bound**2) / (units + 2)
    se = float(np.sqrt((mean_square - centre**2) / (units + 2)))
    return max(-bound, centre - critical * se), min(bound, centre + critical * se), se
