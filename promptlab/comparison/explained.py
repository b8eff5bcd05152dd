"""Controls of a loss as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.comparison.comparing import Comparison
from promptlab.comparison.crossed import Crossed
from promptlab.comparison.reading import FACTORS
from promptlab.comparison.rendering import COPIED
from promptlab.stats import Estimate, mean_ratio

if TYPE_CHECKING:
    import pandas as pd

    Row = Mapping[Any, Any]
    Arm = tuple[str, str]

SHOWN = ["model", "condition", "role", "changed", "difference", "low", "high", "removed", "removed_low", "removed_high"]
SHOWN += ["removed_verdict", "share", "share_low", "share_high", "copied", "validity"]
BASE, PLACEBO, CONTROL = "base", "A/A", "control"
VALIDITIES = ("ok", "fragile", "invalid")
NONE = Estimate(*(np.nan,) * 5, 0, 0)


def explained_table(to_baseline: Comparison, to_base: Comparison, again: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """`Explanation.table`."""
    import pandas as pd

    placebo, base = {name for names in again.values() for name in names}, to_base.baseline
    seconds = {(row["model"], row["condition"]): row for row in to_base.table.to_dict("records")}
    rows = []
    for row in to_baseline.table.to_dict("records"):
        arm = row["model"], row["condition"]
        role = BASE if arm[1] == base else PLACEBO if arm[1] in placebo else CONTROL
        changed = _changed(to_baseline.design, (arm[0], base), arm) if role == CONTROL else ""
        rows.append(
            {"model": arm[0], "condition": arm[1], "role": role, "changed": changed, **_both(row, seconds.get(arm))}
        )
    return _with_copied(pd.DataFrame(_with_shares(rows, to_baseline, base)), to_baseline)


def _changed(design: Crossed, base: Arm, arm: Arm) -> str:
    """The factors in which an arm is not like the base, with their values."""
    first = [design.samples[(design.arm == design.arms.index(one)) & ~design.absent].iloc[0] for one in (arm, base)]
    ours, theirs = ({name: row[name] for name in FACTORS if name in row and row[name] == row[name]} for row in first)
    return ", ".join(f"{name}: {value or 'none'}" for name, value in ours.items() if value != theirs.get(name))


def _both(row: Row, second: Row | None) -> dict[str, Any]:
    """What is said of an arm against the baseline and, where it is compared with it, against the base."""
    worse = max((one for one in (row, second) if one), key=lambda one: VALIDITIES.index(one["validity"]))
    blank = {"difference": np.nan, "low": np.nan, "high": np.nan, "verdict": "", "detectable": np.nan}
    there = second or blank
    return {
        **{name: row[name] for name in ("difference", "low", "high", "verdict")},
        "removed": there["difference"],
        **{f"removed_{name}": there[name] for name in ("low", "high", "verdict", "detectable")},
        **{name: worse[name] for name in ("validity", "validity_why")},
    }


def _with_shares(rows: list[dict[str, Any]], found: Comparison, base: str) -> list[dict[str, Any]]:
    """Each control's share of its model's loss, at alpha over the number of shares."""
    undivided = {row["model"]: _undivided(row) for row in rows if row["role"] == BASE}
    many = sum(row["role"] == CONTROL and not undivided[row["model"]] for row in rows)
    for row in rows:
        why = undivided[row["model"]] if row["role"] == CONTROL else ""
        divided = row["role"] == CONTROL and not why
        share = _share(found, (row["model"], row["condition"]), base, found.alpha / many) if divided else NONE
        row |= {"share": share.value, "share_low": share.low, "share_high": share.high}
        row["share_reason"] = share.reason or why
    return rows


def _undivided(lost: Row) -> str:
    """Why there is no loss that could be divided; empty where there is one."""
    if lost["validity"] == "invalid":
        return f"the loss itself is invalid: {lost['validity_why']}"
    return "" if lost["verdict"] == "degraded" else "no loss was shown"


def _share(found: Comparison, arm: Arm, base: str, level: float) -> Estimate:
    design, model = found.design, arm[0]
    signs = design.signs([{arm: 1, (model, base): -1}, {(model, found.baseline): 1, (model, base): -1}])
    parts, wholes = design.differences(design.score, signs).T
    return mean_ratio(parts, wholes, design.clusters, level)


def _with_copied(table: pd.DataFrame, found: Comparison) -> pd.DataFrame:
    if COPIED not in found.design.samples:
        return table.assign(copied=np.nan)
    copied = found.feature(COPIED).rename(columns={"value": "copied"})[["model", "condition", "copied"]]
    return table.merge(copied, on=["model", "condition"], how="left")
