"""Points with intervals: scores, differences, features of the outputs; and what a design can find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from promptlab.figures import describing, drawing, legends

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from promptlab.comparison import Association, Comparison
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
    _comparison("scores", comparison)
    summary = comparison.summary
    conditions = list(dict.fromkeys(summary["condition"]))
    ax = ax or drawing.axes(height=drawing.height(summary))
    for style, rows, offset in drawing.by_model(summary):
        y = np.array([conditions.index(c) for c in rows["condition"]]) + offset
        drawing.dots(ax, 100 * rows["score"], y, 100 * rows["low"], 100 * rows["high"], style)
        drawing.remarks(ax, 100 * rows["score"], y, rows)
    drawing.condition_axis(ax, conditions)
    largest = 100 * summary[["score", "high"]].max().fillna(0).max()  # NaN where no sample is valid
    ax.set_xlim(0, max(largest * 1.05, 10))
    ax.set_xlabel(f"questions answered correctly, % ({drawing.level(comparison, len(summary))})")
    legends.legend(ax, comparison)
    what = "Dots with intervals: score by condition and model"
    drawing.tell(ax, describing.estimates(what, summary, "score", "%", zero=False), summary)
    return ax


def degradation(comparison: Comparison, ax: Axes | None = None) -> Axes:
    """Paired difference of each condition to the baseline.

    Filled where a verdict is reached, open where it is not or is invalid; beside the point stands what to doubt.
    """
    _comparison("degradation", comparison)
    table = comparison.table
    conditions = list(dict.fromkeys(table["condition"]))
    ax = ax or drawing.axes(height=drawing.height(table))
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    if comparison.margin:
        ax.axvspan(-100 * comparison.margin, 100 * comparison.margin, color=drawing.GREY, alpha=0.15, linewidth=0)
    for style, rows, offset in drawing.by_model(table):
        y = np.array([conditions.index(c) for c in rows["condition"]]) + offset
        low, high = (100 * rows[name] for name in ("low", "high"))
        drawing.dots(ax, 100 * rows["difference"], y, low, high, style, drawing.decided(rows))
        drawing.remarks(ax, 100 * rows["difference"], y, rows, high)
    drawing.condition_axis(ax, conditions)
    level = drawing.level(comparison, comparison.family)
    ax.set_xlabel(f"difference to {comparison.baseline}, points\n({level}; open: not decided)")
    legends.legend(ax, comparison)
    what = f"Dots with intervals: paired difference of each condition to {comparison.baseline}"
    drawing.tell(ax, describing.estimates(what, table, "difference", "points"), table)
    return ax


def feature(comparison: Comparison, name: str, ax: Axes | None = None) -> Axes:
    """A feature of the completions by condition (``reasoning_words``, ``copied_number``, ...), with intervals.

    Where nothing can be copied there is no point, but the reason.
    """
    from promptlab.comparison.summaries import NO_EXEMPLARS, NO_NUMBERS

    _comparison("feature", comparison)
    table = comparison.feature(name)
    none = table["reason"].isin([NO_EXEMPLARS, NO_NUMBERS])
    conditions = list(dict.fromkeys(table["condition"]))
    ax = ax or drawing.axes(height=drawing.height(table))
    for style, rows, offset in drawing.by_model(table):
        rows = rows[~none[rows.index]]
        y = np.array([conditions.index(c) for c in rows["condition"]]) + offset
        drawing.dots(ax, rows["value"], y, rows["low"], rows["high"], style)
        drawing.remarks(ax, rows["value"], y, rows)
    reasons = dict(zip(table["condition"][none], table["reason"][none], strict=True))
    for condition, why in reasons.items():
        text = drawing.remark(ax, why, (0.0, conditions.index(condition)))
        text.set_bbox({"facecolor": "white", "edgecolor": "none", "pad": 1})  # it stands on a line of the grid
    drawing.condition_axis(ax, conditions)
    ax.set_xlim(left=0)
    ax.set_xlabel(f"{name.replace('_', ' ')}, mean a question ({drawing.level(comparison, int((~none).sum()))})")
    legends.legend(ax, comparison)
    what = f"Dots with intervals: {name.replace('_', ' ')} by condition and model"
    told = describing.estimates(what, table[~none], "value", "", zero=False)
    named = "; ".join(f"{condition} ({why})" for condition, why in reasons.items())
    drawing.tell(ax, f"{told} Not drawn, since they can have none: {named}." if named else told, table)
    return ax


def within(association: Association, ax: Axes | None = None) -> Axes:
    """Right answers less wrong ones in a feature: between samples of one question (filled), over all samples (open)."""
    from promptlab.comparison import Association

    drawing.drawable("within", association, Association)
    scale = 100 if association.ratio else 1
    table = association.table
    conditions = list(dict.fromkeys(table["condition"]))
    ax = ax or drawing.axes(height=drawing.height(table) + 0.4)
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    for style, rows, offset in drawing.by_model(table):
        y = np.array([conditions.index(c) for c in rows["condition"]]) + offset
        for kind, look, shift in (("within", style, 0.0), ("raw", style | {"label": "_"}, 0.09)):
            value, low, high = (scale * rows[name] for name in (kind, f"{kind}_low", f"{kind}_high"))
            drawing.dots(ax, value, y + shift, low, high, look, np.full(len(rows), kind == "within"))
        drawing.remarks(ax, scale * rows["within"], y, rows.assign(low=rows["within_low"]))
    drawing.condition_axis(ax, conditions)
    if association.ratio:  # an interval over few questions may run off to thousands, and hide all others
        ax.set_xlim(max(ax.get_xlim()[0], -105), min(ax.get_xlim()[1], 105))
    unit = "%" if association.ratio else "difference"
    ax.set_xlabel(
        f"{association.feature.replace('_', ' ')}, right answers less wrong ones, {unit}\nfilled: within a question; "
        f"open: over all questions ({100 * (1 - association.alpha):g} % simultaneous intervals)"
    )
    legends.legend_below(ax, association.label)
    what = f"Dots with intervals: {association.feature.replace('_', ' ')} of right less wrong answers, within questions"
    ends = ("within_low", "within_high")
    drawing.tell(ax, describing.estimates(what, table, "within", "", ends=ends), table)
    return ax


def power(plan: Plan, ax: Axes | None = None) -> Axes:
    """The true difference that a design finds, over its questions, a line a number of samples and draws.

    Dashed: the wanted differences; a line crosses one at the questions that it takes.
    """
    import pandas as pd

    from promptlab.planner import Plan

    drawing.drawable("power", plan, Plan)
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
    drawing.tidy(ax)
    legends.legend_below(ax)
    drawing.tell(ax, _told(plan), pd.concat([table, plan.needed], ignore_index=True))
    return ax


def _told(plan: Plan) -> str:
    designs = plan.table.groupby(["samples", "draws"], sort=False, dropna=False)
    drawn = {}
    for (samples, draws), rows in designs:
        name = f"K = {samples}" if draws != draws else f"K = {samples}, {draws:.0f} draws"
        drawn[name] = (rows["questions"].to_numpy(float), 100 * rows["detectable"].to_numpy(float))
    return describing.lines(f"Curves: points found with {100 * plan.power:g} % power", drawn, "questions")


def _comparison(figure: str, given: Comparison) -> None:
    from promptlab.comparison import Comparison

    drawing.drawable(figure, given, Comparison)
