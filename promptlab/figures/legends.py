"""What stands around a figure: headline, legend, note."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

from promptlab.figures.drawing import GREY, literal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from promptlab.comparison import Comparison

_NOTE = "note"
_TOGETHER = re.compile(r" (?=%)|(?<=,) (?=[+\N{MINUS SIGN}\d.-]+\])")  # 95 %, and the two ends of an interval
_LOOK: dict[str, Any] = {"frameon": False, "fontsize": "small", "loc": "outside lower center"}


def legend(ax: Axes, comparison: Comparison) -> None:
    models = comparison.design.models()
    if len(models) == 1:
        headline(ax, ", ".join(filter(None, [comparison.label, models[0]])))
    else:
        legend_below(ax, comparison.label)


def headline(ax: Axes, text: str) -> None:
    """What a figure speaks of, where the eye begins: two figures of one kind must not be taken for each other."""
    if text:
        literal(ax.set_title(text, loc="left", fontsize="medium", fontweight="bold"))


def legend_below(ax: Axes, label: str = "") -> None:
    """Under the figure, where it covers no point, if a constrained layout keeps the room; else among the points."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    headline(ax, label)
    figure = ax.get_figure(root=True)
    assert figure is not None
    if isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
        literal(figure.legend(*ax.get_legend_handles_labels(), **_LOOK))
        place_legend(figure)
    else:
        literal(ax.legend(frameon=False, fontsize="small"))


def wrapped_at(text: str, most: int) -> list[str]:
    """Lines of at most so many characters; what is read as one thing is not broken.

    >>> wrapped_at("falls; -2.1 points [-3.4, -0.9], 95 % intervals", 30)
    ['falls; -2.1 points', '[-3.4, -0.9], 95 % intervals']
    """
    lines = textwrap.wrap(" ".join(words_of(text)), most, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]


def words_of(text: str) -> list[str]:
    return _TOGETHER.sub("\N{NO-BREAK SPACE}", " ".join(text.split())).split(" ")


def place_legend(figure: Figure) -> None:
    """The legend under a figure, in as many columns as its width takes; a label that is longer than that wraps."""
    from matplotlib.collections import PathCollection

    for old in list(figure.legends):
        handles: list[Any] = old.legend_handles
        labels = [text.get_text() for text in old.get_texts()]
        figure.legends.remove(old)
        most = max(12, int((figure.bbox.width * 72 / figure.dpi - 40) / 4.9))  # points a letter, beside the marks
        wrapped = ["\n".join(wrapped_at(label, most)) for label in labels]
        for columns in range(min(4, len(labels)), 0, -1):
            new = figure.legend(handles, wrapped, ncols=columns, **_LOOK)
            literal(new)
            if new.get_window_extent().width <= figure.bbox.width or columns == 1:
                break
            figure.legends.remove(new)
        for mark in (handle for handle in new.legend_handles if isinstance(handle, PathCollection)):
            mark.set_facecolor(mark.get_edgecolor())  # the first of the points may be an open one


def unnoted(figure: Figure) -> None:
    """As before a note: without it, and laid out again if a constrained layout was ended for it."""
    from matplotlib.layout_engine import PlaceHolderLayoutEngine

    footnote(figure, "")
    engine = figure.get_layout_engine()
    if isinstance(engine, PlaceHolderLayoutEngine) and not engine.colorbar_gridspec:
        figure.set_layout_engine("constrained")
        for legend in figure.legends:
            legend.set_bbox_to_anchor(None)


def footnote(figure: Any, text: str, points: float = 6) -> None:
    """Below all that is drawn, in the place of an earlier note; a dollar sign is no formula."""
    for old in [found for found in figure.texts if found.get_gid() == _NOTE]:
        figure.texts.remove(old)  # `old.remove` of a copy looks in the figure that it was copied from
    if text:
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # as it was drawn now, so that a legend at the edge does not follow the edge
        for legend in figure.legends:
            if legend._bbox_to_anchor is None:  # a place of one's own stays
                legend.set_bbox_to_anchor((0, 0, 1, 1), figure.transFigure)
        box, (wide, tall) = figure.get_tightbbox(), figure.get_size_inches()
        look: dict[str, Any] = {"va": "top", "fontsize": points, "color": GREY, "parse_math": False, "gid": _NOTE}
        figure.text(box.x0 / wide, (box.y0 - 0.1) / tall, textwrap.fill(text, int(wide * 72 / (0.55 * points))), **look)
