"""Trained seeds through `contrast_seeds`: seeds and questions are random, and so is what a seed makes of a question."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats
from scipy.special import expit

from benchmarks.populations import ALPHA, Cell, Floats, Right, intercept, questions
from promptlab.comparison import contrast_seeds

FEWEST = 5  # seeds; from fewer nothing may be claimed
SEED, SEED_QUESTION = 0.3, 0.4  # standard deviations of log-odds, in each arm
ARMS = (("model", "few"), ("model", "zero"), ("control", "few"), ("control", "zero"))


def seeds(cell: Cell, rng: np.random.Generator) -> Right:
    import pandas as pd

    truth = np.full(len(ARMS), cell.accuracy)
    truth[0] = cell.accuracies()[-1]
    chance, clusters = trained(cell, truth, rng)
    seed, question, arm = (part.ravel() for part in np.indices(chance.shape))
    score = rng.binomial(cell.samples, chance).ravel() / cell.samples
    model, condition = np.array(ARMS).T
    columns = {"model": model[arm] + seed.astype(str).astype(object), "condition": condition[arm]}
    frame = pd.DataFrame({**columns, "question": question, "score": score})
    frame["cluster"] = question if clusters is None else clusters[question]
    models, controls = ([f"{side}{i}" for i in range(cell.seeds)] for side in ("model", "control"))
    found = contrast_seeds(frame, models=models, controls=controls, baseline="zero", seed=int(rng.integers(2**31)))
    return judged(found.table.iloc[0], truth[0] - truth[1], cell.seeds)


def trained(cell: Cell, truth: Floats, rng: np.random.Generator) -> tuple[Floats, np.ndarray | None]:
    """Chances, (seeds, questions, arms), of true means over seeds and questions; and the questions' clusters."""
    spread, more = cell.spreads(1)[0], SEED**2 + SEED_QUESTION**2
    found = questions(cell, truth, rng)
    moved = [intercept(a, (spread**2 + more) ** 0.5) - intercept(a, spread) for a in truth.round(9).tolist()]
    logit = np.log(found.chance / (1 - found.chance)) + moved
    of_seed = SEED * rng.normal(size=(cell.seeds, 1, len(truth)))
    return expit(logit + of_seed + SEED_QUESTION * rng.normal(size=(cell.seeds, *logit.shape))), found.clusters


def judged(row: Any, truth: float, number: int) -> Right:
    off = abs(row.contrast - truth)
    t = stats.t.ppf(1 - ALPHA / 2, number - 1)
    right = {"seeds alone, without questions (not used)": bool(off <= t * row.se_seeds)}
    if number < FEWEST:
        silent = row.verdict == "no claim" and np.isnan(row.low) and np.isnan(row.high)
        return {**right, "few seeds: no claim": silent, "few seeds: the interval withheld": bool(off <= t * row.se)}
    held = row.low <= truth <= row.high
    return {**right, "seeds": bool(held and (truth != 0 or row.verdict == "inconclusive"))}
