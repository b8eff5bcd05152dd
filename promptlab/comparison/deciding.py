"""Runs that end as soon as they are decided: the rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from promptlab import given
from promptlab.comparison.sequences import asked
from promptlab.errors import InputError, unknown
from promptlab.records import Run


@dataclass(frozen=True)
class Decided:
    """The rule that `decided` makes; `run` takes it as ``stop_when=``."""

    baseline: str
    margin: float | None
    alpha: float
    family: int | None
    batch: int

    def fixed(self, conditions: Sequence[str]) -> dict[str, Any]:
        """What the manifest keeps; `InputError` where the conditions do not fit."""
        if self.baseline not in conditions:
            raise unknown("baseline of decided", self.baseline, conditions)
        others = [name for name in conditions if name != self.baseline]
        if not others:
            raise InputError(f"there is no condition besides the baseline {self.baseline!r}: nothing to decide")
        family = len(others) if self.family is None else self.family
        if family < len(others):
            raise given.wrong("family of decided", family, f"at least {len(others)}, the comparisons of this run alone")
        rule = {"baseline": self.baseline, "margin": self.margin, "alpha": self.alpha, "family": family}
        return {**rule, "conditions": others}

    def settled(self, run: Run) -> bool:
        """Whether every comparison is decided by what the run holds."""
        part = asked(run)
        sequences = (part.sequence(condition, part.missing) for condition in part.rule["conditions"])
        return all(part.verdict(sequence) != "inconclusive" for sequence in sequences)


def decided(
    *, baseline: str, margin: float | None = None, alpha: float = 0.05, family: int | None = None, batch: int = 25
) -> Decided:
    """A rule for ``run(..., stop_when=)``: end as soon as every comparison with the baseline is decided.

    Questions are asked in a random order that the run's seed fixes; those of a cluster together. After each batch every
    paired difference has an interval that may be looked at as often as one likes
    (`promptlab.stats.BettingSequence`, each at alpha / family). A comparison is decided when its interval excludes 0,
    or lies within ±margin. The questions given to `run` are the cap. `decisions` reports such a run, and `compare` does
    not: its size depends on its outcome, so that intervals for a fixed size would be too narrow.

    It settles large effects early. Looking at any time has its price: effects of 2 to 6 points are not decided by some
    hundred questions, and of what lies between, `compare` finds more at the same cap.

    Parameters
    ----------
    baseline : str
        The condition that the others are compared with.
    margin : float, optional
        Differences within ±margin count as equivalent, a share of 1; None: nothing does.
    alpha : float
        The chance of any wrong verdict in the family, in (0, 1).
    family : int, optional
        Comparisons that the intervals cover together; by default those of one run. For several models, run one after
        another with the same rule: the number of all their comparisons.
    batch : int
        Questions between two looks, at least. A batch goes arm by arm, so that a server's prefix cache holds.

    Raises
    ------
    InputError
        A number is out of range.

    Examples
    --------
    >>> decided(baseline="zero-shot").fixed(["zero-shot", "few-shot-1", "few-shot-3"])["family"]
    2
    """
    if margin is not None:
        margin = given.real("margin of decided", margin, lambda x: 0 < x < 1, "a share above 0 and below 1, or None")
    alpha = given.real("alpha of decided", alpha, lambda x: 0 < x < 1, "a number above 0 and below 1")
    family = None if family is None else given.whole("family of decided", family, 1)
    return Decided(baseline, margin, alpha, family, given.whole("batch of decided", batch, 1))
