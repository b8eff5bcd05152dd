"""Pieces of the page as HTML. Everything that is not ours passes through `markup.escape`; nothing has a style."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import TYPE_CHECKING, Any

from promptlab import markup, tables

if TYPE_CHECKING:
    import pandas as pd

_CELL = 500  # characters of a cell
_LONG = 40  # characters of a cell that would make a narrow column tall
_MARKED = ("verdict", "validity", "state", "flag")  # columns whose words the style sheet knows


def section(title: str, *inner: str, level: int = 2) -> str:
    return f"<section><h{level}>{markup.escape(title, _CELL)}</h{level}>{''.join(inner)}</section>"


def paragraph(text: object, kind: str = "") -> str:
    return f'<p class="{kind}" dir="auto">{markup.escape(text)}</p>'


def facts(pairs: Iterable[tuple[str, object]]) -> str:
    """Terms and what they are."""
    rows = "".join(f"<dt>{markup.escape(name)}</dt><dd dir=auto>{markup.escape(value)}</dd>" for name, value in pairs)
    return f"<dl>{rows}</dl>"


def settings(values: Mapping[str, Any]) -> str:
    """Parameters with their values as JSON."""
    return facts((name, json.dumps(value, ensure_ascii=False, default=str)) for name, value in values.items())


def table(frame: pd.DataFrame, caption: str) -> str:
    """A table that the page's script can sort; a column in which nothing stands is left out."""
    names = [name for name in frame.columns if any(map(tables.cell, frame[name]))]
    head = "".join(f"<th scope=col><button type=button>{_spoken(name)}</button></th>" for name in names)
    rows = "".join(_row(row) for row in zip(*(_cells(name, frame[name]) for name in names), strict=True))
    said = f"<caption>{markup.escape(caption)}</caption>"
    inner = f"<table class=sortable>{said}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class=scroll tabindex=0 role=region aria-label="{markup.escape(caption)}">{inner}</div>'


def _spoken(name: object) -> str:
    return markup.escape(str(name).replace("_", " "))


def _row(cells: Iterable[str]) -> str:
    return f"<tr>{''.join(cells)}</tr>"


def _cells(name: object, column: Iterable[Any]) -> Iterable[str]:
    for value in column:
        number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
        text = markup.escape(tables.cell(value), _CELL)
        if number:
            yield f'<td class=number data-value="{value}">{text}</td>'
        elif name in _MARKED:
            yield f'<td><span class=mark data-word="{text}">{text}</span></td>'
        else:
            yield f"<td dir=auto{' class=long' if len(text) > _LONG else ''}>{text}</td>"
