"""The shape of a dose-response: slope, curvature and steps as contrasts of arms, and what they say together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np

from promptlab.comparison.bounding import bounded
from promptlab.comparison.crossed import Crossed, Floats
from promptlab.comparison.validity import decide
from promptlab.stats import simultaneous
from promptlab.stats.estimates import cluster_robust, unit_sums

SLOPE, CURVATURE, STEP = "slope", "curvature", "step"
WORDS = {"degraded": "fall", "improved": "rise"}
OPEN = "inconclusive"


class Weighted(NamedTuple):
    """A contrast of a series' points; `start` and `end` are its first and last k."""

    kind: str
    start: int
    end: int
    weights: Floats


@dataclass(frozen=True)
class Found:
    """The estimate of one contrast, in shares (of 1) or shares a shot."""

    kind: str
    start: int
    end: int
    value: float
    se: float
    low: float
    high: float
    critical: float
    questions: int
    clusters: int
    reason: str
    verdict: str  # fall, rise, inconclusive
    validity: str
    why: str


def weighted(shots: Sequence[int]) -> list[Weighted]:
    """Slope, curvature (from three doses on) and every step up in k, for points at these k, in increasing order.

    The slope is that of least squares. The curvature is by how much the slope of the fitted parabola changes from the
    first k to the last (below 0: it bends down, as an inverted U does).

    Examples
    --------
    >>> slope, curvature, *steps = weighted([0, 1, 3])
    >>> [round(float(x), 3) for x in slope.weights], round(float(curvature.weights @ [0, 1, 9]), 6)
    ([-0.286, -0.071, 0.357], 6.0)
    >>> [(step.start, step.end) for step in steps]
    [(0, 1), (0, 3), (1, 3)]
    """
    k = np.asarray(shots, dtype=float)
    ends = int(k[0]), int(k[-1])
    centred = k - k.mean()
    found = [Weighted(SLOPE, *ends, centred / (centred @ centred))]
    if np.unique(k).size > 2:
        line = np.stack([np.ones_like(k), k], axis=1)
        bend = k**2 - line @ np.linalg.lstsq(line, k**2, rcond=None)[0]
        found.append(Weighted(CURVATURE, *ends, 2 * (k[-1] - k[0]) * bend / (bend @ bend)))
    one = np.eye(len(k))
    steps = [(i, j) for i, j in combinations(range(len(k)), 2) if k[i] < k[j]]
    return found + [Weighted(STEP, int(k[i]), int(k[j]), one[j] - one[i]) for i, j in steps]


def estimated(design: Crossed, series: Sequence[Sequence[int]], shots: Sequence[Sequence[int]], alpha: float, seed: int
) -> list[list[Found]]:  # fmt: skip
    """All contrasts of all series (their arms' numbers, and k) as one family at `alpha`."""
    rows, contrasts = [], [weighted(k) for k in shots]
    for arms, of_series in zip(series, contrasts, strict=True):
        for each in of_series:
            row = np.zeros(len(design.arms))
            np.add.at(row, list(arms), each.weights)
            rows.append(row)
    found = iter(_family(design, np.array(rows), [each for of in contrasts for each in of], alpha, seed))
    return [[next(found) for _ in of_series] for of_series in contrasts]


def _family(design: Crossed, signs: Floats, contrasts: list[Weighted], alpha: float, seed: int) -> list[Found]:
    unit = np.maximum(signs, 0).sum(axis=1)  # so that every contrast lies in [-1, 1], whatever its weights
    values = design.differences(design.score, signs / unit[:, None])
    f = simultaneous(values, design.clusters, alpha, rng=np.random.default_rng(seed))
    found = []
    for j, (kind, start, end, _) in enumerate(contrasts):
        verdict = _worded(f.low[j], f.high[j])

        def decided(values: Floats, critical: float = f.critical[j], least: float = f.se[j]) -> str:
            mean, se, _ = (float(part[0]) for part in cluster_robust(*unit_sums(values, design.clusters)))
            half = critical * max(se, least)  # never surer than the interval that was found
            return _worded(mean - half, mean + half)

        validity, why = bounded(design, signs[[j]] / unit[j], decided, verdict)
        value, se, low, high = (float(part[j] * unit[j]) for part in (f.estimate, f.se, f.low, f.high))
        sizes = float(f.critical[j]), int(f.n[j]), int(f.n_clusters[j]), f.reason[j]
        found.append(Found(kind, start, end, value, se, low, high, *sizes, verdict, validity, why))
    return found


def _worded(low: float, high: float) -> str:
    return WORDS.get(decide(low, high, None), OPEN)


def shape(found: Iterable[Found]) -> str:
    """What the decided slope and steps of one series say together.

    A turn needs a rise and a fall, one after the other, each with an interval off 0: a curvature alone does not show
    that a curve turns (Simonsohn 2018, Adv. Methods Pract. Psychol. Sci. 1, 538).
    """
    proof = [each for each in found if each.kind != CURVATURE]
    up, down = ([each for each in proof if each.verdict == word] for word in ("rise", "fall"))
    if not up or not down:
        whole = any(each.kind == SLOPE for each in up + down)  # else the slope is open, and one step or more is not
        return OPEN if not up + down else f"{'rises' if up else 'falls'}{'' if whole else ' in part'}"
    ways = {("rises", "falls"): (up, down), ("falls", "rises"): (down, up)}
    turns = [
        ", then ".join(words)
        for words, (first, then) in ways.items()
        if any(a.end <= b.start for a in first for b in then if STEP == a.kind == b.kind)
    ]
    return turns[0] if len(turns) == 1 else "not monotone"


def shape_validity(found: Sequence[Found]) -> tuple[str, str]:
    """Whether the shape stands without the contrasts that failures, or missing samples, could change."""
    whole, slope = shape(found), found[0]
    if whole == OPEN:
        return slope.validity, slope.why
    for allowed, validity in ((("ok",), "ok"), (("ok", "fragile"), "fragile")):
        if shape(each for each in found if each.validity in allowed) == whole:
            return validity, "" if validity == "ok" else _first(found, "fragile")
    return "invalid", _first(found, "invalid")


def _first(found: Sequence[Found], validity: str) -> str:
    return next(each.why for each in found if each.validity == validity and each.verdict != OPEN)
