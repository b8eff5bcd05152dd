"""Figures: comparison objects in, matplotlib Axes out. No statistic is computed here, and no global state is touched.

Every function takes ``ax=`` and returns the Axes that it drew on; `save` writes SVG, PNG and the numbers as CSV.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from promptlab.comparison import Comparison, Contrast
    from promptlab.planner import Plan

# Okabe and Ito's palette, told apart by colour-blind readers, and a marker of its own for each colour.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKERS = ("o", "s", "D", "^", "v", "P")
GREY = "#5f5f5f"
_NOTE = "note"


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
    ax = ax or _axes(height=_height(summary))
    for style, rows, offset in _by_model(summary):
        y = np.array([conditions.index(c) for c in rows["condition"]]) + offset
        _dots(ax, 100 * rows["score"], y, 100 * rows["low"], 100 * rows["high"], style)
        _reasons(ax, 100 * rows["score"], y, rows)
    _condition_axis(ax, conditions)
    ax.set_xlim(0, max(100 * summary[["score", "high"]].max().max() * 1.05, 10))
    ax.set_xlabel(f"questions answered correctly, % ({_level(comparison)})")
    _legend(ax, comparison)
    return ax


def degradation(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Paired difference of each condition to the baseline; filled where a verdict is reached, open where it is not."""
    table = comparison.table
    conditions = list(dict.fromkeys(table["condition"]))
    ax = ax or _axes(height=_height(table))
    ax.axvline(0, color=GREY, linewidth=1)
    if comparison.margin:
        ax.axvspan(-100 * comparison.margin, 100 * comparison.margin, color=GREY, alpha=0.15, linewidth=0)
    for style, rows, offset in _by_model(table):
        y = np.array([conditions.index(c) for c in rows["condition"]]) + offset
        filled = (rows["verdict"] != "inconclusive").to_numpy()
        _dots(ax, 100 * rows["difference"], y, 100 * rows["low"], 100 * rows["high"], style, filled)
        _reasons(ax, 100 * rows["difference"], y, rows)
    _condition_axis(ax, conditions)
    ax.set_xlabel(f"difference to {comparison.baseline}, points ({_level(comparison)})")
    _legend(ax, comparison)
    return ax


def dose_response(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Score over the number of shots, a colour a model and a marker a kind of exemplars, from the baseline at k = 0.

    A kind that was shown with one k only is left out where another has several: one dose is no dose-response.
    """
    summary = comparison.summary
    lines = _dosed(summary)
    kinds = list(dict.fromkeys(kind for _, kind, _ in lines))
    models = comparison.design.models()
    ax = ax or _axes(height=3.4 + 0.12 * len(lines))
    for i, (model, kind, line) in enumerate(lines):
        look = _style(models.index(model), ", ".join((model, *filter(None, kind))))
        look["marker"] = MARKERS[kinds.index(kind) % 6] if len(kinds) > 1 else look["marker"]
        points = _from_baseline(line, summary[_baseline(comparison, model)])
        x = points["shots"].to_numpy(float) + 0.07 * (i - (len(lines) - 1) / 2)
        _dots(ax, 100 * points["score"], x, 100 * points["low"], 100 * points["high"], look, upright=True)
        _reasons(ax, 100 * points["score"], x, points, upright=True)
        ax.plot(x, 100 * points["score"], color=look["color"], linewidth=1, alpha=0.6)
    ax.set_xticks(sorted({0, *(k for *_, line in lines for k in line["shots"])}))
    ax.set_ylim(bottom=0)
    ax.set_xlabel("exemplars shown (shots k)")
    ax.set_ylabel(f"correct, %\n({_level(comparison)})")
    _legend_below(ax, comparison)
    return _tidy(ax)


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
    ax = ax or _axes(height=1.2 + 0.45 * len(conditions))
    ax.axvline(0, color=GREY, linewidth=1)
    y = np.arange(len(conditions))
    for i, (column, name) in enumerate(
        (("model_difference", contrast.model), ("control_difference", contrast.control))
    ):
        style = _style(i, f"{name}: difference to {contrast.baseline}")
        ax.plot(100 * table[column], y, linestyle="", alpha=0.55, **{k: v for k, v in style.items() if k != "ecolor"})
    filled = (table["verdict"] != "inconclusive").to_numpy()
    style = _style(2, f"{contrast.model} less {contrast.control}")
    _dots(ax, 100 * table["contrast"], y, 100 * table["low"], 100 * table["high"], style, filled)
    _reasons(ax, 100 * table["contrast"], y, table)
    _condition_axis(ax, conditions)
    ax.set_xlabel(f"points ({100 * (1 - contrast.alpha):g} % simultaneous intervals of the contrast)")
    _legend_below(ax, contrast)
    return ax


def accounting(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Where the points went: the parts of each difference by class of wrong outputs, losses left of zero.

    A pale bar is a part whose interval includes 0.
    """
    ax = _diverging(comparison, comparison.accounting, ax)
    ax.set_xlabel(f"change of accuracy against {comparison.baseline}, points\n(pale: {_level(comparison)} include 0)")
    return ax


def changes(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Questions that turned wrong (left) and right (right), by class of the wrong output; pale as in `accounting`."""
    ax = _diverging(comparison, comparison.changes, ax)
    ax.set_xlabel(
        f"right under {comparison.baseline} only (left), right under the condition only (right), % of questions\n"
        f"(pale: {_level(comparison)} include 0)"
    )
    return ax


def _diverging(comparison: Comparison, table: pd.DataFrame, ax: Axes | None) -> Axes:
    """Stacked bars on both sides of zero, a row a comparison, a colour a part; a diamond at their sum."""
    from matplotlib.colors import to_rgba

    rows = comparison.table
    labels = [_row_label(row, rows) for row in rows.to_dict("records")]
    ax = ax or _axes(height=1.4 + (0.38 if len(labels) < 16 else 0.26) * len(labels))
    y, gains, losses = np.arange(len(labels)), np.zeros(len(labels)), np.zeros(len(labels))
    kinds = [name for name in ("change", "part") if name in table]
    names = list(dict.fromkeys(table["part"]))
    for _, part in table.groupby(kinds, sort=False):
        size = 100 * np.nan_to_num(part["difference"].to_numpy(float))
        start = np.where(size >= 0, gains, losses)
        colour = COLOURS[names.index(part["part"].iloc[0]) % 6]
        sure = ((part["low"] > 0) | (part["high"] < 0)).to_numpy()
        ax.barh(
            y, size, left=start, height=0.6, color=[to_rgba(colour, 1 if s else 0.4) for s in sure], edgecolor="white"
        )
        gains, losses = gains + size.clip(min=0), losses + size.clip(max=0)
    for i, name in enumerate(names):
        ax.scatter([], [], marker="s", s=60, color=COLOURS[i % 6], label=name.replace("_", " "))
    ax.plot(100 * rows["difference"], y, "D", color="black", markersize=5, label="difference")
    ax.axvline(0, color=GREY, linewidth=1)
    _condition_axis(ax, labels)
    _legend_below(ax, comparison)
    return ax


def feature(comparison: Comparison, name: str, ax: Axes | None = None) -> Axes:
    """A feature of the completions by condition (``reasoning_words``, ``copied_number``, ...), with intervals."""
    table = comparison.feature(name)
    conditions = list(dict.fromkeys(table["condition"]))
    ax = ax or _axes(height=_height(table))
    for style, rows, offset in _by_model(table):
        y = np.array([conditions.index(c) for c in rows["condition"]]) + offset
        _dots(ax, rows["value"], y, rows["low"], rows["high"], style)
        _reasons(ax, rows["value"], y, rows)
    _condition_axis(ax, conditions)
    ax.set_xlim(left=0)
    ax.set_xlabel(f"{name.replace('_', ' ')}, mean a question ({_level(comparison)})")
    _legend(ax, comparison)
    return ax


def power(plan: Plan, ax: Axes | None = None) -> Axes:
    """The true difference that a design finds, over its questions, a line a number of samples and draws.

    Dashed: the wanted differences; a line crosses one at the questions that it takes.
    """
    table = plan.table
    ax = ax or _axes(height=3.8)
    for i, ((samples, draws), rows) in enumerate(table.groupby(["samples", "draws"], sort=False, dropna=False)):
        under = "" if draws != draws else f", {draws:.0f} draws"
        style = _style(i, f"{samples} sample{'' if samples == 1 else 's'} a question{under}")
        ax.plot(rows["questions"], 100 * rows["detectable"], linewidth=1.2, clip_on=False, **style)
    for share in plan.needed["wanted"].unique():
        ax.axhline(100 * share, color=GREY, linewidth=1, linestyle="--")
    ax.set_xscale("log")
    ax.set_xticks(sizes := sorted(set(table["questions"])), [f"{n:,}" for n in sizes])
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
    ax.set_xlabel("questions")
    family = f", in a family of {plan.comparisons}" if plan.comparisons > 1 else ""
    ax.set_ylabel(f"points found with {100 * plan.power:g} % power\n(at {100 * plan.alpha:g} %{family})")
    ax.legend(frameon=False, fontsize="small")
    return _tidy(ax)


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
    _note(figure, note)
    stem = Path(path)
    stem.parent.mkdir(parents=True, exist_ok=True)
    paths = [stem.with_name(stem.name + ending) for ending in (".svg", ".png", ".csv")]
    options: dict[str, Any] = {"metadata": {"Description": note}} if note else {}
    for target in paths[:2]:
        figure.savefig(target, dpi=200, bbox_inches="tight", facecolor="white", **options)  # type: ignore[union-attr]
    data.to_csv(paths[2], index=False)
    return paths


def _note(figure: Any, note: str) -> None:
    """Below all that is drawn, in the place of an earlier note; a dollar sign is no formula."""
    for old in [text for text in figure.texts if text.get_gid() == _NOTE]:
        old.remove()
    if note:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # as it was drawn now, so that a legend at the edge does not follow the edge
        for legend in figure.legends:
            legend.set_bbox_to_anchor((0, 0, 1, 1), figure.transFigure)
        box, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
        style: dict[str, Any] = {"va": "top", "fontsize": 6, "color": GREY, "parse_math": False, "gid": _NOTE}
        figure.text(box.x0 / width, (box.y0 - 0.1) / height, textwrap.fill(note, 150), **style)


def _height(table: pd.DataFrame) -> float:
    """Inches for a row a condition, in which the models stand below each other."""
    return 1.2 + max(0.38, 0.13 * table["model"].nunique()) * table["condition"].nunique()


def _axes(height: float, width: float = 7.0) -> Axes:
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def _style(i: int, label: str) -> dict[str, Any]:
    return {"color": COLOURS[i % 6], "marker": MARKERS[i % 6], "label": label, "markersize": 6}


def _by_model(table: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame, float]]:
    """Each model's style, rows and offset, so that models in one row of a figure do not cover each other."""
    models = list(dict.fromkeys(table["model"]))
    step = min(0.18, 0.8 / len(models))
    for i, model in enumerate(models):
        yield _style(i, str(model)), table[table["model"] == model], step * (i - (len(models) - 1) / 2)


def _dots(
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


def _reasons(ax: Axes, value: pd.Series, place: np.ndarray, rows: pd.DataFrame, *, upright: bool = False) -> None:
    """Beside a point without an interval, or in the place of one that does not exist: why."""
    why = rows["reason"].where(rows["low"].isna(), "")
    for v, at, reason in zip(value.to_numpy(float), place, why, strict=True):
        if reason:
            text = f"no interval: {reason}" if np.isfinite(v) else f"not estimable: {reason}"
            x, y = (at, np.nan_to_num(v)) if upright else (np.nan_to_num(v), at)
            ax.annotate(text, (x, y), (7, 0), textcoords="offset points", va="center", fontsize="small", color=GREY)


def _condition_axis(ax: Axes, labels: Sequence[str]) -> None:
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    _tidy(ax)


def _tidy(ax: Axes) -> Axes:
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="both", color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    return ax


def _legend(ax: Axes, comparison: Comparison) -> None:
    models = comparison.design.models()
    if len(models) == 1:
        _headline(ax, ", ".join(filter(None, [comparison.label, models[0]])))
    else:
        _legend_below(ax, comparison)


def _headline(ax: Axes, text: str) -> None:
    """What a figure speaks of, where the eye begins: two figures of one kind must not be taken for each other."""
    if text:
        ax.set_title(text, loc="left", fontsize="medium", fontweight="bold")


def _legend_below(ax: Axes, found: Comparison | Contrast) -> None:
    """Under the figure, where it covers no point; the constrained layout keeps the room."""
    _headline(ax, found.label)
    figure = ax.get_figure()
    assert figure is not None
    figure.legend(*ax.get_legend_handles_labels(), frameon=False, fontsize="small", ncols=2, loc="outside lower center")


def _baseline(comparison: Comparison, model: str) -> pd.Series:
    summary = comparison.summary
    return (summary["model"] == model) & (summary["condition"] == comparison.baseline)


def _level(comparison: Comparison) -> str:
    return f"{100 * (1 - comparison.alpha):g} % simultaneous intervals"


def _row_label(row: dict[Any, Any], table: pd.DataFrame) -> str:
    return f"{row['model']}: {row['condition']}" if table["model"].nunique() > 1 else str(row["condition"])
