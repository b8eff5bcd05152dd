"""What length and second thoughts are worth in the answers of one training (`checkpoints`): exploratory, one seed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from experiments.r1_miniature.checkpoints import ALPHA
from experiments.r1_miniature.registered import BASELINE
from promptlab.comparison.crossed import Crossed, Floats, crossed
from promptlab.stats import Estimate, bounded_mean, mean_estimate

if TYPE_CHECKING:
    import pandas as pd

RARE = 0.01  # fewer changed answers than this, and checks and doubts are theatre
_EMPTY = re.compile(r"<think>\s*</think>")
_ACCEPTED = re.compile(r"\b(?:Right|Good|That fits)\.\s*</think>")  # how the checks of `chains` end


def grown(frame: pd.DataFrame, longer: float = 0.1) -> Estimate:
    """Accuracy that a question gained for each `longer` (10 %) its answers grew, from the first step to the last.

    The slope of a least-squares line over questions; length is taken from the first half of a question's samples and
    accuracy from the second, so that one sample's luck is not on both sides. Linearised, by cluster.
    """
    ends = frame[frame["model"].isin([frame["model"].iloc[0], frame["model"].iloc[-1]])]
    design = crossed(ends, [BASELINE])
    found = design.samples
    first = (found["sample"] < found["sample"].max() / 2).to_numpy()
    tokens = np.log(np.maximum(found["completion_tokens"].to_numpy(float), 1))
    halves = np.where(first & ~design.missing, tokens, np.nan), np.where(first, np.nan, design.score)
    length, gain = (np.diff(design.means(values), axis=0)[0] for values in halves)
    both = ~np.isnan(length + gain)
    x, y = (np.where(both, values - values[both].mean(), np.nan) for values in (length, gain))
    slope = np.nansum(x * y) / np.nansum(x * x)
    parts = slope + x * (y - slope * x) / np.nanmean(x * x)
    return mean_estimate(parts * np.log1p(longer), design.clusters, ALPHA)


class Turns(NamedTuple):
    """Second thoughts in all answers, those of every step: shares of 1."""

    answers: int
    stated: float  # give an answer before their last check or doubt
    changed: Estimate  # and end with another
    net: Estimate  # changed to right less changed to wrong
    doubting: int  # answers with a doubt
    doubting_changed: float
    doubting_mended: float  # of these: a calculation done again with another result

    @property
    def verdict(self) -> str:
        """What becomes of checks and doubts: answers changed for the better, for the worse, hardly any, or open."""
        if self.net.low > 0 or self.net.high < 0:
            return "for the better" if self.net.low > 0 else "for the worse"
        return "theatre" if self.changed.high < RARE else "open"


def turns(frame: pd.DataFrame) -> Turns:
    """Whether answers are changed after a check or a doubt, and for the better; an answer not stated is not changed."""
    design = crossed(frame, [BASELINE])
    found = design.samples
    changed, right, wrong, mended = (
        found[name].fillna(0).gt(0) for name in ("changed", "changed_to_right", "changed_to_wrong", "redone_otherwise")
    )
    doubting = found["doubts"].gt(0)
    return Turns(
        answers=len(found),
        stated=float(found["changed"].notna().mean()),
        changed=bounded_mean(_over_steps(design, changed), design.clusters, ALPHA),
        net=mean_estimate(_over_steps(design, right) - _over_steps(design, wrong), design.clusters, ALPHA),
        doubting=int(doubting.sum()),
        doubting_changed=float(changed[doubting].mean()),
        doubting_mended=float(mended[doubting].mean()),
    )


def accepted(frame: pd.DataFrame) -> dict[str, Estimate]:
    """Shares of the right and of the wrong answers whose last check finds them right; needs completions.

    Added after the other results were seen: hardly an answer states one before its last check, so that `turns` cannot
    say what checks are worth.
    """
    design = crossed(frame, [BASELINE])
    fine = design.samples["completion"].str.contains(_ACCEPTED).to_numpy(float)
    sides = {"right": design.score >= 1, "wrong": design.score < 1}
    means = {name: design.means(np.where(side, fine, np.nan)) for name, side in sides.items()}
    return {name: bounded_mean(_mean(each), design.clusters, ALPHA) for name, each in means.items()}


def at_all(frame: pd.DataFrame) -> pd.DataFrame:
    """Shares of each step's answers that could be read (`read`) and that have an empty thought (`empty`).

    Needs completions. Added after the results of `zero` were seen: hardly an answer of its start can be read.
    """
    empty = frame["completion"].fillna("").str.match(_EMPTY)
    return (
        frame.assign(read=frame["answered"].eq(True), empty=empty)
        .groupby("model", sort=False)[["read", "empty"]]
        .mean()
    )


def _over_steps(design: Crossed, what: pd.Series) -> Floats:
    """Share of each question's answers, the mean of the steps."""
    values = np.where(design.missing, np.nan, what.to_numpy(float))
    return _mean(design.means(values))


def _mean(means: Floats) -> Floats:
    """Over the steps, for each question; NaN where no step has it."""
    here = ~np.isnan(means)
    total = np.where(here, means, 0).sum(axis=0)
    return np.divide(total, here.sum(axis=0), out=np.full(len(total), np.nan), where=here.any(axis=0))
