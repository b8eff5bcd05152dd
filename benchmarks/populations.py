"""Populations of questions whose true mean scores are known, to see what intervals cover.

In an arm a question's log-odds of a right answer are normal: an intercept, what the question is to all arms and to this
one, what its cluster is to all arms and to this one, and for all arms but the first what the draw of exemplars is.
Questions (clusters, draws) are new in every replication: the truth is the mean over the population.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

Floats = NDArray[np.float64]
Right = dict[str, bool]  # what a trial returns: by name of a result whether it was right
ALPHA = 0.05
QUESTION, QUESTION_ARM, CLUSTER, CLUSTER_ARM, DRAW = 1.5, 0.7, 0.7, 0.5, 0.5  # standard deviations of log-odds
MOVED, MOST = 0.1, 0.99  # what every other condition gains, up to this
ALONE, FIVES, TWENTY = "alone", "clusters of 5", "20 clusters"
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(80)


@dataclass(frozen=True)
class Cell:
    """What is simulated, and how often at most; `family`: the comparisons that an interval covers together.

    `draws` of exemplars, and trained `seeds` of each model: 0 where there are none.
    """

    method: str
    n: int
    samples: int
    accuracy: float
    layout: str = ALONE
    family: int = 1
    moved: bool = False
    draws: int = 0
    seeds: int = 0
    most: int = 10_000

    def accuracies(self) -> Floats:
        """The true means of the baseline and the `family` conditions."""
        moving = self.moved * (np.arange(self.family + 1) % 2)
        return self.accuracy + moving * min(MOVED, MOST - self.accuracy)

    def spreads(self, arms: int) -> list[float]:
        """Standard deviation of the log-odds in each arm."""
        both = QUESTION**2 + QUESTION_ARM**2 + (self.layout != ALONE) * (CLUSTER**2 + CLUSTER_ARM**2)
        return [(both + (DRAW**2 if self.draws and arm else 0)) ** 0.5 for arm in range(arms)]


class Population(NamedTuple):
    """Questions: their chances in each arm, (n, arms), and the codes of their clusters and draws."""

    chance: Floats
    clusters: NDArray[np.int64] | None
    draws: NDArray[np.int64] | None


def mean_of(function: Callable[[Floats], Floats], intercept: float, spread: float) -> float:
    """The true mean of a function of the questions' chances, by Gauss-Hermite quadrature."""
    return float(_WEIGHTS @ function(expit(intercept + spread * _NODES)) / _WEIGHTS.sum())


def mean_chance(intercept: float, spread: float) -> float:
    """The true mean score."""
    return mean_of(lambda chance: chance, intercept, spread)


def mean_product(intercepts: tuple[float, float], spread: float, shared: float) -> float:
    """The true mean of the product of two chances whose log-odds share a part of variance `shared`."""
    rest = max(0.0, spread**2 - shared) ** 0.5
    one, other = ([mean_chance(a + shared**0.5 * z, rest) for z in _NODES] for a in intercepts)
    return float(_WEIGHTS @ (np.array(one) * other) / _WEIGHTS.sum())


@cache
def intercept(accuracy: float, spread: float) -> float:
    return float(brentq(lambda x: mean_chance(x, spread) - accuracy, -30, 30, xtol=1e-12))


def questions(cell: Cell, accuracies: Floats, rng: np.random.Generator) -> Population:
    """Questions at random from the population in which the arms have these true means."""
    arms, spreads = len(accuracies), cell.spreads(len(accuracies))
    logit = np.array([intercept(round(float(a), 9), s) for a, s in zip(accuracies, spreads, strict=True)])
    logit = logit + QUESTION * rng.normal(size=(cell.n, 1)) + QUESTION_ARM * rng.normal(size=(cell.n, arms))
    clusters = draws = None
    if cell.layout != ALONE:
        clusters = clustered(cell, rng)
        size = int(clusters.max()) + 1
        logit += (CLUSTER * rng.normal(size=(size, 1)) + CLUSTER_ARM * rng.normal(size=(size, arms)))[clusters]
    if cell.draws:
        draws = rng.permutation(np.arange(cell.n) % cell.draws)
        logit[:, 1:] += DRAW * rng.normal(size=(cell.draws, arms - 1))[draws]
    return Population(expit(logit), clusters, draws)


def clustered(cell: Cell, rng: np.random.Generator) -> NDArray[np.int64]:
    """Of unlike size: some expect nine times as many questions as others."""
    share = rng.integers(1, 10, 20 if cell.layout == TWENTY else cell.n // 5)
    return rng.choice(len(share), cell.n, p=share / share.sum())


def scores(cell: Cell, accuracies: Floats, rng: np.random.Generator) -> tuple[Floats, Population]:
    """Mean score of each question over its samples, (n, arms)."""
    found = questions(cell, accuracies, rng)
    return rng.binomial(cell.samples, found.chance) / cell.samples, found
