"""A stated guess of how two conditions score, and trials of it: made-up samples judged by the real procedure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from promptlab import given
from promptlab.errors import InputError
from promptlab.stats import checking
from promptlab.stats.estimates import Estimate, Floats, mean_estimate
from promptlab.stats.families import simultaneous
from promptlab.stats.spreads import Spread

_STEPS = 4_096  # quantiles at which a distribution of true accuracies is tabulated


@dataclass(frozen=True)
class Guess:
    """What is believed of right and wrong answers before anything was run.

    Attributes
    ----------
    accuracies : (float, float)
        Mean score of the baseline and of the condition, each in [0, 1].
    within : float
        Mean variance of one sample on a given question, ``mean of p (1 - p)`` over the questions' own chances p: 0
        where a question is always or never answered, at most the smaller ``accuracy (1 - accuracy)``.
    correlation : float
        Of the questions' chances under the two conditions, in [-1, 1].
    cluster_correlation : float
        Of the true differences of two questions in one cluster, in [0, 1].
    draw_sd : float
        Standard deviation of the mean difference between draws of exemplars; 0.03 is three points.

    The variance of a paired difference follows from them as Miller's (2024, arXiv 2411.00640, section 5) omega squared
    does, see `spread`; his worked numbers check it (tests/test_stats_power.py).

    Examples
    --------
    Miller's (2024, section 5) variances of chances that are spread evenly over [0, 1]:

    >>> found = Guess((0.5, 0.5), within=1 / 6, correlation=1 / 3).spread
    >>> round(found.questions * 9, 6), round(found.sampling * 6, 6)
    (1.0, 2.0)
    """

    accuracies: tuple[float, float]
    within: float
    correlation: float
    cluster_correlation: float = 0.0
    draw_sd: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.accuracies, list | tuple) or len(self.accuracies) != 2:
            raise given.wrong("Guess.accuracies", self.accuracies, "two shares, (baseline, condition)")
        for accuracy in self.accuracies:
            given.real("Guess.accuracies", accuracy, lambda p: 0 <= p <= 1, "two shares from 0 to 1")
        most = min(p * (1 - p) for p in self.accuracies)
        for name, low, high in (
            ("within", 0, most),
            ("correlation", -1, 1),
            ("cluster_correlation", 0, 1),
            ("draw_sd", 0, 1),
        ):
            _within(f"Guess.{name}", getattr(self, name), low, high)

    @property
    def between(self) -> tuple[float, float]:
        """Variance of the questions' chances under each condition: what `within` leaves of ``p (1 - p)``."""
        first, second = (max(0.0, p * (1 - p) - self.within) for p in self.accuracies)
        return first, second

    @property
    def spread(self) -> Spread:
        """``omega² = v_A + v_B - 2 r sqrt(v_A v_B)``, to which what draws share is added."""
        first, second = self.between
        questions = max(0.0, first + second - 2 * self.correlation * float(np.sqrt(first * second)))
        draws = self.draw_sd**2
        return Spread(questions + draws, 2 * self.within, self.cluster_correlation * questions, draws)


def _within(what: str, value: float, low: float, high: float) -> None:
    given.real(what, value, lambda x: low <= x <= high + 1e-12, f"a number from {low:g} to {high:.4g}")


def guess_of(spread: Spread, accuracies: tuple[float, float], difference: float) -> Guess:
    """A guess with that spread and that true difference, half of it on either side of the mean accuracy.

    Right and wrong answers cannot have every variance: where the spread asks for more, or less, the nearest.

    Examples
    --------
    >>> found = guess_of(Spread(0.1, 0.3), (0.6, 0.5), -0.2)
    >>> found.accuracies, round(found.spread.questions, 6), round(found.spread.sampling, 6)
    ((0.65, 0.45), 0.1, 0.3)
    """
    middle = sum(accuracies) / 2
    sides = round(middle - difference / 2, 12), round(middle + difference / 2, 12)
    if not 0 <= min(sides) <= max(sides) <= 1:
        raise InputError(f"difference is {difference:g}: around a mean accuracy of {middle:.3g} it leaves [0, 1]")
    within = min(spread.sampling / 2, *(p * (1 - p) for p in sides))
    first, second = Guess(sides, within, 0.0).between
    questions, together = max(0.0, spread.questions - np.nan_to_num(spread.draws)), 2 * np.sqrt(first * second)
    correlation = float(np.clip((first + second - questions) / together, -1, 1)) if together > 0 else 0.0
    alike = float(np.clip(np.nan_to_num(spread.clusters) / questions, 0, 1)) if questions > 0 else 0.0
    return Guess(sides, within, correlation, alike)


def simulated_power(
    guess: Guess,
    n: int,
    samples: int = 1,
    *,
    cluster_size: int = 1,
    comparisons: int = 1,
    alpha: float = 0.05,
    rng: np.random.Generator,
    replications: int = 200,
    draws: int = 1_000,
) -> Estimate:
    """Share of true differences that `simultaneous` finds, with the right sign, in families of made-up samples.

    Each question has a chance to be answered right under each condition, beta distributed with the guessed mean and
    variance. With the chance `correlation` a condition takes the question's place in that distribution from the
    baseline (or opposite, where it is negative), else one of its own: exactly that correlation where both conditions
    have one distribution. With the chance ``sqrt(cluster_correlation)`` a question takes its places from its cluster.
    Samples are right or wrong; `comparisons` conditions, all alike, share one baseline. Where the accuracies are equal
    any finding counts: then this is the size of the test. Draws of exemplars are not simulated.

    Parameters
    ----------
    replications : int
        Families; the interval of the estimate says what their number leaves open.
    draws : int
        Resamples of the bootstrap in each.

    Examples
    --------
    >>> guess = Guess((0.5, 0.3), within=0.1, correlation=0.5)
    >>> simulated_power(guess, 150, 4, rng=np.random.default_rng(0), replications=40).value
    1.0
    """
    given.instance("guess of simulated_power", guess, Guess, "a Guess")
    checking.generator("simulated_power", rng)
    sizes = {"n": n, "samples": samples, "cluster_size": cluster_size, "comparisons": comparisons, "draws": draws}
    for name, size in (sizes | {"replications": replications}).items():
        given.whole(f"{name} of simulated_power", size, 1)
    tables = [_quantiles(p, v) for p, v in zip(guess.accuracies, guess.between, strict=True)]
    clusters = np.arange(n) // cluster_size
    effect = np.sign(guess.accuracies[1] - guess.accuracies[0])
    found = []
    for _ in range(replications):
        places = _places(guess, clusters, comparisons, rng)
        true = np.column_stack([tables[0][places[:, 0]], tables[1][places[:, 1:]].reshape(n, -1)])
        scores = rng.binomial(samples, true) / samples
        family = simultaneous(scores[:, 1:] - scores[:, [0]], clusters, alpha, rng=rng, draws=draws)
        above, below = family.low > 0, family.high < 0
        found.append(np.mean(above if effect > 0 else below if effect < 0 else above | below))
    return mean_estimate(found, proportion=True)


def _quantiles(mean: float, variance: float) -> Floats:
    """The beta distribution of that mean and variance as equally likely values; its limits where it is none."""
    from scipy import special

    at = (np.arange(_STEPS) + 0.5) / _STEPS
    within = mean * (1 - mean) - variance
    if variance <= 1e-9:
        return np.full(_STEPS, mean)
    if within <= 1e-9:
        return (at > 1 - mean).astype(float)
    return np.asarray(special.betaincinv(mean * within / variance, (1 - mean) * within / variance, at))


def _places(guess: Guess, clusters: np.ndarray, comparisons: int, rng: np.random.Generator) -> np.ndarray:
    """Each question's place among the quantiles, (questions, 1 + comparisons)."""

    def drawn(size: int) -> np.ndarray:
        own = rng.integers(0, _STEPS, (size, 1 + comparisons))
        theirs = own[:, :1] if guess.correlation >= 0 else _STEPS - 1 - own[:, :1]
        alike = rng.random(own.shape) < abs(guess.correlation)
        alike[:, 0] = False
        return np.where(alike, theirs, own)

    own, of_cluster = drawn(clusters.size), drawn(int(clusters[-1]) + 1)[clusters]
    taken = rng.random((clusters.size, 1)) < np.sqrt(guess.cluster_correlation)
    return np.where(taken, of_cluster, own)
