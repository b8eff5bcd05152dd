"""The rules of the registered hypotheses: what is compared over the seeds, and what an interval of it then says.

What the registration leaves open (when H2, H3 and H4 count as refuted) was settled here before the first sample of
theirs, but after H1 had been judged by its own rule (LOG.md, 2026-11-25).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from experiments.r1_miniature.pooling import Arms, effect, less
from experiments.r1_miniature.registered import BASELINE, FEW, MARGIN, models

State = Literal["confirmed", "refuted", "open", "not run"]
Seeds = Sequence[Arms]  # one a seed
LARGE = 0.025  # the loss that H1 is refuted as


# -- rules: intervals in, a state out ----------------------------------------------------------------------------------


def state_of_loss(low: float, high: float) -> State:
    """H1: a loss is confirmed below 0, and refuted as one of `LARGE` or more above that."""
    return "confirmed" if high < 0 else "refuted" if low > -LARGE else "open"


def state_of_gain(low: float, high: float) -> State:
    """H3: what removes a loss has its interval above 0."""
    return "confirmed" if low > 0 else "refuted" if high < 0 else "open"


def state_of_sameness(low: float, high: float) -> State:
    """H4: no margin was registered, so nothing confirms that two effects are the same; a difference refutes it."""
    return "refuted" if low > 0 or high < 0 else "open"


def state_of_narrow(contrast: tuple[float, float], plain: tuple[float, float]) -> State:
    """H2: the contrast within the margin and a loss of plain; refuted where either is shown to be otherwise."""
    (low, high), (worst, best) = contrast, plain
    if low > -MARGIN and high < MARGIN and best < 0:
        return "confirmed"
    return "refuted" if low > MARGIN or high < -MARGIN or worst > 0 else "open"


# -- what is compared: over the seeds, signed sums of arms -------------------------------------------------------------


def few(model: str) -> Seeds:
    """What the exemplars do to each seed of a model."""
    return [effect(name, FEW, BASELINE) for name in models(model)]


def each_less(ours: Seeds, theirs: Seeds) -> Seeds:
    """Seed by seed."""
    return [less(*two) for two in zip(ours, theirs, strict=True)]


THINKING = each_less(few("r1-short"), few("sft-short"))  # what RL adds to the effect: H1
PLAIN = each_less(few("plain-rl"), few("plain-short"))
TRIPLE = each_less(PLAIN, THINKING)  # H4
GAINED: Seeds = [
    {(a, BASELINE): 1, (b, BASELINE): -1} for a, b in zip(models("r1-short"), models("sft-short"), strict=True)
]
