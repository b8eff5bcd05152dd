"""Dose-response through `dose`: intervals for each k, of slope, bend and steps, and shapes that are not there."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.populations import MOST, MOVED, Cell, Floats, Right, scores
from promptlab.comparison import DoseResponse, dose

SHOTS = (0, 1, 3, 5)


def doses(cell: Cell, rng: np.random.Generator) -> Right:
    """All k alike, or a straight rise from the first to the last."""
    import pandas as pd

    truth = cell.accuracy + cell.moved * min(MOVED, MOST - cell.accuracy) * np.array(SHOTS) / SHOTS[-1]
    values, found = scores(cell, truth, rng)
    question, arm = (part.ravel() for part in np.indices(values.shape))
    columns = {"condition": np.array([f"k{k}" for k in SHOTS])[arm], "shots": np.array(SHOTS)[arm]}
    frame = pd.DataFrame({"model": "m", **columns, "question": question, "score": values.ravel()})
    frame["cluster"] = question if found.clusters is None else found.clusters[question]
    return judged(dose(frame, baseline="k0", seed=int(rng.integers(2**31))), truth)


def judged(found: DoseResponse, truth: Floats) -> Right:
    (slope,) = found.slopes.to_dict("records")
    at = dict(zip(SHOTS, truth, strict=True))
    bend = 2 * (SHOTS[-1] - SHOTS[0]) * np.polyfit(SHOTS, truth, 2)[0]
    steps = [at[end] - at[start] for start, end in zip(found.steps["start"], found.steps["end"], strict=True)]
    values = [np.polyfit(SHOTS, truth, 1)[0], bend, *steps]
    lows = [slope["low"], slope["curvature_low"], *found.steps["low"]]
    highs = [slope["high"], slope["curvature_high"], *found.steps["high"]]
    held = _held(lows, values, highs)
    told = "fall" not in slope["shape"] and slope["shape"] != "not monotone"
    return {
        "dose, all differences": bool(_held(found.table["low"], truth[1:] - truth[0], found.table["high"]).all()),
        "dose, slope": bool(held[0]),
        "dose, slope, bend and steps": bool(held.all()),
        "dose, shape": told if truth[-1] > truth[0] else slope["shape"] == "inconclusive",
    }


def _held(lows: ArrayLike, values: ArrayLike, highs: ArrayLike) -> NDArray[np.bool_]:
    low, value, high = (np.asarray(part, dtype=float) for part in (lows, values, highs))
    return (low <= value + 1e-12) & (value - 1e-12 <= high)
