"""The rows of a contrast over trained seeds, and their sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.comparison import verdicts
from promptlab.comparison.bounding import bounded
from promptlab.comparison.contrasted import CONTROL, MODEL, TURNED
from promptlab.comparison.crossed import Crossed, Floats
from promptlab.comparison.validity import decide_contrast
from promptlab.comparison.verdicts import doubts, interval, joined, points
from promptlab.stats.estimates import t_quantile
from promptlab.stats.power import detectable
from promptlab.stats.twoway import TwoWay, two_way
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

FEWEST = 5  # levels of a random factor below which nothing is claimed of it
NO_CLAIM = "no claim"


def seed_row(design: Crossed, signs: Floats, each: pd.DataFrame, level: float) -> dict[str, Any]:
    def estimated(values: Floats) -> TwoWay:
        whole = values[~np.isnan(values).any(axis=1)]
        clusters = design.clusters[~np.isnan(values).any(axis=1)]
        seeds = np.tile(np.arange(len(signs)), len(whole))
        return two_way(whole.ravel(), np.repeat(clusters, len(signs)), seeds, level)

    def decided(values: Floats) -> str:
        found = estimated(values)
        return NO_CLAIM if len(signs) < FEWEST else decide_contrast(found.low, found.high)

    values = design.differences(design.score, signs)
    found, verdict = estimated(values), decided(values)
    validity, why = bounded(design, signs, decided, verdict)
    if verdict == NO_CLAIM:
        few = f"{len(signs)} seeds are too few for a claim on training ({FEWEST} at least)"
        found = replace(found, low=np.nan, high=np.nan, df=np.nan, reason=found.reason or few)
    critical = t_quantile(level, found.df) if found.df == found.df else np.nan
    return {
        "model_difference": each["model_difference"].mean(),
        "control_difference": each["control_difference"].mean(),
        "contrast": found.value,
        "low": found.low,
        "high": found.high,
        "se": found.se,
        "df": found.df,
        "se_seeds": found.se_draws,
        "se_questions": found.se_clusters,
        "seeds": len(signs),
        "agreeing": int((np.sign(np.nanmean(values, axis=0)) == np.sign(found.value)).sum()) if found.n else 0,
        "questions": found.n // len(signs),
        "clusters": found.n_clusters,
        "flag": _flag(each, found.value),
        "reason": found.reason,
        "verdict": verdict,
        "validity": validity,
        "validity_why": why,
        "detectable": float(detectable(found.se, critical)),
    }


def _flag(each: pd.DataFrame, value: float) -> str:
    """As in `Contrast`: the sign changes on the mean log-odds; a seed's control, or model, is at floor or ceiling."""
    flags = {TURNED: value * each["log_odds"].mean() < 0 and abs(value) > 1e-9}
    flags |= {name: any(name in flag.split("; ") for flag in each["flag"]) for name in (CONTROL, MODEL)}
    return "; ".join(name for name, on in flags.items() if on)


def seed_sentence(row: Mapping[Any, Any], each: pd.DataFrame, baseline: str) -> str:
    sides = f"{points(row['model_difference'])} on the models, {points(row['control_difference'])} on the controls"
    what = f"{row['condition']} against {baseline}, {counted(row['seeds'], 'seed')} of each: {sides} (means)"
    mine = each[each["condition"] == row["condition"]]
    if row["verdict"] == NO_CLAIM:
        found = ", ".join(interval(*one) for one in mine[["contrast", "low", "high"]].itertuples(index=False))
        return joined(
            f"{what}; no claim: {row['reason']}. Contrast of each pair, for its two models: {found}.", doubts(row)
        )
    units = "" if row["clusters"] == row["questions"] else f", {counted(row['clusters'], 'cluster')}"
    size = (
        f"contrast {interval(row['contrast'], row['low'], row['high'])} ({counted(row['questions'], 'question')}{units}"
    )
    size += f"; {row['agreeing']} of {row['seeds']} seeds on this side of 0)"
    open_ = row["verdict"] == "inconclusive"
    scope = "" if open_ else ", for seeds trained like these"
    verdict = "inconclusive" if open_ else f"{row['verdict']} to the models than to the controls"
    power = f"A true contrast of {100 * row['detectable']:.1f} points would be found with 80 % power."
    learned = f"Nothing can be concluded: {row['reason']}." if row["reason"] else power
    return joined(f"{what}; {verdict}, {size}{scope}.", learned, verdicts.flagged(row["flag"]), doubts(row))
