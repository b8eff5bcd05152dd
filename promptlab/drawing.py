"""What all figures share: colours, points with intervals, axes, legends, a footnote. Nothing is computed here."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from promptlab.comparison import Comparison, Contrast

# Okabe and Ito's palette, told apart by colour-blind readers, and a marker of its own for each colour.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "D", "^", "v", "P")
GREY = "#5f5f5f"
_NOTE = "note"


def footnote(figure: Any, text: str) -> None:
    """Below all that is drawn, in the place of an earlier note; a dollar sign is no formula."""
    for old in [found for found in figure.texts if found.get_gid() == _NOTE]:
        old.remove()
    if text:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # as it was drawn now, so that a legend at the edge does not follow the edge
        for legend in figure.legends:
            legend.set_bbox_to_anchor((0, 0, 1, 1), figure.transFigure)
        box, (wide, tall) = figure.get_tightbbox(), figure.get_size_inches()
        look: dict[str, Any] = {"va": "top", "fontsize": 6, "color": GREY, "parse_math": False, "gid": _NOTE}
        figure.text(box.x0 / wide, (box.y0 - 0.1) / tall, textwrap.fill(text, 150), **look)


def height(table: pd.DataFrame) -> float:
    """Inches for a row a condition, in which the models stand below each other."""
    return 1.2 + max(0.38, 0.13 * table["model"].nunique()) * table["condition"].nunique()


def axes(height: float, width: float = 7.0) -> Axes:
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def style(i: int, label: str) -> dict[str, Any]:
    return {"color": COLOURS[i % 6], "marker": MARKERS[i % 6], "label": label, "markersize": 6}


def by_model(table: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame, float]]:
    """Each model's style, rows and offset, so that models in one row of a figure do not cover each other."""
    models = list(dict.fromkeys(table["model"]))
    step = min(0.18, 0.8 / len(models))
    for i, model in enumerate(models):
        yield style(i, str(model)), table[table["model"] == model], step * (i - (len(models) - 1) / 2)


def dots(
    ax: Axes,
    value: pd.Series,
    place: np.ndarray,
    low: pd.Series,
    high: pd.Series,
    style: dict[str, Any],
    filled: np.ndarray | None = None,
    *,
    upright: bool = False,
) -> None:
    """Points with their own lower and upper ends; a missing end draws no bar rather than a false one."""
    v = value.to_numpy(float)
    ends = np.nan_to_num(np.vstack([v - low.to_numpy(float), high.to_numpy(float) - v]).clip(min=0))
    x, y, bars = (place, v, {"yerr": ends}) if upright else (v, place, {"xerr": ends})
    ax.errorbar(x, y, **bars, linestyle="", color=style["color"], elinewidth=1.4, capsize=2)
    faces = [style["color"]] * len(v) if filled is None else [style["color"] if f else "white" for f in filled]
    ax.scatter(
        x,
        y,
        s=36,
        c=faces,
        marker=style["marker"],
        edgecolors=style["color"],
        zorder=3,
        label=style["label"],
        clip_on=False,
    )


def reasons(ax: Axes, value: pd.Series, place: np.ndarray, rows: pd.DataFrame, *, upright: bool = False) -> None:
    """Beside a point without an interval, or in the place of one that does not exist: why."""
    why = rows["reason"].where(rows["low"].isna(), "")
    for v, at, reason in zip(value.to_numpy(float), place, why, strict=True):
        if reason:
            text = f"no interval: {reason}" if np.isfinite(v) else f"not estimable: {reason}"
            x, y = (at, np.nan_to_num(v)) if upright else (np.nan_to_num(v), at)
            ax.annotate(text, (x, y), (7, 0), textcoords="offset points", va="center", fontsize="small", color=GREY)


def condition_axis(ax: Axes, labels: Sequence[str]) -> None:
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    tidy(ax)


def tidy(ax: Axes) -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="both", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def legend(ax: Axes, comparison: Comparison) -> None:
    models = comparison.design.models()
    if len(models) == 1:
        headline(ax, ", ".join(filter(None, [comparison.label, models[0]])))
    else:
        legend_below(ax, comparison)


def headline(ax: Axes, text: str) -> None:
    """What a figure speaks of, where the eye begins: two figures of one kind must not be taken for each other."""
    if text:
        ax.set_title(text, loc="left", fontsize="medium", fontweight="bold")


def legend_below(ax: Axes, found: Comparison | Contrast) -> None:
    """Under the figure, where it covers no point; the constrained layout keeps the room."""
    headline(ax, found.label)
    figure = ax.get_figure()
    assert figure is not None
    figure.legend(*ax.get_legend_handles_labels(), frameon=False, fontsize="small", ncols=2, loc="outside lower center")


def baseline(comparison: Comparison, model: str) -> pd.Series:
    summary = comparison.summary
    return (summary["model"] == model) & (summary["condition"] == comparison.baseline)


def level(comparison: Comparison) -> str:
    return f"{100 * (1 - comparison.alpha):g} % simultaneous intervals"


def row_label(row: dict[Any, Any], table: pd.DataFrame) -> str:
    return f"{row['model']}: {row['condition']}" if table["model"].nunique() > 1 else str(row["condition"])
