"""A forest plot: one's own results over datasets and models, and what others have published, clearly apart."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.figures import describing, drawing, layouts, legends
from promptlab.figures.evidence import OWN, QUOTED, UNITS, What, forest_table, named_comparisons

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from promptlab.comparison import Comparison
    from promptlab.figures.evidence import Sources


def forest(
    comparisons: Sources,
    quoted: pd.DataFrame | None = None,
    *,
    what: What = "difference",
    conditions: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Results of several datasets and models below each other, with intervals; below a rule what others have published.

    Filled where a verdict is reached, as in `degradation`; the intervals hold for all comparisons of one dataset
    together; a single own result reaches down as a band. What is quoted is a grey cross without an interval, since none
    was published, by source, level and direction, the smallest first.

    Parameters
    ----------
    comparisons
        For each dataset a comparison: a mapping from its name, or a list of comparisons that have labels.
    quoted
        For differences rows of `lab.published_findings` (`before`, `after`), each with its level and direction; for
        scores rows of ``lab.published("deepseek_r1")`` (`value`). Findings without figures, or with a range or several
        of them, are no points: the heading counts them.
    what
        ``difference`` to the baseline, or ``score``.
    conditions
        Only these; by default all.
    ax
        Where to draw; a new figure by default.
    """
    table = forest_table(comparisons, quoted, what=what, conditions=conditions)
    undrawn = 0 if quoted is None else len(quoted) - int((table["origin"] == QUOTED).sum())
    lines = _lines(table, undrawn)
    ax = ax or drawing.axes(height=1.0 + 0.21 * sum(line.tall for line in lines))
    if what == "difference":
        ax.axvline(0, color=drawing.GREY, linewidth=1)
    _draw(ax, table, lines)
    named = dict(named_comparisons(comparisons))
    headline = _headline(table, named, what)
    legends.headline(ax, headline and f"Own: {headline}")
    if what == "score":
        ax.set_xlim(0, 100)
    ax.set_xlabel(_xlabel(named, what, quoted=bool((table["origin"] == QUOTED).any())))
    drawing.tell(ax, _told(table, headline, what, undrawn), table)
    return ax


def _told(table: pd.DataFrame, headline: str, what: What, undrawn: int) -> str:
    own, quoted = (table[table["origin"] == origin] for origin in (OWN, QUOTED))
    told = [f"Forest plot: {what}s over datasets and models", headline, "own results with intervals"]
    told += ["published figures without"] if len(quoted) else []
    kind = ", ".join(filter(None, told))
    parts = [describing.estimates(kind, own, "estimate", UNITS[what], zero=what == "difference")]
    if len(quoted):
        parts.append(describing.estimates("Published", quoted, "estimate", UNITS[what], zero=False))
    if undrawn:
        parts.append(f"Published, without a figure before and after, not drawn: {undrawn}.")
    return " ".join(parts)


@dataclass(frozen=True)
class _Line:
    """A label, of a row or a heading, and how many lines it takes."""

    label: str
    row: Any = None  # its index in the table

    @property
    def tall(self) -> float:
        return max(1.0, 0.75 * (self.label.count("\n") + 1)) + (self.row is None) * 0.4


def _lines(table: pd.DataFrame, undrawn: int) -> list[_Line]:
    lines: list[_Line] = []
    own, quoted = (table[table["origin"] == origin] for origin in (OWN, QUOTED))
    several = own["condition"].nunique() > 1
    for dataset, rows in own.groupby("dataset", sort=False):
        lines.append(_Line(str(dataset)))
        labels = rows["model"] + ": " + rows["condition"] if several else rows["model"]
        lines += [_Line(label, i) for i, label in labels.items()]
    if len(quoted) or undrawn:
        some = f"{undrawn} more" if len(quoted) else str(undrawn)
        more = f"\n({some}, without a figure\nbefore and after, not drawn)" if undrawn else ""
        lines.append(_Line(f"{QUOTED}, no intervals{more}"))
    for heading, rows in quoted.groupby(quoted.apply(_origin, axis=1), sort=False) if len(quoted) else ():
        lines.append(_Line(str(heading)))
        lines += [_Line(_quotation(row), i) for i, row in zip(rows.index, rows.to_dict("records"), strict=True)]
    return lines


def _origin(row: pd.Series) -> str:
    """Where figures come from, how they were come by, and what they speak for."""
    source = re.search(r"arXiv [\d.]+( v\d+)?", row["source"])
    origin = source[0] if source else row["source"][:30]
    more = ", ".join(filter(None, [row["level"], row["direction"]]))
    return f"{origin},{' ' if len(origin) + len(more) < 26 else chr(10)}{more}" if more else origin


def _quotation(row: dict[Any, Any]) -> str:
    what, under = f"{row['model']}, {row['dataset']}", row["condition"].removesuffix(" shots")
    return f"{what}: {under}" if len(what) + len(under) < 40 else f"{what}:\n{layouts.balanced(under, 36)}"


def _draw(ax: Axes, table: pd.DataFrame, lines: Sequence[_Line]) -> None:
    ends = np.cumsum([line.tall for line in lines])
    middles = ends - np.array([line.tall for line in lines]) / 2
    place = {line.row: y for line, y in zip(lines, middles, strict=True) if line.row is not None}
    own, quoted = (table[table["origin"] == origin] for origin in (OWN, QUOTED))
    y = np.array([place[i] for i in own.index])
    filled, look = drawing.decided(own) if "verdict" in own else None, drawing.style(0, "") | {"label": "_"}
    drawing.dots(ax, 100 * own["estimate"], y, 100 * own["low"], 100 * own["high"], look, filled)
    drawing.remarks(ax, 100 * own["estimate"], y, own, 100 * own["high"])
    if len(quoted):
        places = [place[i] for i in quoted.index]
        ax.plot(
            100 * quoted["estimate"], places, "x", color=drawing.GREY, markersize=6, markeredgewidth=1.6, clip_on=False
        )
        heading = next(i for i, line in enumerate(lines) if line.row is None and line.label.startswith(QUOTED))
        ax.axhspan(ends[heading - 1], ends[-1], color=drawing.GREY, alpha=0.08, linewidth=0)
        if len(own) == 1 and own["low"].notna().all():
            ax.axvspan(*(100 * own[["low", "high"]].iloc[0]), color=look["color"], alpha=0.1, linewidth=0)
    _label(ax, lines, middles, ends[-1])
    _key(ax, filled is not None, len(quoted) > 0)


def _key(ax: Axes, decided: bool, quoted: bool) -> None:
    ax.plot([], [], **drawing.style(0, "own, decided" if decided else "own"), linestyle="")
    if decided:
        ax.plot([], [], **drawing.style(0, "own, not decided"), linestyle="", markerfacecolor="white")
    if quoted:
        ax.plot([], [], "x", color=drawing.GREY, markeredgewidth=1.6, label="published, without an interval")
    legends.legend_below(ax)


def _label(ax: Axes, lines: Sequence[_Line], middles: np.ndarray, end: float) -> None:
    drawing.tidy(ax)
    ax.grid(visible=False, axis="y")
    ax.set_yticks(middles, [line.label for line in lines], fontsize="small", linespacing=1.0)
    ax.tick_params(axis="y", length=0)
    for line, text in zip(lines, ax.get_yticklabels(), strict=True):
        text.set_fontweight("bold" if line.row is None else "normal")
    ax.set_ylim(end, 0)
    ax.margins(x=0.08)


def _headline(table: pd.DataFrame, named: Mapping[str, Comparison], what: What) -> str:
    """What all own rows are, where that is one thing."""
    conditions = list(dict.fromkeys(table[table["origin"] == OWN]["condition"]))
    baselines = {found.baseline for found in named.values()}
    if len(conditions) > 1 or len(baselines) > 1:
        return ""
    return f"{conditions[0]}{f' less {baselines.pop()}' if what == 'difference' else ''}"


def _xlabel(named: Mapping[str, Comparison], what: What, *, quoted: bool) -> str:
    levels = " and ".join(sorted({drawing.level(found) for found in named.values()}))
    if what == "score":
        return f"questions answered correctly, % ({levels} of each dataset)"
    baselines = " or ".join(dict.fromkeys(found.baseline for found in named.values()))
    if not quoted:
        return f"difference to {baselines}, points ({levels} of each dataset)"
    own = f"own: to {baselines} ({levels} of each dataset)"
    return f"difference, points\n{own}\npublished: between the shots or prompts that a row names"
