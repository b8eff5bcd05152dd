"""The parts of a few-shot loss as a figure: a row a way of going wrong, a point a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from promptlab import figures
from promptlab.figures import describing, drawing, legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SELDOM = 0.005  # a share of the answers: ways that are rarer under every condition are not drawn
NOTE = (
    "Exploratory, not registered; one training of each model; open: not away from 0; "
    f"not shown: ways under {100 * SELDOM:g} %"
)


def draw(rows: pd.DataFrame) -> Axes:
    """What each way does to accuracy, in points: left of 0 it is a part of the loss; open: not away from 0."""
    ways = list(dict.fromkeys(rows["part"]))
    ax = drawing.axes(height=1.2 + 0.15 * len(ways) * rows["model"].nunique())
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    for look, mine, shift in drawing.by_model(rows):
        place = np.array([ways.index(way) for way in mine["part"]]) + shift
        drawing.dots(ax, *_points(mine, place), look, drawing.away(mine))
    drawing.condition_axis(ax, ways)
    ax.set_xlabel("points of few-shot less zero-shot accuracy (95 %, simultaneous over a model)")
    legends.legend_below(ax, "Where the first step goes wrong")
    told = describing.estimates("Dots with intervals: parts of a few-shot loss", rows, "difference", "points")
    drawing.tell(ax, told, rows)
    return ax


def _points(rows: pd.DataFrame, place: np.ndarray) -> tuple[pd.Series, np.ndarray, pd.Series, pd.Series]:
    value, low, high = (100 * rows[column] for column in ("difference", "low", "high"))
    return value, place, low, high


def save(found: Mapping[str, pd.DataFrame], folder: Path) -> list[Path]:
    """``loss-by-step`` as SVG, PNG, CSV and alt text; ways that are under 0.5 % in every arm are left out."""
    import pandas as pd

    parts = [table.rename(columns={"way": "part", "part": "difference"}).assign(model=m) for m, table in found.items()]
    rows = pd.concat(parts, ignore_index=True)
    often = rows.groupby("part")[["before", "after"]].max().max(axis=1) >= SELDOM
    rows = rows[rows["part"].map(often)]
    return figures.save(draw(rows), folder / "loss-by-step", note=NOTE, width="blog")
