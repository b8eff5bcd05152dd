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


_SHARES = ("accuracy", "well_formed")


def lengths(found: ByLength, ax: Axes | None = None) -> Axes:
    """Accuracy from short to long reasoning: within a question (filled, solid), over all samples (open, dotted).

    Bins of equal size stand side by side, and the legend says how long the reasoning in the first and last of them is:
    samples of one question differ little. Where only the dotted line falls, long reasoning is a sign of a hard question
    and of nothing else.
    """
    from promptlab.comparison import ByLength

    drawing.drawable("lengths", found, ByLength)
    ax = ax or drawing.axes(height=4.2)
    arms = list(found.table.groupby(["model", "condition"], sort=False))
    one, step = found.table["condition"].nunique() == 1, 0.25 / len(arms)
    for i, ((model, condition), rows) in enumerate(arms):
        look = drawing.style(i, f"{model if one else f'{model}, {condition}'}: {_range(rows)}")
        for kind, full, dash in (("within", True, "-"), ("raw", False, ":")):
            part = rows[rows["kind"] == kind]
            x = part["bin"].to_numpy(float) + step * (2 * i + (0 if full else 1) - len(arms) + 0.5)
            low, high = (100 * part[name] for name in ("low", "high"))
            shown = look if full else look | {"label": "_"}
            drawing.dots(ax, 100 * part["score"], x, low, high, shown, np.full(len(part), full), upright=True)
            ax.plot(x, 100 * part["score"], color=look["color"], linewidth=1.2, linestyle=dash)
    what = found.feature.replace("_", " ")
    under = f", under {found.table['condition'].iloc[0]}" if one else ""
    _frame(ax, found, f"bins of {what}, shortest to longest (means: see the legend){under}")
    legends.legend_below(ax, found.label)
    drawing.tell(ax, _told(found, f"Curves with intervals: accuracy by {what}{under}"), found.table)
    return ax


def _range(rows: pd.DataFrame) -> str:
    """Mean lengths in the first and the last bin, over all samples and within a question."""
    length = rows.set_index(["kind", "bin"])["length"].sort_index()
    over, inside = (f"{_words(length[kind].iloc[0])} to {_words(length[kind].iloc[-1])}" for kind in ("raw", "within"))
    return f"{over}, within a question {inside}"


def _words(length: float) -> str:
    return f"{length:,.0f}" if length >= 100 else f"{length:.1f}"


def _frame(ax: Axes, found: ByLength, xlabel: str) -> None:
    ax.set_ylim(bottom=0)
    ax.set_xticks(range(1, found.bins + 1))
    ax.set_xlabel(xlabel)
    ax.set_ylabel(f"correct, % ({100 * (1 - found.alpha):g} % simultaneous intervals)")
    ax.plot([], [], color=drawing.GREY, linewidth=1.2, marker="o", label="samples of one question, by rank")
    ax.plot([], [], ":", color=drawing.GREY, linewidth=1.2, marker="o", markerfacecolor="white", label="all samples")
    drawing.tidy(ax)


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
    import pandas as pd

    _checked(logs, measure)
    ax = ax or drawing.axes(height=3.4)
    for i, (model, log) in enumerate(logs.items()):
        look: dict[str, Any] = drawing.style(i, model)
        ax.plot(log["step"], log[measure], linewidth=1.2, markevery=max(1, len(log) // 8), **look)
    share = all(log[measure].between(0, 1).all() for log in logs.values()) and measure not in ("loss", "entropy")
    said, unit = measure.replace("_", " "), _unit(measure, share)
    ax.set_ylim(bottom=0, top=1 if share else None)
    ax.set_xlabel("training step")
    ax.set_ylabel(f"{said}, {unit}\n(mean of a step)" if unit else f"{said}, mean of a step")
    drawing.tidy(ax)
    legends.legend_below(ax)
    drawn = {model: (log["step"].to_numpy(float), log[measure].to_numpy(float)) for model, log in logs.items()}
    told = describing.lines(f"Training curves: {said}{unit and f' ({unit})'} over steps", drawn, "step")
    drawing.tell(ax, told, pd.concat(logs, names=["model"]).reset_index(level="model"))
    return ax


def _unit(measure: str, share: bool) -> str:
    """Only where the name alone says it: what a loss or a reward is counted in, its trainer knows."""
    return "share of answers" if share and measure in _SHARES else {"entropy": "nats a token"}.get(measure, "")


def _checked(logs: Mapping[str, pd.DataFrame], measure: str) -> None:
    if not isinstance(logs, Mapping) or not logs:
        raise InputError("logs of figures.training is no mapping: give {'r1': lab.training_log('r1')}")
    for model, log in logs.items():
        for column in ("step", measure):
            if column not in log:
                raise unknown(f"column of the training log of {model}", column, log.columns)
