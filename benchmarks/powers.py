"""The planner's promise: is the difference that `plan` says is found with 80 % power found so often?"""

from __future__ import annotations

from functools import cache

import numpy as np

from benchmarks.populations import (
    ALONE,
    ALPHA,
    CLUSTER,
    CLUSTER_ARM,
    QUESTION,
    Cell,
    Right,
    clustered,
    intercept,
    mean_product,
    scores,
)  # fmt: skip
from benchmarks.trials import RESAMPLES
from promptlab.planner import plan
from promptlab.planner.pilots import typical_size
from promptlab.stats import Guess, simultaneous


def powers(cell: Cell, rng: np.random.Generator) -> Right:
    """Of a family in which all conditions have the promised difference, the first one."""
    truth = np.full(cell.family + 1, cell.accuracy)
    truth[1:] += promised(cell)
    values, found = scores(cell, truth, rng)
    f = simultaneous(values[:, 1:] - values[:, :1], found.clusters, ALPHA, rng=rng, draws=RESAMPLES)
    return {"plan": bool(f.low[0] > 0)}


@cache
def promised(cell: Cell) -> float:
    """The difference at which the plan for a population with just this difference promises to find it."""
    size, found = _size(cell), 0.1
    for _ in range(20):  # it converges fast: variances hardly depend on the difference
        design = plan(
            belief(cell, found),
            questions=cell.n,
            samples=cell.samples,
            comparisons=cell.family,
            cluster_size=size,
            alpha=ALPHA,
        )
        found = float(design.table["detectable"][0])
    return round(found, 6)


def belief(cell: Cell, difference: float) -> Guess:
    """What is true of a population with this difference, as a guess."""
    arms, spread, together = (cell.accuracy, cell.accuracy + difference), cell.spreads(1)[0], cell.layout != ALONE
    starts = [intercept(round(a, 9), spread) for a in arms]

    def shared(i: int, j: int, variance: float) -> float:
        return mean_product((starts[i], starts[j]), spread, variance) - arms[i] * arms[j]

    def of_difference(same: float, other: float) -> float:
        return shared(0, 0, same) + shared(1, 1, same) - 2 * shared(0, 1, other)

    omega = of_difference(spread**2, QUESTION**2 + together * CLUSTER**2)
    of_clusters = of_difference(CLUSTER**2 + CLUSTER_ARM**2, CLUSTER**2) if together else 0.0
    within = float(np.mean([a * (1 - a) - shared(i, i, spread**2) for i, a in enumerate(arms)]))
    before, after = Guess(arms, within, 0.0).between
    return Guess(arms, within, (before + after - omega) / (2 * (before * after) ** 0.5), of_clusters / omega)


@cache
def _size(cell: Cell) -> float:
    """Of the clusters, as a plan takes it from a set of questions: the mean over many sets."""
    rng = np.random.default_rng(0)
    return 1.0 if cell.layout == ALONE else float(np.mean([typical_size(clustered(cell, rng)) for _ in range(200)]))
