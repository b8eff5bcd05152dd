"""Two sets of samples of the same questions: would it matter if they were exchanged?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from promptlab import given
from promptlab.stats import checking
from promptlab.stats.estimates import Floats

Ints = NDArray[np.int64]
DRAWS = 2_000
_CHUNK = 4_000_000  # numbers held at once
_TIE = 1e-9  # an observed statistic that equals the critical value, but for rounding, is not beyond it


@dataclass(frozen=True)
class Exchange:
    """Differences of two sets of samples, an entry a column; how much they scatter, an entry a group."""

    estimate: Floats
    se: Floats
    low: Floats
    high: Floats
    n: Ints  # questions with samples of both sets
    scatter: Floats  # mean square of the questions' differences over what sampling noise explains
    limit: Floats  # what the scatter does not exceed by chance, in any of the groups


@dataclass(frozen=True)
class _Block:
    """Questions (in one column each) that have equally many samples of each set: `size` of the first, in front."""

    column: Ints
    rows: Floats  # (questions, samples)
    size: int

    def kept(self, mask: NDArray[np.bool_]) -> _Block:
        return _Block(self.column[mask], self.rows[mask], self.size)

    @property
    def noise(self) -> Floats:
        """Variance of each difference of means when the labels of its samples are permuted."""
        total = self.rows.shape[1]
        return self.rows.var(axis=1, ddof=1) * (1 / self.size + 1 / (total - self.size))


def exchanged(
    values: Floats,
    first: NDArray[np.bool_],
    unit: Ints,
    column: Ints,
    groups: Ints,
    alpha: float = 0.05,
    *,
    rng: np.random.Generator,
    draws: int = DRAWS,
) -> Exchange:
    """Compare two sets of samples of the same questions, with permutations of what is the first and what the second.

    If both come from the same model under the same prompts, the samples of one question in one column are exchangeable.
    Permuting their labels, each question and column for itself, gives the exact joint distribution of all differences,
    for any number of questions and samples (Lehmann & Romano, Testing Statistical Hypotheses, chapter 15). Standard
    errors are those of the permutations, in closed form: with s² the variance of a question's samples and k and l of
    them in either set, ``s² (1/k + 1/l)``. The critical value is the quantile of max \\|t\\|, so that an interval
    excludes 0 exactly where the test rejects. They speak of these questions: nothing but sampling is random, and
    samples are independent whatever questions share, so there is nothing to cluster.

    A change that helps some questions and harms others leaves a mean where it was. `scatter` sees it: the sum of the
    squared differences of a group over its expectation; its limits hold for all groups together. Checked by enumerating
    all permutations (tests/test_stats_exchanges.py).

    Parameters
    ----------
    values : array of shape (n,)
        A row a sample; NaN: missing.
    first : array of shape (n,)
        Whether a sample belongs to the first set.
    unit, column : array of shape (n,)
        Its question and its column, as codes from 0.
    groups : array of shape (m,)
        The group of each column, as codes from 0.
    alpha : float
        Of the intervals together, and once more of the limits together.

    Returns
    -------
    Exchange
        Differences are first less second. NaN for `low` and `high` where all samples of each question are equal.

    Examples
    --------
    >>> question = np.repeat(np.arange(30), 5)
    >>> live = np.tile([True, False, False, False, False], 30)
    >>> same = np.zeros(150, dtype=int)
    >>> found = exchanged(1.0 - live, live, question, same, np.array([0]), rng=np.random.default_rng(0))
    >>> float(found.estimate[0]), bool(found.high[0] < 0), bool(found.scatter[0] > found.limit[0])
    (-1.0, True, True)
    """
    checking.level("exchanged", alpha)
    checking.generator("exchanged", rng)
    given.whole("draws of exchanged", draws, 1)
    values = checking.numbers("values of exchanged", values)
    for name, labels in (("first", first), ("unit", unit), ("column", column)):
        checking.labels(f"{name} of exchanged", labels, values.size)
    blocks = _blocks(values, first, unit, column)
    at = np.concatenate([block.column for block in blocks] or [np.zeros(0, dtype=np.int64)])
    noise = np.concatenate([block.noise for block in blocks] or [np.zeros(0)])
    n = np.bincount(at, minlength=len(groups))
    with np.errstate(invalid="ignore", divide="ignore"):
        estimate = np.bincount(at, _observed(blocks), len(groups)) / n
        se = np.sqrt(np.bincount(at, noise, len(groups))) / n
    varying = [kept for block in blocks if len((kept := block.kept(block.noise > 1e-12)).column)]
    scatter = limit = np.full(int(groups.max(initial=-1)) + 1, np.nan)
    half = np.full(len(groups), np.nan)
    if varying:
        critical, scatter, limit = _permuted(varying, groups, alpha, rng, draws)
        half = np.where(se > 0, critical * se, np.nan)
    low, high = np.maximum(estimate - half, -1), np.minimum(estimate + half, 1)
    return Exchange(estimate, se, low, high, n, scatter, limit)


def _blocks(values: Floats, first: NDArray[np.bool_], unit: Ints, column: Ints) -> list[_Block]:
    here = ~np.isnan(values)
    values, first, unit, column = values[here], first[here], unit[here], column[here]
    place = column * (unit.max(initial=0) + 1) + unit
    order = np.lexsort((~first, place))
    _, start, counts = np.unique(place[order], return_index=True, return_counts=True)
    firsts = np.add.reduceat(first[order].astype(int), start) if len(start) else counts
    found = []
    for total, size in sorted(set(zip(counts.tolist(), firsts.tolist(), strict=True))):
        if 0 < size < total:
            rows = order[start[(counts == total) & (firsts == size), None] + np.arange(total)]
            found.append(_Block(column[rows[:, 0]], values[rows], size))
    return found


def _observed(blocks: list[_Block]) -> Floats:
    return np.concatenate([_difference(block.rows, block.size) for block in blocks] or [np.zeros(0)])


def _difference(rows: Floats, size: int) -> Floats:
    return rows[..., :size].mean(axis=-1) - rows[..., size:].mean(axis=-1)


def _permuted(
    blocks: list[_Block], groups: Ints, alpha: float, rng: np.random.Generator, draws: int
) -> tuple[float, Floats, Floats]:
    """Critical value of max \\|t\\| over the columns; scatter and limit of each group. All blocks vary."""
    at = np.concatenate([block.column for block in blocks])
    noise = np.concatenate([block.noise for block in blocks])
    columns = _indicator(at) / np.sqrt(np.bincount(at, noise)[np.unique(at)])
    squares = _indicator(groups[at]) / np.bincount(groups[at], noise)[np.unique(groups[at])]
    # What was observed is one of the permutations that were possible: with it the level is exact for any `draws`.
    parts = chain([_observed(blocks)[None]], _draws(blocks, rng, draws))
    every = np.vstack([_statistics(part, columns, squares) for part in parts])
    t, scatters = every[:, 0], every[:, 1:]
    spread = np.maximum(scatters.std(axis=0), _TIE)
    worst = ((scatters - 1) / spread).max(axis=1)
    found, limit = np.full((2, int(groups.max()) + 1), np.nan)
    found[np.unique(groups[at])] = scatters[0]
    limit[np.unique(groups[at])] = 1 + _quantile(worst, alpha) * spread + _TIE  # spread may be next to nothing
    return _quantile(t, alpha), found, limit


def _indicator(codes: Ints) -> Floats:
    return (codes[:, None] == np.unique(codes)).astype(float)


def _draws(blocks: list[_Block], rng: np.random.Generator, draws: int) -> Iterator[Floats]:
    """Differences under permuted labels, (some draws, questions) at a time."""
    step = max(1, _CHUNK // sum(block.rows.size for block in blocks))
    for start in range(0, draws, step):
        shape = (min(step, draws - start),)
        mixed = [rng.permuted(np.broadcast_to(b.rows, shape + b.rows.shape), axis=-1) for b in blocks]
        yield np.hstack([_difference(rows, block.size) for rows, block in zip(mixed, blocks, strict=True)])


def _statistics(differences: Floats, columns: Floats, squares: Floats) -> Floats:
    """max \\|t\\| and each group's scatter, (draws, 1 + groups)."""
    t = np.abs(differences @ columns).max(axis=1)
    return np.column_stack([t, np.square(differences) @ squares])


def _quantile(values: Floats, alpha: float) -> float:
    return float(np.quantile(values, 1 - alpha, method="higher")) + _TIE
