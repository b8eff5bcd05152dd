"""A confidence sequence by betting: an interval that may be looked at after every question."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from promptlab import given
from promptlab.errors import InputError
from promptlab.stats import checking
from promptlab.stats.estimates import Floats

MOST = np.array([0.5, 0.9]).reshape(2, 1, 1)  # of what could be lost at once, so much is bet at most
_ENOUGH = 1e100  # capital that has excluded its mean for good
_ROWS = 100  # units worked on at once: the memory is that of so many grids


@dataclass
class BettingSequence:
    """Interval for the mean of bounded values that holds at all sample sizes at once, and takes values as they come.

    Hedged capital process with predictable plug-in bets, of Waudby-Smith & Ramdas, "Estimating means of bounded random
    variables by betting" (2024, arXiv 2010.09686). Half of a capital of 1 is bet against "the mean is at most m", half
    against "it is at least m", for each m of a grid. With x the value mapped to [0, 1], each is multiplied by
    ``1 ± λ (x - m)``, where ``λ = sqrt(2 log(2/α) / (s² t log(1 + t)))`` comes from the units before, and no more than
    a set part of what keeps the capital positive is bet. Each half is split once more, into a cautious part (1/2) and a
    bold one (9/10): values that scatter little, such as means of clusters, are settled in 2/3 of the units. In a fair
    game capital reaches 1/α with probability α at most, whenever one looks (Ville): each m at which it has is excluded,
    for good. The first half of the capital falls as m grows, the second one rises, so what is left is an interval; its
    ends are excluded means of the grid, rounded outward. Checked against a plain loop, and by simulation
    (tests/test_stats_betting.py).

    **What is covered.** The mean of the population from which exchangeable *units* come: each unit's expectation, given
    those before it, must be that mean. Questions in random order are such units. Questions that share a cluster are
    not: half a cluster tells of its rest. There the clusters in random order are the units, each with the mean of its
    questions as value and their number as weight: for a unit of weight w, in shares of the largest, the factor is
    ``1 ± λ w (x - m)``, fair at the mean over questions (a ratio of sums), whatever the sizes. The target is not the
    mean over the listed questions, to which a sequence without replacement (the paper's section 5) shrinks as they run
    out: two equal conditions differ by chance on any list, so that it ends in a verdict always.

    Parameters
    ----------
    alpha : float
        The chance that the sequence ever excludes the mean, in (0, 1); of m sequences together: alpha / m for each.
    bound : float
        Values lie in [-bound, bound]: 1 for a difference of scores.
    largest : float
        The largest weight that can come; known before.
    steps : int
        Of the grid of means: by default 0.1 points of a difference of scores. Fewer are faster, and wider.

    Attributes
    ----------
    n : int
        Units so far.
    low, high : float
        The interval now: of all sizes so far the intersection. ``low > high`` where nothing is left, which under the
        assumption happens with probability alpha at most.

    Examples
    --------
    >>> found = BettingSequence(alpha=0.05)
    >>> _ = found.add([-1, -1, 0, -1, -1, -1, -1, -1, 0, -1])
    >>> found.n, found.low, found.high
    (10, -1.0, -0.105)
    """

    alpha: float = 0.05
    bound: float = 1.0
    largest: float = 1.0
    steps: int = 2_000
    n: int = field(default=0, init=False)
    low: float = field(init=False)
    high: float = field(init=False)

    def __post_init__(self) -> None:
        checking.level("BettingSequence", self.alpha)
        checking.positive("bound of BettingSequence", self.bound)
        checking.positive("largest of BettingSequence", self.largest)
        given.whole("steps of BettingSequence", self.steps, 2)
        self.low, self.high = -self.bound, self.bound
        self._m = np.arange(self.steps + 1) / self.steps
        self._means = (2 * np.arange(self.steps + 1) - self.steps) / self.steps * self.bound
        self._capital = np.ones((2, 2, self.steps + 1))  # against at most m, at least m; cautious, bold
        self._sums = np.array([0.5, 1.0, 0.25])  # weighted values, weights, squares: the prior of the paper

    def add(self, values: ArrayLike, upper: ArrayLike | None = None, weights: ArrayLike | None = None) -> Floats:
        """Take the next units, in their order, and return the intervals after each, (units, 2).

        Parameters
        ----------
        values, upper : array of shape (units,)
            A value that is known only within bounds (a part of it is missing) has its lower bound in `values`, its
            upper one in `upper`: the interval covers whatever stood there.
        weights : array of shape (units,), optional
            Above 0 and at most `largest`; by default all alike.

        Raises
        ------
        InputError
            A value or a weight is out of range or NaN, or a lower bound is above its upper one.
        """
        low = checking.numbers("values of BettingSequence", values, "units")
        high = low if upper is None else checking.numbers("upper of BettingSequence", upper, "units")
        weight = np.full(low.shape, self.largest) if weights is None else checking.numbers("weights", weights, "units")
        if not low.shape == high.shape == weight.shape:
            raise InputError(
                f"BettingSequence: {low.size} values, {high.size} upper, {weight.size} weights: one a unit"
            )
        if not np.all((-self.bound <= low) & (low <= high) & (high <= self.bound)):
            raise InputError(f"BettingSequence: values must lie in [-{self.bound:g}, {self.bound:g}], low before high")
        if not np.all((weight > 0) & (weight <= self.largest)):
            raise InputError(f"BettingSequence: weights must be above 0 and at most the largest, {self.largest:g}")
        parts = [slice(start, start + _ROWS) for start in range(0, len(low), _ROWS)]
        return np.concatenate([np.empty((0, 2)), *(self._step(low[p], high[p], weight[p]) for p in parts)])

    def _step(self, low: Floats, high: Floats, weight: Floats) -> Floats:
        low, high, weight = (low / self.bound + 1) / 2, (high / self.bound + 1) / 2, weight / self.largest
        bets = self._bets((low + high) / 2, weight)[:, None]
        m, share = self._m, weight[:, None]
        with np.errstate(divide="ignore"):  # at the ends nothing can be lost, and any bet is fair
            up = np.minimum(bets, MOST / m) * share * (low[:, None] - m)
            down = np.minimum(bets, MOST / m[::-1]) * share * (m - high[:, None])
        factors = 1 + np.array([up, down])
        factors[:, :, 0] *= self._capital
        capital = np.cumprod(factors, axis=2)
        self._capital = np.minimum(capital[:, :, -1], _ENOUGH)
        return self._intervals(capital.sum(axis=1) >= 4 / self.alpha)

    def _bets(self, x: Floats, weight: Floats) -> Floats:
        """The λ of each unit, from the units before it."""
        value, total, square = self._sums
        sums, totals = value + np.cumsum(weight * x), total + np.cumsum(weight)
        squares = square + np.cumsum((weight * (x - sums / totals)) ** 2)
        t = self.n + 1 + np.arange(len(x))
        variance = np.concatenate([[square], squares[:-1]]) / t
        self._sums, self.n = np.array([sums[-1], totals[-1], squares[-1]]), self.n + len(x)
        return np.sqrt(2 * np.log(2 / self.alpha) / (variance * t * np.log1p(t)))

    def _intervals(self, excluded: np.ndarray) -> Floats:
        below, above = excluded.sum(axis=2)  # in a row: all up to the last one, all from the first one
        lows = self._means[np.maximum(below - 1, 0)]
        highs = self._means[np.minimum(self.steps + 1 - above, self.steps)]
        lows = np.maximum.accumulate(np.maximum(lows, self.low))
        highs = np.minimum.accumulate(np.minimum(highs, self.high))
        self.low, self.high = float(lows[-1]), float(highs[-1])
        return np.stack([lows, highs], axis=1)


def betting_sequence(values: ArrayLike, alpha: float = 0.05, bound: float = 1.0) -> Floats:
    """All intervals of a `BettingSequence` at once: low and high after each of the values, (n, 2).

    Formula, source and check are those of `BettingSequence`.

    Examples
    --------
    >>> betting_sequence([-1, 0, -1, -1, -1, -1, -1, -1, -1, -1])[[0, 4, 9]]
    array([[-1.   ,  1.   ],
           [-1.   ,  0.287],
           [-1.   , -0.183]])
    """
    return BettingSequence(alpha, bound).add(values)
