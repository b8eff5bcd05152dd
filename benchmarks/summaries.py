"""Recorded replications in words: shares by result, what is too low, A/A studies and powers against their limits."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.populations import Cell

CELL = [field.name for field in fields(Cell)]
WANTED, FLOOR = 0.95, 0.94
HOW = ("bootstrap", "adjusted", "exact", "several methods")  # an interval was made
NOT_IN_USE = (
    "score, t",
    *(f"{name}, Wilson" for name in ("pass@2", "pass@8", "cons@5", "cons@K")),
    "seeds alone, without questions (not used)",
    *(f"{name}: {how}" for name in ("differences", "contrasts") for how in HOW),
    "plan",  # of power, with limits of its own
)
POWER = (0.77, 0.83)  # of the 80 % promised


def recorded(path: Path) -> pd.DataFrame:
    """A row a cell and result: the sums over its chunks, the share that was right."""
    sums = {"replications": "sum", "right": "sum"}
    table = pd.read_csv(path).groupby([*CELL, "result"], dropna=False).agg(sums).reset_index()
    n, share = table["replications"], table["right"] / table["replications"]
    smoothed = (table["right"] + 2) / (n + 4)  # so that 100 % of few is not certain
    return table.assign(share=share, se=np.sqrt(smoothed * (1 - smoothed) / n))


def summary(table: pd.DataFrame) -> str:
    """By result the lowest share and where, all cells below 94 %; then what has limits of its own."""
    often = table["replications"] >= table.groupby(CELL, dropna=False)["replications"].transform("max") / 10
    table = table[often]  # a method that a cell takes now and then says little about the cell
    powers, table = table[table["method"] == "plan"], table[table["method"] != "plan"]
    low = table[table["share"] < FLOOR].sort_values(["result", "share"])
    parts = [
        "| result | cells | replications a cell | mean right, % | lowest, % | where | cells under 94 % |",
        "|---|---:|---:|---:|---:|---|---:|",
        *(_result_row(name, rows) for name, rows in table.groupby("result", sort=False)),
        f"\n{len(low)} rows under 94 %:\n",
        *_listed(low),
        "",
        *(_false_verdicts(name, rows) for name, rows in table.groupby("result") if str(name).startswith("A/A")),
        *(_powers(powers) if len(powers) else ()),
    ]
    return "\n".join(parts)


def _result_row(name: Any, rows: pd.DataFrame) -> str:
    worst = next(rows.sort_values("share").head(1).itertuples())
    least, most, under = rows["replications"].min(), rows["replications"].max(), (rows["share"] < FLOOR).sum()
    each = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    mean = 100 * rows["share"].mean()
    return f"| {name} | {len(rows)} | {each} | {mean:.1f} | {_share(worst)} | {_where(worst)} | {under} |"


def _listed(rows: pd.DataFrame) -> list[str]:
    lines = [f"| {r.result} | {_where(r)} | {r.replications:,} | {_share(r)} |" for r in rows.itertuples()]
    return ["| result | where | replications | right, % |\n|---|---|---:|---:|", *lines]


def _share(row: Any) -> str:
    return f"{100 * row.share:.1f} ± {100 * row.se:.1f}"


def _where(row: Any) -> str:
    truth = "some moved" if row.moved else "all equal"
    drawn = f", {row.draws} draws" if row.draws else f", {row.seeds} seeds" if row.seeds else ""
    what = "lost" if row.method == "one-way" else "right"
    right = "" if np.isnan(row.accuracy) else f", {row.accuracy:g} {what}"
    return f"n {row.n}, K {row.samples}{right}, {row.layout}, family of {row.family}, {truth}{drawn}"


def _false_verdicts(name: Any, rows: pd.DataFrame) -> str:
    n, wrong = rows["replications"].sum(), (rows["replications"] - rows["right"]).sum()
    limit = 1 - WANTED + 2 * np.sqrt(WANTED * (1 - WANTED) / n)
    kept = "within" if wrong / n <= limit else "ABOVE"
    share = f"{100 * wrong / n:.1f} %, {kept} {100 * limit:.1f} %"
    worst = next(rows.sort_values("share").head(1).itertuples())
    most = f"most in one cell {100 * (1 - worst.share):.1f} ± {100 * worst.se:.1f} % ({_where(worst)})"
    return f"{name}: {wrong:,} of {n:,} families with a false verdict: {share}; {most}."


def _powers(rows: pd.DataFrame) -> list[str]:
    """Of all planned cells; those off the limits in a list."""
    off = rows[~rows["share"].between(*POWER)].sort_values("share")
    low, high, mean = (
        f"{100 * share:.1f}" for share in (rows["share"].min(), rows["share"].max(), rows["share"].mean())
    )
    within = f"{len(rows) - len(off)} of {len(rows)} cells within 77 to 83 %"
    return [f"\nPromised power of 80 %: found in {mean} % (cells: {low} to {high} %), {within}.\n", *_listed(off)]
