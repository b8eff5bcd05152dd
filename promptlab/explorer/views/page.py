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
    setup = Setup(desk, datasets)
    views = {
        "One question": Prompts(desk).view,
        "On n questions": Judging(desk).view,
        "Saved run": Browsing(desk, run).view,
        "Take it away": Taking(desk).view,
    }
    # Tabs over nothing, since pages share the setup; radio buttons of ipywidgets have no group, so no arrow keys.
    tabs = widgets.Tab([widgets.VBox() for _ in views], titles=list(views)).add_class("pl-tabs")
    tabs.selected_index = list(views).index("Saved run" if run is not None else "One question")
    tabs.observe(lambda change: _turn(views, setup, list(views)[change["new"]]), "selected_index")
    _turn(views, setup, list(views)[tabs.selected_index])
    return widgets.VBox([html(STYLE), tabs, setup.view, *views.values()]).add_class("pl-page")


def _turn(views: dict[str, widgets.VBox], setup: Setup, name: str) -> None:
    """One view at a time; what is asked has no place beside a saved run, and one question none beside n."""
    setup.view.layout.display = "none" if name == "Saved run" else ""
    for widget in (setup.search, setup.question, setup.listed, setup.text):
        widget.layout.display = "none" if name == "On n questions" else ""
    for title, view in views.items():
        view.layout.display = "" if title == name else "none"
