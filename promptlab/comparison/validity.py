"""Decisions from intervals, and whether failures could change them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from promptlab.comparison.crossed import Crossed, Floats
from promptlab.stats import Family, benjamini_hochberg, holm, sign_flip_p, simultaneous

MAX_MISSING = 0.02  # share of missing samples above which an arm is not usable


def decide(low: float, high: float, margin: float | None) -> str:
    """The verdict of one interval; a significant difference inside the margin keeps its direction.

    >>> decide(-0.2, -0.1, None), decide(-0.01, 0.01, 0.02), decide(-0.01, 0.01, None)
    ('degraded', 'equivalent', 'inconclusive')
    """
    if high < 0:
        return "degraded"
    if low > 0:
        return "improved"
    return "equivalent" if inside(low, high, margin) else "inconclusive"


def decide_contrast(low: float, high: float) -> str:
    """The same for a difference of differences: the condition treats the model worse, or better, than its control."""
    return {"degraded": "less favourable", "improved": "more favourable"}.get(decide(low, high, None), "inconclusive")


def inside(low: float, high: float, margin: float | None) -> bool:
    return margin is not None and -margin < low and high < margin


@dataclass(frozen=True)
class Judged:
    """Intervals, verdicts and validity of the signed differences of one family."""

    family: Family
    values: Floats  # (questions, columns)
    p: Floats
    p_holm: Floats
    p_bh: Floats
    verdicts: list[str]
    validity: list[str]
    why: list[str]


def judge(
    design: Crossed, signs: Floats, decide: Callable[[float, float], str], *, alpha: float, seed: int, bound: float
) -> Judged:
    """Estimate every column, decide on its interval, and see whether failures could change the decision."""

    def family(score: Floats) -> Family:
        return family_of(design, signs, score, alpha=alpha, seed=seed, bound=bound)

    def decided(found: Family) -> list[str]:
        return [decide(low, high) for low, high in zip(found.low, found.high, strict=True)]

    base = family(design.score)
    verdicts = decided(base)
    pairs = validities(design, signs, lambda score: decided(family(score)), verdicts)
    validity, why = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    values = design.differences(design.score, signs)
    p = sign_flip_p(values, design.clusters, rng=np.random.default_rng(seed))
    return Judged(base, values, p, holm(p), benjamini_hochberg(p), verdicts, validity, why)


def family_of(design: Crossed, signs: Floats, score: Floats, *, alpha: float, seed: int, bound: float) -> Family:
    """Simultaneous intervals of the signed differences, as if these were the scores."""
    values = design.differences(score, signs)
    return simultaneous(values, design.clusters, alpha, rng=np.random.default_rng(seed), bound=bound)


def validities(
    design: Crossed, signs: Floats, decided: Callable[[Floats], list[str]], verdicts: list[str]
) -> list[tuple[str, str]]:
    """Validity and its reason for each column: `decided` gives their verdicts for any scores."""

    def otherwise(mask: NDArray[np.bool_], worst: Floats) -> list[set[str]]:
        """For each column the verdicts other than its own that scoring the masked rows at their bounds gives."""
        touched = np.abs(signs) @ np.bincount(design.arm, mask, len(design.arms)) > 0
        found: list[set[str]] = [set() for _ in verdicts]
        for direction in (1, -1) if touched.any() else ():
            best = signs.sum(axis=0)[design.arm] * direction > 0
            bounded = decided(np.where(mask, np.where(best, 1.0, worst), design.score))
            for j in np.flatnonzero(touched):
                found[j] |= {bounded[j]} - {verdicts[j]}
        return found

    missing = otherwise(design.missing, np.zeros(len(design.score)))
    failed = otherwise(design.failed, design.score)
    return [validity_of(design, signs[j], missing[j], failed[j]) for j in range(len(signs))]


def validity_of(design: Crossed, signs: Floats, missing: set[str], failed: set[str]) -> tuple[str, str]:
    lost = design.share(design.missing)
    used = sorted(np.flatnonzero(signs).tolist(), key=lambda arm: -signs[arm])  # the condition before its baseline
    if lost[used].max() > MAX_MISSING:
        return "invalid", f"{_missing(design, used)} ({_shares(design, lost, used)})"
    if missing:
        return "invalid", f"the missing samples ({_shares(design, lost, used)}) could make it {_either(missing)}"
    if failed:
        share = _shares(design, design.share(design.failed), used)
        return "fragile", f"truncated, empty, refused or unanswered samples ({share}) could make it {_either(failed)}"
    return "ok", ""


def _missing(design: Crossed, used: Sequence[int]) -> str:
    here = design.missing & np.isin(design.arm, used)
    if (here & ~design.absent & (design.ending != "error")).any():
        return "samples are missing, some of them without a grade (Run.regrade gives them one)"
    never = (here & design.absent).any()
    return "samples failed or were never taken" if never else "infrastructure failures left samples missing"


def _shares(design: Crossed, share: Floats, arms: Sequence[int]) -> str:
    several = len({design.arms[a][0] for a in arms}) > 1
    names = [" under ".join(design.arms[a]) if several else design.arms[a][1] for a in arms]
    return ", ".join(f"{100 * round(share[a], 3):.1f} % of {name}" for a, name in zip(arms, names, strict=True))


def _either(verdicts: set[str]) -> str:
    return " or ".join(sorted(verdicts))
