"""Curves over the checkpoints of one training: levels beside the report's points, other measures, few-shot effects."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.r1_miniature.checkpoints import PASS, TOKENS, VOTE, WORDS
from experiments.r1_miniature.consistency import ENGLISH, RIGHT
from experiments.r1_miniature.told import reported
from promptlab.figures import describing, drawing, legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from promptlab.comparison import Association, Comparison

STEP = "training step"
SIMULTANEOUS = "95 % intervals, simultaneous over"


def levels(curve: pd.DataFrame) -> Axes:
    """pass@1 and the vote over the steps; beside them, on the same axis, what the report says of R1-Zero."""
    ours, theirs = _panels(3.6, ncols=2, sharey=True, width_ratios=(3, 1))
    rows = curve[curve["measure"].isin([PASS, VOTE])].rename(columns={"measure": "series"})
    _lines(ours, rows, "series", 100)
    ours.set_ylim(0, 100)
    ours.set_xlabel(STEP)
    ours.set_ylabel("right, % (95 % intervals,\nsimultaneous over a curve)")
    drawing.tell(ours, describing.estimates(f"{PASS} and {VOTE} over steps", rows, "value", "%", zero=False), rows)
    _published(theirs)
    legends.legend_below(ours)
    return ours


def _published(ax: Axes) -> None:
    rows = reported()
    for i, (name, part) in enumerate(rows.groupby("measure", sort=False)):
        look = drawing.style(i + 2, f"R1-Zero, {name} on AIME 2024, as reported")
        place = part["when"].map({"start": 0, "end": 1}).to_numpy(float)
        order = np.argsort(place)
        ax.plot(place[order], part["value"].to_numpy(float)[order], color=look["color"], linestyle=":")
        ax.scatter(place, part["value"], s=36, c=look["color"], marker=look["marker"], clip_on=False, zorder=3)
        for x, value in zip(place.tolist(), part["value"], strict=True):
            _valued(ax, x, value, str(name), look["color"])
    ax.set_xticks([0, 1], ["start", "end"])
    ax.set_xlabel("R1-Zero, AIME 2024,\nas reported")
    drawing.tidy(ax)
    told = {f"{r.measure}, {r.when}": f"{r.value:g} %" for r in rows.itertuples()}
    drawing.tell(ax, f"Reported of R1-Zero on AIME 2024: {'; '.join(f'{k} {v}' for k, v in told.items())}.", rows)


def _valued(ax: Axes, x: float, value: float, name: str, colour: str) -> None:
    """What the report says in figures: at the end above the point, with its name, at the start under it."""
    words, offset, side = (f"{name} {value:.1f} %", (0, 7), "right") if x else (f"{value:.1f} %", (7, -9), "left")
    ax.annotate(words, (x, value), offset, textcoords="offset points", ha=side, fontsize="small", color=colour)


def others(curve: pd.DataFrame) -> Axes:
    """A panel each for length, form and second thoughts."""
    names = [name for name in WORDS if name not in (PASS, VOTE)]
    panels = _panels(6.6, nrows=3, ncols=2, sharex=True)
    for ax, name in zip(panels, names, strict=True):
        rows, scale = curve[curve["measure"] == name], 1 if name == TOKENS else 100
        _lines(ax, rows.rename(columns={"measure": "series"}), "series", scale)
        ax.set_ylim(bottom=0)
        ax.set_title(textwrap.fill(WORDS[name], 40), loc="left", fontsize="small")
        ax.set_ylabel("tokens" if name == TOKENS else "answers, %")
        unit = "" if name == TOKENS else "%"
        what = f"{WORDS[name].capitalize()}, over steps"
        drawing.tell(ax, describing.estimates(what, rows, "value", unit, zero=False), rows)
    for ax in panels[-2:]:
        ax.set_xlabel(textwrap.fill(f"{STEP} ({SIMULTANEOUS} a panel)", 32))
    return panels[0]


def lengths(within: Association) -> Axes:
    """How much longer right answers are than wrong ones at each step, of one question and of all; open: maybe 0."""
    (ax,) = _panels(3.6)
    ax.axhline(0, color=drawing.GREY, linewidth=1)
    steps = within.table["model"].str.removeprefix("step ").astype(float)
    for i, (kind, name) in enumerate((("within", "samples of one question"), ("raw", "all samples"))):
        part = within.table.assign(
            step=steps, series=name, **{end: within.table[f"{kind}_{end}"] for end in ("low", "high")}
        )
        _lines(ax, part.rename(columns={kind: "value"}), "series", 100, first=i, filled=drawing.away(part), of=2)
    ax.set_xlabel(f"{STEP} (open: not away from 0)")
    ax.set_ylabel(f"tokens, right answers less\nwrong ones, % ({SIMULTANEOUS} the steps)")
    legends.legend_below(ax)
    told = "Right answers less wrong ones in tokens, within questions, over steps"
    ends = ("within_low", "within_high")
    drawing.tell(ax, describing.estimates(told, within.table, "within", "%", ends=ends), within.table)
    return ax


def effects(comparison: Comparison) -> Axes:
    """Few-shot less zero-shot at each step: a panel a number of exemplars, a line a style and layout."""
    factors = comparison.summary[["model", "condition", "shots", "style", "layout"]]
    table = comparison.table.merge(factors, on=["model", "condition"])
    table["step"] = table["model"].str.removeprefix("step ").astype(float)
    table["series"] = [f"{style}, {layout}" for style, layout in zip(table["style"], table["layout"], strict=True)]
    shots = sorted(table["shots"].unique())
    panels = _panels(2.2 * len(shots) + 1, nrows=len(shots), sharex=True, sharey=True)
    for ax, k in zip(panels, shots, strict=True):
        rows = table[table["shots"] == k]
        ax.axhline(0, color=drawing.GREY, linewidth=1)
        _lines(ax, rows.rename(columns={"difference": "value"}), "series", 100, filled=drawing.decided(rows))
        ax.set_title(f"{k} exemplar{'' if k == 1 else 's'}", loc="left", fontsize="medium")
        ax.set_ylabel("few-shot less\nzero-shot, points", fontsize="small")
        what, named = f"Few-shot less zero-shot over steps, k = {k}", rows.drop(columns="condition")
        drawing.tell(ax, describing.estimates(what, named, "difference", "points"), rows)
    panels[-1].set_xlabel(f"{STEP} ({drawing.level(comparison, len(table))}; open: not decided)")
    legends.legend_below(panels[0])
    return panels[0]


def languages(curve: pd.DataFrame) -> Axes:
    """English, right answers and length over the steps of two trainings: without and with the reward for English."""
    panels = _panels(3.4, ncols=3, sharex=True)
    for ax, measure in zip(panels, (ENGLISH, RIGHT, TOKENS), strict=True):
        rows, unit = curve[curve["measure"] == measure], "" if measure == TOKENS else "%"
        _lines(ax, rows.rename(columns={"condition": "series"}), "series", 100 if unit else 1)
        ax.set_ylim(0, 100 if unit else None)
        ax.set_ylabel(f"{measure}, %" if unit else "Tokens of an answer")
        drawing.tell(ax, describing.estimates(f"{measure}, over steps", rows, "value", unit, zero=False), rows)
    panels[1].set_xlabel(f"{STEP} ({SIMULTANEOUS} a line)")
    legends.legend_below(panels[0])
    return panels[0]


def _panels(height: float, **options: object) -> Sequence[Axes]:
    import matplotlib.pyplot as plt

    found = plt.subplots(figsize=(drawing.WIDTH, height), layout="constrained", squeeze=False, **options)[1]  # type: ignore[call-overload]
    return list(found.ravel())


def _lines(
    ax: Axes,
    rows: pd.DataFrame,
    by: str,
    scale: float,
    *,
    first: int = 0,
    filled: bool | np.ndarray = True,
    of: int = 0,
) -> None:
    """A line a series with upright intervals, each a little beside the others."""
    full = np.full(len(rows), filled) if isinstance(filled, bool) else filled
    names = list(dict.fromkeys(rows[by]))
    many = of or len(names)
    for i, name in enumerate(names, start=first):
        here = (rows[by] == name).to_numpy()
        part, look = rows[here], drawing.style(i, str(name))
        x = part["step"].to_numpy(float) + 0.9 * (i - (many - 1) / 2)
        value, low, high = (scale * part[column] for column in ("value", "low", "high"))
        drawing.dots(ax, value, x, low, high, look, full[here], upright=True)
        ax.plot(x, value, color=look["color"], linewidth=1, alpha=0.6)
    ax.set_xticks(sorted(rows["step"].unique())[::2])
    drawing.tidy(ax)
