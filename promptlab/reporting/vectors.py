"""A figure as SVG inside a page: no ids that another figure has too, no style sheet, no style attribute.

matplotlib's own SVG would bring a rule for every element of the page, and a strict Content-Security-Policy refuses
style attributes; the same words as attributes of their own are allowed.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from promptlab import figures, markup
from promptlab.reporting.judging import Judged

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_ROOT = {"stroke-linejoin": "round", "stroke-linecap": "butt", "role": "img"}  # matplotlib's rule for every element


@dataclass(frozen=True)
class Drawing:
    """A figure with what stands under it; `problem` says why it could not be drawn, if so."""

    title: str
    svg: str = ""
    problem: str = ""


def drawings(judged: Judged, name: str) -> Iterator[Drawing]:
    """The figures of a part; `name` keeps their ids apart from those of other parts."""
    for i, (title, draw) in enumerate(_wanted(judged)):
        try:
            yield Drawing(title, _drawn(draw(), f"{name}-{i}", title))
        except Exception as problem:  # noqa: BLE001  (whatever matplotlib makes of a name: all else is to be read)
            yield Drawing(title, problem=f"{type(problem).__name__}: {problem}")


def _wanted(judged: Judged) -> Iterator[tuple[str, Callable[[], Axes]]]:
    found = judged.comparison
    if found is not None:
        yield f"Differences to {found.baseline}", partial(figures.degradation, found)
        yield "Score by condition", partial(figures.scores, found)
        if figures.has_doses(found, several=True):
            yield "Dose-response", partial(figures.dose_response, found)
        yield "Where the points went", partial(figures.accounting, found)
    models = found.design.models() if found else ()
    for one in judged.contrasts:
        yield f"{one.model} against its control {one.control}", partial(figures.against_control, one, models=models)


def _drawn(ax: Axes, name: str, title: str) -> str:
    import matplotlib as mpl
    from matplotlib import pyplot as plt

    figure: Any = ax.get_figure(root=True)
    file = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "path"}):  # whatever the caller prefers: a page brings no fonts
        figure.savefig(file, format="svg", bbox_inches="tight", transparent=True)
    plt.close(figure)
    return inline(file.getvalue().decode(), name, markup.visible(f"{title}. {figures.alt_text(figure)}"))


def inline(svg: str, name: str, said: str) -> str:
    """An SVG file of matplotlib's as an element of a page; `said` is for those who do not see it."""
    root = ET.fromstring(svg)
    _take_out(root)
    used = {reference: f"{name}-{i}" for i, reference in enumerate(dict.fromkeys(_references(root)))}
    for element in root.iter():
        element.tag = _local(element.tag)
        attributes = dict(_attributes(element, used))
        element.attrib.clear()
        element.attrib.update(attributes)
    root.attrib.pop("height", None)  # follows from the width, which the style sheet bounds
    root.attrib.update({**_ROOT, "aria-label": said})
    return ET.tostring(root, encoding="unicode")


def _take_out(element: ET.Element) -> None:
    for child in list(element):
        if _local(child.tag) in ("metadata", "style"):
            element.remove(child)
        else:
            _take_out(child)


def _references(root: ET.Element) -> Iterator[str]:
    """Ids that something refers to: all others go."""
    for element in root.iter():
        for key, value in element.attrib.items():
            if _local(key) == "href":
                yield value.removeprefix("#")
            yield from _REFERENCE.findall(value)


def _attributes(element: ET.Element, used: dict[str, str]) -> Iterator[tuple[str, str]]:
    """New ids, and each word of a style as an attribute of its own."""
    for key, value in element.attrib.items():
        value = _REFERENCE.sub(lambda m: f"url(#{used[m[1]]})", value)
        if key == "id":
            yield from [(key, used[value])] if value in used else []
        elif _local(key) == "href":
            yield "href", f"#{used[value.removeprefix('#')]}"
        elif key == "style":
            parts = (part.partition(":") for part in value.split(";") if part.strip())
            yield from ((word.strip(), setting.strip()) for word, _, setting in parts)
        else:
            yield _local(key), value


def _local(name: str) -> str:
    return name.rpartition("}")[2]
