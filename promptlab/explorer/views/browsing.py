"""A saved run: filters, and two conditions of one question side by side."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from promptlab.explorer.saved import ANY, PAIRS, Filter, Saved
from promptlab.explorer.showing import facts_html, note_html, question_html
from promptlab.explorer.views.desk import Desk, button, columns, html, labelled, offer, row
from promptlab.explorer.views.sides import Side
from promptlab.records import Run, load_run, recorded_runs

_KEYS = "n, p: next, previous question; s, d: next sample left, right (S, D: previous); f, g: flag left, right"


class Browsing:
    """The third page."""

    def __init__(self, desk: Desk, run: Run | str | Path | None) -> None:
        self.desk = desk
        self.saved: Saved | None = None
        self.hits, self.at, self._quiet = np.zeros(0, dtype=np.int64), 0, False
        self._opening, self._name, self._typed = "", "", ""  # the run asked for, the one open, the keys so far
        self.notice, self.loading, self.position, self.question = html(), html(), html(), html()
        act = desk.handler
        self.path = labelled(
            widgets.Combobox,
            "Directory",
            "32em",
            placeholder="of a run; or a file, or recorded:NAME",
            continuous_update=False,
        )
        self.path.options = [*recorded_runs(), *map(str, sorted((desk.out / "runs").glob("*/")))]
        self.open = button("Open", act(self.notice, lambda _: self._open(self.path.value)))
        self.filters = self._filters()
        self.sides = (Side(desk, "left", self._said), Side(desk, "right", self._said))
        self.keys = labelled(widgets.Text, "Keys", "9em", placeholder="type here").add_class("pl-keys")
        self.keys.observe(act(self.notice, lambda change: self._press(change["new"])), "value")
        self.body = widgets.VBox(layout={"display": "none"})
        if run is not None:
            self.path.value = str(run.path if isinstance(run, Run) else run)
            self._open(run)

    @property
    def view(self) -> widgets.VBox:
        move = [
            button(label, self.desk.handler(self.notice, lambda _, step=step: self._move(step)))
            for label, step in (("Previous", -1), ("Next", 1))
        ]
        self.body.children = [
            row(*self.filters.values()), row(*move, self.position, self.keys, html(facts_html(_KEYS))), self.question,
            columns(*(side.view for side in self.sides)),
        ]  # fmt: skip
        return widgets.VBox([row(self.path, self.open), self.loading, self.notice, self.body])

    def _filters(self) -> dict[str, Any]:
        names = {"left": "Left", "right": "Right", "ending": "Ending (left)", "grade": "Grade (left)", "pairs": "Pairs"}
        made = {name: labelled(widgets.Dropdown, label, options=[ANY]) for name, label in names.items()}
        made["flagged"] = labelled(widgets.Checkbox, "Flagged only", "12em", value=False, indent=False)
        for control in made.values():
            control.observe(self.desk.handler(self.notice, lambda _: self._filter()), "value")
        return made

    # -- opening ---------------------------------------------------------------------------------------------------

    def _open(self, run: Run | str | Path) -> None:
        wanted = self._opening = self.path.value
        self.loading.value = note_html(f"reading the records of {wanted} ...")

        def read() -> Saved:
            return Saved(run if isinstance(run, Run) else load_run(run))

        def opened(saved: Saved) -> None:
            if wanted == self._opening:  # and no other one since
                self._show_run(saved)

        self.desk.later(self.notice, read, opened, self._failed)

    def _failed(self) -> None:
        """The run that is open stays, under its own name."""
        self.loading.value = ""
        if self.saved:
            self.path.value = self._name

    def _show_run(self, saved: Saved) -> None:
        self.loading.value, self._name = "", self._opening
        self.saved, self._quiet = saved, True
        left, right = (saved.conditions * 2)[:2]
        for name, options, value in (
            ("left", saved.conditions, left), ("right", saved.conditions, right),
            ("ending", saved.endings, ANY), ("grade", saved.grades, ANY), ("pairs", PAIRS, ANY),
        ):  # fmt: skip
            offer(self.filters[name], options, value)
        self._quiet = False
        self.body.layout.display = ""
        self._filter()

    # -- moving ----------------------------------------------------------------------------------------------------

    @property
    def wanted(self) -> Filter:
        return Filter(**{name: control.value for name, control in self.filters.items()})

    def _filter(self) -> None:
        if self.saved and not self._quiet:
            self.hits, self.at = self.saved.found(self.wanted), 0
            self._show()

    def _move(self, step: int) -> None:
        if len(self.hits):
            self.at = (self.at + step) % len(self.hits)
            self._show()

    def _show(self) -> None:
        assert self.saved
        wanted, found = self.wanted, len(self.hits) > 0
        where = f"question {self.at + 1:,} of {len(self.hits):,}" if found else "no question fits these filters"
        number = int(self.hits[self.at]) if found else -1
        shown = self.saved.shown(wanted, number) if found else (-1, -1)
        for side, condition, sample in zip(self.sides, (wanted.left, wanted.right), shown, strict=True):
            side.show(self.saved, condition, number, sample)
        self.question.value = question_html(self.saved.question(number)) if found else ""
        self.position.value = note_html(where)

    def _said(self) -> None:
        """Both sides may show one sample."""
        for side in self.sides:
            side.show_flag()

    def _press(self, text: str) -> None:
        """A field that takes single keys: in JupyterLab the page's own shortcuts would take them elsewhere.

        It is never emptied: what the page sends would cross with it, and a key count twice or not at all. One key in
        the place of several was typed over them.
        """
        before, self._typed = self._typed, text
        before = "" if len(text) == 1 and len(before) > 2 else before
        left, right = self.sides
        press = {
            **{"n": lambda: self._move(1), "p": lambda: self._move(-1), "f": left.toggle, "g": right.toggle},
            **{"s": lambda: left.move(1), "S": lambda: left.move(-1)},
            **{"d": lambda: right.move(1), "D": lambda: right.move(-1)},
        }
        at = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, text, strict=False)))
        for key in text[at : at + max(0, len(text) - len(before))]:
            if key in press:
                press[key]()
