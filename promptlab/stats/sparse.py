"""Where hardly anything changes, or in one direction only: intervals that need no bootstrap."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from promptlab.errors import InputError
from promptlab.stats import checking
from promptlab.stats.checking import Floats
from promptlab.stats.estimates import cluster_robust

BOOTSTRAP, ADJUSTED, EXACT = "max-t bootstrap", "adjusted (Bonett-Price)", "exact (Clopper-Pearson)"
FARTHER = "farther ends"  # of the adjusted and the exact one, where large changes and much smaller ones were seen

MIN_DIFFERING = 10  # below this many units off the most common value the bootstrap is not to be trusted
# Neither where units have a few values only and fewer than this many of them change the other way: there it covers down
# to 91.6 % (one comparison, 30 questions of one sample, enumerated: benchmarks/RESULTS.md).
MIN_OTHER_WAY, FEW_VALUES = 3, 3
HALF = 0.49  # of a size, and a little less: means are rounded
MIN_OFF_PART = 30  # where most units share a part of the largest change: of fewer others its rate cannot be told


def differing(totals: Floats, counts: Floats) -> NDArray[np.int64]:
    """How many units of each column are off its most common unit mean."""
    found = [_values(*column)[1] for column in zip(totals.T, counts.T, strict=True)]
    return np.array([repeats.sum() - repeats.max(initial=0) for repeats in found], dtype=np.int64)


def method_of(totals: Floats, counts: Floats, bound: float) -> str:
    """The interval that a column takes."""
    values, repeats = _values(totals, counts)
    off = int(repeats.sum() - repeats.max(initial=0))
    other_way = min(repeats[values > 0].sum(), repeats[values < 0].sum())
    if not (0 < values.size <= FEW_VALUES and other_way < MIN_OTHER_WAY):
        return BOOTSTRAP if off >= MIN_DIFFERING else ADJUSTED
    sizes = np.abs(values[values != 0])
    if sizes.size and sizes.max() < HALF * bound:
        return ADJUSTED  # larger changes may be there, not seen yet
    if sizes.size and sizes.min() < HALF * sizes.max():
        return FARTHER
    most = np.abs(values[repeats == repeats.max()])  # all of them, where several are as common
    partly = ((most > 0) & (most < bound * (1 - 1e-6))).any()
    return ADJUSTED if partly and off < MIN_OFF_PART else EXACT


def sparse_interval(
    method: str, totals: Floats, counts: Floats, alpha: float, critical: float, bound: float
) -> tuple[float, float, float]:
    """Low, high and standard error by a method that is not the bootstrap.

    The exact interval has no error of its own: `se` is what its longer side amounts to.
    """
    low, high, se = adjusted_interval(totals, counts, critical, bound)
    if method == ADJUSTED:
        return low, high, se
    exact_low, exact_high = one_way_interval(totals, counts, alpha, bound)
    if method == FARTHER:
        return min(low, exact_low), max(high, exact_high), se
    mean = totals.sum() / counts.sum()
    return exact_low, exact_high, max(exact_high - mean, mean - exact_low) / critical


def _values(totals: Floats, counts: Floats) -> tuple[Floats, NDArray[np.intp]]:
    """The different unit means of a column, and how often each occurs."""
    here = counts > 0
    values, repeats = np.unique(np.round(totals[here] / counts[here], 9), return_counts=True)
    return values, repeats


def one_way_interval(totals: Floats, counts: Floats, alpha: float, bound: float) -> tuple[float, float]:
    """Low and high of the mean of changes that go (nearly) all in one direction.

    The shares of the largest change that are lost and won have each the interval of Clopper & Pearson (1934, Biometrika
    26, 404), for clusters and several samples with the effective n ``p (1 - p) / se²`` (Korn & Graubard 1998, Survey
    Methodology 24, 193); the distances of their ends are squared and added (Newcombe 1998, Stat. Med. 17, 2635). Where
    nothing can be won, with one sample a question, it holds the truth with 1 - alpha at least, as Clopper and Pearson
    proved of theirs: at alpha / m a family of any size does. Checked by SciPy's exact interval, and by enumeration with
    some won and with two samples a question (tests/test_stats_sparse.py).

    Parameters
    ----------
    totals, counts : arrays of shape (units,)
        Sum and number of the values of each unit.
    alpha : float
        One minus the confidence, in (0, 1).
    bound : float
        The largest possible size of a value. It counts where fewer than ten units are off the most common value;
        elsewhere the largest that was seen does.

    Examples
    --------
    >>> [round(x, 3) for x in one_way_interval(np.repeat([-1.0, 0.0], [30, 70]), np.ones(100), 0.05, 1)]
    [-0.4, -0.205]
    """
    bound, alpha = checking.positive("bound of one_way_interval", bound), checking.level("one_way_interval", alpha)
    totals, counts = _units("one_way_interval", totals, counts, bound)
    values, repeats = _values(totals, counts)
    unsure = repeats.sum() - repeats.max() < MIN_DIFFERING
    largest = bound if unsure else float(np.abs(values).max())
    lost, won = (float(np.maximum(way * totals, 0).sum() / counts.sum() / largest) for way in (-1, 1))
    n = counts.sum() ** 2 / np.square(counts).sum()
    if not unsure:
        n = (lost + won - (won - lost) ** 2) / _variance(totals / largest, counts)
    (lost_low, lost_high), (won_low, won_high) = (clopper_pearson(share, n, alpha) for share in (lost, won))
    low = won - lost - float(np.hypot(won - won_low, lost_high - lost))
    high = won - lost + float(np.hypot(won_high - won, lost - lost_low))
    return max(-bound, largest * low), min(bound, largest * high)


def _variance(totals: Floats, counts: Floats) -> float:
    """CR2 less its factor for small samples: of single questions exactly ``p (1 - p) / n``."""
    se = float(cluster_robust(totals[:, None], counts[:, None])[1][0])
    return se**2 * (1 - 1 / len(totals))


def clopper_pearson(share: float, n: float, alpha: float) -> tuple[float, float]:
    """The exact interval of a proportion; `n` need not be whole."""
    from scipy.special import betaincinv

    right, wrong = share * n, (1 - share) * n
    low = float(betaincinv(right, wrong + 1, alpha / 2)) if right > 0 else 0.0
    high = float(betaincinv(right + 1, wrong, 1 - alpha / 2)) if wrong > 0 else 1.0
    return low, high


def adjusted_interval(totals: Floats, counts: Floats, critical: float, bound: float) -> tuple[float, float, float]:
    """Low, high and standard error after Bonett & Price (2012): one pseudo-unit at +bound and one at -bound.

    With d the values of N units and b the bound, ``m = sum d / (N + 2)`` and ``m ± z sqrt(((sum d² + 2 b²) / (N + 2) -
    m²) / (N + 2))`` (J. Educ. Behav. Stat. 37, 479). The units are clusters, or single questions: for K = 1 without
    clusters this is exactly their interval for paired proportions. It exists, with honest width, where all differences
    are equal. Checked by their example of discordant pairs (tests/test_stats_sparse.py).

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
    bound = checking.positive("bound of adjusted_interval", bound)
    totals, counts = _units("adjusted_interval", totals, counts, bound)
    units = len(totals)
    unit = totals * units / counts.sum()  # scaled so that the mean over units is the mean over questions
    centre = unit.sum() / (units + 2)
    mean_square = (np.square(unit).sum() + 2 * bound**2) / (units + 2)
    se = float(np.sqrt((mean_square - centre**2) / (units + 2)))
    return max(-bound, centre - critical * se), min(bound, centre + critical * se), se


def _units(name: str, totals: Floats, counts: Floats, bound: float) -> tuple[Floats, Floats]:
    """Those with values, of which no mean is beyond the bound."""
    totals, counts = (checking.numbers(f"{part} of {name}", one, "units", nan=False)
                      for part, one in (("totals", totals), ("counts", counts)))  # fmt: skip
    here = counts > 0
    if totals.shape != counts.shape or here.sum() < 2:
        raise InputError(f"{name}: {totals.size} totals of {here.sum()} units with values; needed: two or more")
    beyond = bound * (1 + 1e-9)
    checking.numbers(f"means of {name}", totals[here] / counts[here], "units", low=-beyond, high=beyond)
    return totals[here], counts[here]
