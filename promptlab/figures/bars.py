"""Where the points went: diverging bars, losses left of zero and gains right of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from promptlab.figures import describing, drawing, legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from promptlab.comparison import Comparison

_SEEN = 0.02  # of the width of all bars: what is narrower is a sliver
HATCHES = ("", "//", "..", "\\\\", "xx", "||", "o", "--")


def accounting(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Where the points went: the parts of each difference by class of wrong outputs, losses left of zero.

    An open bar is a part whose interval includes 0. A class that no wrong output of a model is of has no bar there.
    """
    from promptlab.comparison import Comparison

    drawing.drawable("accounting", comparison, Comparison)
    ax = _diverging(comparison, comparison.accounting, ax)
    ax.set_xlabel(
        f"change of accuracy against {comparison.baseline}, points\n({_open(comparison, comparison.accounting)})"
    )
    what = f"Diverging bars: parts of each difference to {comparison.baseline} by class of wrong outputs"
    drawing.tell(ax, _told(what, comparison.accounting), _with_sums(comparison, comparison.accounting))
    return ax


def changes(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Questions that turned wrong (left) and right (right), by class of the wrong output; open as in `accounting`."""
    from promptlab.comparison import Comparison

    drawing.drawable("changes", comparison, Comparison)
    ax = _diverging(comparison, comparison.changes, ax)
    ax.set_xlabel(
        f"right under {comparison.baseline} only (left), right under the condition only (right),\n% of questions "
        f"({_open(comparison, comparison.changes)})"
    )
    what = f"Diverging bars: questions that turn wrong (negative) or right against {comparison.baseline}, by class"
    drawing.tell(ax, _told(what, comparison.changes), _with_sums(comparison, comparison.changes))
    return ax


def _told(what: str, table: pd.DataFrame) -> str:
    from promptlab.comparison.accounting import NONE

    spoken, none = table.assign(part=table["part"].str.replace("_", " ")), table["reason"] == NONE
    absent = spoken[none].groupby("part", sort=False)["model"].unique()
    named = "; ".join(f"{part} ({', '.join(models)})" for part, models in absent.items())
    told = describing.estimates(what, spoken[~none], "difference", "points")
    return f"{told} Not drawn, since no wrong output of the model is of the class: {named}." if named else told


def _with_sums(comparison: Comparison, table: pd.DataFrame) -> pd.DataFrame:
    """`whole` is what a row's diamond shows: the difference that its parts sum to."""
    keys = ["model", "condition"]
    return table.merge(comparison.table[[*keys, "difference"]].rename(columns={"difference": "whole"}), on=keys)


def _open(comparison: Comparison, table: pd.DataFrame) -> str:
    return f"open: {drawing.level(comparison, int(table['low'].notna().sum()))} include 0"


def _diverging(comparison: Comparison, table: pd.DataFrame, ax: Axes | None) -> Axes:
    """Stacked bars on both sides of zero, a row a comparison, a colour and hatch a part; a diamond at their sum."""
    from promptlab.comparison.accounting import PARTS

    rows = comparison.table
    labels = [drawing.row_label(row, rows) for row in rows.to_dict("records")]
    ax = ax or drawing.axes(height=1.4 + (0.38 if len(labels) < 16 else 0.26) * len(labels))
    y, gains, losses = np.arange(len(labels)), np.zeros(len(labels)), np.zeros(len(labels))
    kinds = [name for name in ("change", "part") if name in table]
    seen = set(table["part"][table["difference"].fillna(0) != 0])  # a class without a bar has no place in the legend
    for _, part in table.groupby(kinds, sort=False):
        size = 100 * np.nan_to_num(part["difference"].to_numpy(float))
        sure = drawing.away(part)
        _bars(ax, y, size, np.where(size >= 0, gains, losses), sure, PARTS.index(part["part"].iloc[0]))
        gains, losses = gains + size.clip(min=0), losses + size.clip(max=0)
    for i, name in ((i, name) for i, name in enumerate(PARTS) if name in seen):  # it looks the same in every figure
        label = _named(name, table[table["part"] == name]["difference"], gains.max() - losses.min())
        ax.barh(0, 0, color=_colour(i), hatch=_hatch(i), edgecolor="white", label=label)
    ax.plot(100 * rows["difference"], y, "D", color="black", markersize=5, label="difference", clip_on=False)
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    drawing.condition_axis(ax, labels)
    legends.legend_below(ax, comparison.label)
    return ax


def _bars(ax: Axes, y: np.ndarray, size: np.ndarray, start: np.ndarray, sure: np.ndarray, i: int) -> None:
    """Full where sure, else open; the hatch says which part it is in either. A bar of no width would be a line."""
    for rows, face, edge in ((sure, _colour(i), "white"), (~sure & (size != 0), "white", _colour(i))):
        ax.barh(y[rows], size[rows], left=start[rows], height=0.6, color=face, edgecolor=edge, hatch=_hatch(i))


def _named(name: str, parts: pd.Series, span: float) -> str:
    """What no bar shows, since all of a class's are too narrow to be seen, stands in the legend."""
    most = 100 * parts.abs().max()
    size = f" (at most {most:.1f} points)" if most < _SEEN * span else ""
    return f"{name.replace('_', ' ')}{size}"


def _colour(i: int) -> str:
    return drawing.COLOURS[i % len(drawing.COLOURS)]


def _hatch(i: int) -> str:
    return HATCHES[i % len(HATCHES)]
