"""Figures: comparison objects in, matplotlib Axes out. No statistic is computed here, and no global state is touched.

Every function takes ``ax=`` and returns the Axes that it drew on; `save` writes SVG, PNG and the numbers as CSV.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab import drawing

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from promptlab.comparison import Comparison, Contrast
    from promptlab.planner import Plan


def scores(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Score by condition, a marker a model, with intervals that hold for all of them at once.

    Parameters
    ----------
    comparison
        From `promptlab.compare`.
    ax
        Where to draw; a new figure by default.
    """
    summary = comparison.summary
    conditions = list(dict.fromkeys(summary["condition"]))
    ax = ax or drawing.axes(height=drawing.height(summary))
    for style, rows, offset in drawing.by_model(summary):
        y = np.array([conditions.index(c) for c in rows["condition"]]) + offset
        drawing.dots(ax, 100 * rows["score"], y, 100 * rows["low"], 100 * rows["high"], style)
        drawing.reasons(ax, 100 * rows["score"], y, rows)
    drawing.condition_axis(ax, conditions)
    ax.set_xlim(0, max(100 * summary[["score", "high"]].max().max() * 1.05, 10))
    ax.set_xlabel(f"questions answered correctly, % ({drawing.level(comparison)})")
    drawing.legend(ax, comparison)
    return ax


def degradation(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Paired difference of each condition to the baseline; filled where a verdict is reached, open where it is not."""
    table = comparison.table
    conditions = list(dict.fromkeys(table["condition"]))
    ax = ax or drawing.axes(height=drawing.height(table))
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    if comparison.margin:
        ax.axvspan(-100 * comparison.margin, 100 * comparison.margin, color=drawing.GREY, alpha=0.15, linewidth=0)
    for style, rows, offset in drawing.by_model(table):
        y = np.array([conditions.index(c) for c in rows["condition"]]) + offset
        filled = (rows["verdict"] != "inconclusive").to_numpy()
        drawing.dots(ax, 100 * rows["difference"], y, 100 * rows["low"], 100 * rows["high"], style, filled)
        drawing.reasons(ax, 100 * rows["difference"], y, rows)
    drawing.condition_axis(ax, conditions)
    ax.set_xlabel(f"difference to {comparison.baseline}, points ({drawing.level(comparison)})")
    drawing.legend(ax, comparison)
    return ax


def dose_response(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Score over the number of shots, a colour a model and a marker a kind of exemplars, from the baseline at k = 0.

    A kind that was shown with one k only is left out where another has several: one dose is no dose-response.
    """
    summary = comparison.summary
    lines = _dosed(summary)
    kinds = list(dict.fromkeys(kind for _, kind, _ in lines))
    models = comparison.design.models()
    ax = ax or drawing.axes(height=3.4 + 0.12 * len(lines))
    for i, (model, kind, line) in enumerate(lines):
        look = drawing.style(models.index(model), ", ".join((model, *filter(None, kind))))
        look["marker"] = drawing.MARKERS[kinds.index(kind) % 6] if len(kinds) > 1 else look["marker"]
        points = _from_baseline(line, summary[drawing.baseline(comparison, model)])
        x = points["shots"].to_numpy(float) + 0.07 * (i - (len(lines) - 1) / 2)
        drawing.dots(ax, 100 * points["score"], x, 100 * points["low"], 100 * points["high"], look, upright=True)
        drawing.reasons(ax, 100 * points["score"], x, points, upright=True)
        ax.plot(x, 100 * points["score"], color=look["color"], linewidth=1, alpha=0.6)
    ax.set_xticks(sorted({0, *(k for *_, line in lines for k in line["shots"])}))
    ax.set_ylim(bottom=0)
    ax.set_xlabel("exemplars shown (shots k)")
    ax.set_ylabel(f"correct, %\n({drawing.level(comparison)})")
    drawing.legend_below(ax, comparison)
    return drawing.tidy(ax)


def _dosed(summary: pd.DataFrame) -> list[tuple[str, tuple[str, ...], pd.DataFrame]]:
    """(model, kind of exemplars, its arms by shots) for each line of the dose-response."""
    groups = summary[summary["shots"] > 0].groupby(["model", "style", "select", "layout"], sort=False)
    lines = [(str(model), tuple(map(str, kind)), arms.sort_values("shots")) for (model, *kind), arms in groups]
    most = max((arms["shots"].nunique() for *_, arms in lines), default=0)
    return [line for line in lines if line[2]["shots"].nunique() > 1 or most < 2]


def _from_baseline(arms: pd.DataFrame, baseline: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.concat([baseline.assign(shots=0), arms])


def against_control(contrast: Contrast, ax: Axes | None = None) -> Axes:
    """The effect of each condition on the model less its effect on the control (difference of differences)."""
    table = contrast.table
    conditions = list(table["condition"])
    ax = ax or drawing.axes(height=1.2 + 0.45 * len(conditions))
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    y = np.arange(len(conditions))
    for i, (column, name) in enumerate(
        (("model_difference", contrast.model), ("control_difference", contrast.control))
    ):
        style = drawing.style(i, f"{name}: difference to {contrast.baseline}")
        ax.plot(100 * table[column], y, linestyle="", alpha=0.55, **{k: v for k, v in style.items() if k != "ecolor"})
    filled = (table["verdict"] != "inconclusive").to_numpy()
    style = drawing.style(2, f"{contrast.model} less {contrast.control}")
    drawing.dots(ax, 100 * table["contrast"], y, 100 * table["low"], 100 * table["high"], style, filled)
    drawing.reasons(ax, 100 * table["contrast"], y, table)
    drawing.condition_axis(ax, conditions)
    ax.set_xlabel(f"points ({100 * (1 - contrast.alpha):g} % simultaneous intervals of the contrast)")
    drawing.legend_below(ax, contrast)
    return ax


def accounting(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Where the points went: the parts of each difference by class of wrong outputs, losses left of zero.

    A pale bar is a part whose interval includes 0.
    """
    ax = _diverging(comparison, comparison.accounting, ax)
    ax.set_xlabel(
        f"change of accuracy against {comparison.baseline}, points\n(pale: {drawing.level(comparison)} include 0)"
    )
    return ax


def changes(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Questions that turned wrong (left) and right (right), by class of the wrong output; pale as in `accounting`."""
    ax = _diverging(comparison, comparison.changes, ax)
    ax.set_xlabel(
        f"right under {comparison.baseline} only (left), right under the condition only (right), % of questions\n"
        f"(pale: {drawing.level(comparison)} include 0)"
    )
    return ax


def _diverging(comparison: Comparison, table: pd.DataFrame, ax: Axes | None) -> Axes:
    """Stacked bars on both sides of zero, a row a comparison, a colour a part; a diamond at their sum."""
    from matplotlib.colors import to_rgba

    rows = comparison.table
    labels = [drawing.row_label(row, rows) for row in rows.to_dict("records")]
    ax = ax or drawing.axes(height=1.4 + (0.38 if len(labels) < 16 else 0.26) * len(labels))
    y, gains, losses = np.arange(len(labels)), np.zeros(len(labels)), np.zeros(len(labels))
    kinds = [name for name in ("change", "part") if name in table]
    names = list(dict.fromkeys(table["part"]))
    for _, part in table.groupby(kinds, sort=False):
        size = 100 * np.nan_to_num(part["difference"].to_numpy(float))
        start = np.where(size >= 0, gains, losses)
        colour = drawing.COLOURS[names.index(part["part"].iloc[0]) % 6]
        sure = ((part["low"] > 0) | (part["high"] < 0)).to_numpy()
        ax.barh(
            y, size, left=start, height=0.6, color=[to_rgba(colour, 1 if s else 0.4) for s in sure], edgecolor="white"
        )
        gains, losses = gains + size.clip(min=0), losses + size.clip(max=0)
    for i, name in enumerate(names):
        ax.scatter([], [], marker="s", s=60, color=drawing.COLOURS[i % 6], label=name.replace("_", " "))
    ax.plot(100 * rows["difference"], y, "D", color="black", markersize=5, label="difference")
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    drawing.condition_axis(ax, labels)
    drawing.legend_below(ax, comparison)
    return ax


def feature(comparison: Comparison, name: str, ax: Axes | None = None) -> Axes:
    """A feature of the completions by condition (``reasoning_words``, ``copied_number``, ...), with intervals."""
    table = comparison.feature(name)
    conditions = list(dict.fromkeys(table["condition"]))
    ax = ax or drawing.axes(height=drawing.height(table))
    for style, rows, offset in drawing.by_model(table):
        y = np.array([conditions.index(c) for c in rows["condition"]]) + offset
        drawing.dots(ax, rows["value"], y, rows["low"], rows["high"], style)
        drawing.reasons(ax, rows["value"], y, rows)
    drawing.condition_axis(ax, conditions)
    ax.set_xlim(left=0)
    ax.set_xlabel(f"{name.replace('_', ' ')}, mean a question ({drawing.level(comparison)})")
    drawing.legend(ax, comparison)
    return ax


def power(plan: Plan, ax: Axes | None = None) -> Axes:
    """The true difference that a design finds, over its questions, a line a number of samples and draws.

    Dashed: the wanted differences; a line crosses one at the questions that it takes.
    """
    table = plan.table
    ax = ax or drawing.axes(height=3.8)
    for i, ((samples, draws), rows) in enumerate(table.groupby(["samples", "draws"], sort=False, dropna=False)):
        under = "" if draws != draws else f", {draws:.0f} draws"
        style = drawing.style(i, f"{samples} sample{'' if samples == 1 else 's'} a question{under}")
        ax.plot(rows["questions"], 100 * rows["detectable"], linewidth=1.2, clip_on=False, **style)
    for share in plan.needed["wanted"].unique():
        ax.axhline(100 * share, color=drawing.GREY, linewidth=1, linestyle="--")
    ax.set_xscale("log")
    ax.set_xticks(sizes := sorted(set(table["questions"])), [f"{n:,}" for n in sizes])
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
    ax.set_xlabel("questions")
    family = f", in a family of {plan.comparisons}" if plan.comparisons > 1 else ""
    ax.set_ylabel(f"points found with {100 * plan.power:g} % power\n(at {100 * plan.alpha:g} %{family})")
    ax.legend(frameon=False, fontsize="small")
    return drawing.tidy(ax)


def save(ax: Axes, path: str | Path, data: pd.DataFrame, note: str = "") -> list[Path]:
    """Write a figure as SVG and PNG (200 dpi) and the numbers behind it as CSV, and return the three paths.

    Parameters
    ----------
    ax
        Any Axes of the figure.
    path
        Without an ending; folders are made.
    data
        What the figure was drawn from.
    note
        Small text under the figure, whose layout is final then, and in the metadata of SVG and PNG:
        `Registration.stamp`, for example.
    """
    figure = ax.get_figure(root=True)
    drawing.footnote(figure, note)
    stem = Path(path)
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = [stem.with_name(stem.name + ending) for ending in (".svg", ".png", ".csv")]
    options: dict[str, Any] = {"metadata": {"Description": note}} if note else {}
    for target in paths[:2]:
        figure.savefig(target, dpi=200, bbox_inches="tight", facecolor="white", **options)  # type: ignore[union-attr]
    data.to_csv(paths[2], index=False)
    return paths
