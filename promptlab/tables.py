"""A DataFrame as Markdown or escaped HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from promptlab import markup

if TYPE_CHECKING:
    import pandas as pd


def markdown(frame: pd.DataFrame) -> str:
    """A GitHub table; numbers short, pipes, line breaks and HTML of names made harmless."""
    header = [_safe(str(column)) for column in frame.columns]
    rows = [[_safe(cell(value)) for value in row] for row in frame.itertuples(index=False)]
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def html(frame: pd.DataFrame) -> str:
    return markup.table(list(frame.columns), ([cell(value) for value in row] for row in frame.itertuples(index=False)))


def cell(value: Any) -> str:
    """A number with three decimals at most; nothing where there is nothing.

    >>> cell(0.04999), cell(1e-5), cell(12), cell(float("nan")), cell(1234.5), cell(True)
    ('0.050', '< 0.001', '12', '', '1234.5', 'yes')
    """
    if value is None or value != value:
        return ""
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return "yes" if value else "no"
    if isinstance(value, float):  # NumPy's too
        if 0 < value < 0.0005:
            return "< 0.001"
        return f"{round(value, 3) + 0.0:.3f}" if abs(value) < 100 else f"{value:.1f}"  # + 0.0: no minus zero
    return str(value)


def _safe(text: str) -> str:
    return markup.escape(text).replace("\\", "\\\\").replace("|", "\\|").replace("\r", " ").replace("\n", " ")
