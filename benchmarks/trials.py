"""One replication of each method: was it right?

A trial returns by name whether an interval covered the truth, or a test left a true null alone. Of intervals that hold
with 95 % all must be right in 95 % of replications at least. What does not exist (NaN with a reason) is not counted.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from benchmarks.populations import ALONE, ALPHA, Cell, Floats, Right, clustered, questions, scores
from promptlab.assets import find_asset
from promptlab.stats import exchanged, holm, log_odds_contrast, mean_estimate, sign_flip_p, simultaneous
from promptlab.stats.betting import BettingSequence
from promptlab.stats.estimates import unit_sums
from promptlab.stats.sparse import ADJUSTED, BOOTSTRAP, EXACT
from promptlab.stats.twoway import two_way

if TYPE_CHECKING:
    import pandas as pd

# Fewer than by default, for more replications. A test with drawn flips or permutations has its level with any number.
# The critical value of fewer resamples scatters more, and stands only where it is above t's: by theory that adds up to
# 0.1 points of coverage, and "as-shipped" measures it.
RESAMPLES, FLIPS, PERMUTATIONS = 2_000, 499, 99
RECORDED = ("instruct", "plain", "plain-robust", "r1", "r1-narrow", "sft", "sft-narrow")
CONTRAST = np.array([1.0, -1.0, -1.0, 1.0])
WON = 0.01  # the share that a one-way change wins, where it wins some


def score(cell: Cell, rng: np.random.Generator) -> Right:
    values, found = scores(cell, cell.accuracies()[:1], rng)
    kinds = {"score, Wilson": True, "score, t": False}
    made = {name: mean_estimate(values[:, 0], found.clusters, ALPHA, proportion=kind) for name, kind in kinds.items()}
    return {name: e.low <= cell.accuracy <= e.high for name, e in made.items() if e.low == e.low}


def differences(cell: Cell, rng: np.random.Generator, resamples: int | None = RESAMPLES) -> Right:
    truth = cell.accuracies()
    values, found = scores(cell, truth, rng)
    return _covered("differences", values[:, 1:] - values[:, :1], truth[1:] - truth[0], found.clusters, rng, resamples)


def one_way(cell: Cell, rng: np.random.Generator) -> Right:
    """One sample a question: the cell's accuracy is the share lost (whole clusters, if it has some), next to none won.

    A format that breaks does this; the other populations lose and win.
    """
    clusters = None if cell.layout == ALONE else clustered(cell, rng)
    units = np.arange(cell.n) if clusters is None else clusters
    won = WON if cell.moved else 0.0
    drawn = rng.random((int(units.max()) + 1, cell.family))[units]
    change = np.where(drawn < cell.accuracy, -1.0, np.where(drawn > 1 - won, 1.0, 0.0))
    f, truth = simultaneous(change, clusters, ALPHA, rng=rng), won - cell.accuracy
    return {"one-way changes": bool(np.all((f.low <= truth + 1e-12) & (truth - 1e-12 <= f.high)))}


def as_shipped(cell: Cell, rng: np.random.Generator) -> Right:
    """With the default number of resamples."""
    return {f"{name}, as shipped": right for name, right in differences(cell, rng, None).items()}


def contrasts(cell: Cell, rng: np.random.Generator) -> Right:
    """A model and its control, of which only the model is moved."""
    ours = cell.accuracies()
    values, found = scores(cell, np.concatenate([ours, np.full(len(ours), cell.accuracy)]), rng)
    model, control = values[:, : len(ours)], values[:, len(ours) :]
    columns = model[:, 1:] - model[:, :1] - control[:, 1:] + control[:, :1]
    return _covered("contrasts", columns, ours[1:] - ours[0], found.clusters, rng, RESAMPLES, bound=2)


def _covered(
    name: str,
    values: Floats,
    truth: Floats,
    clusters: Any,
    rng: np.random.Generator,
    draws: int | None,
    bound: float = 1,
) -> Right:
    """Whether all intervals hold the truth; once more by the method that they took."""
    f = simultaneous(values, clusters, ALPHA, rng=rng, draws=draws, bound=bound)
    right = bool(np.all((f.low <= truth + 1e-12) & (truth - 1e-12 <= f.high)))
    kind = {BOOTSTRAP: "bootstrap", ADJUSTED: "adjusted", EXACT: "exact"}[f.method[0]]
    return {name: right, f"{name}: {kind if len(set(f.method)) == 1 else 'several methods'}": right}


def sign_flips(cell: Cell, rng: np.random.Generator) -> Right:
    truth = cell.accuracies()
    values, found = scores(cell, truth, rng)
    columns = values[:, 1:] - values[:, :1]
    p = sign_flip_p(columns, found.clusters, rng=rng, draws=FLIPS)
    if cell.family > 1:
        return {"sign flips, Holm": bool(np.all(holm(p)[truth[1:] == truth[0]] > ALPHA))}
    right = {"sign flips": bool(p[0] > ALPHA)}
    if cell.samples == 1 and cell.layout == ALONE:
        gained, lost = int((columns > 0).sum()), int((columns < 0).sum())
        exact = min(1.0, 2 * float(stats.binom.cdf(min(gained, lost), gained + lost, 0.5)))
        right["sign flips equal McNemar"] = bool(np.isclose(p[0], exact))
    return right


def log_odds(cell: Cell, rng: np.random.Generator) -> Right:
    truth = np.append(cell.accuracies(), [cell.accuracy] * 2)[[1, 0, 2, 3]]
    values, found = scores(cell, truth, rng)
    e = log_odds_contrast(values, CONTRAST, found.clusters, ALPHA)
    return {"log-odds contrast": e.low <= CONTRAST @ np.log(truth / (1 - truth)) <= e.high}


def exchange(cell: Cell, rng: np.random.Generator) -> Right:
    """As many live samples as the cell has against four recorded ones, of the same chances."""
    chance = questions(cell, np.full(cell.family, cell.accuracy), rng).chance
    right = rng.random((*chance.shape, cell.samples + 4)) < chance[..., None]
    unit, column, sample = np.indices(right.shape).reshape(3, -1)
    groups = np.arange(cell.family) // 2
    values, live = right.ravel().astype(float), sample < cell.samples
    f = exchanged(values, live, unit, column, groups, ALPHA, rng=rng, draws=PERMUTATIONS)
    intervals = bool(np.any((f.low > 0) | (f.high < 0)))
    return {"exchanged, intervals": not intervals, "exchanged, scatter": not bool(np.any(f.scatter > f.limit))}


def betting(cell: Cell, rng: np.random.Generator) -> Right:
    """The sequences after the last question: an interval never grows, so it is wrong now if it ever was."""
    truth = cell.accuracies()
    values, found = scores(cell, truth, rng)
    totals, counts = unit_sums(values[:, 1:] - values[:, :1], found.clusters)
    order = rng.permutation(len(totals))
    ends = []
    for j in range(cell.family):  # a grid of 0.02: it holds the truths, and to them no other mean matters
        sequence = BettingSequence(ALPHA / cell.family, largest=float(counts.max()), steps=100)
        sequence.add((totals / counts)[order, j], weights=counts[order, j])
        ends.append((sequence.low, sequence.high))
    low, high = np.array(ends).T
    return {
        "betting, at all looks": bool(
            np.all((low < truth[1:] - truth[0] - 1e-9) & (truth[1:] - truth[0] + 1e-9 < high))
        )
    }


def two_ways(cell: Cell, rng: np.random.Generator) -> Right:
    truth = cell.accuracies()
    values, found = scores(cell, truth, rng)
    assert found.draws is not None
    e = two_way(values[:, 1] - values[:, 0], found.clusters, found.draws, ALPHA)
    return {"two-way": e.low <= truth[1] - truth[0] <= e.high} if e.low == e.low else {}


def alike(cell: Cell, rng: np.random.Generator) -> Right:
    """A/A, simulated: equal conditions through `compare`."""
    import pandas as pd

    chance, clusters, _ = questions(cell, cell.accuracies(), rng)
    right = rng.random((*chance.shape, cell.samples)) < chance[..., None]
    question, arm, sample = np.indices(right.shape).reshape(3, -1)
    columns: dict[str, Any] = {"condition": arm.astype(str), "question": question, "sample": sample, "replicate": arm}
    frame = pd.DataFrame({"model": "m", **columns, "score": right.ravel().astype(float)})
    frame["cluster"] = question if clusters is None else clusters[question]
    return {"A/A, simulated": _undecided(frame, "0", rng)}


def halves(cell: Cell, rng: np.random.Generator) -> Right:
    """A/A, recorded: each question's four samples in two halves, as two conditions, for several prompts."""
    recorded = _recorded(str(rng.choice(RECORDED)))
    prompts = rng.choice(recorded["condition"].unique(), cell.family, replace=False)
    frame = recorded[recorded["condition"].isin(prompts)]
    frame = frame.iloc[rng.permutation(len(frame))]
    place = frame.groupby(["condition", "question"]).cumcount()
    frame = frame.assign(model=frame["condition"], condition=np.where(place < 2, "a", "b"), replicate=place // 2)
    return {"A/A, recorded": _undecided(frame, "a", rng)}


@cache
def _recorded(name: str) -> pd.DataFrame:
    import pandas as pd

    columns = ["model", "condition", "question", "cluster", "sample", "score", "ending", "answered"]
    return pd.read_parquet(find_asset(f"data/recorded/{name}.parquet"), columns=columns)


def _undecided(frame: pd.DataFrame, baseline: str, rng: np.random.Generator) -> bool:
    from promptlab.comparison import compare

    table = compare(frame, baseline=baseline, seed=int(rng.integers(2**31))).table
    return bool((table["verdict"] == "inconclusive").all())
