"""One of two samples that are seen side by side: which of its cell, its flag and its note."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets as widgets

from promptlab.explorer.saved import Saved
from promptlab.explorer.showing import facts_html, note_html, prompt_html, sample_html
from promptlab.explorer.views.desk import Desk, button, card, html, labelled, row
from promptlab.markup import escape, folded
from promptlab.records.flagging import Flag
from promptlab.types import Grade


class Side:
    """The samples of one condition on one question, of which one is shown."""

    def __init__(self, desk: Desk, name: str, said: Callable[[], object]) -> None:
        self.saved: Saved | None = None
        self.rows: list[int] = []
        self._said = said  # to be called when a flag or a note was written
        self.at, self.number, self._seen, self._quiet = 0, -1, Flag(), False
        self.heading, self.position, self.text, self.notice = html(), html(), html(), html()
        act = desk.handler
        self.steps = [
            button(label, act(self.notice, lambda _, step=step: self.move(step)), f"{hint} on the {name}")
            for label, hint, step in (("‹ Sample", "Previous sample", -1), ("Sample ›", "Next sample", 1))
        ]
        self.flag = labelled(widgets.Checkbox, f"Flag {name}", "9em", indent=False)
        self.note = labelled(widgets.Text, f"Note {name}", "calc(100% - 4px)", continuous_update=False)
        self.flag.observe(act(self.notice, lambda _: self._flag()), "value")
        self.note.observe(act(self.notice, lambda _: self._annotate()), "value")

    @property
    def view(self) -> widgets.VBox:
        back, on = self.steps
        return card(self.heading, row(back, on, self.position), row(self.flag), self.note, self.notice, self.text)

    def show(self, saved: Saved, condition: str, number: int, sample: int) -> None:
        """A sample (a row of the run) of this condition on this question; -1: there is none."""
        self.saved, self.number = saved, number
        self.rows = [int(row) for row in saved.samples(condition, number)] if number >= 0 else []
        self.at = self.rows.index(sample) if sample in self.rows else 0
        self.heading.value = f"<b>{escape(condition)}</b>" if number >= 0 else ""
        self._show()

    def move(self, step: int) -> None:
        if self.rows:
            self.at = (self.at + step) % len(self.rows)
            self._show()

    def toggle(self) -> None:
        if self.rows:
            self.flag.value = not self.flag.value

    def _show(self) -> None:
        self.notice.value = ""
        there = bool(self.rows)
        for control in (self.flag, self.note):
            control.disabled = not there
        for control in self.steps:
            control.disabled = len(self.rows) < 2
        self.position.value = facts_html(f"sample {self.at + 1} of {len(self.rows)}") if there else ""
        self.show_flag()
        none = "no sample of this question here" if self.number >= 0 else "no question fits these filters"
        self.text.value = self._sample() if there else note_html(none)

    def _sample(self) -> str:
        assert self.saved
        found, asked = self.saved.card(self.rows[self.at]), self.saved.question(self.number)
        grade = found.grade or Grade(float("nan"), why="ungraded")
        shown = sample_html(f"sample {found.sample.sample + 1}", asked, found.prompt, found.sample.completion, grade)
        return shown + folded("prompt as sent", prompt_html(None, found.prompt))

    # -- flags -----------------------------------------------------------------------------------------------------

    def show_flag(self) -> None:
        """What is on disk, which another explorer may have changed."""
        self._quiet = True
        self._seen = self.saved.said(self.rows[self.at]) if self.saved and self.rows else Flag()
        self.flag.value, self.note.value = self._seen.flag, self._seen.note
        self._quiet = False

    def _flag(self) -> None:
        if self.saved and self.rows and not self._quiet:
            self._write(lambda saved, row: saved.flag(row, self.flag.value))

    def _annotate(self) -> None:
        if self.saved and self.rows and not self._quiet:
            self._write(lambda saved, row: saved.annotate(row, self.note.value, self._seen.note))

    def _write(self, write: Callable[[Saved, int], object]) -> None:
        assert self.saved
        try:
            write(self.saved, self.rows[self.at])
        finally:
            self._said()
