"""A figure as files: at a blog's or a journal's width, with the numbers that it was drawn from and its alt text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape, quoteattr

from promptlab import given, markup
from promptlab.figures import describing, drawing, layouts, legends

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Width:
    """How wide a figure is in print, how much smaller than drawn, and how fine its PNG.

    A narrow figure is drawn wider and shrunk as a whole: letters, points and lines stay in proportion.
    """

    inches: float
    scale: float
    dpi: int

    @property
    def dots(self) -> float:
        """Per inch as drawn."""
        return self.dpi * self.scale


WIDTHS = {"blog": Width(7.2, 1.0, 200), "journal": Width(3.5, 0.72, 600)}
AS_DRAWN = Width(0, 1.0, 200)


def save(
    ax: Axes,
    path: str | Path,
    data: pd.DataFrame | None = None,
    note: str = "",
    *,
    width: Literal["blog", "journal"] | None = None,
) -> list[Path]:
    """Write a figure as SVG and PNG, its numbers as CSV and its alt text as TXT, and return the four paths.

    Parameters
    ----------
    ax
        Any Axes of the figure.
    path
        Without an ending; folders are made.
    data
        What the figure was drawn from, if promptlab did not draw it; of its own figures the numbers are known, those of
        every panel.
    note
        Small text under the figure (`Registration.stamp`, for example), which ends the alt text as well, and stands in
        every row of the CSV, in its last column ``figure_note``: rows go into other tables, and a line above the header
        would break whoever reads it.
    width
        ``blog`` (7.2 inches) or ``journal`` (one column of 3.5 inches): laid out anew for that, the figure itself keeps
        its size and gets the note. By default it is written as drawn. With a note its layout is final then.

    Notes
    -----
    The alt text is computed from the numbers: what is shown, the lowest and the highest, which intervals exclude 0. It
    stands in the SVG (``title`` and ``desc``) and in the PNG's metadata, too.
    """
    if width is not None:
        given.one_of("width of save", width, WIDTHS)
    figure: Any = ax.get_figure(root=True)
    size = WIDTHS[width] if width else AS_DRAWN
    shown, figure = figure, layouts.laid_out(figure, size.inches / size.scale, size.dots) if width else figure
    legends.footnote(figure, note, points=6 / size.scale)
    if shown is not figure:
        legends.footnote(shown, note)
    stem = Path(path)
    stem.parent.mkdir(parents=True, exist_ok=True)
    svg, png, csv, txt = (stem.with_name(stem.name + ending) for ending in (".svg", ".png", ".csv", ".txt"))
    told = markup.visible(describing.alt_text(figure, note))
    _write(figure, svg, png, size, told)
    numbers = drawing.drawn_from(figure) if data is None else data
    (numbers.assign(figure_note=note) if note else numbers).to_csv(csv, index=False)
    txt.write_text(told + "\n", encoding="utf-8")
    return [svg, png, csv, txt]


def _write(figure: Figure, svg: Path, png: Path, size: Width, told: str) -> None:
    """The same figure, the same bytes: no date, and ids that do not depend on the moment."""
    import matplotlib as mpl

    options: dict[str, Any] = {"bbox_inches": layouts.page(figure) if size.inches else "tight", "facecolor": "white"}
    with mpl.rc_context({"svg.hashsalt": "promptlab"}):
        figure.savefig(svg, metadata={"Description": told, "Date": None}, **options)
    dots: dict[str, Any] = {"dpi": size.dots, "pil_kwargs": {"dpi": (size.dpi, size.dpi)}}
    figure.savefig(png, metadata={"Description": told}, **dots, **options)
    drawn = markup.visible(svg.read_text(encoding="utf-8"))  # a name's control characters are no XML
    svg.write_text(accessible(drawn, told, size.scale), encoding="utf-8")


def accessible(svg: str, told: str, scale: float = 1.0) -> str:
    """The SVG as one image with a title (the first sentence of what is told) and a description, at another size."""
    opening = re.search(r"<svg\b[^>]*>", svg)
    assert opening is not None
    tag = re.sub(r'(?<= )(width|height)="([\d.]+)pt"', lambda m: f'{m[1]}="{float(m[2]) * scale:g}pt"', opening[0])
    title = told.partition(". ")[0]
    tag = f'{tag[:-1]} role="img" aria-label={quoteattr(title)}>'
    words = f"\n <title>{escape(title)}</title>\n <desc>{escape(told)}</desc>"
    return svg[: opening.start()] + tag + words + svg[opening.end() :]
