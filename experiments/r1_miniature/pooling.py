"""Means over trained seeds and questions at once, of any signed sum of arms, with the variance of `contrast_seeds`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from promptlab.comparison.bounding import bounded
from promptlab.comparison.crossed import Crossed, Floats
from promptlab.stats.twoway import TwoWay, two_way

Arm = tuple[str, str]  # (model, condition)
Arms = Mapping[Arm, int]  # what to add and what to take off, one mapping a seed


@dataclass(frozen=True)
class Pooled:
    """One mean over seeds; `each` holds the means of the seeds in their order."""

    value: float
    low: float
    high: float
    each: tuple[float, ...]
    validity: str = "ok"
    why: str = ""

    @property
    def valid(self) -> bool:
        return self.low == self.low and self.validity != "invalid"


def effect(model: str, condition: str, baseline: str) -> Arms:
    """What a condition does to a model."""
    return {(model, condition): 1, (model, baseline): -1}


def less(ours: Arms, theirs: Arms) -> Arms:
    """One signed sum of arms less another; they share no arm."""
    return {**ours, **{arm: -sign for arm, sign in theirs.items()}}


def pooled(design: Crossed, seeds: Sequence[Arms], decide: Callable[[float, float], str], alpha: float) -> Pooled:
    """The mean over seeds with its interval, and whether failed or missing samples could turn what `decide` says."""
    whole = design.completed({model for arms in seeds for model, _ in arms})
    signs = whole.signs(map(dict, seeds))
    values = whole.differences(whole.score, signs)
    found = _estimated(whole, values, alpha)

    def decided(other: Floats) -> str:
        bound = _estimated(whole, other, alpha)
        return decide(bound.low, bound.high)

    validity, why = bounded(whole, signs, decided, decide(found.low, found.high))
    return Pooled(found.value, found.low, found.high, _each(values), validity, why)


def pooled_parts(design: Crossed, seeds: Sequence[Arms], part: Floats, alpha: float) -> Pooled:
    """The same mean of another value a sample than its score: NaN where the score is missing."""
    values = design.differences(part, design.signs(map(dict, seeds)))
    found = _estimated(design, values, alpha)
    return Pooled(found.value, found.low, found.high, _each(values))


def _estimated(design: Crossed, values: Floats, alpha: float) -> TwoWay:
    """Of the questions that every arm has."""
    here = ~np.isnan(values).any(axis=1)
    n = values.shape[1]
    return two_way(values[here].ravel(), np.repeat(design.clusters[here], n), np.tile(np.arange(n), here.sum()), alpha)


def _each(values: Floats) -> tuple[float, ...]:
    here = ~np.isnan(values).any(axis=1)
    return tuple(values[here].mean(axis=0).tolist()) if here.any() else (np.nan,) * values.shape[1]
