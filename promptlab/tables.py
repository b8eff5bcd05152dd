"""A DataFrame as Markdown or escaped HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape as html_escape
from typing import TYPE_CHECKING, Any

from promptlab import markup

if TYPE_CHECKING:
    import pandas as pd


_ROUNDING = 1e-15  # what sums of equal numbers may differ by is no difference
_HTML = re.compile(r"<[A-Za-z/!?][^<>]*>?|&(?=#?\w+;)")


def section(title: str, frame: pd.DataFrame, lines: Iterable[str] = ()) -> str:
    """A titled table; then the lines, a bullet each."""
    bullets = "\n".join(f"- {_safe(line)}" for line in lines)
    return "\n\n".join(part for part in (f"**{_safe(title)}**", markdown(frame), bullets) if part)


def markdown(frame: pd.DataFrame) -> str:
    """A GitHub table, aligned for a terminal as well; numbers short, pipes, line breaks and HTML made harmless.

    A column in which nothing stands (cons@K where K = 1, say) is left out.
    """
    texts = [[_safe(name), *map(_safe, column)] for name, column in _used(frame)]
    padded = [[text.ljust(max(map(len, column))) for text in column] for column in texts]
    lines = ["| " + " | ".join(row) + " |" for row in zip(*padded, strict=True)]
    rule = "|" + "|".join("-" * (len(column[0]) + 2) for column in padded) + "|"
    return "\n".join([*lines[:1], rule, *lines[1:]])


def html(frame: pd.DataFrame) -> str:
    """The same as escaped HTML."""
    used = _used(frame)
    return markup.table([name for name, _ in used], list(zip(*(column for _, column in used), strict=True)))


def estimates(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The frame with words where one of these columns has no value: a blank would say nothing."""
    said = {name: frame[name].astype(object).where(frame[name].notna(), "not estimable") for name in names}
    return frame.assign(**said)


def cell(value: Any) -> str:
    """A number with three decimals at most; nothing where there is nothing.

    >>> cell(0.04999), cell(1e-5), cell(-1e-5), cell(12), cell(float("nan")), cell(1234.5), cell(True)
    ('0.050', '< 0.001', '> -0.001', '12', '', '1234.5', 'yes')
    """
    if value is None or value != value:
        return ""
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "no"
    if isinstance(value, float):  # NumPy's too
        if _ROUNDING < abs(value) < 0.0005:
            return "< 0.001" if value > 0 else "> -0.001"
        return f"{round(value, 3) + 0.0:.3f}" if abs(value) < 100 else f"{value:.1f}"  # + 0.0: no minus zero
    return str(value)


def _used(frame: pd.DataFrame) -> list[tuple[str, list[str]]]:
    """Name and cells of each column in which something stands."""
    columns = [[cell(value) for value in frame.iloc[:, i]] for i in range(frame.shape[1])]
    return [(str(name), column) for name, column in zip(frame.columns, columns, strict=True) if any(column)]


def _safe(text: str) -> str:
    """As it is read, but for what Markdown would take for a tag, an entity, an escape or the end of a cell."""
    shown = _HTML.sub(lambda found: html_escape(found[0], quote=False), markup.shortened(text, 20_000))
    return shown.replace("\\", "\\\\").replace("|", "\\|").replace("\r", " ").replace("\n", " ")
