"""A model against its control: what the same prompt does to both, and by how much the two effects differ."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.figures import describing, drawing, legends

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from promptlab.comparison import Contrast


def against_control(contrast: Contrast, ax: Axes | None = None, *, models: Sequence[str] = ()) -> Axes:
    """The effect of each condition on the model less its effect on the control (difference of differences), in black.

    Filled and open as in `degradation`; open, too, where a flag says that the contrast confirms nothing.

    Parameters
    ----------
    contrast
        From `promptlab.contrast`.
    ax
        Where to draw; a new figure by default.
    models
        All models of the other figures in their order, ``comparison.design.models()``: each keeps its colour.
    """
    from promptlab.comparison import Contrast

    drawing.drawable("against_control", contrast, Contrast)
    table = contrast.table
    conditions = list(table["condition"])
    ax = ax or drawing.axes(height=1.2 + 0.45 * len(conditions))
    ax.axvline(0, color=drawing.GREY, linewidth=1)
    y = np.arange(len(conditions))
    for i, (side, look) in enumerate(_sides(contrast, models)):
        told = {"label": f"{look['label']}: difference to {contrast.baseline}"}
        ax.plot(100 * table[f"{side}_difference"], y - 0.29 + 0.23 * i, linestyle="", **look | told)
    label = drawing.in_legend(f"{contrast.model} less {contrast.control}")
    look = {"color": "black", "marker": "D", "label": label}
    low, high = (100 * table[name] for name in ("low", "high"))
    drawing.dots(ax, 100 * table["contrast"], y + 0.22, low, high, look, drawing.decided(table))
    drawing.remarks(ax, 100 * table["contrast"], y + 0.22, table, high)
    drawing.condition_axis(ax, conditions)
    ax.set_xlabel(f"points ({_level(contrast)})")
    legends.legend_below(ax, contrast.label)
    drawing.tell(ax, _told(contrast, "Dots with intervals"), table)
    return ax


def slope_chart(contrast: Contrast, ax: Axes | None = None, *, models: Sequence[str] = ()) -> Axes:
    """Scores of a model and its control, from the baseline to each condition: two slopes, whose difference is tested.

    The contrast and its interval stand above each pair of slopes, in bold where it is decided. Parameters
    as for `against_control`.
    """
    from promptlab.comparison import Contrast

    drawing.drawable("slope_chart", contrast, Contrast)
    table = contrast.table
    ax = ax or drawing.axes(height=3.6)
    x = np.arange(len(table))
    for side, look in _sides(contrast, models):
        before, after = _levels(table, side)
        ax.plot([x - 0.25, x + 0.25], [before, after], color=look["color"], linewidth=1.4)
        for spot, values in ((x - 0.25, before), (x + 0.25, after)):
            ax.scatter(spot, values, s=36, color=look["color"], marker=look["marker"], zorder=3)
        ax.plot([], [], **look)
    _sizes(ax, table, x)
    most = max(10, 56 // len(table))
    ax.set_xticks(x, [textwrap.fill(name, most) for name in table["condition"]])
    ax.set_xlim(-0.5, len(table) - 0.5)
    ax.set_xlabel(f"left: {contrast.baseline}, right: the condition; above: {_level(contrast, 'bold: decided')}")
    ax.set_ylabel("correct, %")
    drawing.tidy(ax)
    legends.legend_below(ax, contrast.label)
    drawing.tell(ax, f"{_told(contrast, 'Slope chart')} {_told_scores(contrast)}", table)
    return ax


def _sides(contrast: Contrast, models: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Model and control, each as it looks in other figures."""
    named = {"model": contrast.model, "control": contrast.control}
    order = list(dict.fromkeys([*models, *named.values()]))
    for side, name in named.items():
        yield side, drawing.style(order.index(name), name)


def _levels(table: Any, side: str) -> tuple[np.ndarray, np.ndarray]:
    before = 100 * table[f"{side}_baseline"].to_numpy(float)
    return before, before + 100 * table[f"{side}_difference"].to_numpy(float)


def _sizes(ax: Axes, table: Any, x: np.ndarray) -> None:
    """The contrast in figures above each pair."""
    top = np.nan_to_num([_levels(table, side) for side in ("model", "control")]).max(axis=(0, 1))
    words = [_size(row) for row in table.to_dict("records")]
    for at, high, text, bold in zip(x, top, words, drawing.decided(table), strict=True):
        label = ax.annotate(text, (at, high), (0, 7), textcoords="offset points", ha="center", va="bottom")
        label.set(fontsize="small", fontweight="bold" if bold else "normal")
    most = max(text.count("\n") + 1 for text in words)
    ax.set_ylim(0, (1.1 + 0.1 * most) * max(top.max(), 5))
    ax.set_yticks([tick for tick in ax.get_yticks() if tick <= 100])


def _size(row: dict[Any, Any]) -> str:
    span = "no interval" if row["low"] != row["low"] else f"[{_signed(row['low'])}, {_signed(row['high'])}]"
    return "\n".join([*textwrap.wrap(drawing.doubt(row), 15), _signed(row["contrast"]), span])


def _signed(share: float) -> str:
    return "not estimable" if share != share else drawing.with_minus(f"{100 * round(share, 3) + 0.0:+.1f}")


def _level(contrast: Contrast, marks: str = "open: not decided") -> str:
    return f"{100 * (1 - contrast.alpha):g} % simultaneous intervals of the contrast; {marks}"


def _told(contrast: Contrast, kind: str) -> str:
    what = (
        f"{kind}: {contrast.model} against its control {contrast.control}, effect of each condition against "
        f"{contrast.baseline} on the one less that on the other"
    )
    return describing.estimates(what, contrast.table, "contrast", "points")


def _told_scores(contrast: Contrast) -> str:
    """The ends of the slopes; a model has its baseline once for all conditions, unless questions are missing."""
    told = []
    for side, name in (("model", contrast.model), ("control", contrast.control)):
        before, after = _levels(contrast.table, side)
        slopes = zip(contrast.table["condition"], before, after, strict=True)
        told.append(f"{name}: {'; '.join(f'{a:.1f} to {b:.1f} % under {under}' for under, a, b in slopes)}.")
    return " ".join([f"Scores from {contrast.baseline} to the condition:", *told])
