"""What all views share, and the two ways in which they act: at once, or later and elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import ipywidgets as widgets

from promptlab.explorer.opening import Models
from promptlab.explorer.showing import error_html
from promptlab.explorer.state import Current, State
from promptlab.types import Model

T = TypeVar("T")


class Desk:
    """State, models and the place for records.

    Attributes
    ----------
    lock
        Held by whoever touches the widgets. Messages of the page, the background loop and threads all do, and the
        kernel may hear the page in a thread of its own.
    """

    def __init__(self, current: Current, models: Models, out: Path) -> None:
        self.current, self.models, self.out = current, models, out
        self.lock = threading.RLock()

    @property
    def state(self) -> State:
        return self.current.state

    def model(self) -> Model:
        return self.models.open(self.state.model)

    def handler(self, notice: widgets.HTML, function: Callable[..., object]) -> Callable[..., None]:
        """The function as a widget's callback: one at a time, and what goes wrong is a card in `notice`."""

        @wraps(function)
        def act(*given: Any) -> None:
            with self.lock:
                notice.value = ""
                self.guarded(notice, function, *given)

        return act

    def guarded(self, notice: widgets.HTML, function: Callable[..., object], *given: Any) -> None:
        with self.lock:
            try:
                function(*given)
            except Exception as problem:  # noqa: BLE001  # whatever it is, it becomes a card to read
                notice.value = error_html(problem)

    def later(
        self,
        notice: widgets.HTML,
        work: Callable[[], T],
        done: Callable[[T], object],
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        """Do what takes time in a thread, so that the page goes on answering; `done` then shows the result.

        If it fails, `failed` puts the controls back to what holds, and a card says why.
        """

        def go() -> None:
            try:
                result = work()
            except Exception as problem:  # noqa: BLE001
                with self.lock:
                    failed()
                    notice.value = error_html(problem)
            else:
                self.guarded(notice, done, result)

        threading.Thread(target=go, name="promptlab explorer", daemon=True).start()


def html(value: str = "", *classes: str) -> widgets.HTML:
    return _classed(widgets.HTML(value), *classes)


def row(*children: widgets.Widget) -> widgets.Box:
    return _classed(widgets.Box(children), "pl-row")


def columns(*children: widgets.Widget) -> widgets.Box:
    return _classed(widgets.Box(children), "pl-columns")


def card(*children: widgets.Widget) -> widgets.VBox:
    return _classed(widgets.VBox(children), "pl-card")


def button(label: str, press: Callable[..., object], hint: str = "", **options: Any) -> widgets.Button:
    made = widgets.Button(description=label, tooltip=hint or label, **options)
    made.on_click(press)
    return made


def labelled(kind: Any, label: str, wide: str = "auto", **options: Any) -> Any:
    """A control with its label in words, which screen readers read as well."""
    layout = widgets.Layout(width=wide, max_width="100%")
    return kind(description=label, layout=layout, style={"description_width": "initial"}, **options)


def offer(control: Any, options: Sequence[str], value: str) -> None:
    """Let a list choose among these, as wide as its longest, since what it cuts is shown nowhere else."""
    if control.options != (wanted := tuple(dict.fromkeys((*options, value)))):
        control.options = wanted
        control.layout.width = f"{len(control.description) + max(map(len, wanted)) + 7}ch"
    control.value = value


def _classed(widget: Any, *classes: str) -> Any:
    for name in classes:
        widget.add_class(name)
    return widget
