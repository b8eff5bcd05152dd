"""Controls of a loss as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.comparison.apart import same_texts, texts_of, told_apart
from promptlab.comparison.comparing import Comparison
from promptlab.comparison.crossed import Crossed
from promptlab.comparison.placebos import changed
from promptlab.comparison.reading import as_numbers
from promptlab.comparison.rendering import COPIED
from promptlab.comparison.summaries import NO_EXEMPLARS, NO_NUMBERS
from promptlab.stats import Estimate, mean_ratio

if TYPE_CHECKING:
    import pandas as pd

    Row = Mapping[Any, Any]
    Arm = tuple[str, str]

SHOWN = ["model", "condition", "role", "changed", "length", "difference", "low", "high"]
SHOWN += ["removed", "removed_low", "removed_high", "removed_verdict", "share", "share_low", "share_high"]
SHOWN += ["copied", "validity", "apart"]
BASE, PLACEBO, CONTROL = "base", "A/A", "control"
VALIDITIES = ("ok", "fragile", "invalid")
NONE = Estimate(*(np.nan,) * 5, 0, 0)


def explained_table(to_baseline: Comparison, to_base: Comparison, again: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """`Explanation.table`."""
    import pandas as pd

    twin_of, base = {twin: name for name, twins in again.items() for twin in twins}, to_base.baseline
    lengths = _lengths(to_baseline.design)
    seconds = {(row["model"], row["condition"]): row for row in to_base.table.to_dict("records")}
    rows = []
    for row in to_baseline.table.to_dict("records"):
        arm, of = (row["model"], row["condition"]), (row["model"], base)
        role = BASE if arm[1] == base else PLACEBO if arm[1] in twin_of else CONTROL
        twin = row["model"], twin_of.get(arm[1], "")
        rows.append(
            {
                **{"model": arm[0], "condition": arm[1], "role": role},
                "changed": changed(to_baseline.design, of, arm) if role == CONTROL else "",
                "length": lengths[arm] / lengths[of],
                **_again(to_baseline.design, arm, twin if role == PLACEBO else None),
                **_both(row, seconds.get(arm)),
            }
        )
    return _with_copied(pd.DataFrame(_with_shares(rows, seconds, to_baseline, base)), to_baseline)


def _again(design: Crossed, arm: Arm, twin: Arm | None) -> dict[str, Any]:
    """Whether an A/A arm holds samples of its own."""
    if twin is None:
        return {"same_texts": np.nan, "apart": ""}
    return {
        "same_texts": same_texts(texts_of(design, arm), texts_of(design, twin)),
        "apart": told_apart(design, arm, twin),
    }


def _lengths(design: Crossed) -> dict[Arm, float]:
    """The mean prompt of each arm, in tokens; NaN where no sample says."""
    if "prompt_tokens" not in design.samples:
        return dict.fromkeys(design.arms, np.nan)
    each = design.means(as_numbers(design.samples["prompt_tokens"]))
    known = ~np.isnan(each)
    means = np.nansum(each, axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)
    return dict(zip(design.arms, means.tolist(), strict=True))


def _both(row: Row, second: Row | None) -> dict[str, Any]:
    """What is said of an arm against the baseline and, where it is compared with it, against the base."""
    worse = max((one for one in (row, second) if one), key=lambda one: VALIDITIES.index(one["validity"]))
    blank = {"difference": np.nan, "low": np.nan, "high": np.nan, "verdict": "", "detectable": np.nan}
    there = second or blank
    no_verdict = {"removed_verdict": ""} if second and second["validity"] == "invalid" else {}
    return {
        **{name: row[name] for name in ("difference", "low", "high", "verdict")},
        "removed": there["difference"],
        **{f"removed_{name}": there[name] for name in ("low", "high", "verdict", "detectable")},
        **no_verdict,
        **{name: worse[name] for name in ("validity", "validity_why")},
    }


def _with_shares(
    rows: list[dict[str, Any]], seconds: Mapping[Arm, Row], found: Comparison, base: str
) -> list[dict[str, Any]]:
    """Each control's share of its model's loss."""
    lost = {row["model"]: row for row in rows if row["role"] == BASE}
    whys = [_undivided(row, lost[row["model"]]) if row["role"] == CONTROL else "" for row in rows]
    many = sum(row["role"] == CONTROL and not why for row, why in zip(rows, whys, strict=True))
    for row, why in zip(rows, whys, strict=True):
        divided = row["role"] == CONTROL and not why
        arm = row["model"], row["condition"]
        share = _share(found, arm, base, _level(seconds[arm], found.alpha / many)) if divided else NONE
        row |= {"share": share.value, "share_low": share.low, "share_high": share.high}
        row["share_reason"] = share.reason or why
    return rows


def _level(removed: Row, level: float) -> float:
    """No more than the control's difference has in its family: a share is off 0 only where that is."""
    from scipy.stats import t

    if not removed["se"] > 0:
        return level
    return min(level, 2 * float(t.sf((removed["high"] - removed["low"]) / 2 / removed["se"], removed["df"])))


def _undivided(control: Row, lost: Row) -> str:
    """Why a control has no share: no loss that could be divided, or samples that show nothing; else empty."""
    if lost["validity"] == "invalid":
        return f"the loss itself is invalid: {lost['validity_why']}"
    if lost["verdict"] != "degraded":
        return "no loss was shown"
    return "" if control["removed_verdict"] else f"the control is invalid: {control['validity_why']}"


def _share(found: Comparison, arm: Arm, base: str, level: float) -> Estimate:
    design, model = found.design, arm[0]
    signs = design.signs([{arm: 1, (model, base): -1}, {(model, found.baseline): 1, (model, base): -1}])
    parts, wholes = design.differences(design.score, signs).T
    return mean_ratio(parts, wholes, design.clusters, level)


def _with_copied(table: pd.DataFrame, found: Comparison) -> pd.DataFrame:
    if COPIED not in found.design.samples:
        return table.assign(copied=np.nan, copied_reason="")
    shown = found.feature(COPIED)
    reasons = shown["reason"].where(shown["reason"].isin([NO_EXEMPLARS, NO_NUMBERS]), "")
    named = shown[["model", "condition"]].assign(copied=shown["value"], copied_reason=reasons)
    return table.merge(named, on=["model", "condition"], how="left")
