"""The dot plot of what is decided so far: a small SVG that takes its colours from the theme."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptlab import markup
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd

_WIDE, _ROW, _NAMES, _FOOT, _EDGE = 640, 30, 210, 44, 30  # pixels
_LONG = 24  # characters of a name that fit


def dot_plot(table: pd.DataFrame, baseline: str, margin: float | None) -> str:
    """A row a condition: the interval that holds whenever one looks, and the difference observed so far (open)."""
    rows = table[table["low"].notna()].to_dict("records")
    tall = _ROW * len(rows) + _FOOT
    reach = max(0.05, *(abs(row[name]) for row in rows for name in ("low", "high", "difference")), margin or 0.0)
    said = "; ".join(f"{row['condition']}: {points(row['low'])} to {points(row['high'])}" for row in rows)
    parts = [_frame(reach, tall, margin), *(_row(i, row, reach) for i, row in enumerate(rows))]
    label = markup.escape(f"differences to {baseline} in points: {said}")
    axis = f"difference to {markup.escape(baseline)}, points"
    return (
        f'<svg class="pl-plot" viewBox="0 0 {_WIDE} {tall}" role="img" aria-label="{label}">{"".join(parts)}'
        f'<text x="{_x(0, reach)}" y="{tall - 6}" text-anchor="middle">{axis}</text></svg>'
    )


def _x(value: float, reach: float) -> float:
    return round((_NAMES + _WIDE - _EDGE) / 2 + value / reach * (_WIDE - _EDGE - _NAMES) / 2, 1)


def _frame(reach: float, tall: int, margin: float | None) -> str:
    end = tall - _FOOT + 4
    ticks = [-reach, -reach / 2, 0.0, reach / 2, reach]
    marks = [f'<text x="{_x(t, reach)}" y="{end + 14}" text-anchor="middle">{points(t)}</text>' for t in ticks]
    band = ""
    if margin:
        left, right = _x(-margin, reach), _x(margin, reach)
        band = f'<rect x="{left}" y="0" width="{right - left}" height="{end}" class="pl-band"/>'
    zero = _x(0, reach)
    return f'{band}<line x1="{zero}" x2="{zero}" y1="0" y2="{end}" class="pl-axis"/>{"".join(marks)}'


def _row(number: int, row: dict[Any, Any], reach: float) -> str:
    y = _ROW * number + _ROW / 2
    low, high, dot = (_x(row[name], reach) for name in ("low", "high", "difference"))
    kind = "pl-open" if row["verdict"] == "inconclusive" else "pl-done"
    return (
        f'<text x="{_NAMES - 24}" y="{y + 4}" text-anchor="end">{markup.escape(_short(row["condition"]))}</text>'
        f'<line x1="{low}" x2="{high}" y1="{y}" y2="{y}" class="pl-interval {kind}"/>'
        f'<circle cx="{dot}" cy="{y}" r="4.5" class="pl-dot"/>'
    )


def _short(name: str) -> str:
    """Names differ at both ends; the table below tells them whole."""
    return name if len(name) <= _LONG else f"{name[: _LONG // 2]}…{name[1 - _LONG // 2 :]}"


def points(share: float) -> str:
    """A share of 1 in points.

    >>> points(-0.43)
    '-43.0'
    """
    return f"{100 * share:+.1f}"


def describe(questions: int, cap: int) -> str:
    """What stands under the plot."""
    return (
        f"Bars: intervals that hold whenever one looks, {questions:,} of {counted(cap, 'question')} so far; solid once "
        "decided. Circles: the difference observed so far, a description only; where a run stops early it is too large."
    )
