"""P values of paired differences by flipping signs, and their adjustment for a family."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from promptlab import given
from promptlab.stats import checking
from promptlab.stats.estimates import Floats, unit_sums

EXACT_UNITS = 14  # 2**14 sign patterns are enumerated; above, they are drawn
_CHUNK = 4_000_000  # numbers held at once


def sign_flip_p(
    values: ArrayLike, clusters: ArrayLike | None = None, *, rng: np.random.Generator, draws: int = 9999
) -> Floats:
    """Two-sided p of "the difference is symmetric about 0" for each column, studentised.

    Whole units (clusters, or single questions) change sign together; the statistic is the mean over its CR2 standard
    error, so that units of unequal size do not distort the level. All patterns are enumerated up to 14 units that
    differ; above, ``(1 + hits) / (1 + draws)``. Where all differences have the same size and nothing is clustered
    (K = 1) this is the exact McNemar test, and it is computed as such. A randomisation test (Lehmann & Romano 2005,
    Testing Statistical Hypotheses, chapter 15.2); checked by SciPy's ``binomtest`` and by enumeration
    (tests/test_stats_families.py).

    Parameters
    ----------
    values : array of shape (n,) or (n, m)
        Differences; NaN where a question lacks a column.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sign_flip_p([1, 1, 1, 1, 1, 0, 0], rng=rng)
    array([0.0625])
    """
    several = np.ndim(values) == 2
    columns = checking.numbers("values of sign_flip_p", values, "questions comparisons" if several else "questions")
    columns = columns if several else columns.reshape(-1, 1)
    clusters, draws = checking.labels("clusters of sign_flip_p", clusters, len(columns)), given.whole("draws", draws, 1)
    checking.generator("sign_flip_p", rng)
    totals, counts = unit_sums(columns, clusters)
    p = np.full(columns.shape[1], np.nan)
    drawn = []
    for j in np.flatnonzero((counts > 0).sum(axis=0) >= 2):
        total, count = totals[:, j], counts[:, j]
        moving = np.flatnonzero(total)
        if count.max() <= 1 and np.unique(np.abs(total[moving]).round(12)).size <= 1:
            p[j] = _mcnemar(total)
        elif moving.size <= EXACT_UNITS:
            hits = _hits(_patterns(moving, total.size), totals[:, [j]], counts[:, [j]])
            p[j] = hits[0] / 2**moving.size
        else:
            drawn.append(j)
    if drawn:
        p[drawn] = (1 + _drawn_hits(totals[:, drawn], counts[:, drawn], rng, draws)) / (1 + draws)
    return p


def _mcnemar(total: Floats) -> float:
    from scipy import stats

    gained, lost = int((total > 0).sum()), int((total < 0).sum())
    return float(stats.binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def _patterns(moving: np.ndarray, size: int) -> Floats:
    """All sign patterns of the `moving` units, (2**len(moving), size); the sign of a zero does not matter."""
    bits = (np.arange(2**moving.size)[:, None] >> np.arange(moving.size)) & 1
    signs = np.ones((2**moving.size, size))
    signs[:, moving] = 1 - 2 * bits
    return signs


def _drawn_hits(totals: Floats, counts: Floats, rng: np.random.Generator, draws: int) -> Floats:
    hits = np.zeros(totals.shape[1])
    step = max(1, _CHUNK // len(totals))
    for start in range(0, draws, step):
        bits = rng.integers(0, 256, (min(step, draws - start), -(-len(totals) // 8)), dtype=np.uint8)
        signs = np.unpackbits(bits, axis=1, count=len(totals)).astype(np.float64)
        hits += _hits(1 - 2 * signs, totals, counts)
    return hits


def _hits(signs: Floats, totals: Floats, counts: Floats) -> Floats:
    """How many patterns give a statistic at least as large as the observed one."""
    observed = _squared_t(np.ones((1, len(totals))), totals, counts)
    return (_squared_t(signs, totals, counts) >= observed * (1 - 1e-9)).sum(axis=0).astype(float)


def _squared_t(signs: Floats, totals: Floats, counts: Floats) -> Floats:
    """mean^2 / (n^2 V) under each sign pattern, where V is the CR2 variance; infinite where all values agree."""
    n = counts.sum(axis=0)
    spare = 1 - counts / n
    mean = signs @ totals / n
    spread = (totals**2 / spare).sum(axis=0) - 2 * mean * (signs @ (totals * counts / spare))
    spread += mean**2 * (counts**2 / spare).sum(axis=0)
    none = spread <= 1e-12 * (totals**2).sum(axis=0)
    return np.where(none, np.where(mean == 0, 0.0, np.inf), mean**2 / np.where(none, 1.0, spread))


def holm(p: ArrayLike) -> Floats:
    """Holm's (1979, Scand. J. Stat. 6, 65) step-down adjusted p values; NaN stays NaN and does not count.

    The i-th smallest of m becomes ``max over j <= i of min(1, (m - j + 1) p_j)``. Checked by statsmodels'
    ``multipletests`` (tests/test_stats_families.py).

    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    raw = checking.numbers("p of holm", p, low=0, high=1)
    known = np.flatnonzero(~np.isnan(raw))
    order = known[np.argsort(raw[known], kind="stable")]
    adjusted = np.full(raw.shape, np.nan)
    steps = raw[order] * np.arange(order.size, 0, -1)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(steps)) if order.size else steps
    return adjusted


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """p values adjusted by Benjamini & Hochberg (1995), for the false discovery rate; NaN stays NaN and does not count.

    The i-th smallest of m becomes ``min over j >= i of min(1, m p_j / j)`` (J. R. Stat. Soc. B 57, 289), by SciPy.
    Checked by statsmodels' ``multipletests`` (tests/test_comparison.py).

    >>> benjamini_hochberg([0.01, 0.04, float("nan"), 0.03])
    array([0.03, 0.04,  nan, 0.04])
    """
    from scipy.stats import false_discovery_control

    adjusted = checking.numbers("p of benjamini_hochberg", p, low=0, high=1).copy()
    known = ~np.isnan(adjusted)
    adjusted[known] = false_discovery_control(adjusted[known])
    return adjusted
