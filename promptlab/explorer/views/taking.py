"""Take it away: the state as Python code and as a file for a sweep."""

from __future__ import annotations

import ipywidgets as widgets

from promptlab.errors import PromptlabError
from promptlab.explorer.exporting import state_to_code, state_to_yaml
from promptlab.explorer.showing import note_html, text_html
from promptlab.explorer.state import State
from promptlab.explorer.views.desk import Desk, button, html, row


class Taking:
    """The last page."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.notice, self.code, self.yaml = html(), html("", "pl-code"), html("", "pl-code")
        self.texts: dict[str, str] = {}
        desk.current.watchers.append(self._show)
        self._show(desk.state)

    @property
    def view(self) -> widgets.VBox:
        save = button("Save both", self.desk.handler(self.notice, lambda _: self._save()), "Write both files")
        texts = html("<b>Python</b>"), self.code, html("<b>Sweep (YAML)</b>"), self.yaml
        return widgets.VBox([row(save), self.notice, *texts])

    def _show(self, state: State) -> None:
        given = state.model in self.desk.models.given
        self.texts = {}
        files = {"explored.py": (state_to_code, self.code), "explored.yaml": (state_to_yaml, self.yaml)}
        for name, (make, shown) in files.items():
            try:
                self.texts[name] = make(state, given=given)
                shown.value = text_html(self.texts[name])
            except PromptlabError as problem:
                shown.value = note_html(str(problem))

    def _save(self) -> None:
        self.desk.out.mkdir(parents=True, exist_ok=True)
        paths = [self.desk.out / name for name in self.texts]
        for path in paths:
            path.write_text(self.texts[path.name], encoding="utf-8")
        self.notice.value = note_html(f"written: {', '.join(map(str, paths))}")
