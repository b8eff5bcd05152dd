"""The four pages, of which one is on screen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets

from promptlab.explorer.opening import Models
from promptlab.explorer.state import Current
from promptlab.explorer.views.browsing import Browsing
from promptlab.explorer.views.desk import Desk, html
from promptlab.explorer.views.judging import Judging
from promptlab.explorer.views.prompts import Prompts
from promptlab.explorer.views.setup import Setup
from promptlab.explorer.views.style import STYLE
from promptlab.explorer.views.taking import Taking
from promptlab.records import Run


def page(
    current: Current, models: Models, datasets: dict[str, dict[str, Any]], run: Run | str | Path | None, out: Path
) -> widgets.VBox:
    """All of it, as one widget."""
    desk = Desk(current, models, out)
    setup = Setup(desk, datasets).view
    views = {
        "One question": Prompts(desk).view,
        "On n questions": Judging(desk).view,
        "Saved run": Browsing(desk, run).view,
        "Take it away": Taking(desk).view,
    }
    tabs = widgets.ToggleButtons(options=list(views), tooltips=list(views))
    tabs.observe(lambda change: _turn(views, setup, change["new"]), "value")
    _turn(views, setup, "Saved run" if run is not None else "One question")
    tabs.value = "Saved run" if run is not None else "One question"
    whole = widgets.VBox([html(STYLE), tabs, setup, *views.values()])
    whole.add_class("pl-page")
    return whole


def _turn(views: dict[str, widgets.VBox], setup: widgets.VBox, name: str) -> None:
    """One view at a time; what is asked has no place beside a saved run."""
    setup.layout.display = "none" if name == "Saved run" else ""
    for title, view in views.items():
        view.layout.display = "" if title == name else "none"
