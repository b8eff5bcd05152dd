"""What a figure shows, in words made from its numbers: alt texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.figures.drawing import doubt
from promptlab.wording import counted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_NAMES = ("origin", "dataset", "model", "series", "condition", "kind", "bin", "change", "part")
_MOST = 8  # names listed; more of them help nobody who listens
_AMOUNTS: dict[str, Callable[[float], str]] = {
    "points": lambda share: f"{100 * round(share, 3) + 0.0:+.1f}",
    "%": lambda share: f"{100 * share:.1f}",
}


def alt_text(figure: Figure, note: str = "") -> str:
    """What is drawn on each Axes, and the note. Of Axes that promptlab did not draw, their title and axis labels."""
    return " ".join(filter(None, [*map(_drawn, figure.axes), _sentence(note)]))


def estimates(
    what: str,
    table: pd.DataFrame,
    value: str,
    unit: str,
    *,
    ends: tuple[str, str] = ("low", "high"),
    zero: bool = True,
) -> str:
    """Points with intervals: how many, of what, the least and the greatest; with `zero` which intervals exclude 0.

    Parameters
    ----------
    what
        The first sentence, without its full stop.
    table
        A row a point; the columns that name it are found by their names.
    unit
        ``points`` and ``%`` of shares of 1; another, or none, of plain numbers.
    """
    rows = [_Point(name, *numbers) for name, *numbers in zip(_names(table), *_numbers(table, value, ends), strict=True)]
    parts = [f"{what}.", _sizes(table), _extremes(rows, unit), _excluding(rows) if zero else ""]
    return " ".join(filter(None, [*parts, _lacking(rows), _doubtful(table)]))


def lines(what: str, drawn: Mapping[str, tuple[np.ndarray, np.ndarray]], x: str) -> str:
    """Curves without intervals: where each begins and ends, and between which values it runs."""
    told = [
        f"{name}: {_short(ys[0])} at {x} {_short(xs[0])}, {_short(ys[-1])} at {x} {_short(xs[-1])}, "
        f"between {_short(np.nanmin(ys))} and {_short(np.nanmax(ys))}."
        for name, (xs, ys) in drawn.items()
    ]
    return " ".join([f"{what}.", *told])


@dataclass(frozen=True)
class _Point:
    name: str
    value: float
    low: float
    high: float


def _numbers(table: pd.DataFrame, value: str, ends: tuple[str, str]) -> list[list[float]]:
    return [table[column].to_numpy(float).tolist() for column in (value, *ends)]


def _names(table: pd.DataFrame) -> list[str]:
    """Of each row what tells it from the others."""
    columns = _varying(table) or [name for name in _NAMES if name in table][-1:]
    return [", ".join(map(_name, row)) for row in table[columns].itertuples(index=False)]


def _varying(table: pd.DataFrame) -> list[str]:
    return [name for name in _NAMES if name in table and table[name].nunique() > 1]


def _sizes(table: pd.DataFrame) -> str:
    """How many points, and of what: ``8 values: 2 models (r1, plain), 4 conditions (...)``."""
    of = [_kinds(name, list(dict.fromkeys(table[name]))) for name in _varying(table)]
    return f"{counted(len(table), 'value')}{': ' if of else ''}{', '.join(of)}."


def _kinds(noun: str, values: list[Any]) -> str:
    return f"{len(values)} {noun if noun == 'series' else f'{noun}s'} ({_listed(list(map(_name, values)), ', ')})"


def _extremes(rows: list[_Point], unit: str) -> str:
    known = [row for row in rows if row.value == row.value]
    if not known:
        return "None could be estimated."
    low, high = min(known, key=lambda row: row.value), max(known, key=lambda row: row.value)
    if low is high:
        return f"It is {_with_interval(low, unit)}."
    return f"Lowest: {low.name}, {_with_interval(low, unit)}; highest: {high.name}, {_with_interval(high, unit)}."


def _with_interval(row: _Point, unit: str) -> str:
    said = _AMOUNTS.get(unit, _short)
    span = "no interval" if row.low != row.low else f"interval {said(row.low)} to {said(row.high)}"
    return f"{said(row.value)}{unit and f' {unit}'} ({span})"


def _excluding(rows: list[_Point]) -> str:
    below = [row.name for row in rows if row.high < 0]
    above = [row.name for row in rows if row.low > 0]
    within = sum(row.low <= 0 <= row.high for row in rows)
    sides = [f"below 0: {_side(below)}", f"above 0: {_side(above)}", f"including 0: {within}"]
    return f"Intervals {'; '.join(sides)}."


def _side(names: list[str]) -> str:
    return f"{len(names)} ({_listed(names)})" if names else "none"


def _lacking(rows: list[_Point]) -> str:
    names = [row.name for row in rows if row.low != row.low]
    if rows and len(names) == len(rows):
        return "None has an interval."
    return f"Without an interval: {_listed(names)}." if names else ""


def _doubtful(table: pd.DataFrame) -> str:
    """What stands beside points: verdicts that are fragile or invalid, and contrasts that confirm nothing."""
    if "verdict" not in table:
        return ""
    doubts = map(doubt, table.to_dict("records"))
    names = [f"{name}: {why}" for name, why in zip(_names(table), doubts, strict=True) if why]
    return f"In doubt: {_listed(names)}." if names else ""


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"


def _name(value: Any) -> str:
    return _short(value) if isinstance(value, float) else str(value)


def _listed(names: list[str], between: str = "; ") -> str:
    more = [f"and {len(names) - _MOST} more"] if len(names) > _MOST else []
    return between.join([*names[:_MOST], *more])


def _drawn(ax: Any) -> str:
    told = str(ax.get_label())  # what `drawing.tell` kept; others' labels are names, no sentences
    return told if told.endswith(".") else _labelled(ax)


def _labelled(ax: Any) -> str:
    title = next(filter(None, (ax.get_title(loc=loc) for loc in ("center", "left", "right"))), "")
    axes = [f"{side}: {label}" for side, label in (("x", ax.get_xlabel()), ("y", ax.get_ylabel())) if label]
    return " ".join(map(_sentence, filter(None, [title, *axes])))


def _sentence(text: str) -> str:
    """On one line, with a full stop."""
    text = " ".join(text.split())
    return text if not text or text.endswith(".") else f"{text}."
