"""A comparison's interval, widened from the exemplar sets that were shown to exemplars drawn like these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.comparison.crossed import Crossed, Floats
from promptlab.comparison.seeded import FEWEST, NO_CLAIM
from promptlab.comparison.validity import decide
from promptlab.stats.estimates import cluster_robust, t_quantile, unit_sums
from promptlab.stats.power import detectable
from promptlab.stats.twoway import TwoWay, two_way

if TYPE_CHECKING:
    import pandas as pd

FIXED = "the comparison's"  # a method: no narrower interval is given


@dataclass(frozen=True)
class Wide:
    """The difference of one condition, by draws and by clusters; NaN and the `reason` where nothing is claimed."""

    found: TwoWay
    questions: int
    se: float
    low: float
    high: float
    method: str
    reason: str

    def verdict(self, margin: float | None) -> str:
        """What the interval decides."""
        return NO_CLAIM if self.reason else decide(self.low, self.high, margin)

    def detectable(self, level: float) -> float:
        """The true difference that would be found with 80 % power."""
        if self.reason:
            return np.nan
        critical = max(t_quantile(level, self.found.df), (self.high - self.low) / 2 / self.se)
        return float(detectable(self.se, critical))


def widened(design: Crossed, row: Mapping[Any, Any], score: Floats, level: float) -> Wide:
    """The two-way interval of a row of `Comparison.table` for these scores; never narrower than the row's own."""
    arms = [(row["model"], row[name]) for name in ("condition", "baseline")]
    cells = _cells(design, arms[0], score)
    before = design.means(score)[design.arms.index(arms[1])]
    values, clusters = cells["valid"].to_numpy() - before[cells["row"]], design.clusters[cells["row"]]
    found = two_way(values, clusters, cells["label"].to_numpy(dtype=str), level)
    questions = cells["row"][~np.isnan(values)].nunique()
    if reason := _no_claim(found):
        return Wide(found, questions, found.se, np.nan, np.nan, found.method, reason)
    se, low, high = _fixed(design, row, design.differences(score, design.signs([{arms[0]: 1, arms[1]: -1}])))
    wider = not (se <= found.se and found.low <= low and high <= found.high)
    method = FIXED if wider and se == se else found.method
    limits = float(np.fmin(low, found.low)), float(np.fmax(high, found.high))
    return Wide(found, questions, float(np.fmax(se, found.se)), *limits, method, "")


def _no_claim(found: TwoWay) -> str:
    if found.reason or found.n_draws >= FEWEST:
        return found.reason
    return f"{found.n_draws} draws are too few for a claim on exemplars ({FEWEST} at least)"


def _fixed(design: Crossed, row: Mapping[Any, Any], values: Floats) -> tuple[float, float, float]:
    """Standard error and interval for these exemplar sets; for other scores never surer than the row's own."""
    mean, se, _ = (float(part[0]) for part in cluster_robust(*unit_sums(values, design.clusters)))
    more = max(1.0, se / row["se"]) if row["se"] > 0 else 1.0
    shift, (below, above) = mean - row["difference"], (row["difference"] - row["low"], row["high"] - row["difference"])
    return more * row["se"], row["low"] + shift - (more - 1) * below, row["high"] + shift + (more - 1) * above


def _cells(design: Crossed, arm: tuple[str, str], score: Floats) -> pd.DataFrame:
    """A row a question and draw of one arm: mean of the scores; of what was never taken, nobody knows the draw."""
    rows = (design.arm == design.arms.index(arm)) & ~np.isnan(score) & ~design.absent
    samples = design.samples[rows]
    label = samples["draw"].astype(str)
    if "exemplar_seed" in samples:
        label = samples["exemplar_seed"].astype(str) + "/" + label
    if "select" in samples and (samples["select"] == "own-kind").any():
        label = label + "/" + design.clusters[design.question[rows]].astype(str)
    cells = samples.assign(row=design.question[rows], label=label, valid=score[rows])
    return cells.groupby(["row", "label"], sort=False)["valid"].mean().reset_index()
