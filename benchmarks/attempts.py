"""What several samples of a question are worth: intervals of pass@k and cons@k, against their true values.

A right answer has the question's chance, a wrong one is one of three, of which the first is common enough to win votes.
"""

from __future__ import annotations

from functools import cache, partial
from itertools import product

import numpy as np
from scipy import stats

from benchmarks.populations import ALPHA, Cell, Floats, Right, intercept, mean_of, questions
from promptlab.stats import bounded_mean, cons_at_k, mean_estimate, pass_at_k

WRONG = (0.6, 0.3, 0.1)
PASS, VOTE = (2, 8), 5


def attempts(cell: Cell, rng: np.random.Generator) -> Right:
    found = questions(cell, cell.accuracies()[:1], rng)
    shares = found.chance * [1, 0, 0, 0] + (1 - found.chance) * [0, *WRONG]
    votes = rng.multinomial(cell.samples, shares)
    values = {f"pass@{k}": pass_at_k(cell.samples, votes[:, 0], k) for k in PASS}
    values |= {f"cons@{VOTE}": voted(votes, VOTE), "cons@K": voted(votes)}
    right = {}
    for name, each in values.items():
        for method, (low, high) in intervals(each, found.clusters).items():
            right[f"{name}, {method}"] = bool(low <= truths(cell)[name] <= high)
    return right


def intervals(values: Floats, clusters: np.ndarray | None) -> dict[str, tuple[float, float]]:
    """As for a score; and with one made-up unit at either end, which stands for the rare question that was not seen."""
    wilson, adjusted = mean_estimate(values, clusters, ALPHA, proportion=True), bounded_mean(values, clusters, ALPHA)
    return {"Wilson": (wilson.low, wilson.high), "adjusted": (adjusted.low, adjusted.high)}


def voted(votes: np.ndarray, k: int | None = None) -> Floats:
    """cons@k of questions whose answers were given so often, (n, answers); the first one is right."""
    n, kinds = votes.shape
    question, answer = (np.repeat(part.ravel(), votes.ravel()) for part in np.indices((n, kinds)))
    return cons_at_k(question, answer, answer == 0, n, k)


@cache
def truths(cell: Cell) -> dict[str, float]:
    spread = cell.spreads(1)[0]
    start = intercept(cell.accuracy, spread)
    found = {f"pass@{k}": mean_of(partial(_any_right, k), start, spread) for k in PASS}
    for name, k in ((f"cons@{VOTE}", VOTE), ("cons@K", cell.samples)):
        found[name] = mean_of(partial(vote_score, samples=k), start, spread)
    return found


def _any_right(k: int, chance: Floats) -> Floats:
    return np.asarray(1 - (1 - chance) ** k)


def vote_score(chance: Floats, samples: int) -> Floats:
    """Expected score of the vote for questions with these chances: a sum over all that can be answered."""
    every = np.array([v for v in product(range(samples + 1), repeat=len(WRONG)) if sum(v) <= samples])
    right, most = samples - every.sum(axis=1), every.max(axis=1)
    tied = (every == right[:, None]).sum(axis=1)
    score = np.where(right >= np.maximum(most, 1), 1 / (1 + tied * (right == most)), 0.0)
    shares = np.column_stack([chance, np.outer(1 - chance, WRONG)])
    return np.array([stats.multinomial.pmf(np.column_stack([right, every]), samples, p) @ score for p in shares])
