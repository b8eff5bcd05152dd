"""The text areas in which a prompt is edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from promptlab.errors import InputError
from promptlab.explorer.editing import Draft, draft_of, edited, new_name
from promptlab.explorer.showing import facts_html
from promptlab.explorer.state import State, names_of, prompt_of
from promptlab.explorer.views.desk import Desk, button, html, labelled, row

_HINT = (
    "Where the question stands, every question will stand. An exemplar's turn that you change is no rule any more: "
    "these exemplars are then shown with every question, as they are written now."
)
_OLD = "What you have typed still belongs to the prompt of before; kept, it asks this question and every other one too."


class Editor:
    """A draft of one condition's prompt. It remembers the state that its text was made in."""

    def __init__(self, desk: Desk, closed: Callable[[], object]) -> None:
        self.desk, self._closed = desk, closed
        self.view = widgets.VBox()
        self.made: tuple[State, int, Draft] | None = None  # None: closed
        self.about, self.notice = html(), html()
        self.areas: list[Any] = []

    def open(self, place: int) -> None:
        state = self.desk.state
        draft = draft_of(prompt_of(state, place))
        self.made = state, place, draft
        self.areas = [_area(label, text, hint) for label, text, hint in _fields(draft)]
        self.name = labelled(
            widgets.Text, "Name", "calc(100% - 4px)", placeholder=new_name(names_of(state)), continuous_update=False
        )
        keep = button("Keep as a condition", self.desk.handler(self.notice, lambda _: self._keep()))
        leave = button("Leave it", self.desk.handler(self.notice, lambda _: self._leave()))
        self.about.value, self.notice.value = facts_html(_HINT), ""
        self.view.children = (self.about, *self.areas, self.name, row(keep, leave), self.notice)

    def follow(self, state: State, place: int) -> None:
        """Something has changed on screen: text that nobody has touched follows, other text stays."""
        if not self.made or draft_of(prompt_of(state, place)) == self.made[2]:
            return
        if self._typed() == self.made[2]:
            self.open(place)
        else:
            self.about.value = facts_html(f"{_OLD} {_HINT}")

    def _typed(self) -> Draft:
        assert self.made
        system, *earlier, turn, prefill = (area.value for area in self.areas)
        untouched = self.made[2].system is None and not system
        return Draft(None if untouched else system, turn, prefill, tuple(earlier))

    def _keep(self) -> None:
        assert self.made
        state, place, _ = self.made
        taken = names_of(self.desk.state)
        if (name := self.name.value.strip()) in taken:
            raise InputError(f"there is a condition {name!r} already: choose another name, or none")
        spec = edited(state, place, self._typed(), name or new_name(taken))
        self._leave()
        self.desk.current.change(conditions=(*self.desk.state.conditions, spec))

    def _leave(self) -> None:
        self.made, self.view.children = None, ()
        self._closed()


def _fields(draft: Draft) -> list[tuple[str, str, str]]:
    """(label, text, hint) of each part, in the order of the prompt."""
    sides = ("Exemplar {}", "Answer of exemplar {}")
    earlier = [(sides[i % 2].format(i // 2 + 1), text, "") for i, text in enumerate(draft.earlier)]
    last = ("Last turn", draft.turn, ""), ("Start of the answer", draft.prefill, "")
    return [("System", draft.system or "", "the model's own"), *earlier, *last]


def _area(label: str, text: str, hint: str) -> Any:
    rows = min(14, 2 + text.count("\n") + len(text) // 40)
    return labelled(widgets.Textarea, label, "calc(100% - 4px)", value=text, placeholder=hint, rows=rows)
