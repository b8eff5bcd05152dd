"""What is asked: model, data set, question, answer format, sampling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ipywidgets as widgets

from promptlab.explorer.showing import question_html
from promptlab.explorer.state import State, found, question_of, questions_of
from promptlab.explorer.views.desk import Desk, html, labelled, row
from promptlab.formats import FORMATS

_WIDE = "26em"


class Setup:
    """The controls at the top; each changes one part of the state."""

    def __init__(self, desk: Desk, datasets: dict[str, dict[str, Any]]) -> None:
        self.desk, self.datasets = desk, datasets
        state, self.notice, self.text = desk.state, html(), html()
        self.model = labelled(
            widgets.Combobox, "Model", _WIDE, value=state.model, options=desk.models.names, continuous_update=False
        )
        self.dataset = labelled(widgets.Dropdown, "Questions", _WIDE, options=list(datasets))
        self.search = labelled(widgets.Text, "Search", _WIDE, placeholder="words of the question")
        self.question = labelled(widgets.Dropdown, "Question", "44em")
        self.numbers = self._numbers(state)
        self.format = labelled(
            widgets.Dropdown,
            "Answer format",
            options=[("none asked for", ""), *((name, name) for name in FORMATS)],  # None would be no choice at all
            value=state.answer_format or "",
        )
        self._list_questions()
        self._watch()
        self._show(state)
        desk.current.watchers.append(self._show)

    @property
    def view(self) -> widgets.VBox:
        asked = row(self.model, self.dataset, self.search, self.question)
        return widgets.VBox([asked, row(self.format, *self.numbers.values()), self.notice, self.text])

    @staticmethod
    def _numbers(state: State) -> dict[str, Any]:
        whole, real = widgets.BoundedIntText, widgets.BoundedFloatText
        wanted: dict[str, tuple[str, Any, dict[str, Any]]] = {
            "samples": ("Samples (K)", whole, {"min": 1, "max": 64}),
            "max_tokens": ("Max tokens", whole, {"min": 1, "max": 1_000_000}),
            "temperature": ("Temperature", real, {"min": 0, "max": 5, "step": 0.1}),
            "top_p": ("Top p", real, {"min": 0.01, "max": 1, "step": 0.05}),
            "seed": ("Seed", whole, {"min": 0, "max": 2**31 - 1}),
        }
        return {
            name: labelled(kind, label, "11em", value=getattr(state, name), **options)
            for name, (label, kind, options) in wanted.items()
        }

    def _watch(self) -> None:
        def on(widget: Any, act: Any) -> None:
            widget.observe(self.desk.handler(self.notice, lambda change: act(change["new"])), "value")

        on(self.model, self._set_model)
        on(self.dataset, self._set_dataset)
        on(self.search, lambda _: self._list_questions())
        on(self.question, lambda id: self.desk.current.change(question=id) if id else None)
        on(self.format, lambda name: self.desk.current.change(answer_format=name or None))
        for name, control in self.numbers.items():
            on(control, lambda value, name=name: self.desk.current.change(**{name: value}))

    def _set_model(self, name: str) -> None:
        self.desk.models.open(name)  # an unknown one is said here, and the state stays as it is
        self.desk.current.change(model=name)

    def _set_dataset(self, label: str) -> None:
        """Loading may take a while: a benchmark is fetched from the hub."""
        new = replace(self.desk.state, questions=self.datasets[label], question="")

        def loaded(id: str) -> None:
            self.desk.current.change(questions=new.questions, question=id)
            self._list_questions()

        self.desk.later(self.notice, lambda: question_of(new).id, loaded)

    def _list_questions(self) -> None:
        """The questions that hold the words searched for; the one on screen goes with them, or gives way."""
        hits = found(questions_of(self.desk.state), self.search.value)
        shown = self.desk.state.question
        if not hits:
            self.question.options = [("no question holds these words", "")]
            return
        ids = [question.id for question in hits]
        if shown not in ids and not self.search.value:
            hits, ids = [question_of(self.desk.state), *hits], [shown, *ids]
        self.question.options = [(f"{q.text[:90]} ({q.id})", q.id) for q in hits]
        self.question.value = shown if shown in ids else ids[0]

    def _show(self, state: State) -> None:
        self.text.value = question_html(question_of(state))
