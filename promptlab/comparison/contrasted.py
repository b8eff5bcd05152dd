"""The rows of a contrast: both differences, the contrast on two scales, and what keeps it from confirming anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.comparison import verdicts
from promptlab.comparison.crossed import Crossed, Floats
from promptlab.comparison.validity import Judged
from promptlab.stats import Estimate, log_odds_contrast
from promptlab.stats.power import detectable
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

FLOOR, CEILING = 0.1, 0.9
TURNED, CONTROL, MODEL = "scale-dependent", "floor/ceiling", "model at floor/ceiling"


def contrast_table(
    design: Crossed, conditions: list[str], cells: list[list[tuple[str, str]]], judged: Judged, alpha: float
) -> pd.DataFrame:
    """`Contrast.table`."""
    import pandas as pd

    f, means = judged.family, design.means(design.score)
    rows = []
    for condition, four in zip(conditions, cells, strict=True):
        arms = means[[design.arms.index(cell) for cell in four]].T
        here = ~np.isnan(arms).any(axis=1)
        odds = log_odds_contrast(arms[here], (1, -1, -1, 1), design.clusters[here], alpha / len(conditions))
        rows.append({"condition": condition, **_row(arms[here], odds)})
    columns: dict[str, Any] = {
        **{"contrast": f.estimate, "low": f.low, "high": f.high, "se": f.se, "df": f.df, "p_holm": judged.p_holm},
        **{"questions": f.n, "clusters": f.n_clusters, "method": f.method, "reason": f.reason},
        **{"verdict": judged.verdicts, "validity": judged.validity, "validity_why": judged.why},
        "detectable": detectable(f.se, f.critical),
    }
    return pd.DataFrame(rows).assign(**columns)


def _row(arms: Floats, odds: Estimate) -> dict[str, Any]:
    """`arms`: question means of model, model under baseline, control, control under baseline."""
    scores = arms.mean(axis=0) if len(arms) else np.full(4, np.nan)
    after, before, control_after, control_before = scores.tolist()
    return {
        **{"model_baseline": before, "control_baseline": control_before},
        "model_difference": after - before,
        "control_difference": control_after - control_before,
        "log_odds": odds.value,
        "log_odds_low": odds.low,
        "log_odds_high": odds.high,
        "flag": _flags(scores, odds.value),
    }


def _flags(scores: Floats, log_odds: float) -> str:
    """Why a contrast confirms nothing, if so.

    A control near a bound, before or after, had no room to change. A model may well be driven there: that is its
    effect. One that is there under both prompts had no room either.
    """
    accuracy = float(scores @ [1, -1, -1, 1])
    low, high = scores < FLOOR, scores > CEILING
    flags = {
        TURNED: accuracy * log_odds < 0 and abs(accuracy) > 1e-9,
        CONTROL: (low | high)[2:].any(),
        MODEL: low[:2].all() or high[:2].all(),
    }
    return "; ".join(name for name, on in flags.items() if on)


def contrast_warnings(design: Crossed, table: pd.DataFrame, models: Sequence[str]) -> Iterator[str]:
    """What to know before reading on."""
    yield from verdicts.few_units(table)
    ours = np.array([model in models for model, _ in design.arms])
    asked = len(np.unique(design.question[ours[design.arm] & ~design.absent]))
    used = table["questions"].min()
    if used < asked:
        yield f"down to {used} of {counted(asked, 'question')} with valid samples in all four arms"
    counts = design.counted(~design.absent)[ours].max(axis=1)
    if counts.min() < counts.max():
        yield f"arms have {counts.min()} to {counts.max()} samples a question"
