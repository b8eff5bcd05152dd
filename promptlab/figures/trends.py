"""Curves of other things than shots: training steps, and the length of the reasoning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.errors import InputError, unknown
from promptlab.figures import describing, drawing, legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from promptlab.comparison import ByLength


def lengths(found: ByLength, ax: Axes | None = None) -> Axes:
    """Accuracy over the length of the reasoning: within a question (filled, solid), over all samples (open, dashed).

    Where only the dashed line falls, long reasoning is a sign of a hard question and of nothing else.
    """
    from promptlab.comparison import ByLength

    drawing.drawable("lengths", found, ByLength)
    ax = ax or drawing.axes(height=3.8)
    arms = found.table.groupby(["model", "condition"], sort=False)
    one = found.table["condition"].nunique() == 1
    for i, ((model, condition), rows) in enumerate(arms):
        look = drawing.style(i, str(model) if one else f"{model}, {condition}")
        for kind, full, dash in (("within", True, "-"), ("raw", False, ":")):
            part = rows[rows["kind"] == kind]
            low, high = (100 * part[name] for name in ("low", "high"))
            shown = look if full else look | {"label": "_"}
            drawing.dots(
                ax,
                100 * part["score"],
                part["length"].to_numpy(float),
                low,
                high,
                shown,
                np.full(len(part), full),
                upright=True,
            )
            ax.plot(part["length"], 100 * part["score"], color=look["color"], linewidth=1.2, linestyle=dash)
    ax.set_ylim(bottom=0)
    what = found.feature.replace("_", " ")
    under = f", under {found.table['condition'].iloc[0]}" if one else ""
    ax.set_xlabel(f"{what}, mean of each of {found.bins} bins{under}")
    ax.set_ylabel(f"correct, % ({100 * (1 - found.alpha):g} % simultaneous intervals)")
    ax.plot([], [], color=drawing.GREY, linewidth=1.2, marker="o", label="samples of one question, by rank")
    ax.plot([], [], ":", color=drawing.GREY, linewidth=1.2, marker="o", markerfacecolor="white", label="all samples")
    drawing.tidy(ax)
    legends.legend_below(ax, found.label)
    drawing.tell(ax, _told(found, f"Curves with intervals: accuracy by {what}{under}"))
    return ax


def _told(found: ByLength, what: str) -> str:
    """Of each curve the two ends; all points stand in the CSV."""
    told = [f"{what}, in the bin of the shortest and that of the longest."]
    for (model, condition), rows in found.table.groupby(["model", "condition"], sort=False):
        score = {
            (kind, b): f"{100 * x:.1f} %" for kind, b, x in zip(rows["kind"], rows["bin"], rows["score"], strict=True)
        }
        inside, over = (f"{score[kind, 1]} and {score[kind, found.bins]}" for kind in ("within", "raw"))
        told.append(f"{model}, {condition}: within a question {inside}, over all samples {over}.")
    return " ".join(told)


def training(logs: Mapping[str, pd.DataFrame], measure: str = "accuracy", ax: Axes | None = None) -> Axes:
    """A measure of training over its steps, a line a model.

    Parameters
    ----------
    logs
        For each model a frame with a row a step: `step` and the measure (`lab.training_log`, or your trainer's own).
    measure
        The column: ``accuracy``, ``reward``, ``tokens``, ``loss``, ...
    ax
        Where to draw; a new figure by default.
    """
    _checked(logs, measure)
    ax = ax or drawing.axes(height=3.4)
    for i, (model, log) in enumerate(logs.items()):
        look: dict[str, Any] = drawing.style(i, model)
        ax.plot(log["step"], log[measure], linewidth=1.2, markevery=max(1, len(log) // 8), **look)
    share = all(log[measure].between(0, 1).all() for log in logs.values()) and measure != "loss"
    ax.set_ylim(bottom=0, top=1 if share else None)
    ax.set_xlabel("training step")
    ax.set_ylabel(f"{measure.replace('_', ' ')}, mean of a step")
    drawing.tidy(ax)
    legends.legend_below(ax)
    drawn = {model: (log["step"].to_numpy(float), log[measure].to_numpy(float)) for model, log in logs.items()}
    drawing.tell(ax, describing.lines(f"Training curves: {measure.replace('_', ' ')} over steps", drawn, "step"))
    return ax


def _checked(logs: Mapping[str, pd.DataFrame], measure: str) -> None:
    if not isinstance(logs, Mapping) or not logs:
        raise InputError("logs of figures.training is no mapping: give {'r1': lab.training_log('r1')}")
    for model, log in logs.items():
        for column in ("step", measure):
            if column not in log:
                raise unknown(f"column of the training log of {model}", column, log.columns)
