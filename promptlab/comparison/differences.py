"""The rows of a comparison: which pairs of arms, their table, and what to know before reading it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from promptlab.comparison import verdicts
from promptlab.comparison.crossed import Crossed
from promptlab.comparison.validity import Judged, inside
from promptlab.errors import InputError, unknown
from promptlab.stats.power import detectable, scaled_up
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

NEAR_0 = 0.1  # and as near to 1, Wilson's interval can cover less than 94 % (benchmarks/RESULTS.md)
ROUGH = "scores that may be under 10 % or over 90 %: their own intervals are rough there (92 % at worst in simulations)"


def compared_pairs(design: Crossed, baseline: str) -> list[tuple[str, str]]:
    """(model, condition) of each comparison with the baseline."""
    for model in design.models():
        if baseline not in design.conditions(model):
            raise unknown(f"baseline for model {model!r}", baseline, design.conditions(model))
    pairs = [arm for arm in design.arms if arm[1] != baseline]
    if not pairs:
        raise InputError(f"there is no condition besides the baseline {baseline!r}: nothing to compare")
    return pairs


def table_of(
    pairs: list[tuple[str, str]], baseline: str | list[str], judged: Judged, margin: float | None
) -> pd.DataFrame:
    """`Comparison.table`; `baseline` is one for all pairs, or one for each."""
    import pandas as pd

    f = judged.family
    within = np.array([inside(low, high, margin) for low, high in zip(f.low, f.high, strict=True)], dtype=bool)
    smallest = detectable(f.se, f.critical)
    size = np.where(np.abs(f.estimate) > 1e-9, np.abs(f.estimate), np.nan)
    columns = {
        **{"model": [model for model, _ in pairs], "condition": [condition for _, condition in pairs]},
        **{"baseline": baseline, "difference": f.estimate, "low": f.low, "high": f.high, "se": f.se, "df": f.df},
        **{"questions": f.n, "clusters": f.n_clusters},
        **{"lost": (judged.values < -1e-12).sum(axis=0), "gained": (judged.values > 1e-12).sum(axis=0)},
        **{"p": judged.p, "p_holm": judged.p_holm, "p_bh": judged.p_bh},
        **{"method": f.method, "reason": f.reason, "verdict": judged.verdicts},
        "negligible": within & np.isin(judged.verdicts, ["degraded", "improved"]),
        **{"validity": judged.validity, "validity_why": judged.why},
        **{"detectable": smallest, "questions_needed": scaled_up(f.n, smallest, size)},
    }
    return pd.DataFrame(columns)  # made at once: column by column takes most of a recalculation's time


def one_draw(design: Crossed, arm: tuple[str, str]) -> bool:
    """Whether the samples say that this arm showed one exemplar set only."""
    if not {"draw", "shots"} <= set(design.samples):
        return False
    rows = design.samples[design.arm == design.arms.index(arm)]
    if "select" in rows and rows["select"].astype(str).str.contains("nearest|most-different").any():
        return False  # every question has its own
    return bool((rows["shots"] > 0).any() and rows["draw"].nunique() == 1)


def near_bounds(summary: pd.DataFrame) -> pd.Series:
    """Which scores may truly be near 0 or 1: what was observed is itself a draw."""
    return (summary["low"] < NEAR_0) | (summary["high"] > 1 - NEAR_0)


def warnings_of(design: Crossed, table: pd.DataFrame, summary: pd.DataFrame) -> list[str]:
    """What to know before reading on; `summary` is that of the arms."""
    found = list(verdicts.few_units(table))
    if near_bounds(summary).any():
        found.append(ROUGH)
    for model in design.models():
        ours = np.array([owner == model for owner, _ in design.arms])
        asked = len(np.unique(design.question[ours[design.arm]]))
        paired = table.loc[table["model"] == model, "questions"].min()
        if paired < asked:
            found.append(f"{model}: down to {paired} of {counted(asked, 'question')} with valid samples in both arms")
        unlike = design.counts[ours].max(axis=1)
        if unlike.min() < unlike.max():
            found.append(f"{model}: conditions have {unlike.min()} to {unlike.max()} samples a question")
    return found
