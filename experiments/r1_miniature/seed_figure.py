"""H1 as a figure: each trained seed a point, their mean with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from experiments.r1_miniature.judged import seed_effects
from experiments.r1_miniature.pooling import Pooled
from promptlab import figures
from promptlab.figures import describing, drawing, legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SEED, MEAN = "seed", "mean"


def table(found: Mapping[str, Pooled]) -> pd.DataFrame:
    """A row a mean and a row a seed; shares of 1."""
    import pandas as pd

    means = [
        {"series": name, "kind": MEAN, "value": p.value, "low": p.low, "high": p.high} for name, p in found.items()
    ]
    seeds = [
        {"series": name, "kind": SEED, "seed": seed, "value": value}
        for name, p in found.items()
        for seed, value in enumerate(p.each, start=1)
    ]
    return pd.DataFrame([*means, *seeds])


def draw(rows: pd.DataFrame) -> Axes:
    """A row a quantity, in points: open squares are seeds, the filled point their mean with its interval."""
    names = list(dict.fromkeys(rows["series"]))
    ax = drawing.axes(height=1.2 + 0.6 * len(names))
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    for kind, look, shift in ((SEED, 1, 0.18), (MEAN, 0, -0.12)):
        part = rows[rows["kind"] == kind]
        place = np.array([names.index(name) for name in part["series"]]) + shift
        value, low, high = (100 * part[column] for column in ("value", "low", "high"))
        drawing.dots(ax, value, place, low, high, drawing.style(look, kind), np.full(len(part), kind == MEAN))
    drawing.condition_axis(ax, names)
    ax.set_xlabel("points (95 % intervals over seeds and questions, each for itself)")
    legends.legend_below(ax, "Zero-shot RL on eight robust starts")
    means = rows[rows["kind"] == MEAN]
    told = describing.estimates("Dots with intervals: means over trained seeds", means, "value", "points")
    drawing.tell(ax, told, rows)
    return ax


def save(frame: pd.DataFrame, folder: Path, note: str) -> list[Path]:
    """``h1-seeds`` as SVG, PNG, CSV and alt text."""
    return figures.save(draw(table(seed_effects(frame))), folder / "h1-seeds", note=note, width="blog")
