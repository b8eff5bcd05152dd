"""A saved run: filters, two conditions of one question side by side, flags and notes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from promptlab import markup
from promptlab.explorer.saved import ANY, PAIRS, Filter, Saved
from promptlab.explorer.showing import note_html, prompt_html, question_html, sample_html
from promptlab.explorer.views.desk import Desk, button, card, columns, html, labelled, row
from promptlab.records import Run, load_run, recorded_runs
from promptlab.records.flagging import Flag
from promptlab.types import Grade

_KEYS = "n next, p previous, f flag left, g flag right"


class Side:
    """One of the two samples, with its flag and note."""

    def __init__(self, browsing: Browsing, name: str) -> None:
        self.sample, self._quiet = -1, False
        self.heading, self.text, self.notice = html(), html(), html()
        self.flag = labelled(widgets.ToggleButton, f"Flag {name}", tooltip=f"Flag the sample on the {name}")
        self.note = labelled(widgets.Text, f"Note {name}", "calc(100% - 4px)", continuous_update=False)
        for control in (self.flag, self.note):
            control.observe(browsing.desk.handler(self.notice, lambda _: self._say(browsing)), "value")

    @property
    def view(self) -> widgets.VBox:
        return card(self.heading, row(self.flag), self.note, self.notice, self.text)

    def _say(self, browsing: Browsing) -> None:
        if not self._quiet and browsing.saved and self.sample >= 0:
            browsing.saved.flag(self.sample, Flag(self.flag.value, self.note.value))

    def show(self, saved: Saved, sample: int, question: int) -> None:
        self.sample, self._quiet = sample, True
        said = saved.flags.get(saved.place(sample), Flag()) if sample >= 0 else Flag()
        self.flag.value, self.note.value, self.notice.value = said.flag, said.note, ""
        self._quiet = False
        if sample < 0:
            self.heading.value, self.text.value = "", note_html("no sample of this question here")
            return
        found, asked = saved.card(sample), saved.question(question)
        grade = found.grade or Grade(float("nan"), why="ungraded")
        self.heading.value = f"<b>{markup.escape(found.sample.condition)}</b>"
        shown = sample_html(f"sample {found.sample.sample + 1}", asked, found.prompt, found.sample.completion, grade)
        self.text.value = shown + markup.folded("prompt as sent", prompt_html(None, found.prompt, ""))


class Browsing:
    """The third page."""

    def __init__(self, desk: Desk, run: Run | str | Path | None) -> None:
        self.desk = desk
        self.saved: Saved | None = None
        self.hits, self.at, self._quiet = np.zeros(0, dtype=np.int64), 0, False
        self.notice, self.position, self.question = html(), html(), html()
        act = desk.handler
        self.path = labelled(
            widgets.Combobox, "Saved run", "32em", placeholder="a run's directory", continuous_update=False
        )
        self.path.options = [*recorded_runs(), *map(str, sorted((desk.out / "runs").glob("*/")))]
        self.open = button("Open", act(self.notice, lambda _: self._open(self.path.value)))
        self.filters = self._filters()
        self.sides = (Side(self, "left"), Side(self, "right"))
        self.keys = labelled(widgets.Text, "Keys", "26em", placeholder=_KEYS)
        self.keys.observe(act(self.notice, lambda change: self._typed(change["new"])), "value")
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
            row(*self.filters.values()), row(*move, self.keys, self.position), self.question,
            columns(*(side.view for side in self.sides)),
        ]  # fmt: skip
        return widgets.VBox([row(self.path, self.open), self.notice, self.body])

    def _filters(self) -> dict[str, Any]:
        names = {"left": "Left", "right": "Right", "ending": "Ending (left)", "grade": "Grade (left)", "pairs": "Pairs"}
        made = {name: labelled(widgets.Dropdown, label, "20em", options=[ANY]) for name, label in names.items()}
        made["pairs"].options, made["pairs"].layout.width = PAIRS, "26em"
        made["flagged"] = labelled(widgets.Checkbox, "Flagged only", "12em", value=False, indent=False)
        for control in made.values():
            control.observe(self.desk.handler(self.notice, lambda _: self._filter()), "value")
        return made

    def _open(self, run: Run | str | Path) -> None:
        self.position.value = self.notice.value = note_html("reading the records ...")

        def read() -> Saved:
            return Saved(run if isinstance(run, Run) else load_run(run))

        self.desk.later(self.notice, read, self._opened)

    def _opened(self, saved: Saved) -> None:
        self.saved, self._quiet = saved, True
        left, right = (saved.conditions * 2)[:2]
        for name, options, value in (
            ("left", saved.conditions, left), ("right", saved.conditions, right),
            ("ending", saved.endings, ANY), ("grade", saved.grades, ANY), ("pairs", PAIRS, ANY),
        ):  # fmt: skip
            self.filters[name].options, self.filters[name].value = options, value
        self._quiet = False
        self.body.layout.display = ""
        self._filter()

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
        found = len(self.hits) > 0
        where = f"question {self.at + 1:,} of {len(self.hits):,}" if found else "no question fits these filters"
        number = int(self.hits[self.at]) if found else -1
        shown = self.saved.shown(self.wanted, number) if found else (-1, -1)
        for side, sample in zip(self.sides, shown, strict=True):
            side.show(self.saved, sample, number)
        self.question.value = question_html(self.saved.question(number)) if found else ""
        self.position.value = note_html(where)

    def _typed(self, text: str) -> None:
        """A field that takes single keys: in JupyterLab the page's own shortcuts would take them elsewhere."""
        for key in text:
            if key in "np":
                self._move(1 if key == "n" else -1)
            elif key in "fg":
                flag = self.sides["fg".index(key)].flag
                flag.value = not flag.value
        if text:
            self.keys.value = ""
