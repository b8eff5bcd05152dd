"""A figure laid out anew for another width: labels wrapped, the legend in as many columns as fit, no row squeezed."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from promptlab.figures import legends

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

_GAP = 0.04  # inches that stay free at an edge
_SHARE = 0.48  # of the width, for the labels of rows


def laid_out(figure: Figure, inches: float, dpi: float) -> Figure:
    """A copy of the figure that is so wide, as tall as its parts then need.

    At the dots per inch that it is written with: letters are up to 2 % wider at one resolution than at another.
    """
    from matplotlib import pyplot as plt

    found = copy.deepcopy(figure)
    plt.close(found)  # a copy of a figure that pyplot shows would be shown as well
    found.set_dpi(dpi)
    legends.unnoted(found)
    found.draw_without_rendering()
    tall = _heights(found)
    found.set_layout_engine("constrained")
    found.set_size_inches(inches, found.get_figheight())
    tall *= _wrap_rows(found)
    legends.place_legend(found)
    found.draw_without_rendering()
    _wrap_labels(found)
    found.draw_without_rendering()
    found.set_figheight(found.get_figheight() + (tall - _heights(found)) / found.dpi)  # what labels took from the axes
    return found


def page(figure: Figure) -> Bbox:
    """The figure's whole width, and whatever stands out of it, as tall as what is drawn (inches)."""
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()
    box, wide, pad = figure.get_tightbbox(), figure.get_figwidth(), 0.04
    return Bbox([[min(0, box.x0), box.y0 - pad], [max(wide, box.x1), box.y1 + pad]])


def _heights(figure: Figure) -> float:
    return sum(ax.get_window_extent().height for ax in figure.axes)


def _wrap_rows(figure: Figure) -> float:
    """Break labels of rows that would take more than their share of the width; how much taller the rows must be."""
    factor, share = 1.0, _SHARE * figure.bbox.width
    for ax in figure.axes:
        labels = ax.get_yticklabels()
        widest = max((label.get_window_extent().width for label in labels), default=0)
        if widest > share:
            texts = [label.get_text() for label in labels]
            most = int(max(len(line) for text in texts for line in text.split("\n")) * share / widest)
            wrapped = ["\n".join(balanced(line, most) for line in text.split("\n")) for text in texts]
            ax.set_yticks(ax.get_yticks(), wrapped)
            line = 1.25 * float(labels[0].get_fontsize()) * figure.dpi / 72
            broken = [i for i, text in enumerate(texts) if text != wrapped[i]]
            rooms = _rooms(ax)
            factor = max([factor, *((wrapped[i].count("\n") + 1) * line / rooms[i] for i in broken)])
    return factor


def _rooms(ax: Axes) -> np.ndarray:
    """How many dots each row has up to the middles between it and its neighbours."""
    centres = ax.transData.transform([(0, y) for y in ax.get_yticks()])[:, 1]
    gaps = np.abs(np.diff(centres)) if len(centres) > 1 else np.array([ax.get_window_extent().height])
    return np.asarray((np.append(gaps[:1], gaps) + np.append(gaps, gaps[-1:])) / 2)


def _wrap_labels(figure: Figure) -> None:
    wide, high, gap = figure.bbox.width, figure.bbox.height, _GAP * figure.dpi
    for ax in figure.axes:
        box = ax.get_window_extent()
        middle, centre = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        _wrap(ax.xaxis.label, 2 * min(middle, wide - middle) - gap)
        _wrap(ax.yaxis.label, min(1.1 * box.height, 2 * min(centre, high - centre) - gap), upright=True)
        _wrap(ax._left_title, wide - box.x0 - gap)  # type: ignore[attr-defined]


def _wrap(text: Text, room: float, *, upright: bool = False) -> None:
    """Break the lines of a label that is longer than its room."""
    said = text.get_text()
    most = max(map(len, said.splitlines()), default=0)
    while most > 12 and (long := _length(text, upright=upright)) > room > 0:
        most = max(12, min(most - 1, int(most * room / long)))  # letters differ in width: a guess, which is looked at
        text.set_text(balanced(said, most))


def _length(text: Text, *, upright: bool) -> float:
    box: Any = text.get_window_extent()
    return float(box.height if upright else box.width)


def balanced(text: str, most: int) -> str:
    """Lines of at most so many characters, of about the same length.

    >>> balanced("difference to zero-shot, points (95 % intervals)", 40)
    'difference to zero-shot,\\npoints (95 % intervals)'
    >>> balanced("r1-distill-qwen-1.5b, MATH-500: pass@1", 28)
    'r1-distill-qwen-1.5b,\\nMATH-500: pass@1'
    """
    least = max(1, most // 2, *(len(word) for word in legends.words_of(text) if len(word) <= most))
    wrapped = [legends.wrapped_at(text, width) for width in range(least, most + 1)]
    return "\n".join(next(lines for lines in wrapped if len(lines) == len(wrapped[-1])))
