"""Power of a paired comparison before it is run: what it can find, and what a wanted difference takes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from promptlab.errors import InputError
from promptlab.stats.estimates import Floats, t_quantile
from promptlab.stats.spreads import Spread

POWER = 0.8
MOST = 10_000_000  # questions: whoever would need more needs another design


def detectable(se: ArrayLike, critical: ArrayLike, power: float = POWER) -> Floats:
    """The true difference that an interval of ``critical`` standard errors keeps off 0 with probability `power`.

    ``(critical + z_power) se``. With the normal ``critical = z_(alpha/2)`` this is the minimum detectable effect of
    Miller (2024, arXiv 2411.00640, section 5, equation 10); with t's it is Bloom's (1995), to which statsmodels'
    ``TTestPower`` agrees within 2 % from 20 questions on.

    Examples
    --------
    >>> round(float(detectable(0.01, 1.96)), 4)
    0.028
    """
    return np.asarray((np.asarray(critical) + _normal(power)) * np.asarray(se), dtype=float)


def scaled_up(n: ArrayLike, found: ArrayLike, wanted: ArrayLike) -> Floats:
    """Questions that find a `wanted` difference where `n` find one of size `found`, if clusters grow as questions do.

    Examples
    --------
    >>> float(scaled_up(100, 0.04, 0.02))
    400.0
    """
    return np.ceil(np.asarray(n) * (np.asarray(found) / np.asarray(wanted)) ** 2)


def planned(
    spread: Spread,
    n: float,
    samples: int = 1,
    draws: int | None = None,
    *,
    cluster_size: float = 1.0,
    alpha: float = 0.05,
    power: float = POWER,
    normal: bool = False,
) -> tuple[float, float]:
    """Standard error and detectable difference of a design.

    The critical value is t's, with one less than the number of clusters (and of draws, if those are fewer) as df; with
    `normal` the normal one, as Miller (2024) has it. Of m comparisons each gets ``alpha / m`` (Bonferroni). The
    detectable difference is NaN where fewer than two clusters or draws leave no interval.

    Examples
    --------
    198 questions with 10 samples each, a between-question variance of 1/9, and 1/6 within questions in each arm:

    >>> [round(x, 4) for x in planned(Spread(1 / 9, 2 / 6), 198, 10, normal=True)]
    [0.027, 0.0757]
    """
    se = spread.standard_error(n, samples, draws, cluster_size=cluster_size)
    df = np.inf if normal else min(n / cluster_size, draws or np.inf) - 1
    return se, float(detectable(se, t_quantile(alpha, df), power)) if df > 0 else np.nan


def needed(
    spread: Spread,
    wanted: float,
    samples: int = 1,
    draws: int | None = None,
    *,
    cluster_size: float = 1.0,
    alpha: float = 0.05,
    power: float = POWER,
    normal: bool = False,
) -> float:
    """The fewest questions of a design that finds a `wanted` true difference; NaN where 10,000,000 would not.

    With `normal` this is Miller's sample-size formula (2024, section 5, equation 9),
    ``n = (z_(alpha/2) + z_power)² (omega² + sigma_A²/K + sigma_B²/K) / wanted²``.

    Examples
    --------
    Miller's example: three points, a between-question variance of 1/9, answers without sampling noise.

    >>> needed(Spread(1 / 9, 0.0), 0.03, normal=True)
    969.0
    """

    def enough(n: int) -> bool:
        found = planned(spread, n, samples, draws, cluster_size=cluster_size, alpha=alpha, power=power, normal=normal)[
            1
        ]
        return found <= wanted * (1 + 1e-9)  # NaN is not enough

    low, high = 1, MOST
    if not enough(high):
        return np.nan
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return float(high)


def _normal(power: float) -> float:
    from scipy import special

    if not 0 < power < 1:
        raise InputError(f"power is {power}; allowed: above 0 and below 1")
    return float(special.ndtri(power))
