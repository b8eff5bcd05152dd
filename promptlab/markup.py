"""Small escaped HTML pieces for Jupyter. Everything a model or a data set wrote passes through `escape`."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

# JupyterLab's theme variables with fallbacks, so that light, dark and exported pages are all readable.
_BORDER = "1px solid var(--jp-border-color1, #b0b0b0)"
_MUTED = "color: var(--jp-content-font-color2, #606060)"
_PRE = (
    "white-space: pre-wrap; overflow-wrap: anywhere; word-break: normal; margin: 4px 0; max-height: 24em; "
    "overflow-y: auto; text-align: left"
)

# Control characters (a terminal obeys escape sequences) and marks that turn the direction of text.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def visible(text: object) -> str:
    """Text that a page or a terminal only shows: each control character but tab and line end becomes U+FFFD.

    Examples
    --------
    >>> visible("\\x1b[31mred")
    '\N{REPLACEMENT CHARACTER}[31mred'
    """
    return _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", str(text).replace("\r\n", "\n"))


def shortened(text: object, limit: int) -> str:
    """The same, cut after `limit` characters (said so), so that one endless line cannot freeze a page."""
    whole = str(text)
    cut = f" [... {len(whole) - limit:,} more characters]" if len(whole) > limit else ""
    return visible(whole[:limit]) + cut


def escape(text: object, limit: int = 20_000) -> str:
    """HTML-escape what `shortened` leaves."""
    return html.escape(shortened(text, limit), quote=True)


def pre(text: object) -> str:
    """A block that keeps line breaks and wraps long lines."""
    return f'<pre style="{_PRE}">{escape(text)}</pre>'


def muted(text: object) -> str:
    return f'<span style="{_MUTED}">{escape(text)}</span>'


def bullets(lines: Iterable[object]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def turns(pairs: Iterable[tuple[str, str]]) -> str:
    """A prompt's turns, each under its role."""
    return "".join(muted(role) + pre(text) for role, text in pairs)


def folded(title: object, inner: str, *, opened: bool = False) -> str:
    """A part that opens on a click; `inner` is HTML already."""
    return f"<details{' open' if opened else ''}><summary>{escape(title)}</summary>{inner}</details>"


def card(title: object, *inner: str) -> str:
    """A bordered box with a title; `inner` are pieces of HTML."""
    style = f"border: {_BORDER}; border-radius: 4px; padding: 6px 10px; flex: 1 1 280px; min-width: 0"
    return f'<div style="{style}"><div><strong>{escape(title)}</strong></div>{"".join(inner)}</div>'


def columns(cards: Iterable[str]) -> str:
    """Cards side by side, wrapped where the page is narrow."""
    return f'<div style="display: flex; flex-wrap: wrap; gap: 8px; align-items: stretch">{"".join(cards)}</div>'


def table(headers: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A plain table, every cell escaped."""
    head = "".join(f'<th style="text-align: left">{escape(h)}</th>' for h in headers)
    body = "".join(
        "<tr>" + "".join(f'<td style="text-align: left">{escape(c)}</td>' for c in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
