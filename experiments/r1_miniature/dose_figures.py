"""What more exemplars do, as figures: a panel a kind of exemplars, lines over k; rows of contrasts with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.r1_miniature.doses import ALL, LINE, MEAN
from promptlab.figures import describing, drawing, legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

NOTE = "Exploratory, not registered; one training of each model; 95 % simultaneous intervals; open: not away from 0"
SELDOM = 0.01  # a way that changes accuracy by less than this everywhere is not drawn
LEFT_OUT = f"not shown: ways under {100 * SELDOM:g} point in every model"


def doses(rows: pd.DataFrame) -> Axes:
    """Differences to zero-shot over k: a panel a series, a line a model; open points are not decided."""
    return _over_k(rows, "few-shot less zero-shot, points", "Few-shot less zero-shot accuracy over k")


def repeats(rows: pd.DataFrame) -> Axes:
    """Wrong answers that are an exemplar's answer, above chance: a panel a series of bare answers, a line a model."""
    shown = rows[rows["shots"].notna() & rows["series"].str.contains("answers")]
    return _over_k(shown, "answers, points\nabove chance", "Wrong answers that are an exemplar's, over k", most=1)


def _over_k(rows: pd.DataFrame, ylabel: str, what: str, most: int = 4) -> Axes:
    series = list(dict.fromkeys(rows["series"]))
    wide = min(len(series), most)
    panels = _panels(-(-len(series) // wide), wide, 2.6 if wide > 1 else 2.0, sharex=True, sharey=True)
    for ax, name in zip(panels, series, strict=False):
        here = rows[rows["series"] == name]
        ax.axhline(0, color=drawing.GREY, linewidth=1)
        _lines(ax, here, list(dict.fromkeys(rows["model"])))
        ax.set_title(name.replace(", ", ",\n") if wide > 1 else name, loc="left", fontsize="small")
        drawing.tell(ax, describing.estimates(f"{what}, {name}", here, "difference", "points"), here)
    for ax in panels[len(series) :]:
        ax.set_axis_off()
    for ax in panels[:: wide or 1]:
        ax.set_ylabel(ylabel, fontsize="small")
    for ax in panels[max(0, len(series) - wide) : len(series)]:
        ax.tick_params(labelbottom=True)
        ax.set_xlabel("exemplars shown", fontsize="small")
    legends.legend_below(panels[0])
    return panels[0]


def _lines(ax: Axes, rows: pd.DataFrame, names: Sequence[str]) -> None:
    from matplotlib.collections import PathCollection

    for i, name in enumerate(names):
        mine = rows[rows["model"] == name]
        look = drawing.style(i, name) | {"markersize": 4}
        x = mine["shots"].to_numpy(float) + 0.12 * (i - (len(names) - 1) / 2)
        value, low, high = (100 * mine[column] for column in ("difference", "low", "high"))
        drawing.dots(ax, value, x, low, high, look, drawing.away(mine), upright=True)
        ax.plot([0, *x], [0, *value], color=look["color"], linewidth=1, alpha=0.6)
    for points in ax.findobj(PathCollection):
        points.set_sizes([14])
    ax.set_xticks(sorted({0, *rows["shots"].astype(int)}))
    drawing.tidy(ax)


def kinds(rows: pd.DataFrame) -> Axes:
    """Two kinds or layouts of exemplars at equal k, in the mean over k: a row a contrast, a point a model."""
    mean = rows[rows["shots"].isna()]
    (ax,) = _panels(1, 1, 1.6 + 0.15 * len(mean))
    _rows(ax, mean.rename(columns={"contrast": "condition"}), "Kinds and layouts of exemplars at equal k")
    ax.set_xlabel("points, mean over k")
    legends.legend_below(ax)
    return ax


def models(rows: pd.DataFrame) -> Axes:
    """What exemplars do to one model less what they do to another: a row a series, a point a pair of models."""
    here = rows.rename(columns={"series": "condition", "pair": "model"})
    return _mean_and_line(here, 4.2, "Few-shot effect of one model less that of another")


def parts(rows: pd.DataFrame) -> Axes:
    """What each way of going wrong takes from accuracy, in the mean of all series: a row a way, a point a model."""
    here = rows[rows["series"] == ALL].rename(columns={"way": "condition"})
    most = here["condition"].map(here["difference"].abs().groupby(here["condition"]).max())
    return _mean_and_line(here[most >= SELDOM], 4.8, "Parts of the few-shot effect")


def _mean_and_line(rows: pd.DataFrame, height: float, what: str) -> Axes:
    panels = _panels(1, 2, height, sharey=True)
    for ax, over in zip(panels, (MEAN, LINE), strict=True):
        _rows(ax, rows[rows["what"] == over], f"{what}, {over}")
        ax.set_xlabel(f"{over},\npoints of the few-shot effect")
    legends.legend_below(panels[0])
    return panels[0]


def _rows(ax: Axes, rows: pd.DataFrame, what: str) -> None:
    names = list(dict.fromkeys(rows["condition"]))
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    for look, mine, shift in drawing.by_model(rows):
        place = np.array([names.index(name) for name in mine["condition"]]) + shift
        value, low, high = (100 * mine[column] for column in ("difference", "low", "high"))
        drawing.dots(ax, value, place, low, high, look, drawing.away(mine))
    drawing.condition_axis(ax, [name.replace(" less ", "\nless ") for name in names])
    drawing.tell(ax, describing.estimates(what, rows, "difference", "points"), rows)


def _panels(rows: int, columns: int, height: float, **options: object) -> list[Axes]:
    import matplotlib.pyplot as plt

    size = (drawing.WIDTH, height * rows)
    made = plt.subplots(rows, columns, figsize=size, layout="constrained", squeeze=False, **options)  # type: ignore[call-overload]
    return list(made[1].ravel())
